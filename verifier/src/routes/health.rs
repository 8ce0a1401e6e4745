//! For operators: is it up, can it decide?

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use service::Problem;

use crate::core::App;

pub(super) fn router() -> Router<App> {
    Router::new().route("/health/live", get(live)).route("/health/ready", get(ready))
}

async fn live() -> StatusCode {
    StatusCode::OK
}

async fn ready(State(app): State<App>) -> Result<StatusCode, Problem> {
    app.node.proven_one(registry::RecordKey::Did(app.identity.did().clone())).await?;
    Ok(StatusCode::OK)
}
