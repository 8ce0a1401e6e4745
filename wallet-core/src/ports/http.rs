//! Requests to issuers, verifiers and the chain's nodes.

use std::fmt;

use async_trait::async_trait;
use protocol::Endpoint;

/// `GET` or `POST`; the wallet uses no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `GET`.
    Get,
    /// `POST`.
    Post,
}

impl Method {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// One request. Bodies carry codes and claims, so `Debug` shows neither body nor headers.
#[derive(Clone)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// Where to: `https`, or `http` on loopback.
    pub url: Endpoint,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; empty for `GET`.
    pub body: Vec<u8>,
    /// The most bytes of an answer that are of use: stop reading there with [`HttpError::TooLarge`].
    pub answer_limit: usize,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("host", &self.url.host())
            .finish_non_exhaustive()
    }
}

/// What came back, whatever its status.
#[derive(Clone)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// Headers; names in any case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// No connection, no trust in the server's certificate, or no answer in time: try again when online.
    #[error("the server can't be reached")]
    Unreachable,
    /// The answer is longer than [`HttpRequest::answer_limit`].
    #[error("the server's answer is too large")]
    TooLarge,
    /// The app's user or the system ended it.
    #[error("the request was cancelled")]
    Cancelled,
}

/// Sends requests. The wallet asks for no address that is internal by name or number; an implementation that resolves names
/// may refuse those that resolve to one. An implementation follows no redirect, keeps no cookies, checks certificates, and gives up after
/// about 30 seconds.
#[async_trait]
pub trait HttpClient: Send + Sync {
    /// Sends one request and waits for the whole answer.
    ///
    /// # Errors
    /// [`HttpError`]; an answer with an error status is an answer.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError>;
}

/// For tests: nothing can be reached.
#[cfg(test)]
pub(crate) struct NoNetwork;

#[cfg(test)]
#[async_trait]
impl HttpClient for NoNetwork {
    async fn send(&self, _: HttpRequest) -> Result<HttpResponse, HttpError> {
        Err(HttpError::Unreachable)
    }
}
