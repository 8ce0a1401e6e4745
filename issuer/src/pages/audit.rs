//! The audit log, newest first, for whoever audits the department.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use credentials::UnixSeconds;
use serde::Deserialize;
use service::Problem;
use service::extract::Query;
use service::ui::{Icon, Markup, Page, Table, Visitor, empty, heading, html};

use super::console::SignedIn;
use super::frame::{console, moment};
use crate::audit::{self, Entry, Who};
use crate::core::{App, texts};

/// Rows on one page.
const ROWS: usize = 50;

pub(super) fn router() -> Router<App> {
    Router::new().route("/console/audit", get(log))
}

#[derive(Deserialize)]
struct LogQuery {
    before: Option<u64>,
}

async fn log(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Query(query): Query<LogQuery>,
) -> Result<Page, Problem> {
    let t = texts(visitor.lang);
    let entries = audit::ENTRIES.newest(&app.store, query.before, ROWS).map_err(Problem::internal)?;
    let more = entries.last().map(|last| last.n).filter(|number| *number > 1);
    let title = t.get("audit.title");
    let columns =
        ["audit.number", "audit.at", "audit.who", "audit.what", "audit.about"].map(|key| t.get(key));
    let row = |table: Table, entry: &Entry| {
        table.row([
            html! { (entry.n) },
            html! { (moment(visitor.lang, UnixSeconds(entry.at))) },
            html! { (who(&visitor, entry)) },
            html! { (what(&visitor, entry)) },
            about(entry),
        ])
    };
    Ok(console(&app, &visitor, &session, title).body(html! {
        (heading(title, t.get("audit.lead")))
        @if entries.is_empty() { (empty(Icon::Document, t.get("audit.none"), t.get("audit.none-text"), html! {})) }
        @else { (entries.iter().fold(Table::new(title, columns).named_above(), row).render()) }
        @if let Some(number) = more {
            p { a.button.quiet href={ "/console/audit?before=" (number) } { (t.get("queue.more")) } }
        }
    }))
}

fn who<'a>(visitor: &Visitor, entry: &'a Entry) -> &'a str {
    let t = texts(visitor.lang);
    match &entry.who {
        Who::Staff { name } | Who::System { name } => name,
        Who::Applicant => t.get("audit.applicant"),
        Who::Wallet => t.get("audit.wallet"),
        Who::Stranger => t.get("audit.stranger"),
        // The service itself; an issuer's log has no verifier's acts.
        Who::Issuer | Who::Verifier => t.get("audit.issuer"),
    }
}

/// In words; a word that has none yet as it is.
fn what<'a>(visitor: &Visitor, entry: &'a Entry) -> &'a str {
    let t = texts(visitor.lang);
    match entry.what.as_str() {
        "application-received" => t.get("audit.application-received"),
        "application-taken" => t.get("audit.application-taken"),
        "application-returned" => t.get("audit.application-returned"),
        "application-approved" => t.get("audit.application-approved"),
        "application-rejected" => t.get("audit.application-rejected"),
        "application-corrected" => t.get("audit.application-corrected"),
        "application-read" => t.get("audit.application-read"),
        "attachment-added" => t.get("audit.attachment-added"),
        "attachment-read" => t.get("audit.attachment-read"),
        "credential-read" => t.get("audit.credential-read"),
        "phone-lost" => t.get("audit.phone-lost"),
        "phone-looked-at" => t.get("audit.phone-looked-at"),
        "credential-corrected" => t.get("audit.credential-corrected"),
        "correction-asked" => t.get("audit.correction-asked"),
        "searched" => t.get("audit.searched"),
        "records-imported" => t.get("audit.records-imported"),
        "bulk-begun" => t.get("audit.bulk-begun"),
        "bulk-prepared" => t.get("audit.bulk-prepared"),
        "bulk-done" => t.get("audit.bulk-done"),
        "links-handed-out" => t.get("audit.links-handed-out"),
        "codes-handed-out" => t.get("audit.codes-handed-out"),
        "login-redeemed" => t.get("audit.login-redeemed"),
        "offer-renewed" => t.get("audit.offer-renewed"),
        "wallet-notified" => t.get("audit.wallet-notified"),
        "account-made" => t.get("audit.account-made"),
        "account-password-reset" => t.get("audit.account-password-reset"),
        "account-closed" => t.get("audit.account-closed"),
        "api-key-made" => t.get("audit.api-key-made"),
        "api-key-closed" => t.get("audit.api-key-closed"),
        "offer-made" => t.get("audit.offer-made"),
        "offer-redeemed" => t.get("audit.offer-redeemed"),
        "offer-code-wrong" => t.get("audit.offer-code-wrong"),
        "credential-issued" => t.get("audit.credential-issued"),
        "status-change-asked" => t.get("audit.status-change-asked"),
        "status-changed" => t.get("audit.status-changed"),
        "status-change-refused" => t.get("audit.status-change-refused"),
        "key-rotation-begun" => t.get("audit.key-rotation-begun"),
        "key-rotation-refused" => t.get("audit.key-rotation-refused"),
        "key-replacement-asked" => t.get("audit.key-replacement-asked"),
        "key-replacement-withdrawn" => t.get("audit.key-replacement-withdrawn"),
        "key-replacement-approved" => t.get("audit.key-replacement-approved"),
        "key-rotated" => t.get("audit.key-rotated"),
        "key-compromise-asked" => t.get("audit.key-compromise-asked"),
        "key-compromise-withdrawn" => t.get("audit.key-compromise-withdrawn"),
        "key-compromise-approved" => t.get("audit.key-compromise-approved"),
        "key-compromised" => t.get("audit.key-compromised"),
        "status-list-opened" => t.get("audit.status-list-opened"),
        "keys-registered" => t.get("audit.keys-registered"),
        "signed-in" => t.get("audit.signed-in"),
        "backed-up" => t.get("audit.backed-up"),
        "signed-in-at-provider" => t.get("audit.signed-in-at-provider"),
        "password-changed" => t.get("audit.password-changed"),
        "signed-out" => t.get("audit.signed-out"),
        "sign-in-failed" => t.get("audit.sign-in-failed"),
        other => other,
    }
}

/// What it was done to: what has a page of its own as a link.
fn about(entry: &Entry) -> Markup {
    html! {
        @for (name, value) in &entry.about {
            @match name.as_str() {
                "application" => a href={ "/console/applications/" (value) } { code { (value) } },
                "credential" => a href={ "/console/credentials/" (value) } { code { (value) } },
                _ => span { (name) " " code { (value) } },
            }
            " "
        }
    }
}
