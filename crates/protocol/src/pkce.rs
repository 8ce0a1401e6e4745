//! Proof Key for Code Exchange (RFC 7636), method `S256` alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::Secret;

/// The only challenge method here; `plain` protects nothing.
pub const S256: &str = "S256";

/// A code challenge: the SHA-256 of a verifier, base64url, 43 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodeChallenge(String);

/// The text is no challenge of method `S256`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code challenge is 32 bytes in base64url")]
pub struct BadChallenge;

impl CodeChallenge {
    /// Checks the text.
    pub fn parse(text: &str) -> Result<Self, BadChallenge> {
        match BASE64.decode(text) {
            Ok(bytes) if bytes.len() == 32 => Ok(Self(text.to_owned())),
            _ => Err(BadChallenge),
        }
    }

    /// The challenge of a verifier (§4.2).
    pub fn of(verifier: &Secret) -> Self {
        Self(BASE64.encode(Sha256::digest(verifier.expose())))
    }

    /// Whether this is the verifier: 43 to 128 unreserved characters (§4.1) with this digest.
    pub fn is_of(&self, verifier: &Secret) -> bool {
        let text = verifier.expose();
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        (43..=128).contains(&text.len())
            && text.bytes().all(unreserved)
            && bool::from(Self::of(verifier).0.as_bytes().ct_eq(self.0.as_bytes()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CodeChallenge {
    type Error = BadChallenge;

    fn try_from(text: String) -> Result<Self, BadChallenge> {
        Self::parse(&text)
    }
}

impl From<CodeChallenge> for String {
    fn from(challenge: CodeChallenge) -> Self {
        challenge.0
    }
}

/// The verifier made of 32 fresh random bytes (§4.1 recommends so many).
pub fn verifier(random: &[u8; 32]) -> Secret {
    Secret::new(BASE64.encode(random))
}

#[cfg(test)]
mod tests {
    use super::CodeChallenge;

    #[test]
    fn the_example_of_rfc_7636_appendix_b() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into();
        let challenge = CodeChallenge::of(&verifier);
        assert_eq!(challenge.as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(challenge.is_of(&verifier));
        assert_eq!(CodeChallenge::parse(challenge.as_str()), Ok(challenge));
    }

    #[test]
    fn short_verifiers_and_what_is_no_digest_are_refused() {
        let short = "dBjftJeZ4CVP".into();
        assert!(!CodeChallenge::of(&short).is_of(&short), "its digest fits, but anybody could guess it");
        for text in
            ["", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c", "a verifier sent as it is (plain), 43 chars."]
        {
            assert!(CodeChallenge::parse(text).is_err(), "{text}");
        }
    }
}
