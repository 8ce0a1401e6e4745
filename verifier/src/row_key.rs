//! Sealing rows of the store: ChaCha20-Poly1305 (RFC 8439), each with a key of its own, made from a secret in the key folder.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::StoreError;
use zeroize::Zeroizing;

/// Makes the keys of one kind of rows.
pub(crate) struct RowKey {
    root: hmac::Key,
    /// Of which kind they are: the same secret makes other keys for another.
    kind: &'static str,
}

/// A sealed row doesn't open, or can't be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealFailed {
    /// It was altered or moved, or is of other keys.
    #[error("a sealed row doesn't open: it was altered or moved, or the keys are others")]
    Open,
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Random,
}

/// Why sealed rows can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealedRowError {
    /// One was altered or moved, or is of other keys.
    #[error(transparent)]
    Seal(#[from] SealFailed),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RowKey {
    /// Of this kind, from the folder's secret.
    pub(crate) fn new(kind: &'static str, secret: &[u8; 32]) -> Self {
        Self { root: hmac::Key::new(hmac::HMAC_SHA256, secret), kind }
    }

    /// Seals a value as JSON; it opens with the same binding alone.
    pub(crate) fn seal<T: Serialize>(&self, binding: &[u8], value: &T) -> Result<String, SealFailed> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| SealFailed::Random)?;
        let mut bytes = serde_json::to_vec(value).map_err(|_| SealFailed::Open)?;
        let aad = Aad::from(binding);
        self.of(binding)
            .and_then(|key| {
                key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut bytes).ok()
            })
            .ok_or(SealFailed::Open)?;
        Ok(BASE64.encode([nonce.as_slice(), &bytes].concat()))
    }

    /// Opens what was sealed.
    pub(crate) fn open<T: DeserializeOwned>(&self, binding: &[u8], sealed: &str) -> Result<T, SealFailed> {
        let sealed = BASE64.decode(sealed).map_err(|_| SealFailed::Open)?;
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealFailed::Open)?;
        let mut bytes = Zeroizing::new(rest.to_vec());
        let key = self.of(binding).ok_or(SealFailed::Open)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened =
            key.open_in_place(nonce, Aad::from(binding), &mut bytes).map_err(|_| SealFailed::Open)?;
        serde_json::from_slice(opened).map_err(|_| SealFailed::Open)
    }

    /// Tells this key from others, and nothing else of it.
    pub(crate) fn check(&self) -> String {
        let mut context = hmac::Context::with_key(&self.root);
        context.update(b"huizheng/row-key-check/1\0");
        context.update(self.kind.as_bytes());
        BASE64.encode(&context.sign().as_ref()[..16])
    }

    fn of(&self, binding: &[u8]) -> Option<LessSafeKey> {
        let mut context = hmac::Context::with_key(&self.root);
        context.update(self.kind.as_bytes());
        context.update(&[0]);
        context.update(binding);
        UnboundKey::new(&CHACHA20_POLY1305, context.sign().as_ref()).ok().map(LessSafeKey::new)
    }
}

impl std::fmt::Debug for RowKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RowKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn what_is_sealed_opens_in_its_place_with_its_key_and_nowhere_else() {
        let key = RowKey::new("claims", &[7; 32]);
        let claims = json!({"name": "程知夏"});
        let refused = Err::<Value, _>(SealFailed::Open);
        let sealed = key.seal(b"here\0", &claims).expect("sealed");
        assert_eq!(RowKey::new("claims", &[7; 32]).open(b"here\0", &sealed), Ok(claims.clone()));
        assert_ne!(key.seal(b"here\0", &claims), Ok(sealed.clone()), "never the same twice");
        assert!(!BASE64.decode(&sealed).expect("base64").windows(4).any(|at| at == b"name"));
        assert_eq!(key.open(b"there\0", &sealed), refused);
        assert_eq!(RowKey::new("claims", &[8; 32]).open(b"here\0", &sealed), refused);
        assert_eq!(RowKey::new("others", &[7; 32]).open(b"here\0", &sealed), refused);
        let bytes = BASE64.decode(&sealed).expect("base64");
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            assert_eq!(key.open(b"here\0", &BASE64.encode(&altered)), refused, "{at}");
            assert_eq!(key.open(b"here\0", &BASE64.encode(&bytes[..at])), refused, "{at}");
        }
        assert!(!format!("{key:?}").contains('7'));
        assert_ne!(key.check(), RowKey::new("claims", &[8; 32]).check());
    }
}
