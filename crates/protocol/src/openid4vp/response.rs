//! Responses (§8).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::codes::open_codes;
use crate::dcql::QueryId;
use crate::limits::{self, Form, Limits, ParseError};
use crate::{Endpoint, Secret};

open_codes! {
    /// Errors a wallet answers a request with (§8.5).
    VpErrorCode {
        /// The request is malformed or breaks a rule.
        InvalidRequest = "invalid_request",
        /// The verifier is not who it says, or its metadata is wrong.
        InvalidClient = "invalid_client",
        /// The scope is unknown.
        InvalidScope = "invalid_scope",
        /// The holder declined, has nothing that answers, or the wallet refuses to ask.
        AccessDenied = "access_denied",
        /// The wallet has none of the formats asked for.
        VpFormatsNotSupported = "vp_formats_not_supported",
        /// `request_uri_method` is neither `get` nor `post`.
        InvalidRequestUriMethod = "invalid_request_uri_method",
        /// Transaction data that the wallet does not understand, or that does not fit.
        InvalidTransactionData = "invalid_transaction_data",
        /// The wallet can't be reached.
        WalletUnavailable = "wallet_unavailable",
    }
}

/// A response, as the form that `direct_post` sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizationResponse {
    /// Presentations.
    Presented {
        /// They.
        vp_token: VpToken,
        /// The request's `state`.
        state: Option<Secret>,
    },
    /// No presentations, and why.
    Refused {
        /// The code.
        error: VpErrorCode,
        /// For the verifier's developers.
        description: Option<String>,
        /// The request's `state`.
        state: Option<Secret>,
    },
    /// Encrypted, by `direct_post.jwt` (§8.3.1): a compact JWE.
    Encrypted(String),
}

/// Presentations by credential query id (§8.1), at least one under each.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VpToken(pub BTreeMap<QueryId, Vec<Presentation>>);

/// One presentation: text for SD-JWT VC and mdoc, an object for `ldp_vc`. Personal, so never shown by `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Presentation {
    /// Text.
    Text(String),
    /// A JSON object.
    Object(Map<String, Value>),
}

impl std::fmt::Debug for Presentation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Presentation(…)")
    }
}

/// Why a form is no response. A verifier answers it with `400` and `invalid_request`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadResponse {
    /// It can't be read.
    #[error("the response can't be read: {0}")]
    Unreadable(#[from] ParseError),
    /// Not exactly one of `vp_token`, `error` and `response`.
    #[error("a response has exactly one of vp_token, error and response")]
    NotOneKind,
    /// `vp_token` is not an object of lists of presentations.
    #[error("vp_token must be an object of lists of presentations: {0}")]
    VpToken(ParseError),
    /// `vp_token` has no presentation, an empty list, or more than 64 presentations.
    #[error("vp_token must have between 1 and 64 presentations, and none of its lists may be empty")]
    Count,
    /// It came in clear, and was to be encrypted.
    #[error("the response must be encrypted, as the request asks")]
    InClear,
}

const MAX_PRESENTATIONS: usize = 64;

/// A response inside its encryption.
#[derive(Serialize, Deserialize)]
struct Payload {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vp_token: Option<VpToken>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<Secret>,
}

impl VpToken {
    /// Reads and checks the JSON of `vp_token`.
    pub fn parse(text: &str) -> Result<Self, BadResponse> {
        let token: Self = limits::json(text.as_bytes(), Limits::MESSAGE).map_err(BadResponse::VpToken)?;
        token.check_count()?;
        Ok(token)
    }

    fn check_count(&self) -> Result<(), BadResponse> {
        let count: usize = self.0.values().map(Vec::len).sum();
        if count == 0 || count > MAX_PRESENTATIONS || self.0.values().any(Vec::is_empty) {
            return Err(BadResponse::Count);
        }
        Ok(())
    }

    /// One presentation.
    pub fn one(id: QueryId, presentation: Presentation) -> Self {
        let mut token = BTreeMap::new();
        token.insert(id, vec![presentation]);
        Self(token)
    }
}

impl AuthorizationResponse {
    /// Reads the form.
    pub fn parse(body: &[u8]) -> Result<Self, BadResponse> {
        let form = Form::parse(body)?;
        let state = form.get("state").map(Secret::from);
        match (form.get("vp_token"), form.get("error"), form.get("response")) {
            (Some(token), None, None) => Ok(Self::Presented { vp_token: VpToken::parse(token)?, state }),
            (None, Some(error), None) => Ok(Self::Refused {
                error: VpErrorCode::from(cut(error, 64).as_str()),
                description: form.get("error_description").map(|text| cut(text, 512)),
                state,
            }),
            (None, None, Some(jwe)) => Ok(Self::Encrypted(jwe.to_owned())),
            _ => Err(BadResponse::NotOneKind),
        }
    }

    /// Reads the form that answers a request for `direct_post.jwt`; `decrypt` opens what is encrypted. What is presented in clear is
    /// refused; a wallet that could not even encrypt may say so in clear (§8.3).
    ///
    /// # Errors
    /// What `decrypt` says, or [`BadResponse`].
    pub fn parse_encrypted<B: AsRef<[u8]>, E: From<BadResponse>>(
        form: &[u8],
        decrypt: impl FnOnce(&str) -> Result<B, E>,
    ) -> Result<Self, E> {
        match Self::parse(form)? {
            Self::Encrypted(text) => Ok(Self::parse_payload(decrypt(&text)?.as_ref())?),
            Self::Presented { .. } => Err(BadResponse::InClear.into()),
            refused @ Self::Refused { .. } => Ok(refused),
        }
    }

    /// Reads what was in an encrypted response: a JSON object with the parameters as members (§8.3).
    pub fn parse_payload(bytes: &[u8]) -> Result<Self, BadResponse> {
        let payload: Payload = limits::json(bytes, Limits::MESSAGE)?;
        match payload {
            Payload { vp_token: Some(token), error: None, state, .. } => {
                token.check_count()?;
                Ok(Self::Presented { vp_token: token, state })
            }
            Payload { vp_token: None, error: Some(error), error_description, state } => Ok(Self::Refused {
                error: VpErrorCode::from(cut(&error, 64).as_str()),
                description: error_description.map(|text| cut(&text, 512)),
                state,
            }),
            _ => Err(BadResponse::NotOneKind),
        }
    }

    /// What is encrypted for `direct_post.jwt`; `None` for what is encrypted already.
    pub fn to_payload(&self) -> Option<Vec<u8>> {
        let payload = match self.clone() {
            Self::Presented { vp_token, state } => {
                Payload { vp_token: Some(vp_token), state, error: None, error_description: None }
            }
            Self::Refused { error, description, state } => Payload {
                vp_token: None,
                state,
                error: Some(error.to_string()),
                error_description: description,
            },
            Self::Encrypted(_) => return None,
        };
        serde_json::to_vec(&payload).ok()
    }

    /// The form.
    pub fn to_form(&self) -> Form {
        match self {
            Self::Presented { vp_token, state } => Form::default()
                .with("vp_token", serde_json::to_string(vp_token).ok().as_deref())
                .with("state", state.as_ref().map(Secret::expose)),
            Self::Refused { error, description, state } => Form::default()
                .with("error", Some(error.as_str()))
                .with("error_description", description.as_deref())
                .with("state", state.as_ref().map(Secret::expose)),
            Self::Encrypted(jwe) => Form::default().with("response", Some(jwe)),
        }
    }
}

fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

/// What a verifier answers a `direct_post` with (§8.2).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DirectPostReply {
    /// Where the wallet is to send the holder's browser (same device).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<Endpoint>,
}
