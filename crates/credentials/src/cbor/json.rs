//! CBOR as JSON (RFC 8949 §6.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::Value as Json;

use super::Value;

impl Value {
    /// The nearest JSON: bytes become base64url, tags are left out, keys that are no texts are written as text.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::Integer(number) => (*number).into(),
            Self::Bytes(bytes) => BASE64.encode(bytes).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Array(list) => list.iter().map(Self::to_json).collect(),
            Self::Map(map) => {
                let members = map.iter().map(|(key, value)| {
                    let name = match key {
                        Self::Text(name) => name.clone(),
                        other => other.to_json().to_string(),
                    };
                    (name, value.to_json())
                });
                Json::Object(sorted::collect(members))
            }
            Self::Tag(_, inside) => inside.to_json(),
            Self::Bool(value) => (*value).into(),
            Self::Null => Json::Null,
        }
    }
}
