//! Pages.
use crate::core::App;
use axum::Router;
pub(crate) fn router() -> Router<App> {
    Router::new()
}
