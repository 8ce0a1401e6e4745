//! Status lists: Token Status List (draft-ietf-oauth-status-list §8) and Bitstring Status List 1.0.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use credentials::status::{Purpose, TOKEN_LIST_CWT};
use http::header::{ACCEPT, VARY};
use http::{HeaderMap, HeaderValue};
use service::Problem;
use service::extract::Path;

use super::answers::public;
use crate::core::App;
use crate::status::ServedError;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/status-lists/{number}", get(token_list))
        .route("/bitstring/{number}/{purpose}", get(bitstring))
}

/// As a JWT, or as a CWT for those who would rather have that (§8.1).
async fn token_list(
    State(app): State<App>,
    Path(number): Path<u32>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let view = app.served.view(number, app.now()).await.map_err(refused)?;
    let kept = app.policy.list_ttl.as_secs();
    let mut response = if quality(&headers, TOKEN_LIST_CWT) > quality(&headers, TOKEN_LIST_JWT) {
        public(TOKEN_LIST_CWT, kept, view.cwt.clone())
    } else {
        public(TOKEN_LIST_JWT, kept, view.token.clone())
    };
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}

const TOKEN_LIST_JWT: &str = "application/statuslist+jwt";

/// How much a media type is wanted, in thousandths: by its own name, or else by a wildcard (RFC 9110 §12.5.1).
fn quality(headers: &HeaderMap, media_type: &str) -> u16 {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut found: Option<(usize, u16)> = None;
    for range in accepted.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().unwrap_or_default();
        let rank = match named {
            "*/*" => 0,
            "application/*" => 1,
            other if other.eq_ignore_ascii_case(media_type) => 2,
            _ => continue,
        };
        let weight = parts.find_map(|parameter| parameter.strip_prefix("q="));
        let weight = weight.map_or(Some(1000), thousandths).unwrap_or_default();
        if found.is_none_or(|(best, _)| rank >= best) {
            found = Some((rank, weight));
        }
    }
    found.map_or(0, |(_, weight)| weight)
}

/// `0.25` as 250: from 0 to 1, at most three decimals.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let part: u16 = format!("{decimals:0<3}").parse().ok().filter(|_| digits)?;
    match (whole, part) {
        ("0", part) => Some(part),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

async fn bitstring(
    State(app): State<App>,
    Path((number, purpose)): Path<(u32, String)>,
) -> Result<Response, Problem> {
    let purpose = [Purpose::Revocation, Purpose::Suspension]
        .into_iter()
        .find(|known| known.name() == purpose)
        .ok_or_else(|| Problem::not_found("There is no status list of that purpose"))?;
    let view = app.served.view(number, app.now()).await.map_err(refused)?;
    Ok(public("application/vc", app.policy.list_ttl.as_secs(), view.bitstring(purpose).to_owned()))
}

fn refused(error: ServedError) -> Problem {
    match error {
        ServedError::Unknown => Problem::not_found("There is no status list of that number"),
        ServedError::Chain(error) => error.into(),
        ServedError::KeyChanging => {
            Problem::unavailable("key-changing", "A key is being replaced; try again soon")
        }
        ServedError::Store(error) => Problem::internal(error),
        ServedError::Unmade(error) => Problem::internal(error),
    }
}
