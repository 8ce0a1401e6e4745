//! Tokens by which whoever can read the keys is known to the verifier that runs.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::hmac;
use service::secrets::{SecretError, SecretFolder};

/// No token counts for longer than this, in seconds.
const LONGEST: i64 = 120;

/// Makes tokens and knows them again.
pub(crate) struct OperatorKey(hmac::Key);

impl OperatorKey {
    /// The key beside the tenants' keys; made if there is none.
    pub(crate) fn open(keys: &Path) -> Result<Self, SecretError> {
        let secret = SecretFolder::open(keys)?.secret("operators.key")?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &*secret)))
    }

    /// A token that counts until then, in seconds since 1970.
    pub(crate) fn token(&self, until: i64) -> String {
        let until = until.to_be_bytes();
        BASE64.encode([until.as_slice(), hmac::sign(&self.0, &until).as_ref()].concat())
    }

    /// Whether this is such a token and counts now.
    pub(crate) fn takes(&self, token: &str, now: i64) -> bool {
        let Ok(bytes) = BASE64.decode(token) else { return false };
        let Some((until, tag)) = bytes.split_first_chunk() else { return false };
        let until = i64::from_be_bytes(*until);
        hmac::verify(&self.0, &until.to_be_bytes(), tag).is_ok()
            && now < until
            && until <= now.saturating_add(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_counts_for_a_while_with_its_key_and_no_other() {
        let dir = tempfile::tempdir().expect("dir");
        let key = OperatorKey::open(dir.path()).expect("made");
        let again = OperatorKey::open(dir.path()).expect("read");
        let token = key.token(160);
        assert!(again.takes(&token, 100));
        assert!(!again.takes(&token, 160) && !again.takes(&token, 10), "over, and too far ahead");
        let other = tempfile::tempdir().expect("dir");
        assert!(!OperatorKey::open(other.path()).expect("made").takes(&token, 100));
        for wrong in ["", "AAAA", &token[..token.len() - 2], &token.replacen('A', "B", 1)] {
            assert!(!again.takes(wrong, 100), "{wrong}");
        }
    }
}
