//! Sealing what is kept: ChaCha20-Poly1305 (RFC 8439), each record with a key of its own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// Makes the keys of records.
pub(crate) struct KeptKey(hmac::Key);

/// Sealed claims don't open, or can't be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealFailed {
    /// They were altered or moved, or are of other keys.
    #[error("kept claims don't open: their row was altered, or the keys are others")]
    Open,
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Random,
}

impl KeptKey {
    /// From the folder's secret.
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// Seals claims; they open with the same binding alone.
    pub(super) fn seal(&self, binding: &[u8], claims: &Map<String, Value>) -> Result<String, SealFailed> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| SealFailed::Random)?;
        let mut bytes = serde_json::to_vec(claims).map_err(|_| SealFailed::Open)?;
        let aad = Aad::from(binding);
        self.of(binding)
            .and_then(|key| {
                key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut bytes).ok()
            })
            .ok_or(SealFailed::Open)?;
        Ok(BASE64.encode([nonce.as_slice(), &bytes].concat()))
    }

    /// Opens what was sealed.
    pub(super) fn open(&self, binding: &[u8], sealed: &str) -> Result<Map<String, Value>, SealFailed> {
        let sealed = BASE64.decode(sealed).map_err(|_| SealFailed::Open)?;
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealFailed::Open)?;
        let mut bytes = Zeroizing::new(rest.to_vec());
        let key = self.of(binding).ok_or(SealFailed::Open)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let claims =
            key.open_in_place(nonce, Aad::from(binding), &mut bytes).map_err(|_| SealFailed::Open)?;
        serde_json::from_slice(claims).map_err(|_| SealFailed::Open)
    }

    fn of(&self, binding: &[u8]) -> Option<LessSafeKey> {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(b"huizheng/kept-claims/1\0");
        context.update(binding);
        UnboundKey::new(&CHACHA20_POLY1305, context.sign().as_ref()).ok().map(LessSafeKey::new)
    }
}

impl std::fmt::Debug for KeptKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeptKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_sealed_opens_in_its_place_with_its_key_and_nowhere_else() {
        let key = KeptKey::new(&[7; 32]);
        let Value::Object(claims) = json!({"name": "程知夏"}) else { panic!("an object") };
        let sealed = key.seal(b"here\0", &claims).expect("sealed");
        assert_eq!(KeptKey::new(&[7; 32]).open(b"here\0", &sealed), Ok(claims.clone()));
        assert_ne!(key.seal(b"here\0", &claims), Ok(sealed.clone()), "never the same twice");
        assert!(!BASE64.decode(&sealed).expect("base64").windows(4).any(|at| at == b"name"));
        assert_eq!(key.open(b"there\0", &sealed), Err(SealFailed::Open));
        assert_eq!(KeptKey::new(&[8; 32]).open(b"here\0", &sealed), Err(SealFailed::Open));
        let bytes = BASE64.decode(&sealed).expect("base64");
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            assert_eq!(key.open(b"here\0", &BASE64.encode(&altered)), Err(SealFailed::Open), "{at}");
            assert_eq!(key.open(b"here\0", &BASE64.encode(&bytes[..at])), Err(SealFailed::Open), "{at}");
        }
        assert!(!format!("{key:?}").contains('7'));
    }
}
