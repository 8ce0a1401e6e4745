//! The log of decisions, for whoever audits: its entries as lines of JSON, as `huizheng verifier audit verify` reads them.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use service::Problem;
use service::audit::Entry;
use service::extract::Query;

use crate::access::{Caller, Scope};
use crate::core::App;

/// Entries in one answer at most.
const PAGE: usize = 1000;
/// A line of JSON after another.
const JSON_LINES: &str = "application/jsonl; charset=utf-8";

#[derive(Deserialize)]
pub(super) struct After {
    /// The number of the last entry that is known already.
    #[serde(default)]
    after: u64,
}

/// What comes next, at most [`PAGE`] entries; nothing at the end.
pub(super) async fn entries(
    State(app): State<App>,
    caller: Caller,
    Query(After { after }): Query<After>,
) -> Result<Response, Problem> {
    caller.must_have(Scope::Audit)?;
    let found = app.account.log(after, PAGE).map_err(Problem::internal)?;
    let lines: String = found.iter().map(Entry::line).collect();
    Ok(([(header::CONTENT_TYPE, JSON_LINES), (header::CACHE_CONTROL, "no-store")], lines).into_response())
}
