//! Handing out snapshots, for nodes that begin.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use registry::api::OCTETS;
use service::Problem;
use service::extract::Path;

use crate::node::{accepts, malformed};
use crate::snapshot::Snapshots;

type Kept = Option<Arc<Snapshots>>;

/// `GET /v1/snapshot`: the newest one's manifest, as JSON, or its bytes when asked for.
pub(super) async fn manifest(State(kept): State<Kept>, headers: HeaderMap) -> Result<Response, Problem> {
    let newest = kept.and_then(|kept| kept.newest()).ok_or_else(|| {
        Problem::not_found("There is no snapshot here")
            .detail("This node makes none, or has not had enough blocks yet")
    })?;
    if accepts(&headers, OCTETS) {
        return Ok(([(header::CONTENT_TYPE, OCTETS)], newest.manifest.to_bytes()).into_response());
    }
    Ok(axum::Json(&newest.manifest).into_response())
}

/// `GET /v1/snapshot/{height}/{chunk}`.
pub(super) async fn chunk(
    State(kept): State<Kept>,
    Path((height, chunk)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let height = height.parse().map_err(|_| malformed("height-malformed", "a height is a plain number"))?;
    let chunk = chunk.parse().map_err(|_| malformed("chunk-malformed", "a chunk is a plain number"))?;
    let missing = || {
        Problem::not_found("There is no such chunk")
            .detail("The snapshot may have been replaced by a newer one: read /v1/snapshot again")
    };
    let file = kept.and_then(|kept| kept.at(height)).ok_or_else(missing)?;
    let read = tokio::task::spawn_blocking(move || file.chunk(chunk)).await.map_err(Problem::internal)?;
    let bytes = read.map_err(Problem::internal)?.ok_or_else(missing)?;
    Ok(([(header::CONTENT_TYPE, OCTETS)], bytes).into_response())
}
