//! SM2 with SM3 (GB/T 32918.2-2016, GB/T 32918.5-2017, GB/T 32905-2016): the second profile of docs/profiles/sm2.md.

use sm2::dsa::signature::{Signer as _, Verifier as _};
use sm2::dsa::{Signature, SigningKey, VerifyingKey};

use super::{BadSignature, KeyError, SignError};

/// The signer's user id that every signature of the profile is made with: the default of GB/T 35276 and GM/T 0009.
pub const USER_ID: &str = "1234567812345678";

/// The order of the curve less one: no private key, for its signatures can't be computed (GB/T 32918.2 §6.1).
const ORDER_LESS_ONE: [u8; 32] = [
    0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x72,
    0x03, 0xdf, 0x6b, 0x21, 0xc6, 0x05, 0x2b, 0x53, 0xbb, 0xf4, 0x09, 0x39, 0xd5, 0x41, 0x22,
];

/// A public key, with the hash of user id, curve and key that goes before every message computed.
#[derive(Clone)]
pub(super) struct Public {
    key: VerifyingKey,
    /// The uncompressed SEC 1 form.
    pub(super) point: [u8; 65],
}

impl Public {
    /// From SEC 1 bytes, whose form was checked.
    pub(super) fn from_sec1(sec1: &[u8]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_sec1_bytes(USER_ID, sec1).map_err(|_| KeyError::NotOnCurve)?;
        // The library writes points uncompressed.
        let point = key.to_sec1_bytes().as_ref().try_into().map_err(|_| KeyError::Encoding)?;
        Ok(Self { key, point })
    }

    /// `r ‖ s`, both from 1 to the order less one. Another `s` for the same message can't be had without the key.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let signature = Signature::from_slice(signature).map_err(|_| BadSignature)?;
        self.key.verify(message, &signature).map_err(|_| BadSignature)
    }
}

/// A private key, overwritten when dropped.
pub(super) struct Secret(SigningKey);

impl Secret {
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        if bytes == ORDER_LESS_ONE {
            return Err(KeyError::Encoding);
        }
        SigningKey::from_slice(USER_ID, bytes).map(Self).map_err(|_| KeyError::Encoding)
    }

    pub(super) fn public_sec1(&self) -> Box<[u8]> {
        self.0.verifying_key().to_sec1_bytes()
    }

    /// Deterministic: the nonce is RFC 6979's with SM3.
    pub(super) fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        let signature: Signature = self.0.try_sign(message).map_err(|_| SignError::DeviceFailed)?;
        Ok(signature.to_bytes())
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes().to_vec()
    }
}

/// The library does not wipe it: another key takes its place.
impl Drop for Secret {
    fn drop(&mut self) {
        let one = std::array::from_fn::<u8, 32, _>(|at| u8::from(at == 31));
        if let Ok(blank) = SigningKey::from_slice(USER_ID, &one) {
            self.0 = blank;
            // Seen by something, so not left out.
            std::hint::black_box(&mut self.0);
        }
    }
}
