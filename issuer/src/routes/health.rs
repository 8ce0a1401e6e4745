//! For operators: is it up, can it work, what does it count?

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use service::Problem;

use crate::core::App;
use crate::tables::REGISTERED;

/// For whoever balances between instances: on the public address.
pub(super) fn router() -> Router<App> {
    Router::new().route("/health/live", get(live)).route("/health/ready", get(ready))
}

/// For those who watch: on an address of their own, since counts tell of citizens' use.
pub(super) fn operators() -> Router<App> {
    router().route("/metrics", get(metrics))
}

/// The process answers.
async fn live() -> StatusCode {
    StatusCode::OK
}

/// It can read its store. The chain may be away: issuing goes on for a while, and changes of status wait for it.
async fn ready(State(app): State<App>) -> Result<StatusCode, Problem> {
    let did = app.ledger.did().to_string();
    match app.issuance.store.get(&REGISTERED, did) {
        Ok(_) => Ok(StatusCode::OK),
        Err(error) => {
            tracing::error!(%error, "not ready");
            Err(Problem::unavailable("store", "The store does not answer"))
        }
    }
}

async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let heard = app.issuance.hearing.silent_since().map_err(Problem::internal)?;
    let age = heard.map(|heard| (app.now().seconds.0 - heard.0).max(0));
    app.metrics.render(&app.issuance.store, age)
}
