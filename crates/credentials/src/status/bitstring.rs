//! Bitstring Status List 1.0: one bit for each credential and purpose, inside a credential of its own.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::inflate::{InflateError, gzip, ungzip};
use super::{MAX_LIST_BYTES, Status, TokenList};
use crate::UnixSeconds;
use crate::data_integrity::{Issuance, VerifiedCredential};

/// The fewest entries a list may have, so that an index tells little (§2.2).
pub const MIN_ENTRIES: usize = 131_072;

/// What a set bit means (§2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Revoked, for good.
    Revocation,
    /// Does not count for now.
    Suspension,
}

impl Purpose {
    /// `revocation`, `suspension`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Revocation => "revocation",
            Self::Suspension => "suspension",
        }
    }

    const fn is_set_for(self, status: Status) -> bool {
        matches!((self, status), (Self::Revocation, Status::Invalid) | (Self::Suspension, Status::Suspended))
    }
}

/// Why a list, or an entry of it, is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BitstringError {
    /// Not the JSON, multibase or gzip that it should be.
    #[error("the status list is malformed")]
    Malformed,
    /// It inflates beyond [`super::MAX_LIST_BYTES`].
    #[error("the status list is too large")]
    TooLarge,
    /// Fewer than 131,072 entries.
    #[error("the status list is too short")]
    TooShort,
    /// The credential is no status list, or has another type of subject.
    #[error("the credential is no status list")]
    TypeWrong,
    /// The list is for another purpose than the entry.
    #[error("the status list is for another purpose")]
    PurposeWrong,
    /// The list of another URL.
    #[error("the status list is another one")]
    SubjectWrong,
    /// The list's issuer is not the credential's.
    #[error("the status list is of another issuer")]
    IssuerWrong,
    /// The index lies beyond the end: the credential's status can't be told.
    #[error("the index is not in the status list")]
    IndexOutOfRange,
}

impl From<InflateError> for BitstringError {
    fn from(error: InflateError) -> Self {
        match error {
            InflateError::Malformed => Self::Malformed,
            InflateError::TooLarge => Self::TooLarge,
        }
    }
}

/// A list of bits, the first in the highest bit of the first byte (§3.2).
#[derive(Clone, PartialEq, Eq)]
pub struct BitstringList {
    bytes: Vec<u8>,
}

impl BitstringList {
    /// The view of a list of statuses for one purpose, filled up to [`MIN_ENTRIES`].
    ///
    /// # Errors
    /// [`BitstringError::TooLarge`].
    pub fn view(list: &TokenList, purpose: Purpose) -> Result<Self, BitstringError> {
        let length = list.entries().max(MIN_ENTRIES).div_ceil(8);
        if length > MAX_LIST_BYTES {
            return Err(BitstringError::TooLarge);
        }
        let mut bytes = vec![0; length];
        for index in 0..list.entries() {
            let status = list.status(index as u64).map_err(|_| BitstringError::IndexOutOfRange)?;
            if purpose.is_set_for(status) {
                bytes[index / 8] |= 0x80 >> (index % 8);
            }
        }
        Ok(Self { bytes })
    }

    /// How many entries there are.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.bytes.len() * 8
    }

    /// Whether the bit at an index is set.
    ///
    /// # Errors
    /// [`BitstringError::IndexOutOfRange`].
    pub fn is_set(&self, index: u64) -> Result<bool, BitstringError> {
        let index = usize::try_from(index).map_err(|_| BitstringError::IndexOutOfRange)?;
        let byte = self.bytes.get(index / 8).ok_or(BitstringError::IndexOutOfRange)?;
        Ok(byte & (0x80 >> (index % 8)) != 0)
    }

    /// `encodedList` (§2.2): `u` and the base64url of the gzipped bits.
    #[must_use]
    pub fn encode(&self) -> String {
        format!("u{}", BASE64.encode(gzip(&self.bytes)))
    }

    /// Reads an `encodedList`.
    ///
    /// # Errors
    /// [`BitstringError`].
    pub fn decode(text: &str) -> Result<Self, BitstringError> {
        let digits = text.strip_prefix('u').ok_or(BitstringError::Malformed)?;
        let compressed = BASE64.decode(digits).map_err(|_| BitstringError::Malformed)?;
        let bytes = ungzip(&compressed)?;
        if bytes.len() * 8 < MIN_ENTRIES { Err(BitstringError::TooShort) } else { Ok(Self { bytes }) }
    }

    /// The list's own credential, to be signed by the issuer of the credentials it speaks of.
    #[must_use]
    pub fn issuance(
        &self,
        url: &str,
        purpose: Purpose,
        issuer: &str,
        verification_method: &str,
        now: UnixSeconds,
        valid_seconds: i64,
    ) -> Issuance {
        let mut claims = Map::new();
        claims.insert("type".to_owned(), "BitstringStatusList".into());
        claims.insert("statusPurpose".to_owned(), purpose.name().into());
        claims.insert("encodedList".to_owned(), self.encode().into());
        Issuance {
            id: Some(url.to_owned()),
            contexts: Vec::new(),
            types: vec!["BitstringStatusListCredential".to_owned()],
            issuer: issuer.to_owned(),
            verification_method: verification_method.to_owned(),
            holder: Some(format!("{url}#list")),
            claims,
            issued_at: now,
            valid_from: Some(now),
            valid_until: Some(now.plus(valid_seconds)),
            status: None,
        }
    }

    /// The list inside a verified credential, for an entry's URL, purpose and issuer (§3.2).
    ///
    /// # Errors
    /// [`BitstringError`].
    pub fn from_credential(
        credential: &VerifiedCredential,
        url: &str,
        purpose: Purpose,
        issuer: &str,
    ) -> Result<Self, BitstringError> {
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let subject = credential.subject();
        if !credential.types().iter().any(|t| t == "BitstringStatusListCredential")
            || text(subject, "type").as_deref() != Some("BitstringStatusList")
        {
            return Err(BitstringError::TypeWrong);
        }
        if credential.members().get("id").and_then(Value::as_str) != Some(url) {
            return Err(BitstringError::SubjectWrong);
        }
        if credential.issuer() != issuer {
            return Err(BitstringError::IssuerWrong);
        }
        let purposes = match subject.get("statusPurpose") {
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => vec![one.as_str()],
            _ => Vec::new(),
        };
        if !purposes.contains(&purpose.name()) {
            return Err(BitstringError::PurposeWrong);
        }
        Self::decode(&text(subject, "encodedList").ok_or(BitstringError::Malformed)?)
    }
}

impl fmt::Debug for BitstringList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BitstringList").field("entries", &self.entries()).finish()
    }
}
