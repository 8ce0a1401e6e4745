//! Keys (draft §3.4) and their Multikey texts.

use std::fmt;

use blstrs::{G2Affine, G2Projective, Scalar};
use group::prime::PrimeCurveAffine;
use group::{Curve, Group};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use super::hash::{tag, to_scalar};
use crate::key::{DidKeyError, KeyError};

/// Multicodec `bls12_381-g2-pub`, as a varint.
const CODEC: [u8; 2] = [0xeb, 0x01];
/// 98 bytes are 134 characters of base58 at most.
const LONGEST: usize = 136;

/// A public key that was checked: a canonical point of G2's prime-order subgroup, not the identity.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) point: G2Affine,
    bytes: [u8; 96],
}

/// A private key in memory, wiped when dropped.
pub struct SecretKey {
    scalar: Zeroizing<[u8; 32]>,
    public: PublicKey,
}

impl PublicKey {
    /// From the 96 bytes of a compressed point (draft §4.2.4.6).
    ///
    /// # Errors
    /// [`KeyError::NotOnCurve`] also outside the subgroup; [`KeyError::SmallOrder`] for the identity.
    pub fn from_bytes(bytes: &[u8; 96]) -> Result<Self, KeyError> {
        let point = Option::<G2Affine>::from(G2Affine::from_compressed(bytes)).ok_or(KeyError::NotOnCurve)?;
        if point.is_identity().into() {
            return Err(KeyError::SmallOrder);
        }
        if point.to_compressed() != *bytes {
            return Err(KeyError::NotOnCurve);
        }
        Ok(Self { point, bytes: *bytes })
    }

    /// The compressed point.
    #[must_use]
    pub const fn to_bytes(&self) -> &[u8; 96] {
        &self.bytes
    }

    /// `zUC7…`: multibase base58btc of the multicodec key (Controlled Identifiers 1.0 §2.2.2).
    #[must_use]
    pub fn to_multikey(&self) -> String {
        format!("z{}", bs58::encode([CODEC.as_slice(), &self.bytes].concat()).into_string())
    }

    /// Reads a Multikey text.
    ///
    /// # Errors
    /// [`KeyError`]; [`KeyError::Unsupported`] for keys of other kinds.
    pub fn from_multikey(text: &str) -> Result<Self, KeyError> {
        let digits = text.strip_prefix('z').filter(|t| t.len() <= LONGEST).ok_or(KeyError::Encoding)?;
        let bytes = bs58::decode(digits).into_vec().map_err(|_| KeyError::Encoding)?;
        let key = bytes.strip_prefix(&CODEC).ok_or(KeyError::Unsupported)?;
        Self::from_bytes(key.try_into().map_err(|_| KeyError::Encoding)?)
    }

    /// Reads a `did:key`, or the DID URL of its only verification method.
    ///
    /// # Errors
    /// [`DidKeyError`].
    pub fn from_did_key(text: &str) -> Result<Self, DidKeyError> {
        let multikey = text.strip_prefix("did:key:").ok_or(DidKeyError::OtherMethod)?;
        let (multikey, fragment) = match multikey.split_once('#') {
            Some((multikey, fragment)) => (multikey, fragment),
            None => (multikey, multikey),
        };
        let key = Self::from_multikey(multikey)?;
        if key.to_multikey() != multikey {
            return Err(KeyError::Encoding.into());
        }
        if fragment == multikey { Ok(key) } else { Err(DidKeyError::UnknownMethod) }
    }

    /// The DID URL of its only verification method: `did:key:zUC7…#zUC7…`.
    #[must_use]
    pub fn did_key_method(&self) -> String {
        let multikey = self.to_multikey();
        format!("did:key:{multikey}#{multikey}")
    }
}

impl SecretKey {
    /// A new key.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        let mut material = Zeroizing::new([0; 32]);
        loop {
            rng.fill_bytes(material.as_mut());
            // Fails once in 2^255.
            if let Ok(key) = Self::from_material(material.as_ref(), b"") {
                return key;
            }
        }
    }

    /// From at least 32 secret bytes, and what the key is for (draft §3.4.1).
    ///
    /// # Errors
    /// [`KeyError::Encoding`] for less secret bytes, or more than 65,535 of `info`.
    pub fn from_material(material: &[u8], info: &[u8]) -> Result<Self, KeyError> {
        let length = u16::try_from(info.len()).map_err(|_| KeyError::Encoding)?;
        if material.len() < 32 {
            return Err(KeyError::Encoding);
        }
        let input = Zeroizing::new([material, &length.to_be_bytes(), info].concat());
        let scalar = to_scalar(&input, &tag(b"KEYGEN_DST_"));
        Self::from_bytes(&Zeroizing::new(scalar.to_bytes_be()))
    }

    /// From the scalar, big-endian.
    ///
    /// # Errors
    /// [`KeyError::Encoding`] for zero, or not below the order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let scalar = super::decode::scalar(bytes).ok_or(KeyError::Encoding)?;
        let point = (G2Projective::generator() * scalar).to_affine();
        let public = PublicKey { point, bytes: point.to_compressed() };
        Ok(Self { scalar: Zeroizing::new(*bytes), public })
    }

    /// The scalar, big-endian, to be wrapped and stored.
    #[must_use]
    pub fn to_bytes(&self) -> &Zeroizing<[u8; 32]> {
        &self.scalar
    }

    /// The public half.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public
    }

    pub(super) fn scalar(&self) -> Scalar {
        // It was read once already.
        Scalar::from_bytes_be(&self.scalar).unwrap_or_else(|| Scalar::from(0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bbs::PublicKey({})", self.to_multikey())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("bbs::SecretKey").field("public", &self.public).finish_non_exhaustive()
    }
}
