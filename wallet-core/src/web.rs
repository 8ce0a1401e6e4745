//! Requests as the wallet makes them: secure URLs only, no redirects, bounded answers.

use std::sync::Arc;

use protocol::{Endpoint, Form, dpop::DPOP_NONCE_HEADER};

use crate::ports::{HttpClient, HttpError, HttpRequest, Method};

/// Why an answer can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebError {
    /// No connection: try again when online.
    #[error("the server can't be reached")]
    Unreachable,
    /// The answer is longer than anything of its kind.
    #[error("the server's answer is too large")]
    TooLarge,
    /// The server sent the wallet elsewhere. It doesn't go: whoever is asked must answer.
    #[error("the server redirects, which a wallet doesn't follow")]
    Redirected,
    /// The address is inside a machine or a network: a stranger's code sends nobody there.
    #[error("the address is inside a network, where a wallet doesn't ask")]
    Internal,
    /// The app or its user ended it.
    #[error("the request was cancelled")]
    Cancelled,
}

impl From<HttpError> for WebError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Unreachable => Self::Unreachable,
            HttpError::TooLarge => Self::TooLarge,
            HttpError::Cancelled => Self::Cancelled,
        }
    }
}

/// The most bytes of a message of the protocols.
pub(crate) const MESSAGE: usize = 256 * 1024;
/// The most bytes of issued credentials or of evidence.
pub(crate) const LARGE: usize = 1024 * 1024;

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// The server's nonce for DPoP proofs, if it gave one.
    pub(crate) dpop_nonce: Option<String>,
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// The HTTP port with the wallet's rules around it.
#[derive(Clone)]
pub(crate) struct Web {
    pub(crate) http: Arc<dyn HttpClient>,
    /// Whether addresses inside a network are asked. They are where the chain's own node is one, as on a developer's machine.
    pub(crate) inside: bool,
}

/// What is sent with a `POST`.
pub(crate) enum Body<'a> {
    Form(&'a Form),
    Json(Vec<u8>),
    Nothing,
}

impl Web {
    pub(crate) async fn get(&self, url: &Endpoint, accept: &str, limit: usize) -> Result<Answer, WebError> {
        self.send(Method::Get, url, vec![header("accept", accept)], Vec::new(), limit).await
    }

    pub(crate) async fn post(
        &self,
        url: &Endpoint,
        body: Body<'_>,
        accept: &str,
        bearer: Option<&str>,
        limit: usize,
    ) -> Result<Answer, WebError> {
        let bearer = bearer.map(|token| ("authorization", format!("Bearer {token}")));
        self.post_with(url, &body, accept, bearer.into_iter().collect(), limit).await
    }

    /// Posts with further headers.
    pub(crate) async fn post_with(
        &self,
        url: &Endpoint,
        body: &Body<'_>,
        accept: &str,
        further: Vec<(&str, String)>,
        limit: usize,
    ) -> Result<Answer, WebError> {
        let mut headers = vec![header("accept", accept)];
        let body = match body {
            Body::Form(form) => {
                headers.push(header("content-type", "application/x-www-form-urlencoded"));
                form.encode().into_bytes()
            }
            Body::Json(bytes) => {
                headers.push(header("content-type", "application/json"));
                bytes.clone()
            }
            Body::Nothing => Vec::new(),
        };
        headers.extend(further.into_iter().map(|(name, value)| (name.to_owned(), value)));
        self.send(Method::Post, url, headers, body, limit).await
    }

    async fn send(
        &self,
        method: Method,
        url: &Endpoint,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
        answer_limit: usize,
    ) -> Result<Answer, WebError> {
        if url.is_internal() && !self.inside {
            return Err(WebError::Internal);
        }
        let request = HttpRequest { method, url: url.clone(), headers, body, answer_limit };
        let answer = self.http.send(request).await?;
        // The port was asked to keep these; a careless one must not matter.
        if answer.body.len() > answer_limit {
            return Err(WebError::TooLarge);
        }
        if (300..400).contains(&answer.status) {
            return Err(WebError::Redirected);
        }
        let nonce = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(DPOP_NONCE_HEADER));
        // A nonce is short: one that is not is none.
        let dpop_nonce = nonce.map(|(_, value)| value.clone()).filter(|value| value.len() <= 512);
        Ok(Answer { status: answer.status, body: answer.body, dpop_nonce })
    }
}

fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

pub(crate) const JSON: &str = "application/json";
