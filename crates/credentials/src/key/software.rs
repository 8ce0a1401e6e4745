//! Keys in this process' memory.

use std::fmt;

use p256::ecdsa::signature::Signer as _;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

#[cfg(feature = "sm2")]
use super::sm2;
use super::{Algorithm, KeyError, PublicKey, SignError, Signature, Signer};

/// A private key in memory, wiped when dropped. Signs deterministically (RFC 8032; RFC 6979 with low `s`).
pub struct SoftwareKey {
    secret: Secret,
    public: PublicKey,
}

enum Secret {
    Ed25519(ed25519_dalek::SigningKey),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    #[cfg(feature = "p521")]
    P521(p521::ecdsa::SigningKey),
    #[cfg(feature = "sm2")]
    Sm2(sm2::Secret),
}

impl SoftwareKey {
    /// A new key.
    pub fn generate(algorithm: Algorithm, rng: &mut impl CryptoRngCore) -> Self {
        loop {
            let mut secret = Zeroizing::new(vec![0; algorithm.secret_length()]);
            rng.fill_bytes(secret.as_mut());
            #[cfg(feature = "p521")]
            if algorithm == Algorithm::Es512 {
                // The order has 521 bits.
                secret[0] &= 1;
            }
            // Fails only for a scalar of 0 or beyond the order: once in 2^32.
            if let Ok(key) = Self::from_secret_bytes(algorithm, &secret) {
                return key;
            }
        }
    }

    /// From the secret bytes: the seed of Ed25519 (RFC 8032 §5.1.5, 32 bytes), the scalar of P-256 and SM2 (32), P-384 (48) or
    /// P-521 (66), big-endian.
    ///
    /// # Errors
    /// [`KeyError::Encoding`] for another length, or a scalar that is 0 or not below the curve's order.
    pub fn from_secret_bytes(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        match algorithm {
            Algorithm::EdDsa => {
                let seed = secret.try_into().map_err(|_| KeyError::Encoding)?;
                let key = ed25519_dalek::SigningKey::from_bytes(seed);
                let public = PublicKey::ed25519(key.verifying_key().as_bytes())?;
                Ok(Self { secret: Secret::Ed25519(key), public })
            }
            Algorithm::Es256 => {
                let key = p256::ecdsa::SigningKey::from_slice(secret).map_err(|_| KeyError::Encoding)?;
                let public = PublicKey::p256(key.verifying_key().to_encoded_point(false).as_bytes())?;
                Ok(Self { secret: Secret::P256(key), public })
            }
            Algorithm::Es384 => {
                let key = p384::ecdsa::SigningKey::from_slice(secret).map_err(|_| KeyError::Encoding)?;
                let public = PublicKey::p384(key.verifying_key().to_encoded_point(false).as_bytes())?;
                Ok(Self { secret: Secret::P384(key), public })
            }
            #[cfg(feature = "p521")]
            Algorithm::Es512 => {
                let key = p521::ecdsa::SigningKey::from_slice(secret).map_err(|_| KeyError::Encoding)?;
                let public = p521::ecdsa::VerifyingKey::from(&key);
                let public = PublicKey::p521(public.to_encoded_point(false).as_bytes())?;
                Ok(Self { secret: Secret::P521(key), public })
            }
            #[cfg(feature = "sm2")]
            Algorithm::Sm2 => {
                let key = sm2::Secret::from_bytes(secret)?;
                let public = PublicKey::sm2(&key.public_sec1())?;
                Ok(Self { secret: Secret::Sm2(key), public })
            }
        }
    }

    /// The secret bytes ([`Algorithm::secret_length`]), to be wrapped and stored.
    #[must_use]
    pub fn to_secret_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match &self.secret {
            Secret::Ed25519(key) => key.to_bytes().to_vec(),
            Secret::P256(key) => key.to_bytes().to_vec(),
            Secret::P384(key) => key.to_bytes().to_vec(),
            #[cfg(feature = "p521")]
            Secret::P521(key) => key.to_bytes().to_vec(),
            #[cfg(feature = "sm2")]
            Secret::Sm2(key) => key.to_bytes(),
        })
    }
}

impl Signer for SoftwareKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        match &self.secret {
            Secret::Ed25519(key) => Ok(ed25519_dalek::Signer::sign(key, message).to_bytes().into()),
            Secret::P256(key) => {
                let signature: p256::ecdsa::Signature =
                    key.try_sign(message).map_err(|_| SignError::DeviceFailed)?;
                Ok(<[u8; 64]>::from(signature.normalize_s().unwrap_or(signature).to_bytes()).into())
            }
            Secret::P384(key) => {
                let signature: p384::ecdsa::Signature =
                    key.try_sign(message).map_err(|_| SignError::DeviceFailed)?;
                let low = signature.normalize_s().unwrap_or(signature);
                Signature::from_slice(&low.to_bytes()).ok_or(SignError::DeviceFailed)
            }
            #[cfg(feature = "p521")]
            Secret::P521(key) => {
                let signature = super::p521::sign(key, message)?;
                Signature::from_slice(&signature.to_bytes()).ok_or(SignError::DeviceFailed)
            }
            #[cfg(feature = "sm2")]
            Secret::Sm2(key) => key.sign(message).map(Signature::from),
        }
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftwareKey").field("public", &self.public).finish_non_exhaustive()
    }
}
