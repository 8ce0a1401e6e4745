//! Taking transactions.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use registry::api::{OCTETS, SubmitResponse};
use registry::{Hash32, Transaction};
use service::Problem;
use service::extract::{InputError, Path};

use crate::ledger::{Ledger, SubmitError};
use crate::node::metrics::Metrics;
use crate::node::{malformed, refusal};

/// `POST /v1/transactions`: answers once the transaction is final.
pub(super) async fn submit(
    State(ledger): State<Arc<dyn Ledger>>,
    State(metrics): State<Arc<Metrics>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<SubmitResponse>, Problem> {
    let outcome = take(ledger.as_ref(), &headers, body).await;
    metrics.submitted(outcome.as_ref().map(|_| ()));
    outcome.map(Json)
}

async fn take(
    ledger: &dyn Ledger,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<SubmitResponse, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind.and_then(|kind| kind.split(';').next()).map(str::trim) != Some(OCTETS) {
        return Err(InputError::MediaType { expected: OCTETS }.into());
    }
    let body = body.map_err(|rejection| InputError::Body {
        too_large: rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE,
    })?;
    let transaction =
        Transaction::from_bytes(&body).map_err(|error| refusal::of(SubmitError::Invalid(error)))?;
    ledger.submit(transaction).await.map_err(refusal::of)
}

/// `GET /v1/transactions/{hash}`.
pub(super) async fn transaction(
    State(ledger): State<Arc<dyn Ledger>>,
    Path(hash): Path<String>,
) -> Result<Json<SubmitResponse>, Problem> {
    let hash: Hash32 = hash.parse().map_err(|error| malformed("hash-malformed", error))?;
    let found = ledger.transaction(&hash);
    found.map(Json).ok_or_else(|| Problem::not_found("The node remembers no such transaction"))
}
