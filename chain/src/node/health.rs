//! Whether the process runs, and whether it does its work.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use registry::api::{STALE, STOPPED};
use serde_json::{Value, json};
use service::{Problem, clock};

use crate::ledger::Ledger;

/// How old the newest block may be while the node counts as ready.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience(pub(super) Duration);

/// `GET /health/live`.
pub(super) async fn live() -> Json<Value> {
    Json(json!({ "status": "live" }))
}

/// `GET /health/ready`: it takes what it should take, and the chain goes on.
pub(super) async fn ready(
    State(ledger): State<Arc<dyn Ledger>>,
    State(patience): State<Patience>,
) -> Result<Json<Value>, Problem> {
    if !ledger.is_ready() {
        return Err(Problem::unavailable(STOPPED, "The node takes nothing any more; restart it"));
    }
    let tip = ledger.tip();
    let (height, time) = (tip.header.height, tip.header.time);
    if time.after(patience.0) < clock::now() {
        let problem = Problem::unavailable(STALE, "The newest block is older than it should be");
        return Err(problem.with("height", height).with("time", time));
    }
    Ok(Json(json!({ "status": "ready", "height": height })))
}
