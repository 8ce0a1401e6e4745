//! The key that requests are signed with, by ring: a counter signs one request a presentation, and ring does it several
//! times as fast as the portable implementation that phones carry.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credentials::key::{Algorithm, PublicKey, SignError, Signature, Signer, SoftwareKey};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

/// A P-256 key in memory that signs with ES256.
pub struct RequestSigner {
    pair: EcdsaKeyPair,
    public: PublicKey,
    random: SystemRandom,
}

/// The secret is no P-256 key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the secret of a P-256 key")]
pub struct NotAKey;

impl RequestSigner {
    /// The key of these 32 secret bytes (the scalar, big-endian).
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn new(secret: &[u8; 32]) -> Result<Self, NotAKey> {
        let key = SoftwareKey::from_secret_bytes(Algorithm::Es256, secret).map_err(|_| NotAKey)?;
        let public = key.public_key().clone();
        let random = SystemRandom::new();
        let point = uncompressed(&public).ok_or(NotAKey)?;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            secret,
            &point,
            &random,
        )
        .map_err(|_| NotAKey)?;
        Ok(Self { pair, public, random })
    }
}

/// SEC 1 §2.3.3, uncompressed: what ring takes.
fn uncompressed(key: &PublicKey) -> Option<Vec<u8>> {
    let jwk = key.to_jwk();
    let coordinate = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok();
    Some([vec![4], coordinate(jwk.x)?, coordinate(jwk.y)?].concat())
}

impl Signer for RequestSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        let signature = self.pair.sign(&self.random, message).map_err(|_| SignError::DeviceFailed)?;
        Signature::from_slice(signature.as_ref()).ok_or(SignError::DeviceFailed)
    }
}

impl std::fmt::Debug for RequestSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestSigner").field("public", &self.public).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_signs_as_the_portable_key_of_the_same_secret_verifies() {
        let secret = [7; 32];
        let portable = SoftwareKey::from_secret_bytes(Algorithm::Es256, &secret).expect("key");
        let key = RequestSigner::new(&secret).expect("key");
        assert_eq!(key.public_key(), portable.public_key());
        let signature = key.sign(b"a request").expect("signs");
        portable.public_key().verify(b"a request", &signature).expect("verifies");
        portable.public_key().verify(b"another", &signature).expect_err("of that message only");
        assert_eq!(RequestSigner::new(&[0; 32]).expect_err("zero"), NotAKey);
        assert!(!format!("{key:?}").contains("070707"));
    }
}
