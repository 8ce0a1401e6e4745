//! DID Resolution results (DID Resolution 1.0, section 4).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::document::did_document_json;
use crate::record::DidRecord;

/// What resolving a DID gave: media type `application/did-resolution`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResolutionResult {
    /// The document, or null.
    pub did_document: Option<Value>,
    /// `contentType`, or `error`.
    pub did_resolution_metadata: Value,
    /// `created`, `updated`, `versionId`, and where they apply `nextUpdate`, `nextVersionId`, `deactivated`.
    pub did_document_metadata: Value,
}

/// Why a DID does not resolve (DID Resolution 1.0, section 10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResolutionError {
    /// Not a DID of the method `hui`, or an option that is no time or number.
    #[error("not a did:hui DID, or an option that is not one")]
    InvalidDid,
    /// Not on this chain, or not in that version or at that time.
    #[error("the chain has no such DID, or had none then")]
    NotFound,
}

impl ResolutionError {
    /// The error's URI.
    #[must_use]
    pub fn uri(self) -> &'static str {
        match self {
            Self::InvalidDid => "https://www.w3.org/ns/did#INVALID_DID",
            Self::NotFound => "https://www.w3.org/ns/did#NOT_FOUND",
        }
    }

    /// The HTTP status that goes with it.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidDid => 400,
            Self::NotFound => 404,
        }
    }
}

impl ResolutionResult {
    /// Of this version.
    #[must_use]
    pub fn found(record: &DidRecord) -> Self {
        let mut metadata = Map::new();
        metadata.insert("created".into(), json!(record.created));
        metadata.insert("updated".into(), json!(record.from));
        metadata.insert("versionId".into(), json!(record.version.to_string()));
        if let Some(until) = record.until {
            metadata.insert("nextUpdate".into(), json!(until));
            metadata.insert("nextVersionId".into(), json!((record.version + 1).to_string()));
        }
        if record.deactivated.is_some() {
            metadata.insert("deactivated".into(), json!(true));
        }
        Self {
            did_document: Some(did_document_json(record)),
            did_resolution_metadata: json!({ "contentType": "application/did" }),
            did_document_metadata: Value::Object(metadata),
        }
    }

    /// Of nothing.
    #[must_use]
    pub fn failed(error: ResolutionError) -> Self {
        Self {
            did_document: None,
            did_resolution_metadata: json!({ "error": { "type": error.uri(), "title": error.to_string() } }),
            did_document_metadata: json!({}),
        }
    }
}
