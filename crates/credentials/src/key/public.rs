//! Public keys, checked and decompressed once.

use std::fmt;
use std::hash::{Hash, Hasher};

use p256::elliptic_curve::sec1::ToEncodedPoint;

#[cfg(feature = "sm2")]
use super::sm2;
use super::{Algorithm, ecdsa, strict};

/// Bytes or text that are no usable public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the encoding expected: base64url, base58, length, prefix.
    #[error("not the encoding of a key")]
    Encoding,
    /// A kind of key that is not supported; Ed25519, P-256 and P-384 are, P-521 and SM2 with the features of these names.
    #[error("a kind of key that is not supported")]
    Unsupported,
    /// Not a point of the curve, or not in canonical form.
    #[error("not a canonical point of the curve")]
    NotOnCurve,
    /// A point of small order: any signature could be made to match it.
    #[error("a point of small order")]
    SmallOrder,
    /// A private key where a public one belongs. It must be taken for compromised.
    #[error("a private key where a public one belongs")]
    Private,
}

/// The signature does not match this key and message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not match")]
pub struct BadSignature;

/// A public key that was checked: canonical, on the curve, not of small order. Decompressed, so that verifying many
/// signatures costs the decompression once.
#[derive(Clone)]
pub struct PublicKey(Inner);

#[derive(Clone)]
enum Inner {
    Ed25519(ed25519_dalek::VerifyingKey),
    /// The uncompressed SEC 1 form, known to be on the curve.
    P256([u8; 65]),
    /// Likewise.
    P384([u8; 97]),
    /// Likewise.
    #[cfg(feature = "p521")]
    P521([u8; 133]),
    #[cfg(feature = "sm2")]
    Sm2(Box<sm2::Public>),
}

