//! What credentials and presentations have in common: contexts, types, one proof.

use serde_json::{Map, Value};

use super::CONTEXT_V2;
use super::proof::Proof;
use crate::json;
use crate::status::StatusRefError;

/// Why a text is no secured VCDM 2.0 document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The JSON.
    #[error(transparent)]
    Json(#[from] json::Error),
    /// No object.
    #[error("not a JSON object")]
    NotAnObject,
    /// `@context` does not begin with the one of VCDM 2.0.
    #[error("the contexts are not those of VCDM 2.0")]
    Context,
    /// `type` lacks `VerifiableCredential` or `VerifiablePresentation`, or is no text.
    #[error("not of the type expected")]
    Type,
    /// There must be exactly one proof, standing for itself.
    #[error("there must be exactly one proof")]
    ProofCount,
    /// The proof is of another type than `DataIntegrityProof`.
    #[error("the proof is of another type")]
    ProofType,
    /// `proofValue` is not `z` and the base58 of 64 bytes.
    #[error("the proof value is malformed")]
    ProofValue,
    /// A member of the proof is missing or of a wrong type.
    #[error("the proof's {0} is missing or malformed")]
    Proof(&'static str),
    /// A member of the document is missing or of a wrong type.
    #[error("the document's {0} is missing or malformed")]
    Member(&'static str),
    /// `credentialStatus`.
    #[error(transparent)]
    Status(#[from] StatusRefError),
    /// More credentials in a presentation than are taken.
    #[error("too many credentials in a presentation")]
    TooMany,
}

/// A secured document: its members without the proof, and the proof.
#[derive(Clone)]
pub(super) struct Document {
    pub(super) members: Map<String, Value>,
    pub(super) types: Vec<String>,
    pub(super) proof: Proof,
}

impl Document {
    pub(super) fn read(value: Value, expected_type: &str) -> Result<Self, ParseError> {
        let Value::Object(mut members) = value else { return Err(ParseError::NotAnObject) };
        let proof = match members.remove("proof") {
            Some(Value::Array(mut list)) if list.len() == 1 => list.pop().unwrap_or_default(),
            Some(proof @ Value::Object(_)) => proof,
            _ => return Err(ParseError::ProofCount),
        };
        let first = members.get("@context").and_then(Value::as_array).and_then(|list| list.first());
        if first.and_then(Value::as_str) != Some(CONTEXT_V2) {
            return Err(ParseError::Context);
        }
        let types = texts(members.get("type")).ok_or(ParseError::Type)?;
        if !types.iter().any(|t| t == expected_type) {
            return Err(ParseError::Type);
        }
        Ok(Self { types, proof: Proof::parse(proof)?, members })
    }
}

/// A text or an array of texts.
pub(super) fn texts(value: Option<&Value>) -> Option<Vec<String>> {
    match value? {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(list) => list.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

/// The `id` of an object, or the text itself: how VCDM names issuers and holders.
pub(super) fn id_of(value: &Value) -> Option<&str> {
    match value {
        Value::String(id) => Some(id),
        Value::Object(map) => map.get("id")?.as_str(),
        _ => None,
    }
}
