//! Contexts and documents for the suites over RDF.

use std::path::PathBuf;

use credentials::jsonld::Contexts;
use serde_json::{Map, Value};

use crate::bulk::vectors;

/// The examples context of VCDM 2.0: nothing but `@vocab`.
const EXAMPLES_V2: &str = r#"{"@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}}"#;

/// What the W3C's vectors need beside the pinned contexts: the examples of VCDM 2.0, and the citizenship vocabulary
/// v4rc1 of the W3C's Credentials Community Group (W3C Software and Document Licence), as published.
pub(crate) fn w3c_contexts() -> Contexts {
    let contexts =
        Contexts::new().with("https://www.w3.org/ns/credentials/examples/v2", EXAMPLES_V2).unwrap();
    let citizenship = include_str!("data/citizenship-v4rc1.jsonld");
    contexts.with("https://w3id.org/citizenship/v4rc1", citizenship).unwrap().dangerous_with_vocab_fallback()
}

/// What is done to a document before it is to be refused.
pub(crate) type Change<'c> = &'c dyn Fn(&mut Value);

/// A folder of vectors.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn open(path: &str) -> Option<Self> {
        vectors(path).map(Self)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).unwrap()
    }

    pub(crate) fn object(&self, name: &str) -> Map<String, Value> {
        object(&self.json(name))
    }
}

pub(crate) fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}
