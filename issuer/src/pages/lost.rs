//! Who applied declares her phone lost, on the application's page.

use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::post;
use http::HeaderMap;
use serde::Deserialize;
use service::extract::{Form, Path};
use service::ui::{Field, Kind, Markup, Tone, Visitor, danger_button, form, html, notice};
use service::{Lang, Problem};

use super::application::found;
use crate::core::{App, Core, texts};
use crate::model::{Application, Id, PHONE_LOST, Standing};
use crate::phones;

pub(super) fn router() -> Router<App> {
    Router::new().route("/applications/{id}/phone-lost", post(declare))
}

#[derive(Deserialize)]
struct Sent {
    confirmed: Option<String>,
}

/// Nothing happens until the box is ticked: that is what the page then still says.
async fn declare(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    Path(id): Path<Id>,
    Form(sent): Form<Sent>,
) -> Result<Redirect, Problem> {
    found(&app, visitor.lang, &headers, id)?;
    if sent.confirmed.is_some() {
        phones::lost_by_applicant(&app, id).await?;
    }
    Ok(Redirect::to(&format!("/applications/{id}")))
}

/// The form by which it is declared.
pub(super) fn declaration(lang: Lang, application: &Application) -> Markup {
    let t = texts(lang);
    let action = format!("/applications/{}/phone-lost", application.id);
    html! {
        details.more {
            summary { (t.get("application.phone-lost")) }
            div.more-body { (form(&action, "", html! { div.stack {
                p { (t.get("application.phone-lost-text")) }
                (Field::new("confirmed", t.get("application.phone-lost-confirm")).kind(Kind::Check).render(lang))
                (danger_button(t.get("application.phone-lost-do")))
            } })) }
        }
    }
}

/// What to say instead of "it is on your phone", if that phone is gone.
pub(super) fn said(app: &Core, lang: Lang, application: &Application) -> Result<Option<Markup>, Problem> {
    let t = texts(lang);
    let (mut lost, mut waiting) = (false, false);
    for id in application.issued.values() {
        let Some(record) = app.statuses.find(*id).map_err(Problem::internal)? else { continue };
        let last = record.pending.as_ref().or(record.changes.last());
        if last.is_some_and(|last| last.code.as_deref() == Some(PHONE_LOST)) {
            lost = true;
            waiting |= record.standing != Standing::Revoked;
        }
    }
    let title = t.get("application.phone-lost-title");
    Ok(match (lost, waiting) {
        (false, _) => None,
        (true, true) => Some(notice(Tone::Unsure, title, t.get("application.phone-lost-waiting"))),
        (true, false) => Some(notice(Tone::Unsure, title, t.get("application.phone-lost-done"))),
    })
}
