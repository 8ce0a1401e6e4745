//! One application before a clerk: what was claimed, and the decision.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use credentials::catalogue::CredentialType;
use http::StatusCode;
use serde_json::{Map, Value};
use service::extract::{Form, Path};
use service::ui::{
    Field, Kind, Markup, Page, Visitor, button, danger_button, facts, form, heading, html, panel,
};
use service::{Lang, Problem};

use super::console::{ConsoleForm, SignedIn, StaffSession};
use super::frame::{application_badge, console, format_name, moment, type_name};
use super::values::{label, shown};
use crate::core::{App, Core, texts};
use crate::desk::{DecideError, Decision};
use crate::model::{Actor, Application, Event, Happening, Id, State as Standing};
use crate::reason::Reason;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/console/applications/{id}", get(review))
        .route("/console/applications/{id}/approve", post(approve))
        .route("/console/applications/{id}/reject", post(reject))
}

async fn review(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(id): Path<Id>,
) -> Result<Page, Problem> {
    page(&app, &visitor, &session, id, "")
}

async fn approve(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(id): Path<Id>,
    Form(sent): Form<ConsoleForm>,
) -> Result<Response, Problem> {
    sent.check(&session)?;
    decide(&app, &visitor, &session, id, Decision::Approve).await
}

async fn reject(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(id): Path<Id>,
    Form(sent): Form<ConsoleForm>,
) -> Result<Response, Problem> {
    sent.check(&session)?;
    match Reason::try_from(sent.reason) {
        Ok(reason) => decide(&app, &visitor, &session, id, Decision::Reject { reason: reason.into() }).await,
        Err(_) => {
            let error = texts(visitor.lang).get("review.reason-missing");
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&app, &visitor, &session, id, error)?).into_response())
        }
    }
}

async fn decide(
    app: &Core,
    visitor: &Visitor,
    session: &StaffSession,
    id: Id,
    decision: Decision,
) -> Result<Response, Problem> {
    match app.desk.decide(id, decision, session.value.clone(), app.now()).await {
        Ok(_) => Ok(Redirect::to(&format!("/console/applications/{id}")).into_response()),
        Err(DecideError::Decided(before)) => {
            let name = before.by.name().unwrap_or_default();
            let text = texts(visitor.lang).with("review.already", &[("name", name)]);
            Ok((StatusCode::CONFLICT, page(app, visitor, session, id, &text)?).into_response())
        }
        Err(DecideError::Unknown) => Err(unknown(visitor.lang)),
        Err(DecideError::Store(error)) => Err(Problem::internal(error)),
    }
}

fn page(app: &Core, visitor: &Visitor, session: &StaffSession, id: Id, error: &str) -> Result<Page, Problem> {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let found = app.desk.find(id).map_err(Problem::internal)?.ok_or_else(|| unknown(lang))?;
    let claims = app.desk.claims(id).map_err(Problem::internal)?.unwrap_or_default();
    let title = type_name(app, lang, &found.credential_type);
    Ok(console(app, visitor, session, title).body(html! {
        p { a href="/console" { "← " (t.get("review.back")) } }
        div.row.apart { (heading(title, found.holder.as_str())) (application_badge(lang, &found)) }
        @if !error.is_empty() { div.notice.bad role="alert" { p { (error) } } }
        div.split {
            (panel(t.get("review.claims"), claimed(app, lang, &found, &claims)))
            div.stack {
                @if found.state == Standing::Submitted { (decision_forms(lang, session, id)) }
                @if found.state == Standing::Approved { (issued(app, lang, &found)) }
                (panel(t.get("review.history"), history(app, lang, &found.history)))
            }
        }
    }))
}

fn claimed(app: &Core, lang: Lang, application: &Application, claims: &Map<String, Value>) -> Markup {
    let of = app.kinds.credential_type(&application.credential_type);
    let known = of.into_iter().flat_map(CredentialType::asked);
    facts(known.filter_map(|claim| Some((label(lang, claim), shown(lang, claim, claims.get(&claim.name)?)))))
}

fn decision_forms(lang: Lang, session: &StaffSession, id: Id) -> Markup {
    let t = texts(lang);
    let reason =
        Field::new("reason", t.get("review.reason")).kind(Kind::Lines).hint(t.get("review.reject-text"));
    panel(
        t.get("review.decide"),
        html! {
            (form(&format!("/console/applications/{id}/approve"), &session.csrf, html! {
                div.stack { p { (t.get("review.approve-text")) } (button(t.get("review.approve"))) }
            }))
            (form(&format!("/console/applications/{id}/reject"), &session.csrf, html! {
                div.stack { (reason.render(lang)) (danger_button(t.get("review.reject"))) }
            }))
        },
    )
}

fn issued(app: &Core, lang: Lang, application: &Application) -> Markup {
    let t = texts(lang);
    panel(
        t.get("review.issued"),
        html! {
            @if application.issued.is_empty() { p.quiet { (t.get("review.none-issued")) } }
            ul.stack { @for (configuration, credential) in &application.issued {
                li { a href={ "/console/credentials/" (credential) } { (format_name(app, lang, configuration)) } }
            } }
        },
    )
}

fn history(app: &Core, lang: Lang, events: &[Event]) -> Markup {
    html! { ol.stack { @for event in events {
        li { (happened(app, lang, event)) " " span.quiet { (moment(lang, event.at)) } }
    } } }
}

fn happened(app: &Core, lang: Lang, event: &Event) -> String {
    let t = texts(lang);
    let name = match &event.by {
        Actor::Staff { name } => name.as_str(),
        Actor::Applicant => "",
    };
    match &event.what {
        Happening::Submitted => t.get("happening.submitted").to_owned(),
        Happening::Approved => t.with("happening.approved", &[("name", name)]),
        Happening::Rejected { reason } => {
            t.with("happening.rejected", &[("name", name), ("reason", reason.as_str())])
        }
        Happening::Issued { configuration } => {
            t.with("happening.issued", &[("format", format_name(app, lang, configuration))])
        }
    }
}

fn unknown(lang: Lang) -> Problem {
    Problem::not_found(texts(lang).get("application.unknown"))
}
