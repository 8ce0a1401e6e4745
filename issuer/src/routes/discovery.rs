//! What wallets read first.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

use super::answers::public;
use crate::core::App;

/// How long the metadata may be kept, in seconds: a new credential type shows after so long.
const KEPT: u64 = 60;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/.well-known/openid-credential-issuer", get(issuer))
        .route("/.well-known/oauth-authorization-server", get(authorization_server))
}

async fn issuer(State(app): State<App>) -> Response {
    public("application/json", KEPT, app.metadata.issuer.clone())
}

async fn authorization_server(State(app): State<App>) -> Response {
    public("application/json", KEPT, app.metadata.authorization_server.clone())
}
