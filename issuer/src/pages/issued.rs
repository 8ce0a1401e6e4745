//! Everything that was issued, newest first.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use credentials::UnixSeconds;
use serde::Deserialize;
use service::extract::Query;
use service::ui::{Icon, Markup, Page, State as Badge, Table, Visitor, badge, empty, heading, html};
use service::{Lang, Problem};

use super::console::SignedIn;
use super::frame::{console, format_name, moment, standing_badge, type_name};
use crate::core::{App, Core, texts};
use crate::model::{CredentialRecord, Id};

/// Rows on one page.
const ROWS: usize = 50;

pub(super) fn router() -> Router<App> {
    Router::new().route("/console/credentials", get(issued))
}

#[derive(Deserialize)]
struct IssuedQuery {
    after: Option<Id>,
}

async fn issued(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Query(query): Query<IssuedQuery>,
) -> Result<Page, Problem> {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let rows = app.statuses.list(query.after, ROWS).map_err(Problem::internal)?;
    let more = rows.last().filter(|_| rows.len() == ROWS).map(|last| last.id);
    let title = t.get("credentials.title");
    Ok(console(&app, &visitor, &session, title).body(html! {
        (heading(title, ""))
        @if rows.is_empty() { (empty(Icon::Card, t.get("credentials.none"), t.get("credentials.none-text"), html! {})) }
        @else { (table(&app, lang, &rows, app.now().seconds)) }
        @if let Some(last) = more {
            p { a.button.quiet href={ "/console/credentials?after=" (last) } { (t.get("queue.more")) } }
        }
    }))
}

pub(super) fn table(app: &Core, lang: Lang, rows: &[CredentialRecord], now: UnixSeconds) -> Markup {
    let t = texts(lang);
    let columns = [
        t.get("credentials.holder"),
        t.get("credentials.type"),
        t.get("credentials.format"),
        t.get("credentials.issued-at"),
        t.get("credentials.status"),
    ];
    let row = |table: Table, record: &CredentialRecord| {
        table.row([
            html! { a href={ "/console/credentials/" (record.id) } { (record.holder.as_str()) } },
            html! { (type_name(app, lang, &record.credential_type)) },
            html! { (format_name(app, lang, &record.configuration)) },
            html! { (moment(lang, record.issued_at)) },
            status(lang, record, now),
        ])
    };
    rows.iter().fold(Table::new(t.get("credentials.title"), columns).named_above(), row).render()
}

/// The standing that counts; a change under way stands beside it, never in its place.
pub(super) fn status(lang: Lang, record: &CredentialRecord, now: UnixSeconds) -> Markup {
    html! {
        (standing_badge(lang, record.standing, record.valid_until, now))
        @if record.pending.is_some() { " " (badge(Badge::Waiting, texts(lang).get("state.pending"))) }
    }
}
