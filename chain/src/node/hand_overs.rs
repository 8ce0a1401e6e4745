//! Handing out hand-overs, so that whoever pinned an anchor long ago can follow the validators.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use registry::api::{HandOversResponse, MAX_HAND_OVERS, OCTETS};
use serde::Deserialize;
use service::Problem;
use service::extract::Query;

use crate::ledger::Ledger;
use crate::node::wants;

/// After which block.
#[derive(Debug, Deserialize)]
pub(super) struct After {
    from: Option<u64>,
}

/// `GET /v1/handovers`: those after block `from` (0 unless told), as JSON, or borsh when asked for.
pub(super) async fn list(
    State(ledger): State<Arc<dyn Ledger>>,
    Query(after): Query<After>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = ledger.hand_overs(after.from.unwrap_or(0), MAX_HAND_OVERS).await;
    let response = HandOversResponse { hand_overs: found.map_err(Problem::internal)? };
    if wants(&headers, OCTETS) {
        let bytes = borsh::to_vec(&response).map_err(Problem::internal)?;
        return Ok(([(header::CONTENT_TYPE, OCTETS)], bytes).into_response());
    }
    Ok(axum::Json(response).into_response())
}
