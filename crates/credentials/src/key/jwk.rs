//! JSON Web Keys (RFC 7517), public ones only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use super::{Algorithm, KeyError, PublicKey};

/// SM2's recommended curve. No name is registered, so it is a collision-resistant one (RFC 7518 §6.2.1.1): the URN of its object
/// identifier.
#[cfg(feature = "sm2")]
const SM2: &str = "urn:oid:1.2.156.10197.1.301";

/// A public JSON Web Key as it stands in JSON: `OKP`/`Ed25519` (RFC 8037) or `EC` with `P-256` or `P-384` (RFC 7518 §6.2).
///
/// Reading one checks nothing; [`PublicKey::from_jwk`] does. Members not named here are ignored, as RFC 7517 asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// The family: `OKP`, `EC`.
    pub kty: String,
    /// The curve: `Ed25519`, `P-256`, `P-384`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// The key or its x coordinate, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The y coordinate, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The algorithm the key is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// The key's id among its owner's keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// `sig` or `enc`.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// There was a `d`: a private key. Its value is not kept.
    #[serde(default, rename = "d", skip_serializing, deserialize_with = "forget")]
    private: bool,
}

/// Notes that something was there and wipes it.
fn forget<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    if let serde_json::Value::String(mut secret) = serde_json::Value::deserialize(deserializer)? {
        secret.zeroize();
    }
    Ok(true)
}

impl PublicKey {
    /// This key as a JWK with `kty`, `crv`, `x` (and `y`), nothing else.
    #[must_use]
    pub fn to_jwk(&self) -> Jwk {
        let (kty, crv, x, y) = match self.coordinates() {
            Some((x, y)) => ("EC", self.curve(), BASE64.encode(x), Some(BASE64.encode(y))),
            None => ("OKP", self.curve(), BASE64.encode(self.to_bytes()), None),
        };
        Jwk {
            kty: kty.to_owned(),
            crv: Some(crv.to_owned()),
            x: Some(x),
            y,
            alg: None,
            kid: None,
            usage: None,
            private: false,
        }
    }

    /// Reads a JWK. An `alg` or `use` that contradicts signing with this key is refused.
    ///
    /// # Errors
    /// [`KeyError`]; [`KeyError::Private`] when the JWK has a `d`.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        if jwk.private {
            return Err(KeyError::Private);
        }
        let key = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("OKP", Some("Ed25519")) if jwk.y.is_none() => Self::ed25519(&coordinate(jwk.x.as_deref())?)?,
            ("EC", Some("P-256")) => Self::p256(&point::<32>(jwk)?)?,
            ("EC", Some("P-384")) => Self::p384(&point::<48>(jwk)?)?,
            #[cfg(feature = "p521")]
            ("EC", Some("P-521")) => Self::p521(&point::<66>(jwk)?)?,
            #[cfg(feature = "sm2")]
            ("EC", Some(SM2)) => Self::sm2(&point::<32>(jwk)?)?,
            _ => return Err(KeyError::Unsupported),
        };
        let alg_fits = jwk.alg.as_deref().is_none_or(|alg| key.algorithm().is_named(alg));
        if !alg_fits || jwk.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err(KeyError::Unsupported);
        }
        Ok(key)
    }

    const fn curve(&self) -> &'static str {
        match self.algorithm() {
            Algorithm::EdDsa => "Ed25519",
            Algorithm::Es256 => "P-256",
            Algorithm::Es384 => "P-384",
            #[cfg(feature = "p521")]
            Algorithm::Es512 => "P-521",
            #[cfg(feature = "sm2")]
            Algorithm::Sm2 => SM2,
        }
    }

    /// The JWK thumbprint with SHA-256, base64url (RFC 7638).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        let jwk = self.to_jwk();
        let (crv, x) = (self.curve(), jwk.x.unwrap_or_default());
        let members = match jwk.y {
            Some(y) => format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#),
            None => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
        };
        BASE64.encode(Sha256::digest(members))
    }
}

/// The uncompressed SEC 1 form.
fn point<const SIZE: usize>(jwk: &Jwk) -> Result<Vec<u8>, KeyError> {
    let (x, y) = (coordinate::<SIZE>(jwk.x.as_deref())?, coordinate::<SIZE>(jwk.y.as_deref())?);
    Ok([&[4], x.as_slice(), y.as_slice()].concat())
}

fn coordinate<const SIZE: usize>(text: Option<&str>) -> Result<[u8; SIZE], KeyError> {
    let mut bytes = [0; SIZE];
    let text = text.filter(|text| text.len() == (SIZE * 4).div_ceil(3)).ok_or(KeyError::Encoding)?;
    match BASE64.decode_slice(text, &mut bytes) {
        Ok(read) if read == SIZE => Ok(bytes),
        _ => Err(KeyError::Encoding),
    }
}
