//! Pages: the citizen's portal and the clerk's console, drawn on the server, usable without scripts.

mod accounts;
mod accreditation;
mod application;
mod apply;
mod audit;
mod author_key;
mod authorize;
mod citizens;
mod console;
mod cookie;
mod correct;
mod credential;
mod form;
mod frame;
mod home;
mod issued;
mod jobs;
mod keys;
mod lost;
mod overview;
mod password;
mod phone;
mod picture;
mod presented;
mod queue;
mod records;
mod review;
mod search;
mod sign_in;
mod staff_provider;
mod values;

use axum::Router;
use axum::middleware::from_fn;
use service::ui::friendly_errors;

use crate::core::App;

/// Every page.
pub(crate) fn router() -> Router<App> {
    Router::new()
        .merge(home::router())
        .merge(apply::router())
        .merge(presented::router())
        .merge(authorize::router())
        .merge(citizens::router())
        .merge(application::router())
        .merge(lost::router())
        .merge(sign_in::router())
        .merge(staff_provider::router())
        .merge(password::router())
        .merge(queue::router())
        .merge(review::router())
        .merge(issued::router())
        .merge(credential::router())
        .merge(correct::router())
        .merge(phone::router())
        .merge(search::router())
        .merge(overview::router())
        .merge(records::router())
        .merge(jobs::router())
        .merge(accounts::router())
        .merge(audit::router())
        .merge(author_key::router())
        .merge(keys::router())
        .merge(accreditation::router())
        .layer(from_fn(friendly_errors))
}
