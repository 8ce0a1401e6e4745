//! Every address of the verifier. What wallets use answers with OAuth errors, our API with problem+json, pages with
//! pages.

mod api;
mod body;
mod health;
mod object;
mod openapi;
mod response;

use std::convert::Infallible;

use axum::Router;
use axum::extract::Request;
use axum::middleware::from_fn;
use service::{Layers, assets, backup, ui};
use tower::service_fn;

use crate::core::App;
use crate::hosts::misdirected;
use crate::operate::{self, Operated};
use crate::{pages, peers};
pub(crate) use health::Apps;

/// The layers that every service has, and which paths are OpenID4VP's.
pub(crate) fn layers() -> Layers {
    let oauth = |path: &str| {
        path.strip_prefix("/requests/")
            .is_some_and(|rest| rest.ends_with("/object") || rest.ends_with("/response"))
    };
    let large = |path: &str| (path == api::verify::BATCH_PATH).then_some(api::verify::BATCH);
    Layers { oauth, large, camera: true, ..Layers::default() }
}

/// What operators alone are answered.
pub(crate) fn operators(operated: Operated) -> Router {
    let watched = Layers { pages: false, large: backup::limits, ..Layers::default() };
    let of_apps = health::operators().merge(peers::router()).with_state(operated.apps.clone());
    watched.wrap(of_apps.merge(operate::router(operated)))
}

/// What is answered at a host that is no tenant's: health alone.
pub(crate) fn elsewhere(apps: Vec<App>) -> Router {
    let nobody = service_fn(|_: Request| async { Ok::<_, Infallible>(misdirected()) });
    let router = health::of_all().with_state(apps.into()).route_service("/", nobody);
    let router = router.route_service("/{*anything}", nobody);
    Layers { pages: false, ..Layers::default() }.wrap(router)
}

/// All of one tenant, still without the layers that every service has.
pub(crate) fn router(app: App) -> Router {
    let routes = Router::new()
        .merge(api::router())
        .merge(object::router())
        .merge(response::router())
        .merge(health::router())
        .merge(openapi::router())
        .merge(pages::router().layer(from_fn(ui::friendly_errors)));
    app.metrics.http.count(routes).with_state(app).merge(assets::router())
}