impl PublicKey {
    /// An Ed25519 key from its 32 bytes (RFC 8032 §5.1.5).
    ///
    /// # Errors
    /// [`KeyError::NotOnCurve`] also for encodings that are not canonical, [`KeyError::SmallOrder`].
    pub fn ed25519(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::NotOnCurve)?;
        if !strict::is_reduced(bytes) {
            return Err(KeyError::NotOnCurve);
        }
        if key.is_weak() {
            // Only these have a second spelling with a reduced y: the sign of an x that is 0.
            let canonical = key.to_edwards().compress().as_bytes() == bytes;
            return Err(if canonical { KeyError::SmallOrder } else { KeyError::NotOnCurve });
        }
        Ok(Self(Inner::Ed25519(key)))
    }

    /// A P-256 key from SEC 1 §2.3.3 bytes, compressed (33) or uncompressed (65).
    ///
    /// # Errors
    /// [`KeyError::Encoding`] for another length or form, [`KeyError::NotOnCurve`].
    pub fn p256(sec1: &[u8]) -> Result<Self, KeyError> {
        let form = (sec1.len(), sec1.first());
        if !matches!(form, (33, Some(2 | 3)) | (65, Some(4))) {
            return Err(KeyError::Encoding);
        }
        let key = p256::PublicKey::from_sec1_bytes(sec1).map_err(|_| KeyError::NotOnCurve)?;
        let point = key.to_encoded_point(false);
        let bytes = point.as_bytes().try_into().map_err(|_| KeyError::Encoding)?;
        Ok(Self(Inner::P256(bytes)))
    }

    /// A P-384 key from SEC 1 §2.3.3 bytes, compressed (49) or uncompressed (97).
    ///
    /// # Errors
    /// [`KeyError::Encoding`] for another length or form, [`KeyError::NotOnCurve`].
    pub fn p384(sec1: &[u8]) -> Result<Self, KeyError> {
        let form = (sec1.len(), sec1.first());
        if !matches!(form, (49, Some(2 | 3)) | (97, Some(4))) {
            return Err(KeyError::Encoding);
        }
        let key = p384::PublicKey::from_sec1_bytes(sec1).map_err(|_| KeyError::NotOnCurve)?;
        let point = key.to_encoded_point(false);
        let bytes = point.as_bytes().try_into().map_err(|_| KeyError::Encoding)?;
        Ok(Self(Inner::P384(bytes)))
    }

    /// A P-521 key from SEC 1 §2.3.3 bytes, compressed (67) or uncompressed (133).
    ///
    /// # Errors
    /// [`KeyError::Encoding`] for another length or form, [`KeyError::NotOnCurve`].
    #[cfg(feature = "p521")]
    pub fn p521(sec1: &[u8]) -> Result<Self, KeyError> {
        let form = (sec1.len(), sec1.first());
        if !matches!(form, (67, Some(2 | 3)) | (133, Some(4))) {
            return Err(KeyError::Encoding);
        }
        let key = ::p521::PublicKey::from_sec1_bytes(sec1).map_err(|_| KeyError::NotOnCurve)?;
        let point = key.to_encoded_point(false);
        let bytes = point.as_bytes().try_into().map_err(|_| KeyError::Encoding)?;
        Ok(Self(Inner::P521(bytes)))
    }

    /// An SM2 key from SEC 1 §2.3.3 bytes, compressed (33) or uncompressed (65).
    ///
    /// # Errors
    /// [`KeyError::Encoding`] for another length or form, [`KeyError::NotOnCurve`].
    #[cfg(feature = "sm2")]
    pub fn sm2(sec1: &[u8]) -> Result<Self, KeyError> {
        let form = (sec1.len(), sec1.first());
        if !matches!(form, (33, Some(2 | 3)) | (65, Some(4))) {
            return Err(KeyError::Encoding);
        }
        Ok(Self(Inner::Sm2(Box::new(sm2::Public::from_sec1(sec1)?))))
    }

    /// What this key signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.0 {
            Inner::Ed25519(_) => Algorithm::EdDsa,
            Inner::P256(_) => Algorithm::Es256,
            Inner::P384(_) => Algorithm::Es384,
            #[cfg(feature = "p521")]
            Inner::P521(_) => Algorithm::Es512,
            #[cfg(feature = "sm2")]
            Inner::Sm2(_) => Algorithm::Sm2,
        }
    }

    /// Checks a signature of 64 bytes (`R ‖ S`, or `r ‖ s` for P-256), 96 for P-384, or 132 for P-521.
    ///
    /// Ed25519 strictly: canonical `S`, no points of small order, no cofactor (RFC 8032 §5.1.7 with the checks of
    /// ZIP 215 turned the strict way). P-256 and P-384 take `s` in both halves: ES256 (RFC 7518) does, and nothing here is
    /// named by its signature.
    ///
    /// # Errors
    /// [`BadSignature`], for whatever reason.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        match &self.0 {
            Inner::Ed25519(key) => strict::verify(key, message, signature),
            Inner::P256(point) => ecdsa::p256(point, message, signature),
            Inner::P384(point) => ecdsa::p384(point, message, signature),
            #[cfg(feature = "p521")]
            Inner::P521(point) => {
                use ::p521::ecdsa::signature::Verifier as _;
                let key = ::p521::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| BadSignature)?;
                let signature = ::p521::ecdsa::Signature::from_slice(signature).map_err(|_| BadSignature)?;
                key.verify(message, &signature).map_err(|_| BadSignature)
            }
            #[cfg(feature = "sm2")]
            Inner::Sm2(key) => key.verify(message, signature),
        }
    }

    /// The point of a P-256 key, uncompressed (SEC 1 §2.3.3).
    pub(crate) fn p256_point(&self) -> Option<&[u8; 65]> {
        match &self.0 {
            Inner::P256(point) => Some(point),
            _ => None,
        }
    }

    /// Ed25519: the 32 bytes; P-256, P-384 and SM2: the 33 or 49 bytes of the compressed point.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.0 {
            Inner::Ed25519(key) => key.to_bytes().to_vec(),
            Inner::P256(point) => compressed(&point[1..33], point[64]),
            Inner::P384(point) => compressed(&point[1..49], point[96]),
            #[cfg(feature = "p521")]
            Inner::P521(point) => compressed(&point[1..67], point[132]),
            #[cfg(feature = "sm2")]
            Inner::Sm2(key) => compressed(&key.point[1..33], key.point[64]),
        }
    }

    /// P-256, P-384 and SM2: the coordinates x and y; Ed25519: none.
    pub(crate) fn coordinates(&self) -> Option<(&[u8], &[u8])> {
        match &self.0 {
            Inner::Ed25519(_) => None,
            Inner::P256(point) => Some((&point[1..33], &point[33..])),
            Inner::P384(point) => Some((&point[1..49], &point[49..])),
            #[cfg(feature = "p521")]
            Inner::P521(point) => Some((&point[1..67], &point[67..])),
            #[cfg(feature = "sm2")]
            Inner::Sm2(key) => Some((&key.point[1..33], &key.point[33..])),
        }
    }

    /// P-256, P-384 and SM2: the uncompressed SEC 1 form; Ed25519: none.
    #[cfg(feature = "bench")]
    pub(crate) fn uncompressed(&self) -> Option<&[u8]> {
        match &self.0 {
            Inner::Ed25519(_) => None,
            Inner::P256(point) => Some(point),
            Inner::P384(point) => Some(point),
            #[cfg(feature = "p521")]
            Inner::P521(point) => Some(point),
            #[cfg(feature = "sm2")]
            Inner::Sm2(key) => Some(&key.point),
        }
    }

    fn identity(&self) -> (Algorithm, &[u8]) {
        match &self.0 {
            Inner::Ed25519(key) => (Algorithm::EdDsa, key.as_bytes()),
            Inner::P256(point) => (Algorithm::Es256, point),
            Inner::P384(point) => (Algorithm::Es384, point),
            #[cfg(feature = "p521")]
            Inner::P521(point) => (Algorithm::Es512, point),
            #[cfg(feature = "sm2")]
            Inner::Sm2(key) => (Algorithm::Sm2, &key.point),
        }
    }
}

/// SEC 1 §2.3.3: the parity of y, then x.
fn compressed(x: &[u8], last_of_y: u8) -> Vec<u8> {
    let mut bytes = vec![2 | (last_of_y & 1)];
    bytes.extend_from_slice(x);
    bytes
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for PublicKey {}

impl Hash for PublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.to_multikey())
    }
}
