//! The interface, described.

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::core::App;

const TEXT: &str = include_str!("../../assets/openapi.json");

pub(super) fn router() -> Router<App> {
    Router::new().route("/openapi.json", get(openapi))
}

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], TEXT).into_response()
}
