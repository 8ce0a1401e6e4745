//! Reading an mdoc as its issuer hands it over (ISO/IEC 18013-5 §8.3.2.1.2.2 `IssuerSigned`).

use std::fmt;

use serde_json::Value as Json;

use super::MAX_ELEMENTS;
use super::item::Item;
use super::mso::SecurityObject;
use crate::cbor::{self, Map, Value};
use crate::cose;
use crate::key::KeyError;
use crate::status::StatusRefError;
use crate::x509;

/// Why bytes are no mdoc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The CBOR.
    #[error(transparent)]
    Cbor(#[from] cbor::Error),
    /// The issuer's or the device's signature.
    #[error(transparent)]
    Cose(#[from] cose::ParseError),
    /// Not the members that there must be, or of wrong types.
    #[error("not the members of an mdoc")]
    Form,
    /// An element is malformed, or its salt too short.
    #[error("an element is malformed")]
    Element,
    /// An element or digest id stands twice in one namespace.
    #[error("an element is there twice")]
    DuplicateElement,
    /// More elements than are taken.
    #[error("too many elements")]
    TooManyElements,
    /// What the issuer signed is malformed.
    #[error("the mobile security object is malformed")]
    SecurityObject,
    /// Another version than 1.0.
    #[error("another version of mdoc")]
    Version,
    /// The device's key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The status.
    #[error(transparent)]
    Status(#[from] StatusRefError),
    /// The issuer's certificates are missing or malformed.
    #[error("the issuer's certificates are missing or malformed")]
    Certificate,
    /// The response says that it failed.
    #[error("the response says that it failed")]
    Failed,
    /// No documents, or more than are taken.
    #[error("no documents in the response, or too many")]
    Documents,
    /// The device's authentication is neither a signature nor a MAC, or both.
    #[error("there must be exactly one device authentication")]
    DeviceAuthentication,
}

/// A document as it came. Nothing in it is to be believed.
#[derive(Clone)]
pub struct Unverified {
    pub(super) name_spaces: Vec<(String, Vec<Item>)>,
    pub(super) auth: cose::Unverified,
    pub(super) object: SecurityObject,
    /// From the issuer's certificate on.
    pub(super) chain: Vec<x509::Certificate>,
    /// `issuerAuth` as it came, to hand on.
    pub(super) raw_auth: Value,
}

impl Unverified {
    /// Reads the CBOR of `IssuerSigned`.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::read(cbor::parse(bytes)?)
    }

    pub(super) fn read(value: Value) -> Result<Self, ParseError> {
        let Value::Map(map) = value else { return Err(ParseError::Form) };
        let [name_spaces, raw_auth] = members(map, ["nameSpaces", "issuerAuth"])?;
        let raw_auth = raw_auth.ok_or(ParseError::Form)?;
        let auth = cose::Unverified::read(raw_auth.clone())?;
        let object = SecurityObject::read(auth.dangerous_payload().ok_or(ParseError::SecurityObject)?)?;
        let chain = &auth.unprotected().x5chain;
        if chain.is_empty() || chain.len() > x509::MAX_CHAIN {
            return Err(ParseError::Certificate);
        }
        let chain = chain.iter().map(|der| x509::Certificate::parse(der)).collect::<Result<_, _>>();
        let chain = chain.map_err(|_| ParseError::Certificate)?;
        Ok(Self { name_spaces: read_name_spaces(name_spaces)?, auth, object, chain, raw_auth })
    }

    /// The issuer's certificate: to find out who issued it, and whether its key is the one on the chain.
    #[must_use]
    pub fn certificate(&self) -> &x509::Certificate {
        // There is at least one.
        &self.chain[0]
    }

    /// The URI in the issuer's certificate, if there is exactly one: with issuers of this system, the DID URL of the key.
    #[must_use]
    pub fn issuer_uri(&self) -> Option<&str> {
        match self.certificate().uris() {
            [uri] => Some(uri),
            _ => None,
        }
    }

    /// The issuer's signature as it came: the same however much of the document is shown.
    #[must_use]
    pub fn issuer_signature(&self) -> &[u8] {
        self.auth.signature()
    }

    /// What it says the issuer signed.
    #[must_use]
    pub fn security_object(&self) -> &SecurityObject {
        &self.object
    }

    /// The elements before anything was checked: namespace, name, value. A wallet reads its own stored cards so,
    /// having verified them when they came.
    pub fn dangerous_elements(&self) -> impl Iterator<Item = (&str, &str, &Value)> + '_ {
        self.name_spaces.iter().flat_map(|(namespace, items)| {
            items.iter().map(|item| (namespace.as_str(), item.name.as_str(), &item.value))
        })
    }

    /// The same as JSON, `{namespace: {name: value}}`, converted as RFC 8949 §6.1 advises: what claim paths are resolved in
    /// (OpenID4VP 1.0 §7.2).
    #[must_use]
    pub fn dangerous_claims(&self) -> Json {
        let mut namespaces = serde_json::Map::new();
        for (namespace, name, value) in self.dangerous_elements() {
            let space = namespaces.entry(namespace).or_insert_with(|| Json::Object(serde_json::Map::new()));
            if let Json::Object(space) = space {
                space.insert(name.to_owned(), value.to_json());
            }
        }
        Json::Object(namespaces)
    }
}

/// The values of these members; others are not taken.
pub(super) fn members<const N: usize>(map: Map, names: [&str; N]) -> Result<[Option<Value>; N], ParseError> {
    let mut found = [const { None }; N];
    for (name, value) in map.into_entries() {
        let at = names.iter().position(|known| name.as_text() == Some(known));
        found[at.ok_or(ParseError::Form)?] = Some(value);
    }
    Ok(found)
}

fn read_name_spaces(value: Option<Value>) -> Result<Vec<(String, Vec<Item>)>, ParseError> {
    let map = match value {
        // An answer may show nothing but that there is a document.
        None => return Ok(Vec::new()),
        Some(Value::Map(map)) => map,
        Some(_) => return Err(ParseError::Form),
    };
    let mut left = MAX_ELEMENTS;
    let mut name_spaces = Vec::new();
    for (namespace, items) in map.into_entries() {
        let (Value::Text(namespace), Value::Array(items)) = (namespace, items) else {
            return Err(ParseError::Form);
        };
        left = left.checked_sub(items.len()).ok_or(ParseError::TooManyElements)?;
        let items = items.iter().map(Item::read).collect::<Result<Vec<_>, _>>()?;
        let names = sorted::count_distinct(items.iter().map(|item| item.name.as_str()));
        let ids = sorted::count_distinct(items.iter().map(|item| item.digest_id));
        if names != items.len() || ids != items.len() {
            return Err(ParseError::DuplicateElement);
        }
        name_spaces.push((namespace, items));
    }
    Ok(name_spaces)
}

impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("mdoc::Unverified").field("doc_type", &self.object.doc_type).finish_non_exhaustive()
    }
}
