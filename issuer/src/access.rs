//! Who may do what, in one table: every address of the console and of the JSON interface, and the roles that open it.
//!
//! What is not in the table is refused, whoever asks. So a new route of the staff needs a line here first.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::Method;
use service::Problem;
use service::extract::bearer;

use crate::core::App;
use crate::model::{Role, Roles};

/// Who may use an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Anybody: applying, and the way in.
    Anyone,
    /// Whoever shows an application's secret, which the handler checks, or staff with one of these roles.
    ApplicantOr(Roles),
    /// Staff with one of these roles.
    Staff(Roles),
    /// Staff with one of these roles, or a department's system with its key.
    SystemOr(Roles),
}

pub(crate) const READERS: Roles = Roles::of(&[Role::Clerk, Role::Supervisor, Role::Auditor]);
pub(crate) const DESK: Roles = Roles::of(&[Role::Clerk, Role::Supervisor]);
pub(crate) const HEADS: Roles = Roles::of(&[Role::Supervisor]);
const AUDITORS: Roles = Roles::of(&[Role::Auditor]);
const KEY_READERS: Roles = Roles::of(&[Role::Admin, Role::Auditor]);
const ADMINS: Roles = Roles::of(&[Role::Admin]);
const NOBODY_OF_THE_STAFF: Roles = Roles::of(&[]);

