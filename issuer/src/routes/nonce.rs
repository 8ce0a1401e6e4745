//! The nonce endpoint (OpenID4VCI 1.0 §7).

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use protocol::openid4vci::NonceResponse;
use rand_core::OsRng;

use super::answers::secret_json;
use crate::core::App;

pub(super) fn router() -> Router<App> {
    Router::new().route("/nonce", post(nonce))
}

/// A nonce carries its own end and proof of origin: nothing is stored until it is used.
async fn nonce(State(app): State<App>) -> Response {
    let lifetime = i64::try_from(app.policy.nonce_lifetime.as_secs()).unwrap_or(i64::MAX);
    let expires = app.now().seconds.plus(lifetime).0;
    secret_json(&NonceResponse { c_nonce: app.seals.nonce(expires, &mut OsRng) })
}
