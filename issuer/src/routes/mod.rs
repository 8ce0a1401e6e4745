//! Every address of the issuer. Protocol endpoints answer with OAuth errors, our own with problem+json, pages with pages.

mod answers;
mod applications;
mod body;
mod callers;
mod certificates;
mod credential;
mod credentials;
mod discovery;
mod lists;
mod nonce;
mod offers;
mod token;

use axum::Router;
use service::{Layers, assets};

use crate::core::App;
pub(crate) use offers::{link_by_reference, link_by_value};

use crate::pages;

/// The layers that every service has, and which paths are OpenID4VCI's.
pub(crate) fn layers() -> Layers {
    Layers { oauth: |path| matches!(path, "/token" | "/nonce" | "/credential"), ..Layers::default() }
}

/// The whole issuer, still without the layers that every service has.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .merge(discovery::router())
        .merge(token::router())
        .merge(nonce::router())
        .merge(credential::router())
        .merge(offers::router())
        .merge(lists::router())
        .merge(certificates::router())
        .merge(applications::router())
        .merge(credentials::router())
        .merge(pages::router())
        .with_state(app)
        .merge(assets::router())
}
