//! Every request has an id: in its log lines, in its answer's `x-request-id`, and in a problem's `requestId`.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;

tokio::task_local! {
    static REQUEST_ID: String;
}

/// The header that carries it.
pub const HEADER: &str = "x-request-id";

/// The id of the request that this task is answering.
pub fn current() -> Option<String> {
    REQUEST_ID.try_with(Clone::clone).ok()
}

/// Takes a well-formed id from the caller (8 to 64 letters, digits or `-`), else makes one.
pub(crate) async fn layer(request: Request, next: Next) -> Response {
    let given =
        request.headers().get(HEADER).and_then(|value| value.to_str().ok()).filter(|id| well_formed(id));
    let id = given.map_or_else(|| crate::random::hex(8), str::to_owned);
    let mut response = REQUEST_ID.scope(id.clone(), next.run(request)).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

fn well_formed(id: &str) -> bool {
    (8..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
