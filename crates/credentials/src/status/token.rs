//! Token Status List (draft-ietf-oauth-status-list-21): one or more bits for each token, as a JWT
//! here, as a CWT beside.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use super::inflate::{InflateError, unzlib, zlib};
use super::{MAX_LIST_BYTES, Status};
use crate::UnixSeconds;
use crate::cose;
use crate::jws::{self, CreateError, Header, LEEWAY};
use crate::key::PublicKey;

/// The media type of the list as a JWT (§5.1).
const TYP: &str = "statuslist+jwt";

/// How many bits each entry has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Bits {
    /// Valid or invalid.
    One,
    /// Suspended too.
    Two,
    /// Sixteen values.
    Four,
    /// 256 values.
    Eight,
}

impl From<Bits> for u8 {
    fn from(bits: Bits) -> Self {
        match bits {
            Bits::One => 1,
            Bits::Two => 2,
            Bits::Four => 4,
            Bits::Eight => 8,
        }
    }
}

impl TryFrom<u8> for Bits {
    type Error = TokenListError;

    fn try_from(bits: u8) -> Result<Self, TokenListError> {
        match bits {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            4 => Ok(Self::Four),
            8 => Ok(Self::Eight),
            _ => Err(TokenListError::Malformed),
        }
    }
}

/// Why a list, or an entry of it, is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenListError {
    /// Not the JSON, base64url or zlib that it should be.
    #[error("the status list is malformed")]
    Malformed,
    /// It inflates beyond [`super::MAX_LIST_BYTES`].
    #[error("the status list is too large")]
    TooLarge,
    /// Not a JWT.
    #[error(transparent)]
    Token(#[from] jws::ParseError),
    /// A JWT of another type, another key, or forged.
    #[error(transparent)]
    Refused(#[from] jws::VerifyError),
    /// Not a COSE message.
    #[error(transparent)]
    Message(#[from] cose::ParseError),
    /// A COSE message of another type, another key, or forged.
    #[error(transparent)]
    RefusedMessage(#[from] cose::VerifyError),
    /// The list of another URI.
    #[error("the status list is another one")]
    SubjectWrong,
    /// Fetch it anew.
    #[error("the status list has expired")]
    Expired,
    /// It says it was made in the future.
    #[error("the status list was made in the future")]
    MadeInFuture,
    /// The index lies beyond the end: the credential's status can't be told.
    #[error("the index is not in the status list")]
    IndexOutOfRange,
    /// A value that the entries have no room for.
    #[error("the value has more bits than the list's entries")]
    ValueTooLarge,
}

impl From<InflateError> for TokenListError {
    fn from(error: InflateError) -> Self {
        match error {
            InflateError::Malformed => Self::Malformed,
            InflateError::TooLarge => Self::TooLarge,
        }
    }
}

/// A list of statuses, packed: the first entry in the lowest bits of the first byte (§4.1).
#[derive(Clone, PartialEq, Eq)]
pub struct TokenList {
    pub(super) bits: Bits,
    bytes: Vec<u8>,
}

/// The claims of a list's JWT (§5.1), but for the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenListClaims {
    /// The URI of the list, as credentials name it.
    pub sub: String,
    /// When it was made.
    pub iat: UnixSeconds,
    /// From when it counts no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<UnixSeconds>,
    /// For how many seconds it may be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u64>,
}

impl TokenListClaims {
    /// Whether it is the list of this URI, and counts now.
    pub(super) fn check(&self, uri: &str, now: UnixSeconds) -> Result<(), TokenListError> {
        if self.sub != uri {
            return Err(TokenListError::SubjectWrong);
        }
        if self.exp.is_some_and(|exp| now >= exp.plus(LEEWAY)) {
            return Err(TokenListError::Expired);
        }
        if self.iat > now.plus(LEEWAY) {
            return Err(TokenListError::MadeInFuture);
        }
        // A positive number (§5.1, §5.2).
        if self.ttl == Some(0) { Err(TokenListError::Malformed) } else { Ok(()) }
    }
}

#[derive(Serialize, Deserialize)]
struct Payload {
    #[serde(flatten)]
    claims: TokenListClaims,
    /// Nobody need write it; it counts when it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<UnixSeconds>,
    status_list: Encoded,
}

#[derive(Serialize, Deserialize)]
struct Encoded {
    bits: Bits,
    lst: String,
}

impl TokenList {
    /// A list with so many entries (rounded up to a byte), all valid.
    ///
    /// # Errors
    /// [`TokenListError::TooLarge`].
    pub fn new(bits: Bits, entries: usize) -> Result<Self, TokenListError> {
        let length = entries.div_ceil(per_byte(bits));
        Self::from_bytes(bits, vec![0; length.min(MAX_LIST_BYTES + 1)])
    }

    /// From packed bytes. The chain's chunks, one after the other, are a list of two bits.
    ///
    /// # Errors
    /// [`TokenListError::TooLarge`].
    pub fn from_bytes(bits: Bits, bytes: Vec<u8>) -> Result<Self, TokenListError> {
        if bytes.len() > MAX_LIST_BYTES { Err(TokenListError::TooLarge) } else { Ok(Self { bits, bytes }) }
    }

    /// The packed bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many entries there are.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.bytes.len() * per_byte(self.bits)
    }

    /// The status at an index.
    ///
    /// # Errors
    /// [`TokenListError::IndexOutOfRange`].
    pub fn status(&self, index: u64) -> Result<Status, TokenListError> {
        let (at, shift) = self.locate(index)?;
        Ok(Status::from_value((self.bytes[at] >> shift) & mask(self.bits)))
    }

    /// Sets the status at an index.
    ///
    /// # Errors
    /// [`TokenListError::IndexOutOfRange`], [`TokenListError::ValueTooLarge`].
    pub fn set(&mut self, index: u64, status: Status) -> Result<(), TokenListError> {
        let (at, shift) = self.locate(index)?;
        let mask = mask(self.bits);
        if status.value() > mask {
            return Err(TokenListError::ValueTooLarge);
        }
        self.bytes[at] = (self.bytes[at] & !(mask << shift)) | (status.value() << shift);
        Ok(())
    }

    /// The member `status_list` (§4.2): `{"bits", "lst"}`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "bits": u8::from(self.bits), "lst": BASE64.encode(zlib(&self.bytes)) })
    }

    /// Reads a member `status_list`.
    ///
    /// # Errors
    /// [`TokenListError`].
    pub fn from_json(value: &serde_json::Value) -> Result<Self, TokenListError> {
        Self::decode(&objects::from_value::<Encoded>(value).map_err(|_| TokenListError::Malformed)?)
    }

    /// Lays out the list as a JWT for the issuer's key to sign.
    ///
    /// # Errors
    /// [`CreateError`].
    pub fn prepare(
        &self,
        claims: TokenListClaims,
        kid: Option<&str>,
        key: &PublicKey,
    ) -> Result<jws::Prepared, CreateError> {
        self.prepare_with(claims, kid, None, key)
    }

    /// The same with the key's certificates, base64 DER, as HAIP 1.0 §6.1 asks of lists that SD-JWT VCs name.
    ///
    /// # Errors
    /// [`CreateError`].
    pub fn prepare_with(
        &self,
        claims: TokenListClaims,
        kid: Option<&str>,
        x5c: Option<Vec<String>>,
        key: &PublicKey,
    ) -> Result<jws::Prepared, CreateError> {
        let header = Header { kid: kid.map(str::to_owned), x5c, ..Header::typed(TYP) };
        let encoded = Encoded { bits: self.bits, lst: BASE64.encode(zlib(&self.bytes)) };
        jws::prepare(&header, &Payload { claims, nbf: None, status_list: encoded }, key)
    }

    /// Verifies a list's JWT: by the issuer's key, for the URI that the credential names, not expired.
    ///
    /// # Errors
    /// [`TokenListError`].
    pub fn verify(
        text: &str,
        uri: &str,
        key: &PublicKey,
        now: UnixSeconds,
    ) -> Result<(Self, TokenListClaims), TokenListError> {
        let payload: Payload = jws::Unverified::parse(text)?.verify(key, TYP)?.claims;
        payload.claims.check(uri, now)?;
        if payload.nbf.is_some_and(|from| now.plus(LEEWAY) < from) {
            return Err(TokenListError::MadeInFuture);
        }
        Ok((Self::decode(&payload.status_list)?, payload.claims))
    }

    fn decode(encoded: &Encoded) -> Result<Self, TokenListError> {
        let compressed = BASE64.decode(&encoded.lst).map_err(|_| TokenListError::Malformed)?;
        Self::from_bytes(encoded.bits, unzlib(&compressed)?)
    }

    fn locate(&self, index: u64) -> Result<(usize, u8), TokenListError> {
        let index = usize::try_from(index).map_err(|_| TokenListError::IndexOutOfRange)?;
        let per_byte = per_byte(self.bits);
        let at = index / per_byte;
        if at >= self.bytes.len() {
            return Err(TokenListError::IndexOutOfRange);
        }
        let place = u8::try_from(index % per_byte).unwrap_or(0);
        Ok((at, place * u8::from(self.bits)))
    }
}

impl fmt::Debug for TokenList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenList").field("bits", &self.bits).field("entries", &self.entries()).finish()
    }
}

fn per_byte(bits: Bits) -> usize {
    8 / usize::from(u8::from(bits))
}

fn mask(bits: Bits) -> u8 {
    u8::MAX >> (8 - u8::from(bits))
}
