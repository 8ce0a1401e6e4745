//! The notification endpoint (OpenID4VCI 1.0 §11): wallets say what became of a credential.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use protocol::openid4vci::{CredentialErrorCode, NotificationRequest};
use service::OAuthError;

use super::body::JsonBytes;
use super::credential::{grant, refusal};
use crate::core::App;
use crate::seals::Later;

pub(super) fn router() -> Router<App> {
    Router::new().route("/notification", post(notification))
}

/// Said twice, it is noted once (§11: idempotent).
async fn notification(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<JsonBytes, OAuthError>,
) -> Result<StatusCode, OAuthError> {
    let now = app.now();
    let granted = grant(&app, &headers, "notification", now).await?;
    let JsonBytes(body) = body?;
    let request = NotificationRequest::parse(&body).ok_or_else(|| {
        refusal(&CredentialErrorCode::InvalidNotificationRequest)
            .description("send notification_id and one of the three events")
    })?;
    let unknown =
        || refusal(&CredentialErrorCode::InvalidNotificationId).description("the notification_id is unknown");
    let id = app.seals.open_later(Later::Notification, &request.notification_id).ok_or_else(unknown)?;
    let noted = app.statuses.notified(id, granted.offer, request.event.as_str().to_owned(), now).await;
    if noted.map_err(OAuthError::internal)? { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}
