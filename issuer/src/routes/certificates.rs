//! The root that readers of mdocs anywhere can be given (ISO/IEC 18013-5 §B.1.2).

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;
use service::Problem;

use super::answers::public;
use crate::core::App;

/// How long they may be kept, in seconds: roots are replaced once in years.
const KEPT: u64 = 3600;

pub(super) fn router() -> Router<App> {
    Router::new().route("/mdoc/root", get(root)).route("/mdoc/roots", get(roots))
}

async fn root(State(app): State<App>) -> Response {
    public("application/pkix-cert", KEPT, app.issuance.identity.root().certificates().root().clone())
}

/// Every root that counts, newest first: documents that an earlier one certified go on counting. DER in base64.
async fn roots(State(app): State<App>) -> Result<Response, Problem> {
    let roots: Vec<_> =
        app.keys.roots().map_err(Problem::internal)?.iter().map(|der| BASE64.encode(der)).collect();
    let body = serde_json::to_vec(&json!({ "roots": roots })).map_err(Problem::internal)?;
    Ok(public("application/json", KEPT, body))
}
