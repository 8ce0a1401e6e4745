//! To which key, and how, a response is encrypted (§8.3; HAIP 1.0 §5).

use serde_json::{Map, Value};

use super::{BadRequest, ClientMetadata};

/// The key agreement of HAIP 1.0.
const ECDH_ES: &str = "ECDH-ES";
/// Content encryptions that are understood here, the stronger first: HAIP 1.0 asks a wallet that has both to take it.
const ENCRYPTIONS: [&str; 2] = ["A256GCM", "A128GCM"];
/// What holds when a verifier names none (§11.1).
const DEFAULT: &str = "A128GCM";

/// What a verifier wants its response encrypted with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseEncryption {
    /// The key, a JWK on P-256 for `ECDH-ES`.
    pub jwk: Map<String, Value>,
    /// The content encryption: `A256GCM` or `A128GCM`.
    pub enc: &'static str,
}

impl ClientMetadata {
    /// Picks the key and the encryption among those the verifier offers.
    pub fn response_encryption(&self) -> Result<ResponseEncryption, BadRequest> {
        let keys = self.jwks.as_ref().and_then(|jwks| jwks.get("keys")).and_then(Value::as_array);
        let fits = |key: &&Map<String, Value>| {
            let says = |name: &str, value: &str| key.get(name).and_then(Value::as_str) == Some(value);
            let is_for_this = key.get("use").is_none() || says("use", "enc");
            says("kty", "EC") && says("crv", "P-256") && says("alg", ECDH_ES) && is_for_this
        };
        let key = keys.into_iter().flatten().filter_map(Value::as_object).find(fits);
        let offered = self.encrypted_response_enc_values_supported.as_deref();
        let is_offered =
            |enc: &&&str| offered.map_or(**enc == DEFAULT, |names| names.iter().any(|name| name == *enc));
        let enc = ENCRYPTIONS.iter().find(is_offered).ok_or(BadRequest::ContentEncryption)?;
        Ok(ResponseEncryption { jwk: key.ok_or(BadRequest::NoEncryptionKey)?.clone(), enc })
    }

    /// The same metadata with this key to encrypt to, and with both encryptions, as HAIP 1.0 asks of a verifier.
    #[must_use]
    pub fn with_encryption(mut self, jwk: Map<String, Value>) -> Self {
        let mut keys = Map::new();
        keys.insert("keys".to_owned(), Value::Array(vec![Value::Object(jwk)]));
        self.jwks = Some(Value::Object(keys));
        self.encrypted_response_enc_values_supported = Some(ENCRYPTIONS.map(str::to_owned).to_vec());
        self
    }
}
