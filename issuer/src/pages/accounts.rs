//! Accounts of the staff and keys of departments' systems, for whoever keeps them.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::StatusCode;
use serde::Deserialize;
use service::extract::{Form, RepeatedForm};
use service::ui::{
    Field, Markup, State as Badge, Table, Tone, Visitor, badge, button, copy, csrf_field, form, heading,
    html, notice, panel,
};
use service::{Lang, Problem};

use super::console::{SignedIn, StaffSession};
use super::frame::{console, moment};
use crate::accounts::{AccountRecord, AccountRefused, Part, Told};
use crate::core::{App, Core, texts};
use crate::model::{Role, Roles};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/console/accounts", get(list).post(create))
        .route("/console/accounts/reset", post(reset))
        .route("/console/accounts/close", post(close))
        .route("/console/accounts/confirm", post(confirm))
        .route("/console/accounts/keys", post(create_key))
        .route("/console/accounts/keys/close", post(close_key))
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    name: String,
}

async fn list(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
) -> Result<Response, Problem> {
    page(&app, &visitor, &session, &html! {})
}

async fn create(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    RepeatedForm(sent): RepeatedForm,
) -> Result<Response, Problem> {
    session.check_csrf(sent.one("csrf"))?;
    let roles: Vec<Role> = sent.all("role").filter_map(Role::from_code).collect();
    let by = &session.member;
    let made = app.accounts.create(sent.one("name").to_owned(), Roles::of(&roles), by, app.now()).await;
    told_once(&app, &visitor, &session, made)
}

async fn reset(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Form(Named { csrf, name }): Form<Named>,
) -> Result<Response, Problem> {
    session.check_csrf(&csrf)?;
    told_once(&app, &visitor, &session, app.accounts.reset(name, &session.member, app.now()).await)
}

async fn close(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(Named { csrf, name }): Form<Named>,
) -> Result<Redirect, Problem> {
    session.check_csrf(&csrf)?;
    let closed = app.accounts.close(name, &session.member, app.now()).await;
    closed.map_err(|_| Problem::not_found("There is no such account"))?;
    Ok(Redirect::to("/console/accounts"))
}

async fn confirm(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Form(Named { csrf, name }): Form<Named>,
) -> Result<Response, Problem> {
    session.check_csrf(&csrf)?;
    told_once(&app, &visitor, &session, app.accounts.confirm(name, &session.member, app.now()).await)
}

async fn create_key(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    RepeatedForm(sent): RepeatedForm,
) -> Result<Response, Problem> {
    session.check_csrf(sent.one("csrf"))?;
    let types: Vec<String> =
        sent.all("type").filter(|of| app.kinds.credential_type(of).is_some()).map(str::to_owned).collect();
    let by = &session.member;
    let made = app.accounts.create_key(sent.one("name").to_owned(), types, by, app.now()).await;
    told_once(&app, &visitor, &session, made)
}

async fn close_key(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(Named { csrf, name }): Form<Named>,
) -> Result<Redirect, Problem> {
    session.check_csrf(&csrf)?;
    let closed = app.accounts.close_key(name, &session.member, app.now()).await;
    closed.map_err(|_| Problem::not_found("There is no such key"))?;
    Ok(Redirect::to("/console/accounts"))
}

/// Shows a secret, this once, or why there is none.
fn told_once(
    app: &Core,
    visitor: &Visitor,
    session: &StaffSession,
    told: Result<Told, AccountRefused>,
) -> Result<Response, Problem> {
    let t = texts(visitor.lang);
    let refused = |text: &str| {
        let mut response = page(app, visitor, session, &notice(Tone::Bad, "", text))?;
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        Ok(response)
    };
    match told {
        Ok(Told { secret, part }) => page(
            app,
            visitor,
            session,
            &html! {
                (notice(Tone::Good, t.get("accounts.made"), t.get(match part {
                    Part::Whole => "accounts.made-text",
                    Part::FirstHalf => "accounts.first-half",
                    Part::SecondHalf => "accounts.second-half",
                })))
                div data-secret { (copy(visitor.lang, &secret, t.get("accounts.copy"))) }
            },
        ),
        Err(AccountRefused::Name) => refused(t.get("accounts.bad-name")),
        Err(AccountRefused::Taken) => refused(t.get("accounts.taken")),
        Err(AccountRefused::NoRole) => refused(t.get("accounts.no-role")),
        Err(AccountRefused::NothingAsked) => refused(t.get("accounts.nothing-asked")),
        Err(AccountRefused::SamePerson) => refused(t.get("accounts.same-person")),
        Err(AccountRefused::Unknown) => refused(t.get("accounts.unknown")),
        Err(error @ (AccountRefused::Store(_) | AccountRefused::Hash)) => Err(Problem::internal(error)),
    }
}

