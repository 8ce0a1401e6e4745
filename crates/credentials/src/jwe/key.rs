//! Keys to encrypt to.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use p256::{PublicKey as Point, SecretKey};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use super::{ECDH_ES, JweError};
use crate::key::{Jwk, PublicKey};

/// A key that others gave us to encrypt to.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptionKey {
    point: Point,
    kid: Option<String>,
}

/// A key of ours that others encrypt to; wiped when dropped.
pub struct DecryptionKey {
    secret: SecretKey,
    kid: String,
}

impl EncryptionKey {
    /// Reads a JWK on P-256 that is not for something else than `ECDH-ES`.
    ///
    /// # Errors
    /// [`JweError::Key`].
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, JweError> {
        let other_use = jwk.usage.as_deref().is_some_and(|usage| usage != "enc");
        let other_algorithm = jwk.alg.as_deref().is_some_and(|alg| alg != ECDH_ES);
        if other_use || other_algorithm {
            return Err(JweError::Key);
        }
        Ok(Self { point: point(jwk)?, kid: jwk.kid.clone() })
    }

    /// Its SHA-256 thumbprint (RFC 7638): what binds an mdoc's session to this key.
    ///
    /// # Errors
    /// [`JweError::Key`], never for a key that was read here.
    pub fn thumbprint(&self) -> Result<[u8; 32], JweError> {
        thumbprint(&self.point)
    }

    pub(super) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// A fresh ephemeral key, and what it agrees on with this one.
    pub(super) fn agree(
        &self,
        random: &mut impl CryptoRngCore,
    ) -> Result<(Jwk, Zeroizing<Vec<u8>>), JweError> {
        let ephemeral = SecretKey::random(random);
        Ok((jwk(&ephemeral.public_key())?, shared(&ephemeral, &self.point)))
    }
}

impl DecryptionKey {
    /// A new key; messages to it carry `kid`.
    pub fn generate(kid: &str, random: &mut impl CryptoRngCore) -> Self {
        Self { secret: SecretKey::random(random), kid: kid.to_owned() }
    }

    /// From the scalar, 32 bytes.
    ///
    /// # Errors
    /// [`JweError::Key`] for one that is 0 or not below the order.
    pub fn from_secret_bytes(kid: &str, secret: &[u8]) -> Result<Self, JweError> {
        let secret = SecretKey::from_slice(secret).map_err(|_| JweError::Key)?;
        Ok(Self { secret, kid: kid.to_owned() })
    }

    /// Its public half, as others are told it: with `kid`, `use` and `alg`.
    ///
    /// # Errors
    /// [`JweError::Key`], never for a key that was made here.
    pub fn to_jwk(&self) -> Result<Jwk, JweError> {
        Self::jwk_of(&self.kid, self.secret.public_key().to_encoded_point(false).as_bytes())
    }

    /// The same of a key whose public half is at hand: its point, uncompressed (SEC 1 §2.3.3). Working it out is dear.
    ///
    /// # Errors
    /// [`JweError::Key`] for what is no point of P-256.
    pub fn jwk_of(kid: &str, point: &[u8]) -> Result<Jwk, JweError> {
        let mut jwk = PublicKey::p256(point).map_err(|_| JweError::Key)?.to_jwk();
        jwk.kid = Some(kid.to_owned());
        jwk.usage = Some("enc".to_owned());
        jwk.alg = Some(ECDH_ES.to_owned());
        Ok(jwk)
    }

    /// The SHA-256 thumbprint of its public half (RFC 7638).
    ///
    /// # Errors
    /// [`JweError::Key`], never for a key that was made here.
    pub fn thumbprint(&self) -> Result<[u8; 32], JweError> {
        thumbprint(&self.secret.public_key())
    }

    pub(super) fn agree(&self, ephemeral: &Jwk) -> Result<Zeroizing<Vec<u8>>, JweError> {
        Ok(shared(&self.secret, &point(ephemeral)?))
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptionKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// The point of a JWK, which is checked to lie on the curve: one that does not would tell the secret bit by bit.
fn point(jwk: &Jwk) -> Result<Point, JweError> {
    let mut bare = jwk.clone();
    (bare.alg, bare.usage) = (None, None);
    let key = PublicKey::from_jwk(&bare).map_err(|_| JweError::Key)?;
    Point::from_sec1_bytes(key.p256_point().ok_or(JweError::Key)?).map_err(|_| JweError::Key)
}

fn jwk(point: &Point) -> Result<Jwk, JweError> {
    Ok(public_key(point)?.to_jwk())
}

fn public_key(point: &Point) -> Result<PublicKey, JweError> {
    PublicKey::p256(point.to_encoded_point(false).as_bytes()).map_err(|_| JweError::Key)
}

fn thumbprint(point: &Point) -> Result<[u8; 32], JweError> {
    let text = public_key(point)?.thumbprint();
    let bytes = BASE64.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or(JweError::Key)
}

fn shared(secret: &SecretKey, point: &Point) -> Zeroizing<Vec<u8>> {
    let agreed = p256::ecdh::diffie_hellman(secret.to_nonzero_scalar(), point.as_affine());
    Zeroizing::new(agreed.raw_secret_bytes().to_vec())
}
