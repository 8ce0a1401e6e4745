//! DID documents (Controlled Identifiers 1.0 §2), as far as keys are concerned.

use serde_json::{Map, Value};

use super::{MethodError, PublicKey, VerificationMethod};
use crate::data_integrity::Purpose;
use crate::json;

/// The keys that a document may have.
const MOST: usize = 64;

/// A DID's document, read: which keys it has, and for what.
#[derive(Debug, Clone)]
pub struct DidDocument {
    methods: Vec<VerificationMethod>,
    assertion: Vec<String>,
    authentication: Vec<String>,
}

/// Why a text is not the document of this DID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The JSON.
    #[error(transparent)]
    Json(#[from] json::Error),
    /// It is the document of another DID.
    #[error("the document is another DID's")]
    OtherId,
    /// It was deactivated.
    #[error("the DID is deactivated")]
    Deactivated,
    /// A member that is needed is missing or of a wrong type, or there are too many keys.
    #[error("the DID document is malformed")]
    Malformed,
    /// One id names two keys.
    #[error("two keys of the DID document have one id")]
    DuplicateKey,
    /// A key.
    #[error(transparent)]
    Method(#[from] MethodError),
}

impl DidDocument {
    /// Reads the document of `did`. Keys of kinds that are not supported, with an end, or under another controller are passed
    /// over: they serve nothing here.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn parse(text: &[u8], did: &str) -> Result<Self, DocumentError> {
        let Value::Object(members) = json::parse(text)? else { return Err(DocumentError::Malformed) };
        if members.get("id").and_then(Value::as_str) != Some(did) {
            return Err(DocumentError::OtherId);
        }
        if members.get("deactivated").is_some_and(|value| value != &Value::Bool(false)) {
            return Err(DocumentError::Deactivated);
        }
        let mut document = Self { methods: Vec::new(), assertion: Vec::new(), authentication: Vec::new() };
        for method in list(&members, "verificationMethod")? {
            document.add(method, did)?;
        }
        document.assertion = document.relationship(&members, "assertionMethod", did)?;
        document.authentication = document.relationship(&members, "authentication", did)?;
        Ok(document)
    }

    /// The key of this id (a DID URL), if the document has it for this purpose.
    #[must_use]
    pub fn key(&self, id: &str, purpose: Purpose) -> Option<&PublicKey> {
        let named = match purpose {
            Purpose::AssertionMethod => &self.assertion,
            Purpose::Authentication => &self.authentication,
        };
        let method = self.methods.iter().find(|method| method.id == id)?;
        named.iter().any(|one| one == id).then_some(&method.key)
    }

    /// The ids that a relationship names. It may have keys written out: they serve it and no other.
    fn relationship(
        &mut self,
        members: &Map<String, Value>,
        name: &str,
        did: &str,
    ) -> Result<Vec<String>, DocumentError> {
        let mut ids = Vec::new();
        for one in list(members, name)? {
            match one {
                Value::String(id) => ids.push(id.clone()),
                Value::Object(_) => ids.extend(self.add(one, did)?),
                _ => return Err(DocumentError::Malformed),
            }
        }
        Ok(ids)
    }

    fn add(&mut self, value: &Value, did: &str) -> Result<Option<String>, DocumentError> {
        let method = match VerificationMethod::read(value) {
            Ok(method) => method,
            Err(MethodError::Unsupported | MethodError::Ended) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if method.controller != did || !method.id.strip_prefix(did).is_some_and(|rest| rest.starts_with('#'))
        {
            return Ok(None);
        }
        if self.methods.iter().any(|known| known.id == method.id) {
            return Err(DocumentError::DuplicateKey);
        }
        let id = method.id.clone();
        self.methods.push(method);
        Ok(Some(id))
    }
}

fn list<'m>(members: &'m Map<String, Value>, name: &str) -> Result<&'m [Value], DocumentError> {
    match members.get(name) {
        None => Ok(&[]),
        Some(Value::Array(list)) if list.len() <= MOST => Ok(list),
        Some(_) => Err(DocumentError::Malformed),
    }
}