fn page(app: &Core, visitor: &Visitor, session: &StaffSession, told: &Markup) -> Result<Response, Problem> {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let made = app.accounts.made().map_err(Problem::internal)?;
    let keys = app.accounts.keys().map_err(Problem::internal)?;
    let columns =
        [t.get("accounts.name"), t.get("accounts.roles"), t.get("queue.state"), t.get("accounts.do")];
    let mut accounts = Table::new(t.get("accounts.staff"), columns);
    for (name, roles) in app.accounts.configured() {
        let state = badge(Badge::Valid, t.get("accounts.configured"));
        accounts = accounts.row([html! { (name) }, role_words(lang, roles), state, html! { "—" }]);
    }
    for account in &made {
        accounts = accounts.row([
            html! { (account.name) @if account.provider.is_some() { " " span.quiet { (t.get("accounts.by-provider")) } } },
            role_words(lang, account.roles),
            state(lang, account, account.locked_until > app.now().seconds),
            html! { @if !account.closed { div.row {
                @if account.asked.as_ref().is_some_and(|asked| asked.by != session.member.name) {
                    (small(session, "/console/accounts/confirm", &account.name, t.get("accounts.confirm")))
                }
                @if account.provider.is_none() { (small(session, "/console/accounts/reset", &account.name, t.get("accounts.reset"))) }
                (small(session, "/console/accounts/close", &account.name, t.get("accounts.close")))
            } } @else { "—" } },
        ]);
    }
    let mut systems = Table::new(
        t.get("accounts.keys"),
        [t.get("accounts.name"), t.get("queue.type"), t.get("queue.state"), t.get("accounts.do")],
    );
    for (digest, key) in &keys {
        systems = systems.row([
            html! { (key.name) " " span.quiet { (moment(lang, key.made_at)) } },
            html! { (key.credential_types.join(", ")) },
            if key.closed { badge(Badge::Expired, t.get("accounts.closed")) } else { badge(Badge::Valid, t.get("accounts.open")) },
            html! { @if !key.closed { (small(session, "/console/accounts/keys/close", digest, t.get("accounts.close"))) }
                @else { "—" } },
        ]);
    }
    Ok(console(app, visitor, session, t.get("accounts.title"))
        .body(html! {
            (heading(t.get("accounts.title"), t.get("accounts.lead")))
            (told)
            (panel(t.get("accounts.staff"), html! { (accounts.render()) }))
            (panel(t.get("accounts.new"), form("/console/accounts", &session.csrf, html! { div.stack {
                (Field::new("name", t.get("accounts.name")).render(lang))
                div.field { fieldset { legend { (t.get("accounts.roles")) } div.choices { @for role in Role::ALL {
                    label.choice { input type="checkbox" name="role" value=(role.code()); span { (role_word(lang, role)) } }
                } } } }
                p.quiet { (t.get("accounts.two")) }
                (button(t.get("accounts.create")))
            } })))
            (panel(t.get("accounts.keys"), html! {
                @if keys.is_empty() { p.quiet { (t.get("accounts.no-keys")) } } @else { (systems.render()) }
            }))
            (panel(t.get("accounts.new-key"), html! {
                form method="post" action="/console/accounts/keys" { (csrf_field(&session.csrf)) div.stack {
                    div.field {
                        label for="key-name" { (t.get("accounts.system")) }
                        input #key-name name="name" type="text" required maxlength="40" autocomplete="off";
                    }
                    div.field { fieldset { legend { (t.get("accounts.key-types")) } div.choices { @for of in app.kinds.types() {
                        label.choice { input type="checkbox" name="type" value=(of.id) checked;
                            span { (lang.pick(&of.label.zh, &of.label.en)) } }
                    } } } }
                    (button(t.get("accounts.create-key")))
                } }
            }))
        })
        .into_response())
}

fn small(session: &StaffSession, action: &str, name: &str, label: &str) -> Markup {
    html! { form method="post" action=(action) {
        (csrf_field(&session.csrf)) input type="hidden" name="name" value=(name);
        button.button.small.quiet type="submit" { (label) }
    } }
}

fn state(lang: Lang, account: &AccountRecord, locked: bool) -> Markup {
    let t = texts(lang);
    match &account.asked {
        _ if account.closed => badge(Badge::Expired, t.get("accounts.closed")),
        Some(asked) => html! {
            (badge(Badge::Suspended, t.get("accounts.unconfirmed")))
            " " span.quiet { (t.with("accounts.asked-by", &[("name", &asked.by)])) }
        },
        None if locked => badge(Badge::Suspended, t.get("accounts.locked")),
        None => badge(Badge::Valid, t.get("accounts.open")),
    }
}

fn role_words(lang: Lang, roles: Roles) -> Markup {
    html! { (roles.iter().map(|role| role_word(lang, role)).collect::<Vec<_>>().join(" · ")) }
}

fn role_word(lang: Lang, role: Role) -> &'static str {
    let t = texts(lang);
    match role {
        Role::Clerk => t.get("role.clerk"),
        Role::Supervisor => t.get("role.supervisor"),
        Role::Auditor => t.get("role.auditor"),
        Role::Admin => t.get("role.admin"),
    }
}
