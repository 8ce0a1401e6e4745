//! Every address of the issuer. Protocol endpoints answer with OAuth errors, our own with problem+json, pages with pages.

mod answers;
mod applications;
mod audit;
mod author_key;
mod backup;
mod body;
mod callers;
mod certificates;
mod credential;
mod credentials;
mod deferred;
mod discovery;
mod health;
mod keys;
mod lists;
mod nonce;
mod notification;
mod offers;
mod openapi;
mod par;
mod phones;
mod presentations;
mod records;
mod token;

use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use service::{Large, Layers, assets};

use crate::access;
use crate::core::App;
pub(crate) use applications::{approval, decided};
pub(crate) use credentials::{corrected, known_code};
pub(crate) use keys::{named, rotated};
pub(crate) use offers::{link_by_reference, link_by_value};
pub(crate) use presentations::{asked, found as presentation, went_on};
pub(crate) use records::{LARGEST_FILE, half, import_csv, offers_live};

use crate::pages;

/// A file of a hundred thousand records takes seconds, and on a machine that does much else a minute and more. Whoever gave up waiting would not
/// know what was imported. Only the staff and systems with a key get so far, and only with a file that has come.
const IMPORT: Large = Large {
    body_limit: LARGEST_FILE,
    body_timeout: Duration::from_secs(30),
    timeout: Duration::from_secs(300),
};

/// The layers that every service has, and which paths are OpenID4VCI's.
pub(crate) fn layers() -> Layers {
    Layers { oauth: is_protocol, large: |path| is_import(path).then_some(IMPORT), ..Layers::default() }
}

/// The whole issuer, still without the layers that every service has.
pub(crate) fn router(app: App) -> Router {
    let routes = Router::new()
        .merge(discovery::router())
        .merge(token::router())
        .merge(nonce::router())
        .merge(par::router())
        .merge(phones::router())
        .merge(credential::router())
        .merge(deferred::router())
        .merge(notification::router())
        .merge(offers::router())
        .merge(lists::router())
        .merge(health::router())
        .merge(certificates::router())
        .merge(author_key::router())
        .merge(keys::router())
        .merge(applications::router())
        .merge(presentations::router())
        .merge(credentials::router())
        .merge(records::router())
        .merge(audit::router())
        .merge(openapi::router())
        .merge(pages::router())
        .route_layer(from_fn_with_state(app.clone(), access::guard));
    app.metrics.http.count(routes).with_state(app).merge(assets::router())
}

/// What operators alone are answered.
pub(crate) fn operators(app: App) -> Router {
    health::operators().merge(backup::router()).with_state(app)
}

fn is_protocol(path: &str) -> bool {
    matches!(path, "/token" | "/nonce" | "/credential" | "/par" | "/deferred_credential" | "/notification")
        || path
            .strip_prefix("/presentations/")
            .is_some_and(|rest| rest.ends_with("/object") || rest.ends_with("/response"))
}

/// Where files of many records come in.
fn is_import(path: &str) -> bool {
    (path.starts_with("/api/records/") && path.ends_with("/csv"))
        || (path.starts_with("/console/records/") && path.ends_with("/import"))
}
