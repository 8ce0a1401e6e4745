//! Several tenants behind one address: whose a request is, is said by the host that it was sent to.
//!
//! Each tenant has a router of its own, which knows nothing of the others. Browsers keep what belongs to one host from another's
//! pages, so cookies, storage and service workers of two counters don't meet either.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri, header};
use protocol::Endpoint;
use service::Problem;
use tower::ServiceExt;
use url::Url;

/// One router out of those of several tenants: `elsewhere` answers what was sent to none of their hosts.
pub(crate) fn by_host(tenants: impl IntoIterator<Item = (Endpoint, Router)>, elsewhere: Router) -> Router {
    let tenants = tenants.into_iter();
    let hosts =
        tenants.flat_map(|(base, router)| names(&base).into_iter().map(move |name| (name, router.clone())));
    let hosts: Arc<HashMap<String, Router>> = Arc::new(hosts.collect());
    Router::new().fallback(move |request: Request| {
        let chosen = authority(request.uri(), request.headers()).and_then(|name| hosts.get(&name).cloned());
        let router = chosen.unwrap_or_else(|| elsewhere.clone());
        async move {
            let Ok(response) = router.oneshot(request).await;
            response
        }
    })
}

/// What is at no tenant's host: an answer to a balancer's questions, and a refusal.
pub(crate) fn misdirected() -> Response {
    Problem::new(http::StatusCode::MISDIRECTED_REQUEST, "misdirected", "Nobody is served at this host")
        .into_response()
}

/// The host that a request is for, in lower case, with its port if it was sent.
fn authority(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    // HTTP/2 says it in `:authority`, HTTP/1.1 in `Host`.
    let named = match uri.authority() {
        Some(authority) => authority.as_str(),
        None => headers.get(header::HOST)?.to_str().ok()?,
    };
    Some(named.to_ascii_lowercase())
}

/// How clients may write a base URL's host: a default port is left out, or not.
fn names(base: &Endpoint) -> Vec<String> {
    let Some(url) = Url::parse(base.as_str()).ok() else { return Vec::new() };
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return Vec::new() };
    let with_port = format!("{host}:{port}");
    if url.port().is_some() { vec![with_port] } else { vec![host.to_owned(), with_port] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_port_may_be_left_out_and_no_other() {
        let names = |base| names(&Endpoint::parse(base).expect("an address"));
        assert_eq!(names("https://Bank.example"), ["bank.example", "bank.example:443"]);
        assert_eq!(names("https://bank.example:8443"), ["bank.example:8443"]);
        assert_eq!(names("http://127.0.0.1:7106"), ["127.0.0.1:7106"]);
    }

    #[tokio::test]
    async fn each_host_has_its_own_and_no_other_has_any() {
        let says = |text: &'static str| Router::new().fallback(move || async move { text });
        let base = |text| Endpoint::parse(text).expect("an address");
        let tenants =
            [(base("https://bank.example"), says("bank")), (base("https://tax.example:8443"), says("tax"))];
        let router = by_host(tenants, says("elsewhere"));
        for (host, expected) in [
            ("bank.example", "bank"),
            ("BANK.example:443", "bank"),
            ("tax.example:8443", "tax"),
            ("tax.example", "elsewhere"),
            ("bank.example.evil.example", "elsewhere"),
            ("", "elsewhere"),
        ] {
            let request =
                Request::builder().header("host", host).body(axum::body::Body::empty()).expect("fine");
            let Ok(answer) = router.clone().oneshot(request).await;
            let body = axum::body::to_bytes(answer.into_body(), 64).await.expect("short");
            assert_eq!(body, expected, "{host}");
        }
        // HTTP/2 names the host in the address; what a `Host` beside it says does not matter.
        let request = Request::builder().uri("https://bank.example/x").header("host", "tax.example:8443");
        let Ok(answer) = router.oneshot(request.body(axum::body::Body::empty()).expect("fine")).await;
        assert_eq!(axum::body::to_bytes(answer.into_body(), 64).await.expect("short"), "bank");
    }
}
