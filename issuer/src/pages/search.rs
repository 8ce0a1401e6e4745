//! Finding a holder: by identifier or by name, whole, and everything that was issued to her.

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use service::Problem;
use service::extract::Form;
use service::ui::{Field, Icon, Page, Visitor, button, csrf_field, empty, heading, html, panel};

use super::console::{SignedIn, StaffSession};
use super::frame::console;
use super::{issued, queue};
use crate::audit::Deed;
use crate::core::{App, Core, texts};
use crate::marks;
use crate::model::{Application, CredentialRecord, Id};

pub(super) fn router() -> Router<App> {
    Router::new().route("/console/search", get(ask).post(find))
}

#[derive(serde::Deserialize)]
struct Wanted {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    wanted: String,
}

async fn ask(State(app): State<App>, visitor: Visitor, SignedIn(session): SignedIn) -> Page {
    page(&app, &visitor, &session, "", None)
}

/// What is looked for is somebody's: it comes in a form's body, never in an address.
async fn find(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Form(Wanted { csrf, wanted }): Form<Wanted>,
) -> Result<Page, Problem> {
    session.check_csrf(&csrf)?;
    let found = found(&app, wanted.trim()).map_err(Problem::internal)?;
    app.note(&session.member, Deed::new("searched").about("found", found.applications.len() as u64)).await?;
    Ok(page(&app, &visitor, &session, wanted.trim(), Some(&found)))
}

struct Found {
    applications: Vec<Application>,
    credentials: Vec<CredentialRecord>,
}

fn found(app: &Core, wanted: &str) -> Result<Found, store::StoreError> {
    let mut applications = match wanted.parse::<Id>() {
        Ok(id) => app.desk.find(id)?.into_iter().collect(),
        Err(_) => Vec::new(),
    };
    if !wanted.is_empty() {
        let types = app.kinds.types().iter();
        let mut sought: Vec<_> = types.map(|of| marks::by_identifier(&app.seals, &of.id, wanted)).collect();
        sought.push(marks::by_name(&app.seals, wanted));
        applications.extend(app.desk.search(&sought)?);
    }
    let ids: BTreeSet<Id> = applications.iter().flat_map(|found| found.issued.values().copied()).collect();
    let mut credentials = Vec::new();
    for id in ids.into_iter().rev() {
        credentials.extend(app.statuses.find(id)?);
    }
    Ok(Found { applications, credentials })
}

fn page(app: &Core, visitor: &Visitor, session: &StaffSession, wanted: &str, found: Option<&Found>) -> Page {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let field =
        Field::new("wanted", t.get("search.wanted")).hint(t.get("search.hint")).value(wanted).autofocus();
    console(app, visitor, session, t.get("search.title")).body(html! {
        (heading(t.get("search.title"), t.get("search.lead")))
        form.panel method="post" action="/console/search" role="search" {
            (csrf_field(&session.csrf)) (field.render(lang)) (button(t.get("search.find")))
        }
        @match found {
            None => {}
            Some(found) if found.applications.is_empty() => {
                (empty(Icon::List, t.get("search.nothing"), t.get("search.nothing-text"), html! {}))
            }
            Some(found) => {
                @if !found.credentials.is_empty() {
                    (panel(t.get("search.credentials"), issued::table(app, lang, &found.credentials, app.now().seconds)))
                }
                (panel(t.get("search.applications"), queue::table(app, lang, &found.applications)))
            }
        }
    })
}
