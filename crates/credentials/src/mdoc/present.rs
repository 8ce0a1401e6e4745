//! Presenting a choice of elements.

use std::fmt;

use super::item::Item;
use super::{SessionTranscript, Unverified};
use crate::cbor::{self, Map, Value};
use crate::cose::{self, Making};
use crate::key::{PublicKey, SignError, SignatureRefused, Signer};

/// Why a choice can't be presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// The document has no such element.
    #[error("the document has no such element")]
    NoSuchElement,
}

/// A document of which only the chosen elements are left.
pub struct Selection {
    doc_type: String,
    name_spaces: Vec<(String, Vec<Item>)>,
    issuer_auth: Value,
    device_key: PublicKey,
}

/// An answer that only lacks the device's signature.
pub struct ToBind {
    message: cose::Prepared,
    doc_type: String,
    issuer_signed: Value,
    device_name_spaces: Value,
}

impl Unverified {
    /// Leaves only these elements, each a namespace and a name.
    ///
    /// # Errors
    /// [`SelectError`].
    pub fn select(&self, chosen: &[(&str, &str)]) -> Result<Selection, SelectError> {
        let has = |(namespace, name): &(&str, &str)| {
            self.dangerous_elements().any(|(space, element, _)| space == *namespace && element == *name)
        };
        if !chosen.iter().all(has) {
            return Err(SelectError::NoSuchElement);
        }
        let name_spaces = self.name_spaces.iter().filter_map(|(namespace, items)| {
            let is_chosen = |item: &&Item| chosen.contains(&(namespace.as_str(), item.name.as_str()));
            let left: Vec<Item> = items.iter().filter(is_chosen).cloned().collect();
            (!left.is_empty()).then(|| (namespace.clone(), left))
        });
        Ok(Selection {
            doc_type: self.object.doc_type.clone(),
            name_spaces: name_spaces.collect(),
            issuer_auth: self.raw_auth.clone(),
            device_key: self.object.device_key.clone(),
        })
    }
}

impl Selection {
    /// The elements that would be shown, and no others: namespace, name, value.
    pub fn elements(&self) -> impl Iterator<Item = (&str, &str, &Value)> + '_ {
        self.name_spaces.iter().flat_map(|(namespace, items)| {
            items.iter().map(|item| (namespace.as_str(), item.name.as_str(), &item.value))
        })
    }

    /// Lays out the answer for the device's key to sign.
    #[must_use]
    pub fn bind(self, transcript: &SessionTranscript) -> ToBind {
        let device_name_spaces = Value::encoded(cbor::encode(&Map::default().into()));
        let signed = transcript.device_authentication(&self.doc_type, &device_name_spaces);
        let message = Making { detached: true, ..Making::default() }.prepare(signed, &self.device_key);
        let name_spaces = self.name_spaces.iter().map(|(namespace, items)| {
            (namespace.as_str().into(), Value::Array(items.iter().map(Item::to_value).collect()))
        });
        let mut issuer_signed = vec![("issuerAuth".into(), self.issuer_auth)];
        if !self.name_spaces.is_empty() {
            issuer_signed.push(("nameSpaces".into(), Map::sorted(name_spaces.collect()).into()));
        }
        ToBind {
            message,
            doc_type: self.doc_type,
            issuer_signed: Map::sorted(issuer_signed).into(),
            device_name_spaces,
        }
    }
}

impl ToBind {
    /// The bytes to sign.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.message.bytes()
    }

    /// The answer: the CBOR of a `DeviceResponse` with one document.
    ///
    /// # Errors
    /// [`SignatureRefused`] when this is not the device key's signature of [`ToBind::bytes`].
    pub fn finish(self, signature: &[u8]) -> Result<Vec<u8>, SignatureRefused> {
        let Self { message, doc_type, issuer_signed, device_name_spaces } = self;
        Ok(response(doc_type, issuer_signed, device_name_spaces, message.finish_value(signature)?))
    }

    /// The answer, signed at once.
    ///
    /// # Errors
    /// [`SignError`] from the key.
    pub fn sign(self, signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
        let Self { message, doc_type, issuer_signed, device_name_spaces } = self;
        Ok(response(doc_type, issuer_signed, device_name_spaces, message.sign_value(signer)?))
    }
}

fn response(doc_type: String, issuer_signed: Value, name_spaces: Value, signature: Value) -> Vec<u8> {
    let auth = Map::from([("deviceSignature", signature)]);
    let device_signed = Map::from([("nameSpaces", name_spaces), ("deviceAuth", auth.into())]);
    let document = Map::from([
        ("docType", doc_type.into()),
        ("issuerSigned", issuer_signed),
        ("deviceSigned", device_signed.into()),
    ]);
    let response = Map::from([
        ("version", "1.0".into()),
        ("documents", Value::Array(vec![document.into()])),
        ("status", 0.into()),
    ]);
    cbor::encode(&response.into())
}

impl fmt::Debug for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("mdoc::Selection").field("doc_type", &self.doc_type).finish_non_exhaustive()
    }
}

impl fmt::Debug for ToBind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("mdoc::ToBind").field("doc_type", &self.doc_type).finish_non_exhaustive()
    }
}
