//! An answer with documents in it (ISO/IEC 18013-5 §8.3.2.1.2.2 `DeviceResponse`).

use std::fmt;

use super::mac::DeviceMac;
use super::read::members;
use super::{ParseError, Unverified};
use crate::cbor::{self, Value};
use crate::cose;

/// So many documents are read in one answer.
const MAX_DOCUMENTS: usize = 16;

/// An answer as it came.
#[derive(Debug, Clone)]
pub struct DeviceResponse {
    /// The documents, at least one, each to be verified.
    pub documents: Vec<Presented>,
}

/// A document as it was presented. Nothing in it is to be believed.
#[derive(Clone)]
pub struct Presented {
    pub(super) doc_type: String,
    pub(super) issued: Unverified,
    /// `DeviceNameSpacesBytes`, part of what the device signs.
    pub(super) device_name_spaces: Value,
    pub(super) has_device_elements: bool,
    pub(super) device_auth: DeviceAuth,
}

#[derive(Clone)]
pub(super) enum DeviceAuth {
    Signature(Box<cose::Unverified>),
    Mac(DeviceMac),
}

impl DeviceResponse {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`ParseError`]; [`ParseError::Failed`] for an answer that reports errors.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let Value::Map(map) = cbor::parse(bytes)? else { return Err(ParseError::Form) };
        let [version, documents, status, errors] =
            members(map, ["version", "documents", "status", "documentErrors"])?;
        if version.as_ref().and_then(Value::as_text) != Some("1.0") {
            return Err(ParseError::Version);
        }
        if status != Some(Value::Integer(0)) || errors.is_some() {
            return Err(ParseError::Failed);
        }
        match documents {
            Some(Value::Array(list)) if (1..=MAX_DOCUMENTS).contains(&list.len()) => {
                Ok(Self { documents: list.into_iter().map(Presented::read).collect::<Result<_, _>>()? })
            }
            _ => Err(ParseError::Documents),
        }
    }
}

impl Presented {
    fn read(value: Value) -> Result<Self, ParseError> {
        let Value::Map(map) = value else { return Err(ParseError::Form) };
        let [doc_type, issued, device, errors] =
            members(map, ["docType", "issuerSigned", "deviceSigned", "errors"])?;
        if errors.is_some() {
            return Err(ParseError::Failed);
        }
        let (Some(Value::Text(doc_type)), Some(issued), Some(Value::Map(device))) =
            (doc_type, issued, device)
        else {
            return Err(ParseError::Form);
        };
        let [name_spaces, auth] = members(device, ["nameSpaces", "deviceAuth"])?;
        let device_name_spaces = name_spaces.ok_or(ParseError::Form)?;
        let inside = cbor::parse(device_name_spaces.as_encoded().ok_or(ParseError::Form)?)?;
        let has_device_elements = !inside.as_map().ok_or(ParseError::Form)?.is_empty();
        let Some(Value::Map(auth)) = auth else { return Err(ParseError::DeviceAuthentication) };
        let device_auth = match members(auth, ["deviceSignature", "deviceMac"])? {
            [Some(signature), None] => DeviceAuth::Signature(Box::new(cose::Unverified::read(signature)?)),
            [None, Some(mac)] => DeviceAuth::Mac(DeviceMac::read(&mac)?),
            _ => return Err(ParseError::DeviceAuthentication),
        };
        let issued = Unverified::read(issued)?;
        Ok(Self { doc_type, issued, device_name_spaces, has_device_elements, device_auth })
    }

    /// The type that it was presented as.
    #[must_use]
    pub fn doc_type(&self) -> &str {
        &self.doc_type
    }

    /// The issuer's part: who issued it, and what.
    #[must_use]
    pub const fn issued(&self) -> &Unverified {
        &self.issued
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("mdoc::Presented").field("doc_type", &self.doc_type).finish_non_exhaustive()
    }
}
