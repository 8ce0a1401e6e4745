//! What a request's answer is encrypted to, and the code that proves who came back from it: the one is sealed in the request's row,
//! the other follows from it, both by a secret in the key folder.
//!
//! HAIP 1.0 §5 wants a key for each request. Neither a copy of the store nor a copy of the keys alone opens an answer, and
//! once the row is deleted, nothing does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::jwe::{DecryptionKey, JweError};
use credentials::key::Jwk;
use protocol::Secret;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use ring::{aead, hmac};
use zeroize::Zeroizing;

/// The id of the key among those of its request: there is only one.
const KEY_ID: &str = "response";

/// Random bytes of a seal: what the key that seals it follows from.
const SALT: usize = 32;
/// A secret scalar of P-256, and its point as SEC 1 has it, uncompressed.
const SCALAR: usize = 32;
const POINT: usize = 65;
/// Where both are in what ring makes of a new key: a PKCS #8 document (RFC 5958) of fixed form, and how long that is.
const SCALAR_AT: usize = 36;
const POINT_AT: usize = 73;
const DOCUMENT: usize = POINT_AT + POINT;

/// Makes keys and codes of requests.
pub(crate) struct Sealing(hmac::Key);

impl Sealing {
    /// From the folder's secret.
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The seal of a new request; with a key of its own where its answer is to be `encrypted`. ring makes the key, in a quarter of the
    /// time that the portable implementation takes: a counter makes one for every request.
    pub(crate) fn seal(&self, encrypted: bool) -> Result<String, JweError> {
        let random = SystemRandom::new();
        let mut salt = [0; SALT];
        random.fill(&mut salt).map_err(|_| JweError::Key)?;
        if !encrypted {
            return Ok(BASE64.encode(salt));
        }
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        let made = made.map_err(|_| JweError::Key)?;
        let (scalar, point) = parts(made.as_ref()).ok_or(JweError::Key)?;
        let mut sealed = Zeroizing::new(scalar.to_vec());
        let (key, nonce) = self.key_of(&salt).ok_or(JweError::Key)?;
        let tag = key.seal_in_place_separate_tag(nonce, aead::Aad::from(point), &mut sealed);
        let tag = tag.map_err(|_| JweError::Key)?;
        Ok(BASE64.encode([&salt[..], point, sealed.as_slice(), tag.as_ref()].concat()))
    }

    /// The key that answers to the request with this seal are encrypted to.
    pub(crate) fn key(&self, seal: &str) -> Result<DecryptionKey, JweError> {
        let (scalar, _) = self.opened(seal).ok_or(JweError::Key)?;
        DecryptionKey::from_secret_bytes(KEY_ID, &scalar)
    }

    /// The public half of that key, as the request has it.
    pub(crate) fn jwk(&self, seal: &str) -> Result<Jwk, JweError> {
        // Opened first: whoever can write to the store must not have answers encrypted to a key of his own.
        let (_, point) = self.opened(seal).ok_or(JweError::Key)?;
        DecryptionKey::jwk_of(KEY_ID, &point)
    }

    /// The secret and the public half of the key that is sealed in this; none where none is, or it was changed.
    fn opened(&self, seal: &str) -> Option<(Zeroizing<Vec<u8>>, [u8; POINT])> {
        let bytes = BASE64.decode(seal).ok()?;
        let (salt, rest) = bytes.split_first_chunk::<SALT>()?;
        let (point, sealed) = rest.split_first_chunk::<POINT>()?;
        let (key, nonce) = self.key_of(salt)?;
        let mut scalar = Zeroizing::new(sealed.to_vec());
        let length = key.open_in_place(nonce, aead::Aad::from(point), &mut scalar).ok()?.len();
        scalar.truncate(length);
        Some((scalar, *point))
    }

    /// What seals the key of one request, and nothing else: so its nonce need not differ.
    fn key_of(&self, salt: &[u8; SALT]) -> Option<(aead::LessSafeKey, aead::Nonce)> {
        let key =
            aead::UnboundKey::new(&aead::AES_256_GCM, &self.derived(&[b"request-key", &[0], salt])).ok()?;
        Some((aead::LessSafeKey::new(key), aead::Nonce::assume_unique_for_key([0; aead::NONCE_LEN])))
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

/// The secret and the public half in what ring makes of a new key.
fn parts(document: &[u8]) -> Option<(&[u8], &[u8])> {
    let (scalar, point) = (document.get(SCALAR_AT..SCALAR_AT + SCALAR)?, document.get(POINT_AT..DOCUMENT)?);
    (document.len() == DOCUMENT && point.first() == Some(&4)).then_some((scalar, point))
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

    fn jwk(sealing: &Sealing, seal: &str) -> serde_json::Value {
        serde_json::to_value(sealing.jwk(seal).expect("a key")).expect("json")
    }

    #[test]
    fn each_request_has_a_key_and_a_code_of_its_own_and_keeps_them() {
        let sealing = Sealing::new(&[7; 32]);
        let [a, b] = [true, true].map(|encrypted| sealing.seal(encrypted).expect("a seal"));
        let plain = sealing.key(&a).and_then(|key| key.to_jwk()).expect("a key");
        assert_eq!(jwk(&sealing, &a), serde_json::to_value(plain).expect("json"), "one key's halves");
        assert_eq!(jwk(&sealing, &a), jwk(&Sealing::new(&[7; 32]), &a));
        assert_ne!(jwk(&sealing, &a), jwk(&sealing, &b));
        let code = sealing.response_code(&a);
        assert_eq!(code.expose().len(), 43);
        assert!(!code.matches(sealing.response_code(&b).expose()));
        assert!(!format!("{sealing:?}").contains('7'));
    }

    #[test]
    fn without_the_folders_secret_or_once_it_was_changed_a_seal_has_no_key() {
        let (sealing, other) = (Sealing::new(&[7; 32]), Sealing::new(&[8; 32]));
        let seal = sealing.seal(true).expect("a seal");
        assert!(other.key(&seal).is_err() && other.jwk(&seal).is_err());
        let bytes = BASE64.decode(&seal).expect("base64url");
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let changed = BASE64.encode(changed);
            assert!(sealing.key(&changed).is_err() && sealing.jwk(&changed).is_err(), "{at}");
            assert!(sealing.key(&BASE64.encode(&bytes[..at])).is_err(), "{at}");
        }
        // The public half of another's key in the place of this one's.
        let others = BASE64.decode(other.seal(true).expect("a seal")).expect("base64url");
        let exchanged = [&bytes[..SALT], &others[SALT..SALT + POINT], &bytes[SALT + POINT..]].concat();
        assert!(sealing.jwk(&BASE64.encode(exchanged)).is_err());
        let bare = sealing.seal(false).expect("a seal");
        assert!(sealing.key(&bare).is_err() && sealing.jwk(&bare).is_err(), "nothing is encrypted to it");
    }
}
