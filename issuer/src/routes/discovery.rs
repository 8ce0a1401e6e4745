//! What wallets read first.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::header::{ACCEPT, VARY};
use http::{HeaderMap, HeaderValue};
use service::Problem;

use super::answers::public;
use crate::core::App;

/// How long the metadata may be kept, in seconds: a new credential type shows after so long.
const KEPT: u64 = 60;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/.well-known/openid-credential-issuer", get(issuer))
        .route("/.well-known/oauth-authorization-server", get(authorization_server))
}

/// Signed for those who ask for it (§12.2.2): a client that says nothing, or takes JSON as well, gets JSON.
async fn issuer(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = accepted.contains(JWT) && !accepted.contains("application/json");
    let mut response = if signed {
        // Made for each who asks, for keys are replaced.
        let signed = app.metadata.signed_issuer(&app.issuance.identity, &app.base, app.now().seconds);
        public(JWT, KEPT, signed.map_err(Problem::internal)?)
    } else {
        public("application/json", KEPT, app.metadata.issuer.clone())
    };
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}

const JWT: &str = "application/jwt";

async fn authorization_server(State(app): State<App>) -> Response {
    public("application/json", KEPT, app.metadata.authorization_server.clone())
}
