//! Requests that a service sends: no redirects, no proxies, a time limit, and answers of bounded size.

use std::time::Duration;

use reqwest::redirect::Policy;

/// Why an answer could not be read.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// Nobody answered, or the answer broke off.
    #[error("{url} doesn't answer")]
    Unreachable {
        /// Who was asked, without the query.
        url: String,
    },
    /// The answer is larger than allowed.
    #[error("{url} answers with more than {limit} bytes")]
    TooLarge {
        /// Who was asked, without the query.
        url: String,
        /// The limit in bytes.
        limit: usize,
    },
}

/// An HTTP client with these limits. Share it: it keeps connections.
pub fn client(timeout: Duration) -> reqwest::Client {
    built(|builder| builder.timeout(timeout).connect_timeout(timeout.min(Duration::from_secs(5))))
}

/// An HTTP client for answers that go on and on: they may take for ever, but not be silent for longer than this.
pub fn listening_client(silence: Duration) -> reqwest::Client {
    built(|builder| builder.read_timeout(silence).connect_timeout(silence.min(Duration::from_secs(5))))
}

#[expect(clippy::panic, reason = "the settings are fixed here, so this fails at once on a machine or never")]
fn built(limits: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder) -> reqwest::Client {
    // Whoever installed one first keeps it; both are the same.
    _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().redirect(Policy::none()).no_proxy().tcp_nodelay(true);
    match limits(builder).build() {
        Ok(client) => client,
        Err(error) => panic!("no HTTP client can be made here: {error}"),
    }
}

/// Reads an answer's body, at most `limit` bytes of it.
pub async fn body(mut answer: reqwest::Response, limit: usize) -> Result<Vec<u8>, OutboundError> {
    let url = without_query(answer.url());
    let mut body = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > limit => {
                return Err(OutboundError::TooLarge { url, limit });
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(_) => return Err(OutboundError::Unreachable { url }),
        }
    }
}

pub(crate) fn without_query(url: &url::Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.to_string()
}
