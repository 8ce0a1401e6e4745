//! How bytes are written: borsh into memory, and base64url in JSON.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use borsh::BorshSerialize;

/// Borsh into memory. Writing into memory cannot fail, and no type here has a fallible encoding: what is too long for
/// its length field was refused when it was made.
pub(crate) fn to_vec<T: BorshSerialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = value.serialize(&mut bytes);
    debug_assert!(written.is_ok(), "an encoding into memory failed");
    bytes
}

pub(crate) fn to_base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Serde of a byte array as base64url.
pub(crate) mod base64url_array {
    use std::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer, const N: usize>(
        bytes: &[u8; N],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::to_base64url(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<[u8; N], D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let bytes = super::from_base64url(&text).ok_or_else(|| D::Error::custom("not base64url"))?;
        bytes.try_into().map_err(|_| D::Error::custom(format!("not {N} bytes")))
    }
}
