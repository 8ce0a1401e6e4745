//! What the answer to a request is encrypted to: a key of its own, sealed in the request's row by a secret of the key folder.
//!
//! HAIP 1.0 §5 wants a key for each request. Neither a copy of the store nor a copy of the keys alone opens an answer, and once the row is
//! deleted, nothing does. ring makes the key, in a quarter of the time that working its public half out of its secret would take: a
//! counter makes one for every request.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use ring::{aead, hmac};
use zeroize::Zeroizing;

/// Random bytes of a seal: what the key that seals it follows from.
const SALT: usize = 32;
/// A secret scalar of P-256, and its point as SEC 1 has it, uncompressed.
const SCALAR: usize = 32;
const POINT: usize = 65;
/// Where both are in what ring makes of a new key: a PKCS #8 document (RFC 5958) of fixed form, and how long that is.
const SCALAR_AT: usize = 36;
const POINT_AT: usize = 73;
const DOCUMENT: usize = POINT_AT + POINT;

/// Makes keys for answers, seals them and opens them.
pub struct AnswerKeys(hmac::Key);

/// The key of one request, on P-256.
pub struct AnswerKey {
    /// The secret half.
    pub scalar: Zeroizing<Vec<u8>>,
    /// The public half, uncompressed (SEC 1 §2.3.3).
    pub point: [u8; POINT],
}

/// There is no key in a seal, or none can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no key for an answer: the seal was changed, or was made with another secret")]
pub struct NoAnswerKey;

impl AnswerKeys {
    /// From the folder's secret.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// A new key, sealed.
    ///
    /// # Errors
    /// [`NoAnswerKey`] when the system gives no randomness.
    pub fn seal(&self) -> Result<String, NoAnswerKey> {
        let random = SystemRandom::new();
        let mut salt = [0; SALT];
        random.fill(&mut salt).map_err(|_| NoAnswerKey)?;
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        let made = made.map_err(|_| NoAnswerKey)?;
        let (scalar, point) = parts(made.as_ref()).ok_or(NoAnswerKey)?;
        let mut sealed = Zeroizing::new(scalar.to_vec());
        let (key, nonce) = self.key_of(&salt).ok_or(NoAnswerKey)?;
        let tag = key.seal_in_place_separate_tag(nonce, aead::Aad::from(point), &mut sealed);
        let tag = tag.map_err(|_| NoAnswerKey)?;
        Ok(BASE64.encode([&salt[..], point, sealed.as_slice(), tag.as_ref()].concat()))
    }

    /// The key that is sealed in this. Whoever can write to the store must not have answers encrypted to a key of his own: the public
    /// half, too, is only here once the seal was opened.
    ///
    /// # Errors
    /// [`NoAnswerKey`].
    pub fn open(&self, seal: &str) -> Result<AnswerKey, NoAnswerKey> {
        self.opened(seal).ok_or(NoAnswerKey)
    }

    fn opened(&self, seal: &str) -> Option<AnswerKey> {
        let bytes = BASE64.decode(seal).ok()?;
        let (salt, rest) = bytes.split_first_chunk::<SALT>()?;
        let (point, sealed) = rest.split_first_chunk::<POINT>()?;
        let (key, nonce) = self.key_of(salt)?;
        let mut scalar = Zeroizing::new(sealed.to_vec());
        let length = key.open_in_place(nonce, aead::Aad::from(point), &mut scalar).ok()?.len();
        scalar.truncate(length);
        Some(AnswerKey { scalar, point: *point })
    }

    /// What seals the key of one request, and nothing else: so its nonce need not differ.
    fn key_of(&self, salt: &[u8; SALT]) -> Option<(aead::LessSafeKey, aead::Nonce)> {
        let key = aead::UnboundKey::new(&aead::AES_256_GCM, &self.derived(b"request-key", salt)).ok()?;
        Some((aead::LessSafeKey::new(key), aead::Nonce::assume_unique_for_key([0; aead::NONCE_LEN])))
    }

    /// Another secret about something, 32 bytes, that follows from the folder's; `purpose` has no zero byte and is not `request-key`.
    #[must_use]
    pub fn derived(&self, purpose: &[u8], about: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut context = hmac::Context::with_key(&self.0);
        [purpose, &[0], about].into_iter().for_each(|part| context.update(part));
        Zeroizing::new(context.sign().as_ref().to_vec())
    }
}

/// The secret and the public half in what ring makes of a new key.
fn parts(document: &[u8]) -> Option<(&[u8], &[u8])> {
    let (scalar, point) = (document.get(SCALAR_AT..SCALAR_AT + SCALAR)?, document.get(POINT_AT..DOCUMENT)?);
    (document.len() == DOCUMENT && point.first() == Some(&4)).then_some((scalar, point))
}

impl std::fmt::Debug for AnswerKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AnswerKeys(…)")
    }
}

impl std::fmt::Debug for AnswerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AnswerKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_seal_has_a_key_of_its_own_and_keeps_it() {
        let keys = AnswerKeys::new(&[7; 32]);
        let [one, other] = [(); 2].map(|()| keys.seal().expect("a seal"));
        let opened = keys.open(&one).expect("a key");
        let again = AnswerKeys::new(&[7; 32]).open(&one).expect("a key");
        assert_eq!((&opened.scalar, opened.point), (&again.scalar, again.point));
        assert_ne!(opened.point, keys.open(&other).expect("a key").point);
        assert!(!format!("{keys:?}{opened:?}").contains('7'));
    }

    #[test]
    fn without_the_secret_or_once_it_was_changed_there_is_no_key() {
        let (keys, other) = (AnswerKeys::new(&[7; 32]), AnswerKeys::new(&[8; 32]));
        let seal = keys.seal().expect("a seal");
        assert_eq!(other.open(&seal).map(drop), Err(NoAnswerKey));
        let bytes = BASE64.decode(&seal).expect("base64url");
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(keys.open(&BASE64.encode(changed)).is_err(), "{at}");
            assert!(keys.open(&BASE64.encode(&bytes[..at])).is_err(), "{at}");
        }
        // The public half of another's key in the place of this one's.
        let others = BASE64.decode(other.seal().expect("a seal")).expect("base64url");
        let exchanged = [&bytes[..SALT], &others[SALT..SALT + POINT], &bytes[SALT + POINT..]].concat();
        assert!(keys.open(&BASE64.encode(exchanged)).is_err());
    }
}
