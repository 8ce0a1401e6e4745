//! A clerk declares a phone lost: what is on it is shown first, and revoked for good.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::StatusCode;
use serde::Deserialize;
use service::extract::{Form, Path, Query};
use service::ui::{
    Field, Kind, Markup, Page, Tone, Visitor, danger_button, form, heading, html, notice, panel,
};
use service::{Lang, Problem};

use super::console::{ConsoleForm, SignedIn, StaffSession};
use super::frame::{console, type_name};
use super::issued::table;
use crate::audit::Deed;
use crate::core::{App, Core, texts};
use crate::model::{CredentialRecord, Id};
use crate::phones;
use crate::reason::Reason;

pub(super) fn router() -> Router<App> {
    Router::new().route("/console/credentials/{id}/phone", get(ask).post(declare))
}

#[derive(Deserialize)]
struct Done {
    /// Revocations that are not final yet.
    waiting: Option<u32>,
    /// Those that the chain refuses.
    refused: Option<u32>,
}

async fn ask(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(id): Path<Id>,
    Query(done): Query<Done>,
) -> Result<Page, Problem> {
    let page = page(&app, &visitor, &session, id, "", &done)?;
    app.note(&session.member, Deed::new("phone-looked-at").about("credential", id)).await?;
    Ok(page)
}

async fn declare(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Path(id): Path<Id>,
    Form(sent): Form<ConsoleForm>,
) -> Result<Response, Problem> {
    sent.check(&session)?;
    let t = texts(visitor.lang);
    let refuse = |text: &str| {
        let page = page(&app, &visitor, &session, id, text, &Done { waiting: None, refused: None })?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    if sent.confirmed.is_none() {
        return refuse(t.get("credential.revoke-unconfirmed"));
    }
    let Ok(reason) = Reason::try_from(sent.reason) else {
        return refuse(t.get("credential.reason-missing"));
    };
    let declared = phones::lost(&app, id, session.member.actor(), reason.into()).await?;
    let (waiting, refused) = (declared.waiting.len(), declared.refused.len());
    let there = format!("/console/credentials/{id}/phone?waiting={waiting}&refused={refused}");
    Ok(Redirect::to(&there).into_response())
}

fn page(
    app: &Core,
    visitor: &Visitor,
    session: &StaffSession,
    id: Id,
    error: &str,
    done: &Done,
) -> Result<Page, Problem> {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let unknown = || Problem::not_found(t.get("credential.unknown"));
    let record = app.statuses.find(id).map_err(Problem::internal)?.ok_or_else(unknown)?;
    let rows = phones::on_phone(&app.store, id)?;
    let title = t.get("phone.title");
    let lead = if record.phone.is_some() { t.get("phone.lead") } else { t.get("phone.lead-unknown") };
    Ok(console(app, visitor, session, title).body(html! {
        p { a href={ "/console/credentials/" (id) } {
            "← " (type_name(app, lang, &record.credential_type)) " · " (record.holder.as_str())
        } }
        (heading(title, lead))
        @if !error.is_empty() { div.notice.bad role="alert" { p { (error) } } }
        (outcome(lang, done))
        @if !rows.is_empty() { (panel(t.get("phone.on-it"), table(app, lang, &rows, app.now().seconds))) }
        @if rows.iter().any(is_open) { (declaration(lang, session, id)) }
        @else if done.waiting.is_none() {
            (notice(Tone::Info, t.get("phone.nothing-title"), t.get("phone.nothing-text")))
        }
    }))
}

/// Whether nobody asked yet for what is declared here.
fn is_open(record: &CredentialRecord) -> bool {
    record.pending.as_ref().is_none_or(|pending| pending.change != crate::model::Change::Revoke)
}

fn outcome(lang: Lang, done: &Done) -> Markup {
    let t = texts(lang);
    match (done.waiting, done.refused) {
        (None, _) => html! {},
        (_, Some(1..)) => notice(Tone::Bad, t.get("credential.refused-title"), t.get("phone.refused-text")),
        (Some(1..), _) => notice(Tone::Unsure, t.get("phone.waiting-title"), t.get("credential.queued")),
        (Some(0), _) => notice(Tone::Good, t.get("phone.done-title"), t.get("phone.done-text")),
    }
}

fn declaration(lang: Lang, session: &StaffSession, id: Id) -> Markup {
    let t = texts(lang);
    let action = format!("/console/credentials/{id}/phone");
    panel(
        t.get("phone.declare"),
        form(
            &action,
            &session.csrf,
            html! { div.stack {
                p { (t.get("phone.declare-text")) }
                (Field::new("reason", t.get("credential.reason")).kind(Kind::Lines).render(lang))
                (Field::new("confirmed", t.get("phone.confirm")).kind(Kind::Check).render(lang))
                (danger_button(t.get("phone.declare")))
            } },
        ),
    )
}
