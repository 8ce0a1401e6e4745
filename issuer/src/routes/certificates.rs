//! The root that readers of mdocs anywhere can be given (ISO/IEC 18013-5 §B.1.2).

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

use super::answers::public;
use crate::core::App;

/// How long it may be kept, in seconds: it stays the same.
const KEPT: u64 = 86_400;

pub(super) fn router() -> Router<App> {
    Router::new().route("/mdoc/root", get(root))
}

async fn root(State(app): State<App>) -> Response {
    public("application/pkix-cert", KEPT, app.issuance.identity.certificates().root().clone())
}
