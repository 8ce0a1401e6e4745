//! What a request's answer is encrypted to, and the code that proves who came back from it: both follow from a random text in
//! the request's row and a secret in the key folder.
//!
//! HAIP 1.0 §5 wants a key for each request. Neither a copy of the store nor a copy of the keys alone opens an answer, and
//! once the row is deleted, nothing does.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::jwe::{BasePointTable, DecryptionKey, JweError};
use credentials::key::Jwk;
use protocol::Secret;
use ring::rand::{SecureRandom, SystemRandom};
use ring::{aead, hmac};
use zeroize::Zeroizing;

/// A counter makes a key for every request.
static TABLE: LazyLock<BasePointTable> = LazyLock::new(BasePointTable::new);

/// The id of the key among those of its request: there is only one.
const KEY_ID: &str = "response";

/// Makes keys and codes of requests.
pub(crate) struct Sealing(hmac::Key);

impl Sealing {
    /// From the folder's secret.
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The key that answers to the request with this seal are encrypted to.
    pub(crate) fn key(&self, seal: &str) -> Result<DecryptionKey, JweError> {
        // One in 2^32 digests is no scalar of P-256: then the next one is taken.
        let tried = (0..4u8).map(|n| {
            DecryptionKey::from_secret_bytes(KEY_ID, &self.derived(&[b"response-key", &[n], seal.as_bytes()]))
        });
        tried.into_iter().find(Result::is_ok).unwrap_or(Err(JweError::Key))
    }

    /// The public half of that key, as the request has it.
    pub(crate) fn jwk(&self, seal: &str) -> Result<Jwk, JweError> {
        self.key(seal)?.to_jwk_by(&TABLE)
    }

    /// The response code (OpenID4VP 1.0 §13.3): whoever has it holds the device that answered.
    pub(crate) fn response_code(&self, seal: &str) -> Secret {
        Secret::new(BASE64.encode(self.derived(&[b"response-code", &[0], seal.as_bytes()])))
    }

    /// Seals what was shown in answer to the request with this seal, for another instance with the same keys.
    pub(crate) fn seal_shown(&self, seal: &str, shown: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; aead::NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).ok()?;
        let mut sealed = shown.to_vec();
        let nonce_of = aead::Nonce::assume_unique_for_key(nonce);
        self.between_instances(seal)?
            .seal_in_place_append_tag(nonce_of, aead::Aad::empty(), &mut sealed)
            .ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    /// Opens what another instance sealed; none when it was sealed otherwise, or changed.
    pub(crate) fn open_shown(&self, seal: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_first_chunk::<{ aead::NONCE_LEN }>()?;
        let mut opened = Zeroizing::new(sealed.to_vec());
        let nonce = aead::Nonce::assume_unique_for_key(*nonce);
        let length =
            self.between_instances(seal)?.open_in_place(nonce, aead::Aad::empty(), &mut opened).ok()?.len();
        opened.truncate(length);
        Some(opened)
    }

    fn between_instances(&self, seal: &str) -> Option<aead::LessSafeKey> {
        let key = self.derived(&[b"between-instances", &[0], seal.as_bytes()]);
        aead::UnboundKey::new(&aead::AES_256_GCM, &key).ok().map(aead::LessSafeKey::new)
    }

    fn derived(&self, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
        let mut context = hmac::Context::with_key(&self.0);
        parts.iter().for_each(|part| context.update(part));
        Zeroizing::new(context.sign().as_ref().to_vec())
    }
}

impl std::fmt::Debug for Sealing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealing(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_between_instances_is_opened_by_the_same_keys_for_the_same_request_alone() {
        let (one, other) = (Sealing::new(&[7; 32]), Sealing::new(&[8; 32]));
        let sealed = one.seal_shown("a", b"what was shown").expect("sealed");
        assert!(!sealed.windows(4).any(|part| part == b"what"));
        assert_eq!(
            Sealing::new(&[7; 32]).open_shown("a", &sealed).expect("opened").as_slice(),
            b"what was shown"
        );
        assert_ne!(one.seal_shown("a", b"what was shown").expect("sealed"), sealed, "never twice the same");
        assert!(one.open_shown("b", &sealed).is_none() && other.open_shown("a", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(one.open_shown("a", &changed).is_none(), "{at}");
            assert!(one.open_shown("a", &sealed[..at]).is_none(), "{at}");
        }
    }

    #[test]
    fn each_request_has_a_key_and_a_code_of_its_own_and_keeps_them() {
        let sealing = Sealing::new(&[7; 32]);
        let jwk =
            |sealing: &Sealing, seal| serde_json::to_value(sealing.jwk(seal).expect("a key")).expect("json");
        let plain = sealing.key("a").and_then(|key| key.to_jwk()).expect("a key");
        assert_eq!(jwk(&sealing, "a"), serde_json::to_value(plain).expect("json"));
        assert_eq!(jwk(&sealing, "a"), jwk(&Sealing::new(&[7; 32]), "a"));
        assert_ne!(jwk(&sealing, "a"), jwk(&sealing, "b"));
        assert_ne!(jwk(&sealing, "a"), jwk(&Sealing::new(&[8; 32]), "a"));
        let code = sealing.response_code("a");
        assert_eq!(code.expose().len(), 43);
        assert!(!code.matches(sealing.response_code("b").expose()));
        assert!(!format!("{sealing:?}").contains('7'));
    }
}
