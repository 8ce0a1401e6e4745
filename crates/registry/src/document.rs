//! DID documents (DID Core 1.1) of records.

use serde_json::{Map, Value, json};

use crate::purposes::Purpose;
use crate::record::DidRecord;

/// The document of this version: its keys as Multikeys (Controlled Identifiers 1.0, section 2.2.2) under the purposes
/// they have, and its services. After deactivation it has neither.
#[must_use]
pub fn did_document_json(record: &DidRecord) -> Value {
    let did = record.did.to_string();
    let mut document = Map::new();
    document.insert(
        "@context".into(),
        json!(["https://www.w3.org/ns/did/v1.1", "https://w3id.org/security/multikey/v1"]),
    );
    document.insert("id".into(), json!(did));
    let keys: Vec<_> = record.current_keys().collect();
    if !keys.is_empty() {
        let methods: Vec<Value> = keys
            .iter()
            .map(|key| {
                json!({
                    "id": record.did.key(&key.fragment),
                    "type": "Multikey",
                    "controller": did,
                    "publicKeyMultibase": key.key,
                })
            })
            .collect();
        document.insert("verificationMethod".into(), json!(methods));
    }
    for purpose in Purpose::ALL {
        let having = keys.iter().filter(|key| key.purposes.contains(purpose));
        let ids: Vec<_> = having.map(|key| record.did.key(&key.fragment)).collect();
        if !ids.is_empty() {
            document.insert(purpose.as_str().into(), json!(ids));
        }
    }
    if record.deactivated.is_none() && !record.services.is_empty() {
        let services = record.services.iter().map(|service| {
            json!({
                "id": format!("{did}#{}", service.fragment),
                "type": service.kind,
                "serviceEndpoint": service.endpoint,
            })
        });
        document.insert("service".into(), services.collect());
    }
    Value::Object(document)
}
