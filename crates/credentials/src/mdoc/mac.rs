//! The device's MAC instead of a signature (ISO/IEC 18013-5 §9.1.3.5), checked only: answers here are signed.

use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use p256::ecdh::diffie_hellman;
use p256::elliptic_curve::zeroize::Zeroizing;
use sha2::{Digest, Sha256};

use super::{ParseError, SessionTranscript};
use crate::cbor::{self, Value};
use crate::key::{Algorithm, KeyError, PublicKey};

/// HMAC 256/256 (RFC 9053 §3.1).
const HMAC_256: i64 = 5;

/// The reader's key of one session, P-256; wiped when dropped.
pub struct ReaderKey(p256::SecretKey);

impl ReaderKey {
    /// From the scalar, 32 bytes, big-endian.
    ///
    /// # Errors
    /// [`KeyError::Encoding`] when it is 0 or not below the curve's order.
    pub fn from_secret_bytes(secret: &[u8; 32]) -> Result<Self, KeyError> {
        p256::SecretKey::from_slice(secret).map(Self).map_err(|_| KeyError::Encoding)
    }

    /// `EMacKey` (§9.1.3.5): agreed on with the device's key, for one session.
    fn mac_key(&self, device: &PublicKey, transcript: &SessionTranscript) -> Option<Zeroizing<[u8; 32]>> {
        if device.algorithm() != Algorithm::Es256 {
            return None;
        }
        let device = p256::PublicKey::from_sec1_bytes(&device.to_bytes()).ok()?;
        let shared = diffie_hellman(self.0.to_nonzero_scalar(), device.as_affine());
        let salt = Sha256::digest(transcript.tagged());
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(Some(&salt), shared.raw_secret_bytes()).expand(b"EMacKey", &mut *key).ok()?;
        Some(key)
    }
}

/// A COSE_Mac0 with its payload left out (RFC 9052 §6.2).
#[derive(Clone)]
pub(super) struct DeviceMac {
    protected: Vec<u8>,
    tag: Vec<u8>,
}

impl DeviceMac {
    pub(super) fn read(value: &Value) -> Result<Self, ParseError> {
        let Some([protected, Value::Map(unprotected), Value::Null, tag]) = value.as_array() else {
            return Err(ParseError::DeviceAuthentication);
        };
        let protected = protected.as_bytes().ok_or(ParseError::DeviceAuthentication)?;
        let header = cbor::parse(protected)?;
        // The algorithm and nothing else: no parameter here could mean anything.
        let is_hmac = header
            .as_map()
            .is_some_and(|map| map.len() == 1 && map.member(1) == Some(&Value::Integer(HMAC_256)));
        if !is_hmac || !unprotected.is_empty() {
            return Err(ParseError::DeviceAuthentication);
        }
        let tag = tag.as_bytes().ok_or(ParseError::DeviceAuthentication)?.to_vec();
        Ok(Self { protected: protected.to_vec(), tag })
    }

    /// Whether the holder of the device's key made it for the reader of this key; in constant time.
    pub(super) fn is_right(
        &self,
        device: &PublicKey,
        reader: &ReaderKey,
        transcript: &SessionTranscript,
        payload: &[u8],
    ) -> bool {
        let Some(key) = reader.mac_key(device, transcript) else { return false };
        let structure =
            vec!["MAC0".into(), self.protected.as_slice().into(), Value::Bytes(Vec::new()), payload.into()];
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&*key) else { return false };
        mac.update(&cbor::encode(&Value::Array(structure)));
        mac.verify_slice(&self.tag).is_ok()
    }
}

impl std::fmt::Debug for ReaderKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReaderKey")
    }
}
