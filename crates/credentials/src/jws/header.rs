//! The protected header.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::key::Jwk;

/// A protected header (RFC 7515 §4) apart from `alg`, which follows from the key.
///
/// `jku` and `x5u` end in `other` and are never followed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// What kind of token this is: `dc+sd-jwt`, `oauth-authz-req+jwt`…
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typ: Option<String>,
    /// Which of the signer's keys; a DID URL where the signer is a DID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The key itself. Trust in it must come from elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwk: Option<Jwk>,
    /// The signer's certificate and its chain, base64 DER.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x5c: Option<Vec<String>>,
    /// Everything else.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Header {
    /// A header with this `typ` only.
    #[must_use]
    pub fn typed(typ: &str) -> Self {
        Self { typ: Some(typ.to_owned()), ..Self::default() }
    }

    /// The same with a `kid`.
    #[must_use]
    pub fn with_kid(self, kid: &str) -> Self {
        Self { kid: Some(kid.to_owned()), ..self }
    }

    /// The same with a `jwk`.
    #[must_use]
    pub fn with_jwk(self, jwk: Jwk) -> Self {
        Self { jwk: Some(jwk), ..self }
    }

    /// Whether `typ` is this media type, in the short or the long form and any case (RFC 7515 §4.1.9).
    #[must_use]
    pub fn is_typed(&self, expected: &str) -> bool {
        self.typ.as_deref().is_some_and(|typ| short(typ).eq_ignore_ascii_case(expected))
    }

    /// `cty` in the short form (RFC 7515 §4.1.10); empty when it is no text.
    pub(crate) fn content_type(&self) -> Option<&str> {
        self.other.get("cty").map(|value| value.as_str().map(short).unwrap_or_default())
    }
}

/// A media type without `application/`.
fn short(media_type: &str) -> &str {
    const LONG: &str = "application/";
    match media_type.get(..LONG.len()) {
        Some(start) if start.eq_ignore_ascii_case(LONG) => &media_type[LONG.len()..],
        _ => media_type,
    }
}
