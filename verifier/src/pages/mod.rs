//! The counter's pages: choose a purpose, show the code or read one, see the decision.

mod app;
mod codes;
mod counter;
mod look;
mod offline;
mod printed;
mod request;
mod result;
mod session;

use axum::Router;

use crate::core::App;

/// The pages, for clerks who signed in.
pub(crate) fn router() -> Router<App> {
    let pages = [
        session::router(),
        counter::router(),
        request::router(),
        codes::router(),
        printed::router(),
        offline::router(),
        app::router(),
    ];
    pages.into_iter().fold(Router::new(), Router::merge)
}
