//! How the chain sees this department: what it may issue, since when and until when, and how old the proof of that is.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use credentials::catalogue::CredentialType;
use registry::history::{NotGranted, accredited_at};
use registry::{Proven, Record, Slug, UnixMillis};
use service::ui::{
    Markup, Page, State as Badge, Table, Tone, Visitor, badge, copy, heading, html, notice, panel,
};
use service::{Lang, Problem, dates};

use super::console::SignedIn;
use super::frame::console;
use crate::core::{App, Core, texts};

/// How long the page waits for the chain.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) fn router() -> Router<App> {
    Router::new().route("/console/accreditation", get(show))
}

async fn show(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
) -> Result<Page, Problem> {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let proven = tokio::time::timeout(PATIENCE, proven(&app)).await.unwrap_or_default();
    let heard = tokio::time::timeout(PATIENCE, app.ledger.health()).await.is_ok_and(|health| health.is_ok());
    Ok(console(&app, &visitor, &session, t.get("chain-view.title")).body(html! {
        (heading(t.get("chain-view.title"), t.get("chain-view.lead")))
        @if !heard { (notice(Tone::Unsure, t.get("overview.chain-away"), t.get("chain-view.away"))) }
        (panel(t.get("chain-view.table"), table(&app, lang, &proven)))
        (panel(t.get("chain-view.whose"), html! {
            p { (t.get("chain-view.whose-text")) }
            (copy(lang, &app.ledger.did().to_string(), t.get("overview.did")))
        }))
    }))
}

type Found = Vec<(&'static CredentialType, Option<Arc<Proven>>)>;

async fn proven(app: &Core) -> Found {
    let mut found = Vec::new();
    for of in app.kinds.types() {
        let proven = match Slug::new(&of.id) {
            Ok(name) => app.ledger.accreditation(&name).await.ok(),
            Err(_) => None,
        };
        found.push((*of, proven));
    }
    found
}

fn table(app: &Core, lang: Lang, found: &Found) -> Markup {
    let t = texts(lang);
    let now = UnixMillis(app.now().ms);
    let columns = ["type", "since", "until", "state", "block"];
    let columns = columns.map(|name| match name {
        "type" => t.get("credentials.type"),
        "since" => t.get("chain-view.since"),
        "until" => t.get("chain-view.until"),
        "state" => t.get("queue.state"),
        _ => t.get("chain-view.block"),
    });
    let row = |table: Table, (of, proven): &(&'static CredentialType, Option<Arc<Proven>>)| {
        let name = html! { (lang.pick(&of.label.zh, &of.label.en)) };
        let dash = || html! { "—" };
        let Some(proven) = proven else {
            return table.row([
                name,
                dash(),
                dash(),
                badge(Badge::CannotTell, t.get("overview.unknown")),
                dash(),
            ]);
        };
        let last = match proven.record() {
            Some(Record::Trust(record)) => record.intervals.last().copied(),
            _ => None,
        };
        let moment = |at: Option<UnixMillis>| match at {
            Some(at) => html! { (dates::moment(lang, at)) },
            None => html! { "—" },
        };
        let until = last.map(|grant| match grant.end() {
            Some(end) => moment(Some(end)),
            None => html! { (t.get("chain-view.open-ended")) },
        });
        // The chain's clock may be a little ahead of ours.
        let state = state(app, lang, of, proven, now.max(proven.time()));
        let age = proven.time().until(now).as_secs();
        let block = html! {
            span.figures { (proven.height()) }
            div.quiet { (t.with("chain-view.age", &[("seconds", &age.to_string())])) }
        };
        table.row([name, moment(last.map(|grant| grant.from)), until.unwrap_or_else(dash), state, block])
    };
    found.iter().fold(Table::new(t.get("chain-view.table"), columns), row).render()
}

fn state(app: &Core, lang: Lang, of: &CredentialType, proven: &Proven, now: UnixMillis) -> Markup {
    let t = texts(lang);
    let Ok(name) = Slug::new(&of.id) else { return badge(Badge::CannotTell, t.get("overview.unknown")) };
    match accredited_at(proven, app.ledger.did(), &name, now) {
        Ok(_) => badge(Badge::Valid, t.get("overview.accredited")),
        Err(NotGranted::NotYet { .. }) => badge(Badge::Waiting, t.get("chain-view.not-yet")),
        Err(NotGranted::Lapsed { .. }) => badge(Badge::Expired, t.get("chain-view.lapsed")),
        Err(NotGranted::Withdrawn { .. }) => badge(Badge::Revoked, t.get("chain-view.withdrawn")),
        Err(NotGranted::Never | NotGranted::OtherRecord) => {
            badge(Badge::Refused, t.get("overview.not-accredited"))
        }
    }
}
