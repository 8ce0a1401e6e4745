//! The device's way to the network.

use std::sync::Arc;

use async_trait::async_trait;
use uniffi::UnexpectedUniFFICallbackError;
use wallet_core::ports as core_ports;

/// `GET` or `POST`; a wallet uses no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum HttpMethod {
    /// `GET`.
    Get,
    /// `POST`.
    Post,
}

/// One header.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct HttpHeader {
    /// Its name. In requests in lower case; in answers in any case.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// One request. Headers and body carry codes and claims: don't log them.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct HttpRequest {
    /// The method.
    pub method: HttpMethod,
    /// Where to: `https`, or `http` on loopback.
    pub url: String,
    /// The headers to send.
    pub headers: Vec<HttpHeader>,
    /// The body; empty for `GET`.
    pub body: Vec<u8>,
    /// The most bytes of an answer that are of use: stop reading there and throw `TooLarge`.
    pub answer_limit: u64,
}

/// What came back, whatever its status.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct HttpResponse {
    /// The status, 100 to 599.
    pub status: u16,
    /// The headers.
    pub headers: Vec<HttpHeader>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer. Any other exception counts as `Unreachable`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum HttpError {
    /// No connection, no trust in the server's certificate, or no answer in time.
    #[error("the server can't be reached")]
    Unreachable,
    /// The answer is longer than the request's `answer_limit`.
    #[error("the server's answer is too large")]
    TooLarge,
    /// The app or its user ended it.
    #[error("the request was cancelled")]
    Cancelled,
}

impl From<UnexpectedUniFFICallbackError> for HttpError {
    fn from(_: UnexpectedUniFFICallbackError) -> Self {
        Self::Unreachable
    }
}

/// Sends requests. The app implements it with the platform's own client, which **follows no redirect**, keeps no
/// cookies and no cache, checks certificates, and gives up after about 30 seconds.
#[uniffi::export(foreign)]
#[async_trait]
pub trait HttpClient: Send + Sync {
    /// Sends one request and waits for the whole answer; one with an error status is an answer too.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError>;
}

/// The app's HTTP client, as the core sees it.
pub(crate) struct DeviceHttp(pub(crate) Arc<dyn HttpClient>);

#[async_trait]
impl core_ports::HttpClient for DeviceHttp {
    async fn send(
        &self,
        request: core_ports::HttpRequest,
    ) -> Result<core_ports::HttpResponse, core_ports::HttpError> {
        Ok(self.0.send(request.into()).await?.into())
    }
}

impl From<core_ports::HttpRequest> for HttpRequest {
    fn from(request: core_ports::HttpRequest) -> Self {
        let core_ports::HttpRequest { method, url, headers, body, answer_limit } = request;
        Self {
            method: match method {
                core_ports::Method::Get => HttpMethod::Get,
                core_ports::Method::Post => HttpMethod::Post,
            },
            url: url.as_str().to_owned(),
            headers: headers.into_iter().map(|(name, value)| HttpHeader { name, value }).collect(),
            body,
            answer_limit: answer_limit as u64,
        }
    }
}

impl From<HttpResponse> for core_ports::HttpResponse {
    fn from(HttpResponse { status, headers, body }: HttpResponse) -> Self {
        let headers = headers.into_iter().map(|HttpHeader { name, value }| (name, value)).collect();
        Self { status, headers, body }
    }
}

impl From<HttpError> for core_ports::HttpError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Unreachable => Self::Unreachable,
            HttpError::TooLarge => Self::TooLarge,
            HttpError::Cancelled => Self::Cancelled,
        }
    }
}
