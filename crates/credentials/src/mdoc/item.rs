//! One element with its salt (ISO/IEC 18013-5 §8.3.2.1.2.2 `IssuerSignedItem`).

use rand_core::CryptoRngCore;

use super::ParseError;
use crate::cbor::{self, Map, Value};

/// The shortest salt that is taken, in bytes (§9.1.2.5).
const SHORTEST_SALT: usize = 16;
/// The salts made here, in bytes.
const SALT: usize = 32;
/// Digest ids lie below 2^31 (§9.1.2.4).
const DIGEST_IDS: i64 = 1 << 31;

/// An element as it travels: its bytes are what the digest covers.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) digest_id: u32,
    pub(super) name: String,
    pub(super) value: Value,
    /// `IssuerSignedItemBytes`: the tag and everything under it.
    pub(super) bytes: Vec<u8>,
    /// The same without tag and length.
    inside: Vec<u8>,
}

impl Item {
    /// A new element, salted.
    pub(super) fn salted(digest_id: u32, name: String, value: Value, rng: &mut impl CryptoRngCore) -> Self {
        let mut salt = vec![0; SALT];
        rng.fill_bytes(&mut salt);
        let inside = cbor::encode(
            &Map::from([
                ("digestID", i64::from(digest_id).into()),
                ("random", salt.into()),
                ("elementIdentifier", name.as_str().into()),
                ("elementValue", value.clone()),
            ])
            .into(),
        );
        let bytes = cbor::encode(&Value::encoded(inside.clone()));
        Self { digest_id, name, value, bytes, inside }
    }

    pub(super) fn read(value: &Value) -> Result<Self, ParseError> {
        const FORM: ParseError = ParseError::Element;
        let inside = value.as_encoded().ok_or(FORM)?.to_vec();
        // As every item has one spelling, this is the one that came.
        let bytes = cbor::encode(value);
        let parsed = cbor::parse(&inside)?;
        let map = parsed.as_map().ok_or(FORM)?;
        let salt = map.member("random").and_then(Value::as_bytes).ok_or(FORM)?;
        if salt.len() < SHORTEST_SALT || map.len() != 4 {
            return Err(FORM);
        }
        let id = map.member("digestID").and_then(Value::as_integer).filter(|id| (0..DIGEST_IDS).contains(id));
        let name = map.member("elementIdentifier").and_then(Value::as_text).ok_or(FORM)?.to_owned();
        let digest_id = id.and_then(|id| u32::try_from(id).ok()).ok_or(FORM)?;
        let value = map.member("elementValue").ok_or(FORM)?.clone();
        Ok(Self { digest_id, name, value, bytes, inside })
    }

    pub(super) fn to_value(&self) -> Value {
        Value::encoded(self.inside.clone())
    }
}
