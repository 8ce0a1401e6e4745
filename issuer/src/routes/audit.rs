//! The audit log over HTTP, for whoever audits: its entries as lines of JSON, as `huizheng issuer audit verify` reads them.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header;
use serde::Deserialize;
use service::Problem;
use service::extract::Query;

use super::callers::StaffCaller;
use crate::audit::{self, Entry};
use crate::core::App;

/// Entries in one answer at most.
const PAGE: usize = 1000;
/// A line of JSON after another.
const JSON_LINES: &str = "application/jsonl; charset=utf-8";

pub(super) fn router() -> Router<App> {
    Router::new().route("/api/audit", get(entries))
}

#[derive(Deserialize)]
struct After {
    /// The number of the last entry that is known already.
    #[serde(default)]
    after: u64,
}

/// What comes next, at most [`PAGE`] entries; nothing at the end.
async fn entries(
    State(app): State<App>,
    _: StaffCaller,
    Query(After { after }): Query<After>,
) -> Result<Response, Problem> {
    let found = audit::ENTRIES.page(&app.store, after, PAGE).map_err(Problem::internal)?;
    let lines: String = found.iter().map(Entry::line).collect();
    Ok(([(header::CONTENT_TYPE, JSON_LINES)], lines).into_response())
}
