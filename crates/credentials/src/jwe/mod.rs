//! Encrypted messages: JWE in compact form (RFC 7516) by `ECDH-ES` on P-256 with AES-GCM (RFC 7518 §4.6, §5.3), which is what
//! OpenID4VCI and OpenID4VP within HAIP 1.0 ask for.
//!
//! Nothing else is understood: no key wrapping, no compression (it tells lengths, and bombs), no critical parameters.

mod cipher;
mod derive;
mod key;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rand_core::CryptoRngCore;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use self::cipher::{NONCE_BYTES, TAG_BYTES};
use crate::json;
use crate::key::Jwk;
pub use key::{DecryptionKey, EncryptionKey};

/// The only key agreement here.
pub const ECDH_ES: &str = "ECDH-ES";

/// How content is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Enc {
    /// AES-GCM with 128 bits.
    #[serde(rename = "A128GCM")]
    A128Gcm,
    /// AES-GCM with 256 bits.
    #[serde(rename = "A256GCM")]
    A256Gcm,
}

/// Why a message is not decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JweError {
    /// Not five parts in strict base64url, or too long.
    #[error("not a compact JWE")]
    Form,
    /// Another algorithm, compression, or a critical parameter.
    #[error("only ECDH-ES with A128GCM or A256GCM is understood, uncompressed")]
    Unsupported,
    /// The key in it is not on the curve, or of another one.
    #[error("the ephemeral key is wrong")]
    Key,
    /// For another key, or changed on the way.
    #[error("the message can't be decrypted")]
    Sealed,
}

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    enc: String,
    epk: Jwk,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    apu: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    apv: Option<String>,
}

impl Enc {
    /// Both, the stronger first.
    pub const ALL: [Self; 2] = [Self::A256Gcm, Self::A128Gcm];

    /// The name in a header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|enc| enc.name() == name)
    }

    const fn key_bytes(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A256Gcm => 32,
        }
    }
}

impl fmt::Display for Enc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Encrypts to a key. A fresh ephemeral key each time, so that the content key is used once and its nonce may be random.
///
/// # Errors
/// [`JweError::Key`] for a key of another kind; [`JweError::Form`] for a message that is too long.
pub fn encrypt(
    message: &[u8],
    to: &EncryptionKey,
    enc: Enc,
    random: &mut impl CryptoRngCore,
) -> Result<String, JweError> {
    let (epk, shared) = to.agree(random)?;
    let header = Header {
        alg: ECDH_ES.to_owned(),
        enc: enc.name().to_owned(),
        epk,
        kid: to.kid().map(str::to_owned),
        apu: None,
        apv: None,
    };
    let mut text = BASE64.encode(serde_json::to_vec(&header).map_err(|_| JweError::Form)?);
    let key = derive::content_key(&shared, enc, &[], &[]);
    let mut nonce = [0; NONCE_BYTES];
    random.fill_bytes(&mut nonce);
    let mut sealed = message.to_vec();
    let tag = cipher::seal((enc, &key), nonce, text.as_bytes(), &mut sealed)?;
    // The second part, the encrypted key, is empty: the agreed key is the content's (RFC 7518 §4.6).
    for part in [&[][..], &nonce, &sealed, &tag] {
        text.push('.');
        BASE64.encode_string(part, &mut text);
    }
    Ok(text)
}

/// Decrypts a message to one of our keys.
///
/// # Errors
/// [`JweError`].
pub fn decrypt(text: &str, key: &DecryptionKey) -> Result<Zeroizing<Vec<u8>>, JweError> {
    if text.len() > json::MAX_BYTES {
        return Err(JweError::Form);
    }
    let parts: Vec<&str> = text.split('.').collect();
    let [protected, "", nonce, sealed, tag] = parts[..] else { return Err(JweError::Form) };
    let bytes = |part: &str| BASE64.decode(part).map_err(|_| JweError::Form);
    let header = json::parse(&bytes(protected)?).map_err(|_| JweError::Form)?;
    // Whatever they say, `null` too: that they are there is enough.
    if ["zip", "crit"].iter().any(|name| header.get(*name).is_some()) {
        return Err(JweError::Unsupported);
    }
    let header: Header = objects::from_value(&header).map_err(|_| JweError::Unsupported)?;
    let enc = Enc::named(&header.enc).filter(|_| header.alg == ECDH_ES).ok_or(JweError::Unsupported)?;
    let info = |part: &Option<String>| bytes(part.as_deref().unwrap_or_default());
    let (apu, apv) = (info(&header.apu)?, info(&header.apv)?);
    let content_key = derive::content_key(&key.agree(&header.epk)?, enc, &apu, &apv);
    let nonce: [u8; NONCE_BYTES] = bytes(nonce)?.try_into().map_err(|_| JweError::Form)?;
    let tag: [u8; TAG_BYTES] = bytes(tag)?.try_into().map_err(|_| JweError::Form)?;
    let mut message = Zeroizing::new(bytes(sealed)?);
    message.extend_from_slice(&tag);
    cipher::open((enc, &content_key), nonce, protected.as_bytes(), &mut message)?;
    Ok(message)
}
