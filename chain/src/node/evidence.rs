//! Handing out evidence.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use registry::RecordKey;
use registry::api::{BUNDLE, EvidenceRequest, EvidenceResponse, EvidenceView, MAX_KEYS, OCTETS};
use service::Problem;
use service::extract::{Json, Path};

use crate::ledger::Ledger;
use crate::node::{malformed, wants};

/// `GET /v1/evidence/{key}`: bytes, or JSON when asked for.
pub(super) async fn one(
    State(ledger): State<Arc<dyn Ledger>>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let key: RecordKey = key.parse().map_err(|error| malformed("record-key-malformed", error))?;
    let tip = ledger.tip();
    let evidence = tip.prove(&key);
    if !wants(&headers, "application/json") {
        return Ok(([(header::CONTENT_TYPE, OCTETS)], evidence.to_bytes()).into_response());
    }
    let record = tip.state.record(&key).map_err(Problem::internal)?;
    let (height, time) = (tip.header.height, tip.header.time);
    Ok(axum::Json(EvidenceView { key, record, height, time, evidence }).into_response())
}

/// `POST /v1/evidence`: several, all of one block; as a bundle when asked for.
pub(super) async fn several(
    State(ledger): State<Arc<dyn Ledger>>,
    headers: HeaderMap,
    Json(request): Json<EvidenceRequest>,
) -> Result<Response, Problem> {
    if !(1..=MAX_KEYS).contains(&request.keys.len()) {
        return Err(Problem::bad_request("key-count", "Ask for 1 to 64 keys at once").with("limit", MAX_KEYS));
    }
    let tip = ledger.tip();
    if wants(&headers, BUNDLE) {
        let bundle =
            tip.prove_all(&request.keys).ok_or_else(|| Problem::internal("no bundle of the state"))?;
        return Ok(([(header::CONTENT_TYPE, BUNDLE)], bundle.to_bytes()).into_response());
    }
    let evidence = request.keys.iter().map(|key| tip.prove(key)).collect();
    Ok(axum::Json(EvidenceResponse { evidence }).into_response())
}
