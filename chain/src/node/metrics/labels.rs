//! What tells one count from another: bounded sets, all of them.

use axum::http::Method;
use prometheus_client::encoding::EncodeLabelSet;

/// An error's stable name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Error {
    pub(super) error: String,
}

/// A route's pattern, a method, a status.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Request {
    pub(super) route: String,
    pub(super) method: &'static str,
    pub(super) status: u16,
}

/// Methods beyond those that routes take count as one.
pub(super) fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
