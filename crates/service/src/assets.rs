//! The stylesheet, the script and the icon that every page uses, from memory.

use std::sync::LazyLock;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header;
use sha2::{Digest, Sha256};

use crate::ui;

const CSS: &str = concat!(
    include_str!("../assets/tokens.css"),
    include_str!("../assets/base.css"),
    include_str!("../assets/components.css"),
    include_str!("../assets/phone.css"),
);
const JS: &str = include_str!("../assets/huizheng.js");

/// The icon's address.
pub const ICON: &str = "/assets/icon.svg";

/// The stylesheet's address, with its digest so that it can be cached for good.
pub fn stylesheet() -> &'static str {
    static HREF: LazyLock<String> = LazyLock::new(|| versioned("/assets/huizheng.css", CSS));
    &HREF
}

/// The script's address, with its digest.
pub fn script() -> &'static str {
    static HREF: LazyLock<String> = LazyLock::new(|| versioned("/assets/huizheng.js", JS));
    &HREF
}

/// Serves `/assets/…`; merge it into a service's router.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/assets/huizheng.css", get(|| async { asset("text/css; charset=utf-8", CSS) }))
        .route("/assets/huizheng.js", get(|| async { asset("text/javascript; charset=utf-8", JS) }))
        .route(ICON, get(|| async { asset("image/svg+xml", ui::MARK) }))
}

/// Answers with a static text of this media type that may be cached for a year.
pub fn asset(media_type: &'static str, text: &'static str) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")],
        text,
    )
}

/// `path?v=<digest>` for a text that [`asset`] serves.
pub fn versioned(path: &str, text: &str) -> String {
    let digest = hex::encode(Sha256::digest(text));
    format!("{path}?v={}", digest.get(..12).unwrap_or_default())
}
