//! Whom limits are counted for.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use service::Clients;

use crate::core::App;

/// A key for whoever sends the request: its address, as the socket or a trusted proxy says.
pub(crate) struct Client(pub(crate) String);

impl FromRequestParts<App> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self(Clients::behind(app.policy.trusted_proxies).key(parts)))
    }
}
