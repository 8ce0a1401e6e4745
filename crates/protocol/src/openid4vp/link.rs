//! The link, or QR code, by which a wallet gets to a request (§5.4, §5.7, §5.10; RFC 9101).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::limits::{self, Form, Limits, ParseError};
use crate::{Endpoint, EndpointError};

use super::ClientId;

/// A link to a signed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLink {
    /// Who asks; the request must say the same.
    pub client_id: ClientId,
    /// Where the request is.
    pub source: RequestSource,
}

/// Where a signed request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestSource {
    /// To be fetched.
    Uri {
        /// From where.
        uri: Endpoint,
        /// How.
        method: RequestUriMethod,
    },
    /// In the link itself, a compact JWS.
    Object(String),
}

/// How a request is fetched (§5.10). The values are lower case and compared exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequestUriMethod {
    /// `GET`.
    #[default]
    Get,
    /// `POST` with what the wallet can do and a nonce of its own, [`RequestUriPost`].
    Post,
}

/// Why a link is not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    /// It is no link of a kind that leads to a request.
    #[error("this is not a request for a credential")]
    NotARequest,
    /// Its parameters can't be read.
    #[error("the link can't be read: {0}")]
    Unreadable(#[from] ParseError),
    /// There is no `client_id`.
    #[error("the link does not say who asks")]
    NoClientId,
    /// The request is neither referred to nor signed.
    #[error("the request is not signed, so nobody can tell who asks")]
    NotSigned,
    /// Both `request` and `request_uri`.
    #[error("the link carries both a request and a reference to one")]
    Both,
    /// `request_uri` is no acceptable URL.
    #[error("the link to the request is unusable: {0}")]
    RequestUri(#[from] EndpointError),
    /// `request_uri_method` is neither `get` nor `post`.
    #[error("the request is to be fetched in a way that does not exist")]
    Method,
}

impl BadLink {
    /// The error code of the specification (§8.5).
    pub fn code(&self) -> super::VpErrorCode {
        match self {
            Self::Method => super::VpErrorCode::InvalidRequestUriMethod,
            _ => super::VpErrorCode::InvalidRequest,
        }
    }
}

/// Schemes under which wallets are called: OpenID4VP 1.0 §13.1.2, HAIP 1.0 §5.1, and a wallet's own `https` link.
const SCHEMES: [&str; 3] = ["openid4vp", "haip-vp", "https"];

impl RequestLink {
    /// A link to a request to be fetched from `uri` by `GET`.
    pub fn to(client_id: ClientId, uri: Endpoint) -> Self {
        Self { client_id, source: RequestSource::Uri { uri, method: RequestUriMethod::Get } }
    }

    /// The same, to be fetched by `POST`, with the wallet's nonce.
    #[must_use]
    pub fn by_post(mut self) -> Self {
        if let RequestSource::Uri { method, .. } = &mut self.source {
            *method = RequestUriMethod::Post;
        }
        self
    }

    /// Reads a link.
    pub fn parse(text: &str) -> Result<Self, BadLink> {
        if text.len() > Limits::MESSAGE.bytes {
            return Err(ParseError::TooLarge { limit: Limits::MESSAGE.bytes }.into());
        }
        let url = Url::parse(text.trim()).map_err(|_| BadLink::NotARequest)?;
        if !SCHEMES.contains(&url.scheme()) {
            return Err(BadLink::NotARequest);
        }
        let form = Form::parse(url.query().unwrap_or_default().as_bytes())?;
        let known = ["client_id", "request", "request_uri", "response_type", "dcql_query"];
        if !known.iter().any(|name| form.get(name).is_some()) {
            return Err(BadLink::NotARequest);
        }
        let client_id = ClientId::new(form.get("client_id").ok_or(BadLink::NoClientId)?);
        let source = match (form.get("request"), form.get("request_uri")) {
            (Some(_), Some(_)) => return Err(BadLink::Both),
            (None, None) => return Err(BadLink::NotSigned),
            (Some(_), None) if form.get("request_uri_method").is_some() => return Err(BadLink::Method),
            (Some(object), None) => RequestSource::Object(object.to_owned()),
            (None, Some(uri)) => {
                let method = match form.get("request_uri_method") {
                    None | Some("get") => RequestUriMethod::Get,
                    Some("post") => RequestUriMethod::Post,
                    Some(_) => return Err(BadLink::Method),
                };
                RequestSource::Uri { uri: Endpoint::parse(uri)?, method }
            }
        };
        Ok(Self { client_id, source })
    }
}

/// The link itself, `openid4vp://authorize?…`.
impl std::fmt::Display for RequestLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let form = Form::default().with("client_id", Some(self.client_id.as_str()));
        let form = match &self.source {
            RequestSource::Uri { uri, method } => form
                .with("request_uri", Some(uri.as_str()))
                .with("request_uri_method", (*method == RequestUriMethod::Post).then_some("post")),
            RequestSource::Object(jwt) => form.with("request", Some(jwt)),
        };
        write!(f, "openid4vp://authorize?{}", form.encode())
    }
}

/// What a wallet posts to fetch a request (§5.10.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestUriPost {
    /// What the wallet can do.
    pub wallet_metadata: Option<Map<String, Value>>,
    /// To come back in the request, so that an old one can't be played to the wallet.
    pub wallet_nonce: Option<String>,
}

impl RequestUriPost {
    /// Reads the form. A nonce of more than 512 bytes is refused, since it is repeated in a signed object.
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        let form = Form::parse(body)?;
        let wallet_metadata = form
            .get("wallet_metadata")
            .map(|text| limits::json(text.as_bytes(), Limits::MESSAGE))
            .transpose()?;
        let wallet_nonce = form.get("wallet_nonce").map(str::to_owned);
        if wallet_nonce.as_ref().is_some_and(|nonce| nonce.len() > 512) {
            return Err(ParseError::BadParameter("wallet_nonce"));
        }
        Ok(Self { wallet_metadata, wallet_nonce })
    }

    /// The form.
    pub fn to_form(&self) -> Form {
        let metadata =
            self.wallet_metadata.as_ref().and_then(|metadata| serde_json::to_string(metadata).ok());
        Form::default()
            .with("wallet_metadata", metadata.as_deref())
            .with("wallet_nonce", self.wallet_nonce.as_deref())
    }
}
