//! The credential endpoint (§8).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::limits::{self, Limits, ParseError};

/// A credential request (§8.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct CredentialRequest {
    /// Which credential.
    pub requested: Requested,
    /// Proofs of the keys to bind to, one credential each.
    pub proofs: Option<Proofs>,
    /// How to encrypt the response.
    pub credential_response_encryption: Option<ResponseEncryption>,
}

/// Which credential is requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requested {
    /// Of this configuration; when the token response named no credential identifiers.
    Configuration(String),
    /// The one the token response named so.
    Identifier(String),
}

/// Key proofs, all of one type (§8.2).
#[derive(Clone, PartialEq, Eq)]
pub enum Proofs {
    /// Signed JWTs of type `openid4vci-proof+jwt`, at least one.
    Jwt(Vec<String>),
    /// Presentations secured with Data Integrity, at least one.
    DataIntegrity(Vec<Value>),
    /// One attestation of keys.
    Attestation(String),
    /// Of a type that is not known here; answer `invalid_proof`.
    Other(String),
}

// Proofs carry a holder's keys: only how many there are is shown.
impl std::fmt::Debug for Proofs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, count) = match self {
            Self::Jwt(list) => ("jwt", list.len()),
            Self::DataIntegrity(list) => ("di_vp", list.len()),
            Self::Attestation(_) => ("attestation", 1),
            Self::Other(_) => ("other", 0),
        };
        write!(f, "Proofs({kind} × {count})")
    }
}

/// How to encrypt the response (§8.2). What is in the key is not looked into here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseEncryption {
    /// The key to encrypt to.
    pub jwk: Map<String, Value>,
    /// The content encryption.
    pub enc: String,
    /// Compression before encryption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zip: Option<String>,
}

/// What is wrong with a request. [`BadCredentialRequest::code`] is what to answer with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCredentialRequest {
    /// It can't be read.
    #[error("the request can't be read: {0}")]
    Unreadable(#[from] ParseError),
    /// Both `credential_identifier` and `credential_configuration_id`, or neither.
    #[error("exactly one of credential_identifier and credential_configuration_id must be given")]
    NotOneCredential,
    /// `proofs` has no proof, several types, or more than 100 proofs.
    #[error("proofs must have exactly one proof type with at least one proof")]
    Proofs,
}

impl BadCredentialRequest {
    /// The error code to answer with.
    pub fn code(&self) -> super::CredentialErrorCode {
        match self {
            Self::Unreadable(_) | Self::NotOneCredential => {
                super::CredentialErrorCode::InvalidCredentialRequest
            }
            Self::Proofs => super::CredentialErrorCode::InvalidProof,
        }
    }
}

const MAX_PROOFS: usize = 100;

#[derive(Serialize, Deserialize)]
struct Wire {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential_identifier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential_configuration_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proofs: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential_response_encryption: Option<ResponseEncryption>,
}

impl CredentialRequest {
    /// Reads and checks a request.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadCredentialRequest> {
        limits::json::<Wire>(bytes, Limits::MESSAGE)?.try_into()
    }
}

impl TryFrom<Wire> for CredentialRequest {
    type Error = BadCredentialRequest;

    fn try_from(wire: Wire) -> Result<Self, BadCredentialRequest> {
        let requested = match (wire.credential_identifier, wire.credential_configuration_id) {
            (Some(id), None) => Requested::Identifier(id),
            (None, Some(id)) => Requested::Configuration(id),
            _ => return Err(BadCredentialRequest::NotOneCredential),
        };
        let proofs = wire.proofs.map(read_proofs).transpose()?;
        Ok(Self { requested, proofs, credential_response_encryption: wire.credential_response_encryption })
    }
}

fn read_proofs(proofs: Map<String, Value>) -> Result<Proofs, BadCredentialRequest> {
    let mut entries = proofs.into_iter();
    let (Some((kind, Value::Array(list))), None) = (entries.next(), entries.next()) else {
        return Err(BadCredentialRequest::Proofs);
    };
    if list.is_empty() || list.len() > MAX_PROOFS {
        return Err(BadCredentialRequest::Proofs);
    }
    let texts = |list: Vec<Value>| -> Result<Vec<String>, BadCredentialRequest> {
        let text = |value: Value| match value {
            Value::String(text) => Ok(text),
            _ => Err(BadCredentialRequest::Proofs),
        };
        list.into_iter().map(text).collect()
    };
    match kind.as_str() {
        "jwt" => Ok(Proofs::Jwt(texts(list)?)),
        "di_vp" => Ok(Proofs::DataIntegrity(list)),
        "attestation" => match <[String; 1]>::try_from(texts(list)?) {
            Ok([one]) => Ok(Proofs::Attestation(one)),
            Err(_) => Err(BadCredentialRequest::Proofs),
        },
        other => Ok(Proofs::Other(other.chars().take(64).collect())),
    }
}

impl From<CredentialRequest> for Wire {
    fn from(request: CredentialRequest) -> Self {
        let (credential_identifier, credential_configuration_id) = match request.requested {
            Requested::Identifier(id) => (Some(id), None),
            Requested::Configuration(id) => (None, Some(id)),
        };
        let proofs = request.proofs.map(|proofs| {
            let (kind, list) = match proofs {
                Proofs::Jwt(list) => ("jwt".to_owned(), list.into_iter().map(Value::String).collect()),
                Proofs::DataIntegrity(list) => ("di_vp".to_owned(), list),
                Proofs::Attestation(one) => ("attestation".to_owned(), vec![Value::String(one)]),
                Proofs::Other(kind) => (kind, Vec::new()),
            };
            let mut proofs = Map::new();
            proofs.insert(kind, Value::Array(list));
            proofs
        });
        Self {
            credential_identifier,
            credential_configuration_id,
            proofs,
            credential_response_encryption: request.credential_response_encryption,
        }
    }
}

/// What the credential endpoint answers (§8.3). Answered with `Cache-Control: no-store`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CredentialResponse {
    /// Here they are.
    Issued {
        /// One for each proof, at least one.
        credentials: Vec<IssuedCredential>,
        /// For reporting what became of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notification_id: Option<String>,
    },
    /// They take time.
    Deferred {
        /// To ask for them later.
        transaction_id: String,
        /// Seconds to wait before asking.
        interval: u64,
    },
}

impl CredentialResponse {
    /// One credential.
    pub fn one(credential: Value) -> Self {
        Self::Issued { credentials: vec![IssuedCredential { credential }], notification_id: None }
    }

    /// Reads a response.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        limits::json(bytes, Limits::MESSAGE)
    }
}

/// One credential: text for SD-JWT VC, mdoc and JWT formats, an object for `ldp_vc`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedCredential {
    /// The credential.
    pub credential: Value,
}

impl std::fmt::Debug for IssuedCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IssuedCredential(…)")
    }
}
