//! This computer as the device that a wallet runs on: keys in software, HTTP, the time.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use service::{clock, files, outbound};
use wallet_core::ports::{HttpClient, HttpError, HttpRequest, HttpResponse, Method, Ports};
use wallet_core::software::{DeviceSecret, SoftwareKeyStore, SoftwareKeyStoreError};

/// Where a wallet's records are, in its folder.
pub(crate) const VAULT: &str = "vault";

/// The device for the wallet in this folder: `keys` holds its keys, `device-secret` opens them. Both lie on the same
/// disk, which is right for a demo and a terminal and says so ([`wallet_core::ports::Protection::Software`]).
pub(crate) fn ports(folder: &Path) -> Result<Ports, SoftwareKeyStoreError> {
    files::private_folder(folder)?;
    let secret = DeviceSecret::from_file(folder.join("device-secret"))?;
    let keys = SoftwareKeyStore::open(folder.join("keys"), &secret)?;
    Ok(Ports::new(Arc::new(keys), Arc::new(Http::new()), Arc::new(clock::now)))
}

/// HTTP as a wallet wants it: no redirects, no cookies, thirty seconds.
pub(crate) struct Http(reqwest::Client);

impl Http {
    pub(crate) fn new() -> Self {
        Self(outbound::client(Duration::from_secs(30)))
    }
}

#[async_trait]
impl HttpClient for Http {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let url = request.url.as_str();
        let mut builder = match request.method {
            Method::Get => self.0.get(url),
            Method::Post => self.0.post(url).body(request.body),
        };
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let answer = builder.send().await.map_err(|_| HttpError::Unreachable)?;
        let status = answer.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let body = outbound::body(answer, request.answer_limit).await.map_err(|error| match error {
            outbound::OutboundError::TooLarge { .. } => HttpError::TooLarge,
            outbound::OutboundError::Unreachable { .. } => HttpError::Unreachable,
        })?;
        Ok(HttpResponse { status, headers, body })
    }
}