/// The table: method, address as the router has it, who.
#[rustfmt::skip]
pub(crate) const RULES: &[(&str, &str, Who)] = &[
    ("GET",  "/console",                                                     Who::Staff(READERS)),
    ("GET",  "/console/sign-in",                                             Who::Anyone),
    ("POST", "/console/sign-in",                                             Who::Anyone),
    ("GET",  "/console/sign-in/provider",                                    Who::Anyone),
    ("GET",  "/console/sign-in/callback",                                    Who::Anyone),
    ("GET",  "/console/password",                                            Who::Staff(Roles::ALL)),
    ("POST", "/console/password",                                            Who::Staff(Roles::ALL)),
    ("POST", "/console/sign-out",                                            Who::Staff(Roles::ALL)),
    ("GET",  "/console/overview",                                            Who::Staff(Roles::ALL)),
    ("GET",  "/console/search",                                              Who::Staff(READERS)),
    ("POST", "/console/search",                                              Who::Staff(READERS)),
    ("GET",  "/console/applications/{id}",                                   Who::Staff(READERS)),
    ("GET",  "/console/applications/{id}/attachments/{attachment}",          Who::Staff(READERS)),
    ("POST", "/console/applications/{id}/take",                              Who::Staff(DESK)),
    ("POST", "/console/applications/{id}/return",                            Who::Staff(DESK)),
    ("POST", "/console/applications/{id}/approve",                           Who::Staff(DESK)),
    ("POST", "/console/applications/{id}/reject",                            Who::Staff(DESK)),
    ("GET",  "/console/credentials",                                         Who::Staff(READERS)),
    ("GET",  "/console/credentials/{id}",                                    Who::Staff(READERS)),
    ("GET",  "/console/credentials/{id}/correct",                            Who::Staff(DESK)),
    ("POST", "/console/credentials/{id}/correct",                            Who::Staff(DESK)),
    ("GET",  "/console/credentials/{id}/phone",                              Who::Staff(DESK)),
    ("POST", "/console/credentials/{id}/phone",                              Who::Staff(DESK)),
    ("POST", "/console/credentials/{id}/{change}",                           Who::Staff(DESK)),
    ("GET",  "/console/records",                                             Who::Staff(READERS)),
    ("POST", "/console/records/{type}/import",                               Who::Staff(DESK)),
    ("POST", "/console/records/{type}/issue",                                Who::Staff(HEADS)),
    ("GET",  "/console/jobs/{id}",                                           Who::Staff(READERS)),
    ("GET",  "/console/jobs/{id}/progress",                                  Who::Staff(READERS)),
    ("GET",  "/console/jobs/{id}/events",                                    Who::Staff(READERS)),
    ("POST", "/console/jobs/{id}/links.csv",                                 Who::Staff(HEADS)),
    ("POST", "/console/jobs/{id}/codes.csv",                                 Who::Staff(HEADS)),
    ("GET",  "/console/audit",                                               Who::Staff(AUDITORS)),
    ("GET",  "/console/accounts",                                            Who::Staff(ADMINS)),
    ("POST", "/console/accounts",                                            Who::Staff(ADMINS)),
    ("POST", "/console/accounts/reset",                                      Who::Staff(ADMINS)),
    ("POST", "/console/accounts/close",                                      Who::Staff(ADMINS)),
    ("POST", "/console/accounts/confirm",                                    Who::Staff(ADMINS)),
    ("POST", "/console/accounts/keys",                                       Who::Staff(ADMINS)),
    ("POST", "/console/accounts/keys/close",                                 Who::Staff(ADMINS)),
    ("GET",  "/console/keys",                                                Who::Staff(KEY_READERS)),
    ("POST", "/console/keys/{key}/rotate",                                   Who::Staff(ADMINS)),
    ("POST", "/console/keys/compromised",                                    Who::Staff(ADMINS)),
    ("POST", "/console/keys/{key}/compromised/approve",                      Who::Staff(ADMINS)),
    ("POST", "/console/keys/{key}/compromised/withdraw",                     Who::Staff(ADMINS)),
    ("POST", "/console/keys/author/replace",                                 Who::Staff(ADMINS)),
    ("POST", "/console/keys/author/replace/approve",                         Who::Staff(ADMINS)),
    ("POST", "/console/keys/author/replace/withdraw",                        Who::Staff(ADMINS)),
    ("GET",  "/console/accreditation",                                       Who::Staff(Roles::ALL)),
    ("GET",  "/api/keys",                                                    Who::Staff(KEY_READERS)),
    ("POST", "/api/keys/{key}/rotate",                                       Who::Staff(ADMINS)),
    ("POST", "/api/keys/{key}/compromised",                                  Who::Staff(ADMINS)),
    ("POST", "/api/keys/{key}/compromised/approve",                          Who::Staff(ADMINS)),
    ("POST", "/api/keys/{key}/compromised/withdraw",                         Who::Staff(ADMINS)),
    ("POST", "/api/keys/author/replace",                                     Who::Staff(ADMINS)),
    ("POST", "/api/keys/author/replace/approve",                             Who::Staff(ADMINS)),
    ("POST", "/api/keys/author/replace/withdraw",                            Who::Staff(ADMINS)),
    ("GET",  "/api/openapi.json",                                            Who::Anyone),
    ("POST", "/api/applications",                                            Who::Anyone),
    ("GET",  "/api/applications",                                            Who::Staff(READERS)),
    ("GET",  "/api/applications/{id}",                                       Who::ApplicantOr(READERS)),
    ("POST", "/api/applications/{id}/take",                                  Who::Staff(DESK)),
    ("POST", "/api/applications/{id}/return",                                Who::Staff(DESK)),
    ("POST", "/api/applications/{id}/approve",                               Who::Staff(DESK)),
    ("POST", "/api/applications/{id}/reject",                                Who::Staff(DESK)),
    ("POST", "/api/applications/{id}/correct",                               Who::ApplicantOr(NOBODY_OF_THE_STAFF)),
    ("POST", "/api/applications/{id}/attachments",                           Who::ApplicantOr(NOBODY_OF_THE_STAFF)),
    ("GET",  "/api/applications/{id}/offer",                                 Who::ApplicantOr(NOBODY_OF_THE_STAFF)),
    ("POST", "/api/applications/{id}/offer",                                 Who::ApplicantOr(NOBODY_OF_THE_STAFF)),
    ("POST", "/api/applications/{id}/phone-lost",                            Who::ApplicantOr(NOBODY_OF_THE_STAFF)),
    ("POST", "/api/presentations",                                           Who::Anyone),
    ("GET",  "/api/presentations/{id}",                                      Who::Anyone),
    ("GET",  "/api/credentials",                                             Who::Staff(READERS)),
    ("GET",  "/api/credentials/{id}",                                        Who::Staff(READERS)),
    ("POST", "/api/credentials/{id}/correct",                                Who::Staff(DESK)),
    ("POST", "/api/credentials/{id}/phone-lost",                             Who::Staff(DESK)),
    ("POST", "/api/credentials/{id}/{change}",                               Who::Staff(DESK)),
    ("POST", "/api/records/{type}",                                          Who::SystemOr(DESK)),
    ("POST", "/api/records/{type}/csv",                                      Who::SystemOr(DESK)),
    ("POST", "/api/jobs",                                                    Who::Staff(HEADS)),
    ("GET",  "/api/jobs/{id}",                                               Who::Staff(READERS)),
    ("GET",  "/api/jobs/{id}/prepared",                                      Who::Staff(HEADS)),
    ("GET",  "/api/audit",                                                   Who::Staff(AUDITORS)),
];

