//! The interface for programs: ask, read the decision, wait for it.

mod ask;
mod audit;
mod claims;
mod presented;
mod read;
pub(super) mod verify;
mod view;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::core::App;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/api/policies", get(read::policies))
        .route("/api/requests", post(ask::ask))
        .route("/api/requests/{id}", get(read::read))
        .route("/api/requests/{id}/events", get(read::events))
        .route("/api/audit", get(audit::entries))
        .route("/api/claims", get(claims::list))
        .route("/api/claims/{id}", get(claims::read).delete(claims::delete))
        .route("/api/verify", post(verify::one))
        .route(verify::BATCH_PATH, post(verify::many).layer(DefaultBodyLimit::max(verify::BATCH.body_limit)))
}
