//! An OpenAPI document to be held against a service: every route with its methods, and real answers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// A document.
#[derive(Debug)]
pub struct Described(pub Value);

impl Described {
    /// The paths that are described, and their methods in capitals.
    #[must_use]
    pub fn methods(&self) -> BTreeMap<String, BTreeSet<String>> {
        let paths = self.0["paths"].as_object().into_iter().flatten();
        let methods = |of: &Value| {
            of.as_object().into_iter().flatten().map(|(method, _)| method.to_uppercase()).collect()
        };
        paths.map(|(path, of)| (path.clone(), methods(of))).collect()
    }

    /// What is wrong with a value by a schema of the document.
    ///
    /// # Panics
    /// If it is no schema, or refers to one that isn't there.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test that can't go on says why and stops")]
    pub fn faults(&self, schema: &Value, value: &Value) -> Vec<String> {
        let alone = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "components": self.0["components"],
            "allOf": [schema],
        });
        let validator = jsonschema::draft202012::new(&alone).expect("a schema");
        validator.iter_errors(value).map(|fault| format!("{fault} at {}", fault.instance_path())).collect()
    }

    /// What is wrong with an answer: its status and media type must be described for the path's pattern and the method
    /// (in small letters), and JSON must be as its schema says.
    #[must_use]
    pub fn answer_faults(
        &self,
        pattern: &str,
        method: &str,
        status: u16,
        media_type: &str,
        body: &[u8],
    ) -> Vec<String> {
        let response = &self.0["paths"][pattern][method]["responses"][status.to_string()];
        if response.is_null() {
            return vec![format!("{method} {pattern} {status} is not described")];
        }
        let contents = response["content"].as_object();
        let found = contents.and_then(|contents| {
            contents.iter().find(|(known, _)| media_type.starts_with(known.as_str())).map(|(_, media)| media)
        });
        match found {
            None if contents.is_none() && body.is_empty() => Vec::new(),
            None => vec![format!("{method} {pattern} {status} {media_type} is not described")],
            Some(media) if media_type.starts_with("application/jsonl") => {
                let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
                let of =
                    |line| self.faults(&media["schema"], &serde_json::from_slice(line).unwrap_or_default());
                lines.flat_map(of).collect()
            }
            Some(media) if media_type.contains("json") || media_type.contains("did") => {
                self.faults(&media["schema"], &serde_json::from_slice(body).unwrap_or_default())
            }
            Some(_) => Vec::new(),
        }
    }

    /// The schemas that say nothing: whatever they are held against passes.
    #[must_use]
    pub fn empty_schemas(&self) -> Vec<String> {
        let schemas = self.0["components"]["schemas"].as_object().into_iter().flatten();
        schemas
            .filter(|(_, schema)| self.faults(schema, &json!(7.5)).is_empty())
            .map(|(name, _)| name.clone())
            .collect()
    }
}
