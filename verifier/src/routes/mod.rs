//! Every address of the verifier. What wallets use answers with OAuth errors, our API with problem+json, pages with
//! pages.

mod api;
mod body;
mod health;
mod object;
mod response;

use axum::Router;
use axum::middleware::from_fn;
use service::{Layers, assets, ui};

use crate::core::App;
use crate::pages;

/// The layers that every service has, and which paths are OpenID4VP's.
pub(crate) fn layers() -> Layers {
    let oauth = |path: &str| {
        path.strip_prefix("/requests/")
            .is_some_and(|rest| rest.ends_with("/object") || rest.ends_with("/response"))
    };
    let large = |path: &str| (path == api::verify::BATCH_PATH).then_some(api::verify::BATCH);
    Layers { oauth, large, ..Layers::default() }
}

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
