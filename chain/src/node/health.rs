//! Whether the process runs, and whether it takes transactions.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use registry::api::STOPPED;
use serde_json::{Value, json};
use service::Problem;

use crate::ledger::Ledger;

/// `GET /health/live`.
pub(super) async fn live() -> Json<Value> {
    Json(json!({ "status": "live" }))
}

/// `GET /health/ready`.
pub(super) async fn ready(State(ledger): State<Arc<dyn Ledger>>) -> Result<Json<Value>, Problem> {
    if ledger.is_ready() {
        Ok(Json(json!({ "status": "ready", "height": ledger.tip().header.height })))
    } else {
        Err(Problem::unavailable(STOPPED, "The node takes no transactions any more"))
    }
}
