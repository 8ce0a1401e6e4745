//! Correcting a credential: what was claimed, to be put right; the old one is revoked with it. And a correction before whoever
//! approves it second.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use credentials::catalogue::{ClaimError, CredentialType};
use http::StatusCode;
use serde_json::{Map, Value};
use service::extract::{Multipart, Path};
use service::ui::{
    self, Field, Kind, Markup, Table, Tone, Visitor, csrf_field, danger_button, facts, heading, html,
    link_button, notice, panel,
};
use service::{Lang, Problem};
use store::StoreError;

use super::console::{SignedIn, StaffSession};
use super::form::{Entered, fields, summary};
use super::frame::console;
use super::values::{label, shown};
use crate::audit::Deed;
use crate::core::{App, Core, texts};
use crate::model::{Application, Correction, CredentialRecord, Id};
use crate::reason::Reason;
use crate::routes::corrected;

pub(super) fn router() -> Router<App> {
    Router::new().route("/console/credentials/{id}/correct", get(ask).post(send))
}

async fn ask(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(id): Path<Id>,
) -> Result<Response, Problem> {
    let (record, of) = found(&app, visitor.lang, id)?;
    let claims = app.desk.claims(record.application).map_err(Problem::internal)?.unwrap_or_default();
    let entered = Entered::from_claims(visitor.lang, of, &claims);
    page(&app, &visitor, &session, &record, of, &entered, &[], "").await
}

async fn send(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(id): Path<Id>,
    Multipart(form): Multipart,
) -> Result<Response, Problem> {
    let (record, of) = found(&app, visitor.lang, id)?;
    let (entered, others) = Entered::read_all(visitor.lang, of, form).await?;
    let other = |name: &str| others.get(name).map(String::as_str).unwrap_or_default();
    session.check_csrf(other("csrf"))?;
    let claims = entered.claims(of);
    let errors =
        of.validate_claims(&Value::Object(claims.clone()), app.now().seconds).err().unwrap_or_default();
    let reason = Reason::try_from(other("reason").to_owned());
    let (Ok(reason), true) = (reason, errors.is_empty()) else {
        let missing = texts(visitor.lang).get("credential.reason-missing");
        let error = if errors.is_empty() { missing } else { "" };
        let mut response = page(&app, &visitor, &session, &record, of, &entered, &errors, error).await?;
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    };
    let (made, _) = corrected(&app, id, claims, session.member.clone(), reason).await?;
    Ok(Redirect::to(&format!("/console/applications/{}", made.id)).into_response())
}

fn found(app: &Core, lang: Lang, id: Id) -> Result<(CredentialRecord, &'static CredentialType), Problem> {
    let unknown = || Problem::not_found(texts(lang).get("credential.unknown"));
    let record = app.statuses.find(id).map_err(Problem::internal)?.ok_or_else(unknown)?;
    let of = app.kinds.credential_type(&record.credential_type).ok_or_else(unknown)?;
    Ok((record, of))
}

/// The form. Whoever sees it has read what it is filled with, so each time is noted.
#[expect(clippy::too_many_arguments, reason = "what a form shows again is what was sent")]
async fn page(
    app: &Core,
    visitor: &Visitor,
    session: &StaffSession,
    record: &CredentialRecord,
    of: &'static CredentialType,
    entered: &Entered,
    errors: &[ClaimError],
    error: &str,
) -> Result<Response, Problem> {
    app.note(&session.member, Deed::new("credential-read").about("credential", record.id)).await?;
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let title = t.with("correct.title", &[("type", lang.pick(&of.label.zh, &of.label.en))]);
    let reason = Field::new("reason", t.get("credential.reason")).kind(Kind::Lines).error(error);
    let (lead, send) = if of.desk.approvals() > 1 {
        ("correct.lead-two", "correct.send-two")
    } else {
        ("correct.lead", "correct.send")
    };
    Ok(console(app, visitor, session, &title)
        .body(html! {
            p { a href={ "/console/credentials/" (record.id) } { "← " (t.get("apply.back")) } }
            (heading(&title, record.holder.as_str()))
            (notice(Tone::Unsure, "", t.get(lead)))
            (ui::errors(lang, &summary(lang, of, errors)))
            form.panel method="post" enctype="multipart/form-data"
                action={ "/console/credentials/" (record.id) "/correct" } data-once novalidate {
                (csrf_field(&session.csrf))
                (fields(lang, of, entered, errors))
                (reason.render(lang))
                (danger_button(t.get(send)))
            }
        })
        .into_response())
}

/// For whoever decides a correction: what it takes the place of, why, and what is different in it.
pub(super) fn of_application(
    app: &Core,
    lang: Lang,
    application: &Application,
    correction: &Correction,
    claims: &Map<String, Value>,
) -> Result<Markup, StoreError> {
    let t = texts(lang);
    let before = app.desk.claims(correction.of)?.unwrap_or_default();
    let of = app.kinds.credential_type(&application.credential_type);
    let claims = of.into_iter().flat_map(CredentialType::asked).filter_map(|claim| {
        let (was, is) = (before.get(&claim.name), claims.get(&claim.name));
        (was != is).then_some((claim, was, is))
    });
    let claims: Vec<_> = claims.collect();
    let nothing = claims.is_empty();
    let columns = [t.get("correct.claim"), t.get("correct.was"), t.get("correct.is")];
    let cell = |claim, value: Option<&Value>| html! { @if let Some(value) = value { (shown(lang, claim, value)) } @else { "—" } };
    let changed =
        claims.into_iter().fold(Table::new(t.get("correct.changed"), columns), |table, (claim, was, is)| {
            table.row([html! { (label(lang, claim)) }, cell(claim, was), cell(claim, is)])
        });
    let text = if application.state.is_open() { t.get("correct.open-text") } else { "" };
    Ok(panel(
        t.get("correct.origin"),
        html! {
            @if !text.is_empty() { p { (text) } }
            (facts([(t.get("correct.why"), html! { (correction.reason.as_str()) })]))
            @if nothing { p { (t.get("correct.nothing")) } } @else { (changed.render()) }
            p { a href={ "/console/applications/" (correction.of) } { (t.get("correct.before")) } }
        },
    ))
}

/// That a correction of this one waits for its second approval, and the way to it.
pub(super) fn waits(lang: Lang, correction: Id) -> Markup {
    let t = texts(lang);
    html! {
        (notice(Tone::Unsure, t.get("correct.waits-title"), t.get("correct.waits-text")))
        p { (link_button(t.get("correct.waits-go"), &format!("/console/applications/{correction}"), true)) }
    }
}
