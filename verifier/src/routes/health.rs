//! For operators: is it up, can it decide, what does it count?

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use registry::RecordKey;
use service::Problem;

use crate::core::{App, Core};

/// For whoever balances between instances: at every tenant's host.
pub(super) fn router() -> Router<App> {
    let ready = |State(app): State<App>| async move { ready(&app).await };
    Router::new().route("/health/live", get(live)).route("/health/ready", get(ready))
}

/// All tenants at once.
pub(crate) type Apps = Arc<[App]>;

/// The same of all tenants, where a balancer names none of them.
pub(super) fn of_all() -> Router<Apps> {
    Router::new().route("/health/live", get(live)).route("/health/ready", get(all_ready))
}

/// For those who watch: on an address of their own, since counts tell of people's use.
pub(super) fn operators() -> Router<Apps> {
    of_all().route("/metrics", get(metrics))
}

/// The process answers.
async fn live() -> StatusCode {
    StatusCode::OK
}

async fn all_ready(State(apps): State<Apps>) -> Result<StatusCode, Problem> {
    for app in apps.iter() {
        ready(app).await?;
    }
    Ok(StatusCode::OK)
}

/// It can read its store, and knows what the chain says of itself: from a node, or from what it was told within the time that
/// facts may be old.
async fn ready(app: &Core) -> Result<StatusCode, Problem> {
    if let Err(error) = app.desk.answers() {
        tracing::error!(%error, "not ready");
        return Err(Problem::unavailable("store", "The store does not answer"));
    }
    app.node.proven_one(RecordKey::Did(app.identity.did().clone())).await?;
    Ok(StatusCode::OK)
}

async fn metrics(State(apps): State<Apps>) -> Result<Response, Problem> {
    let app = apps.first().ok_or_else(|| Problem::internal("no tenant"))?;
    app.metrics.render(&app.node)
}
