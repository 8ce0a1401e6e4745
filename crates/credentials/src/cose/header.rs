//! Header parameters.

use std::fmt;

use super::ParseError;
use crate::cbor::{Map, Value};
use crate::key::Algorithm;

// RFC 9052 §3.1, RFC 9360 §2, RFC 9596 §2.
pub(super) const ALG: i64 = 1;
const CRIT: i64 = 2;
const CONTENT_TYPE: i64 = 3;
const KID: i64 = 4;
const TYP: i64 = 16;
const X5CHAIN: i64 = 33;

/// Parameters that are understood wherever they stand, so they may be marked critical.
const UNDERSTOOD: [i64; 6] = [ALG, CRIT, CONTENT_TYPE, KID, TYP, X5CHAIN];

/// A media type, as text or as the number of a CoAP Content-Format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaType {
    /// `application/vc+cose`.
    Text(String),
    /// A CoAP Content-Format.
    Coap(i64),
}

/// The parameters of one header apart from `alg`, which follows from the key, and `crit`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// What kind of message this is (RFC 9596). Counts only when protected.
    pub typ: Option<MediaType>,
    /// What the payload is. Counts only when protected.
    pub content_type: Option<MediaType>,
    /// Which of the signer's keys; the bytes of a DID URL where the signer is a DID.
    pub kid: Option<Vec<u8>>,
    /// The signer's certificate and its chain, DER. Trust in it must come from elsewhere.
    pub x5chain: Vec<Vec<u8>>,
    /// Everything else.
    pub other: Vec<(Value, Value)>,
}

impl MediaType {
    /// Whether it is this type, in any case. `application/` is not left out here, unlike in JOSE (RFC 9596 §2).
    #[must_use]
    pub fn is(&self, expected: &str) -> bool {
        matches!(self, Self::Text(text) if text.eq_ignore_ascii_case(expected))
    }

    fn read(value: Value) -> Result<Self, ParseError> {
        match value {
            Value::Text(text) => Ok(Self::Text(text)),
            Value::Integer(number) if number >= 0 => Ok(Self::Coap(number)),
            _ => Err(ParseError::Header),
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Coap(number) => (*number).into(),
        }
    }
}

impl Header {
    /// A header with this `typ` only.
    #[must_use]
    pub fn typed(typ: &str) -> Self {
        Self { typ: Some(MediaType::Text(typ.to_owned())), ..Self::default() }
    }

    /// The same with a `kid`.
    #[must_use]
    pub fn with_kid(self, kid: &str) -> Self {
        Self { kid: Some(kid.as_bytes().to_vec()), ..self }
    }

    /// The same with a content type.
    #[must_use]
    pub fn with_content_type(self, media_type: &str) -> Self {
        Self { content_type: Some(MediaType::Text(media_type.to_owned())), ..self }
    }

    /// Whether `typ` is this media type.
    #[must_use]
    pub fn is_typed(&self, expected: &str) -> bool {
        self.typ.as_ref().is_some_and(|typ| typ.is(expected))
    }

    pub(super) fn to_map(&self, alg: Option<Algorithm>) -> Map {
        let mut entries = self.other.clone();
        let mut say = |label: i64, value: Option<Value>| {
            if let Some(value) = value {
                entries.push((label.into(), value));
            }
        };
        say(ALG, alg.and_then(Algorithm::cose).map(Value::from));
        say(CONTENT_TYPE, self.content_type.as_ref().map(MediaType::to_value));
        say(KID, self.kid.clone().map(Value::Bytes));
        say(TYP, self.typ.as_ref().map(MediaType::to_value));
        say(X5CHAIN, (!self.x5chain.is_empty()).then(|| encode_chain(&self.x5chain)));
        Map::sorted(entries)
    }

    /// Reads a header; `alg` too, and `crit` only where it is protected.
    pub(super) fn read(map: Map, protected: bool) -> Result<(Self, Option<i64>), ParseError> {
        if let Some(crit) = map.member(CRIT) {
            check_critical(crit, &map, protected)?;
        }
        let (mut header, mut alg) = (Self::default(), None);
        for (label, value) in map.into_entries() {
            match label {
                Value::Integer(ALG) => alg = Some(value.as_integer().ok_or(ParseError::Header)?),
                Value::Integer(CRIT) => {}
                Value::Integer(CONTENT_TYPE) => header.content_type = Some(MediaType::read(value)?),
                Value::Integer(TYP) => header.typ = Some(MediaType::read(value)?),
                Value::Integer(KID) => match value {
                    Value::Bytes(kid) => header.kid = Some(kid),
                    _ => return Err(ParseError::Header),
                },
                Value::Integer(X5CHAIN) => header.x5chain = read_chain(value)?,
                Value::Integer(_) | Value::Text(_) => header.other.push((label, value)),
                _ => return Err(ParseError::Header),
            }
        }
        Ok((header, alg))
    }
}

/// RFC 9052 §3.1: protected, not empty, each label there and understood.
fn check_critical(crit: &Value, map: &Map, protected: bool) -> Result<(), ParseError> {
    let labels = crit.as_array().filter(|labels| protected && !labels.is_empty());
    let all_known = labels.ok_or(ParseError::Critical)?.iter().all(|label| {
        let known = label.as_integer().is_some_and(|number| UNDERSTOOD.contains(&number));
        known && map.member(label.clone()).is_some()
    });
    if all_known { Ok(()) } else { Err(ParseError::Critical) }
}

/// One certificate stands alone, several in an array (RFC 9360 §2).
fn encode_chain(chain: &[Vec<u8>]) -> Value {
    match chain {
        [one] => one.as_slice().into(),
        several => Value::Array(several.iter().map(|der| der.as_slice().into()).collect()),
    }
}

fn read_chain(value: Value) -> Result<Vec<Vec<u8>>, ParseError> {
    match value {
        Value::Bytes(one) => Ok(vec![one]),
        Value::Array(several) if several.len() > 1 => several
            .into_iter()
            .map(|der| if let Value::Bytes(der) = der { Ok(der) } else { Err(ParseError::Header) })
            .collect(),
        _ => Err(ParseError::Header),
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("cose::Header")
            .field("typ", &self.typ)
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}
