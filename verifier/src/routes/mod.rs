//! Every address of the verifier. What wallets use answers with OAuth errors, our API with problem+json, pages with
//! pages.

mod api;
mod body;
mod health;
mod object;
mod response;

use axum::Router;
use axum::middleware::from_fn;
use service::{assets, ui};

use crate::core::App;
use crate::pages;

/// The whole verifier, still without the layers that every service has.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .merge(api::router())
        .merge(object::router())
        .merge(response::router())
        .merge(health::router())
        .merge(pages::router().layer(from_fn(ui::friendly_errors)))
        .with_state(app)
        .merge(assets::router())
}
