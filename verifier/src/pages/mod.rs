//! The counter's pages: choose a purpose, show the code, see the decision.

mod counter;
mod request;
mod result;
mod session;

use axum::Router;

use crate::core::App;

/// The pages, for clerks who signed in.
pub(crate) fn router() -> Router<App> {
    Router::new().merge(session::router()).merge(counter::router()).merge(request::router())
}