/// Who may use this address; `None` is nobody.
pub(crate) fn rule(method: &Method, path: &str) -> Option<Who> {
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    RULES.iter().find(|(of, at, _)| *of == method && *at == path).map(|(.., who)| *who)
}

/// Stands before every route. Citizens' pages and protocol endpoints have their own rules and pass.
pub(crate) async fn guard(
    State(app): State<App>,
    path: MatchedPath,
    mut request: Request,
    next: Next,
) -> Response {
    let (path, method) = (path.as_str(), request.method());
    let console = path == "/console" || path.starts_with("/console/");
    if !console && !path.starts_with("/api/") {
        return next.run(request).await;
    }
    let refused = match rule(method, path) {
        // Another method than the routes take: the router says so.
        None if !RULES.iter().any(|(_, at, _)| *at == path) => Some(forbidden().into_response()),
        None | Some(Who::Anyone) => None,
        Some(who) if console => through_the_console(&app, &mut request, who).await,
        Some(who) => by_token(&app, &request, who).err().map(IntoResponse::into_response),
    };
    match refused {
        None => next.run(request).await,
        Some(refused) => refused,
    }
}

/// The answer to whoever may not, if so; whoever may is known to the page behind.
async fn through_the_console(app: &App, request: &mut Request, who: Who) -> Option<Response> {
    let session = match app.accounts.session(request.headers(), app.now()).await {
        Ok(session) => session,
        Err(error) => return Some(Problem::internal(error).into_response()),
    };
    let Some(session) = session else { return Some(Redirect::to("/console/sign-in").into_response()) };
    match who {
        Who::Anyone => None,
        Who::Staff(roles) | Who::ApplicantOr(roles) | Who::SystemOr(roles)
            if session.member.roles.meets(roles) =>
        {
            request.extensions_mut().insert(session);
            None
        }
        Who::Staff(_) | Who::ApplicantOr(_) | Who::SystemOr(_) => Some(forbidden().into_response()),
    }
}

fn by_token(app: &App, request: &Request, who: Who) -> Result<(), Problem> {
    let unknown = || Problem::unauthorized("Sign in, or send the staff token");
    let token = bearer(request.headers()).ok_or_else(unknown)?;
    match (app.accounts.by_token(token), who) {
        (_, Who::Anyone) | (None, Who::ApplicantOr(_)) => Ok(()),
        (Some(member), Who::Staff(roles) | Who::SystemOr(roles)) if member.roles.meets(roles) => Ok(()),
        (Some(member), Who::ApplicantOr(roles)) if member.roles.meets(roles) => Ok(()),
        // What only applicants may do, no member of the staff may: the same answer as to any other who isn't.
        (Some(_), Who::ApplicantOr(roles)) if roles == NOBODY_OF_THE_STAFF => {
            Err(Problem::unauthorized("Only who applied can do this: send the application's secret"))
        }
        (Some(_), Who::Staff(_) | Who::ApplicantOr(_) | Who::SystemOr(_)) => Err(forbidden()),
        (None, Who::SystemOr(_)) if app.accounts.key(token).map_err(Problem::internal)?.is_some() => Ok(()),
        (None, Who::Staff(_) | Who::SystemOr(_)) => {
            Err(Problem::unauthorized("That is no token of the staff"))
        }
    }
}

fn forbidden() -> Problem {
    Problem::forbidden("role", "Your account's roles don't include this")
}
