//! What a request's answer is encrypted to, and the code that proves who came back from it: both follow from a random text in
//! the request's row and a secret in the key folder.
//!
//! HAIP 1.0 §5 wants a key for each request. Neither a copy of the store nor a copy of the keys alone opens an answer, and
//! once the row is deleted, nothing does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::jwe::{DecryptionKey, JweError};
use protocol::Secret;
use ring::hmac;
use zeroize::Zeroizing;

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

    /// The response code (OpenID4VP 1.0 §13.3): whoever has it holds the device that answered.
    pub(crate) fn response_code(&self, seal: &str) -> Secret {
        Secret::new(BASE64.encode(self.derived(&[b"response-code", &[0], seal.as_bytes()])))
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
    fn each_request_has_a_key_and_a_code_of_its_own_and_keeps_them() {
        let sealing = Sealing::new(&[7; 32]);
        let jwk = |sealing: &Sealing, seal| {
            serde_json::to_value(sealing.key(seal).expect("a key").to_jwk().expect("a key")).expect("json")
        };
        assert_eq!(jwk(&sealing, "a"), jwk(&Sealing::new(&[7; 32]), "a"));
        assert_ne!(jwk(&sealing, "a"), jwk(&sealing, "b"));
        assert_ne!(jwk(&sealing, "a"), jwk(&Sealing::new(&[8; 32]), "a"));
        let code = sealing.response_code("a");
        assert_eq!(code.expose().len(), 43);
        assert!(!code.matches(sealing.response_code("b").expose()));
        assert!(!format!("{sealing:?}").contains('7'));
    }
}
