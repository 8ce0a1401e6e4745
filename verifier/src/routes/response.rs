//! Answers of wallets (OpenID4VP 1.0 §8.2, `direct_post`; §8.3, `direct_post.jwt`).
//!
//! An answer that is genuine is answered with 200 whatever the decision: the wallet has done its part. One that is
//! malformed, forged, replayed or made for somebody else is answered with 4xx and `invalid_request`.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json as Answer, Router};
use protocol::openid4vp::DirectPostReply;
use service::extract::Path;
use service::{OAuthError, clock};

use super::body::FormBytes;
use crate::answer::Refusal;
use crate::core::App;
use crate::limits::Wallet;
use crate::request::RequestId;

pub(super) fn router() -> Router<App> {
    Router::new().route("/requests/{id}/response", post(respond))
}

async fn respond(
    State(app): State<App>,
    _: Wallet,
    Path(id): Path<RequestId>,
    FormBytes(body): FormBytes,
) -> Result<Response, OAuthError> {
    let taken = app.take(&id, &body, clock::now()).await;
    let redirect_uri = taken.inspect_err(|refusal| app.metrics.refused(&app.tenant, refusal.name()))?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Answer(DirectPostReply { redirect_uri })).into_response())
}

impl From<Refusal> for OAuthError {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::Unknown => StatusCode::NOT_FOUND,
            Refusal::Expired => StatusCode::GONE,
            Refusal::Used | Refusal::Spent => StatusCode::CONFLICT,
            Refusal::Authorises | Refusal::Malformed(_) | Refusal::NotGenuine(_) => StatusCode::BAD_REQUEST,
            Refusal::Store(error) => return Self::internal(error),
            Refusal::Seal(error) => return Self::internal(error),
        };
        Self::invalid_request(refusal.to_string()).status(status)
    }
}
