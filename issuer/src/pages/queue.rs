//! The console's first page: what waits, and what was decided.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use registry::{Slug, UnixMillis};
use serde::Deserialize;
use service::extract::Query;
use service::ui::{Icon, Markup, Page, Table, Tone, Visitor, empty, heading, html, notice};
use service::{Lang, Problem};

use super::console::SignedIn;
use super::frame::{application_badge, console, moment, type_name};
use crate::core::{App, Core, texts};
use crate::model::{Application, Id, State as Standing};

/// Rows on one page.
const ROWS: usize = 50;
/// How long the page waits for the chain to say whether the department is accredited.
const PATIENCE: Duration = Duration::from_millis(800);

pub(super) fn router() -> Router<App> {
    Router::new().route("/console", get(queue))
}

#[derive(Deserialize)]
struct QueueQuery {
    state: Option<String>,
    after: Option<Id>,
}

async fn queue(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Query(query): Query<QueueQuery>,
) -> Result<Page, Problem> {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let state = query.state.as_deref().and_then(Standing::from_code).unwrap_or(Standing::Submitted);
    let rows = app.desk.list(Some(state), query.after, ROWS).map_err(Problem::internal)?;
    let more = rows.last().filter(|_| rows.len() == ROWS).map(|last| last.id);
    let unaccredited = unaccredited(&app, lang).await;
    Ok(console(&app, &visitor, &session, t.get("queue.title")).body(html! {
        (heading(t.get("queue.title"), ""))
        @for name in &unaccredited {
            (notice(Tone::Unsure, "", &t.with("accreditation.missing", &[("type", name)])))
        }
        nav.row aria-label=(t.get("queue.filter")) {
            @for other in Standing::ALL {
                a.button.small.quiet[other != state] href={ "/console?state=" (other.code()) }
                    aria-current=[(other == state).then_some("true")] { (state_word(lang, other)) }
            }
        }
        @if rows.is_empty() { (nothing(lang, state)) } @else { (table(&app, lang, &rows)) }
        @if let Some(last) = more {
            p { a.button.quiet href={ "/console?state=" (state.code()) "&after=" (last) } { (t.get("queue.more")) } }
        }
    }))
}

pub(super) fn table(app: &Core, lang: Lang, rows: &[Application]) -> Markup {
    let t = texts(lang);
    let columns = [t.get("queue.holder"), t.get("queue.type"), t.get("queue.when"), t.get("queue.state")];
    let row = |table: Table, application: &Application| {
        table.row([
            html! { a href={ "/console/applications/" (application.id) } { (application.holder.as_str()) } },
            html! { (type_name(app, lang, &application.credential_type)) },
            html! { (moment(lang, application.submitted_at())) },
            application_badge(lang, application),
        ])
    };
    rows.iter().fold(Table::new(t.get("queue.title"), columns).named_above(), row).render()
}

fn nothing(lang: Lang, state: Standing) -> Markup {
    let t = texts(lang);
    match state {
        Standing::Submitted => empty(Icon::Tick, t.get("queue.none"), t.get("queue.none-text"), html! {}),
        _ => empty(Icon::List, t.get("queue.none-other"), "", html! {}),
    }
}

pub(super) fn state_word(lang: Lang, state: Standing) -> &'static str {
    let t = texts(lang);
    match state {
        Standing::Submitted => t.get("state.submitted"),
        Standing::InReview => t.get("state.in-review"),
        Standing::NeedsCorrection => t.get("state.needs-correction"),
        Standing::Issued => t.get("state.collected"),
        Standing::Approved => t.get("state.approved"),
        Standing::Rejected => t.get("state.rejected"),
    }
}

/// The types that the chain says this department may not issue. Nothing is said while the chain can't be asked.
pub(super) async fn unaccredited(app: &Core, lang: Lang) -> Vec<String> {
    let now = UnixMillis(app.now().ms);
    let ask = async {
        let mut missing = Vec::new();
        for of in app.kinds.types() {
            if let Ok(slug) = Slug::new(&of.id)
                && let Ok(false) = app.ledger.accredited(&slug, now).await
            {
                missing.push(lang.pick(&of.label.zh, &of.label.en).to_owned());
            }
        }
        missing
    };
    tokio::time::timeout(PATIENCE, ask).await.unwrap_or_default()
}
