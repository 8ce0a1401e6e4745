//! Every request has an id: in its log lines, in its answer's `x-request-id`, and in a problem's `requestId`.

use axum::extract::Request;
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

/// Takes over an id that a machine made, else makes one. What a caller might have written for itself is not repeated in logs:
/// it may be somebody's number or name.
pub(crate) async fn layer<F>(request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let given =
        request.headers().get(HEADER).and_then(|value| value.to_str().ok()).filter(|id| well_formed(id));
    let id = given.map_or_else(made, str::to_owned);
    let mut response = REQUEST_ID.scope(id.clone(), next(request)).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

/// An id of sixteen digits that is taken for one wherever it is read: of 1,800 one has figures alone, and another is made.
fn made() -> String {
    loop {
        let id = crate::random::hex(8);
        if well_formed(&id) {
            return id;
        }
    }
}

/// A UUID, or 16 to 64 hexadecimal digits of which one at least is a letter: a row of figures may be somebody's card.
fn well_formed(id: &str) -> bool {
    let is_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_uuid = || id.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && id.split('-').all(is_hex);
    let is_text =
        || (16..=64).contains(&id.len()) && is_hex(id) && id.bytes().any(|byte| byte.is_ascii_lowercase());
    is_text() || is_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_made_is_one_that_a_machine_made() {
        for _ in 0..30_000 {
            let id = made();
            assert!(id.len() == 16 && well_formed(&id), "{id}");
        }
    }
}
