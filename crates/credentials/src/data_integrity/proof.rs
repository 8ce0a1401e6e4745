//! The proof of a secured document (Data Integrity 1.0 §2.1).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::ParseError;
use super::base58::decode_64;
use crate::key::{Algorithm, PublicKey};
use crate::{Flaw, UnixSeconds, json};

/// How a document is canonicalised and signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Cryptosuite {
    /// JCS, SHA-256, Ed25519.
    #[serde(rename = "eddsa-jcs-2022")]
    EddsaJcs2022,
    /// JCS, SHA-256, ECDSA on P-256.
    #[serde(rename = "ecdsa-jcs-2019")]
    EcdsaJcs2019,
}

impl Cryptosuite {
    /// The suite that a key of this algorithm signs with.
    #[must_use]
    pub const fn of(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::EdDsa => Self::EddsaJcs2022,
            Algorithm::Es256 => Self::EcdsaJcs2019,
        }
    }

    /// `eddsa-jcs-2022`, `ecdsa-jcs-2019`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EddsaJcs2022 => "eddsa-jcs-2022",
            Self::EcdsaJcs2019 => "ecdsa-jcs-2019",
        }
    }
}

/// What a proof was made for (Controlled Identifiers 1.0 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// To state claims: credentials.
    AssertionMethod,
    /// To show control of a DID: presentations.
    Authentication,
}

impl Purpose {
    /// `assertionMethod`, `authentication`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AssertionMethod => "assertionMethod",
            Self::Authentication => "authentication",
        }
    }
}

/// A proof, read. `raw` is all of it but the proof value: that is what was signed.
#[derive(Clone)]
pub(super) struct Proof {
    raw: Map<String, Value>,
    pub(super) created: Option<UnixSeconds>,
    pub(super) expires: Option<UnixSeconds>,
    value: [u8; 64],
}

impl Proof {
    pub(super) fn parse(value: Value) -> Result<Self, ParseError> {
        let Value::Object(mut raw) = value else { return Err(ParseError::ProofCount) };
        let signature = match raw.remove("proofValue") {
            Some(Value::String(text)) => proof_value(&text).ok_or(ParseError::ProofValue)?,
            _ => return Err(ParseError::ProofValue),
        };
        if raw.get("type").and_then(Value::as_str) != Some("DataIntegrityProof") {
            return Err(ParseError::ProofType);
        }
        // A chained proof would have to be checked together with the one before it.
        if raw.contains_key("previousProof") {
            return Err(ParseError::ProofCount);
        }
        for name in ["cryptosuite", "verificationMethod", "proofPurpose"] {
            if !raw.get(name).is_some_and(Value::is_string) {
                return Err(ParseError::Proof(name));
            }
        }
        if raw.get("challenge").is_some_and(|challenge| !challenge.is_string()) {
            return Err(ParseError::Proof("challenge"));
        }
        let domain_fits = match raw.get("domain") {
            None | Some(Value::String(_)) => true,
            Some(Value::Array(list)) => list.iter().all(Value::is_string),
            Some(_) => false,
        };
        if !domain_fits {
            return Err(ParseError::Proof("domain"));
        }
        let (created, expires) = (time(&raw, "created")?, time(&raw, "expires")?);
        Ok(Self { raw, created, expires, value: signature })
    }

    pub(super) fn verification_method(&self) -> &str {
        self.text("verificationMethod").unwrap_or_default()
    }

    pub(super) fn is_for(&self, purpose: Purpose) -> bool {
        self.text("proofPurpose") == Some(purpose.name())
    }

    pub(super) fn challenge(&self) -> Option<&str> {
        self.text("challenge")
    }

    /// Whether it was made for this domain and no other.
    pub(super) fn check_domain(&self, expected: &str) -> Result<(), Flaw> {
        let only = match self.raw.get("domain") {
            None => return Err(Flaw::DomainMissing),
            Some(Value::Array(list)) if list.is_empty() => return Err(Flaw::DomainMissing),
            Some(Value::Array(list)) if list.len() == 1 => list[0].as_str(),
            Some(one) => one.as_str(),
        };
        if only == Some(expected) { Ok(()) } else { Err(Flaw::AudienceWrong) }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.raw.get(name).and_then(Value::as_str)
    }

    /// Whether this proof was made over `document` (all of the object but its `proof`) by `key`.
    pub(super) fn check(&self, document: &Map<String, Value>, key: &PublicKey) -> Result<(), Flaw> {
        if self.text("cryptosuite") != Some(Cryptosuite::of(key.algorithm()).name()) {
            return Err(Flaw::AlgorithmNotOfKey);
        }
        // The suites take contexts appended after signing, and verify without them. Here the two must be equal: a
        // reader of the document as it came must not see terms that were never signed.
        if self.raw.get("@context").is_some_and(|signed| document.get("@context") != Some(signed)) {
            return Err(Flaw::ContextInjected);
        }
        key.verify(&hash_data(document, &self.raw), &self.value).map_err(|_| Flaw::SignatureWrong)
    }

    /// Whether the proof itself counts now: not made in the future, not expired.
    pub(super) fn check_times(&self, now: UnixSeconds) -> Result<(), Flaw> {
        use crate::jws::LEEWAY;
        if self.created.is_some_and(|created| now.plus(LEEWAY) < created) {
            return Err(Flaw::CreatedInFuture);
        }
        if self.expires.is_some_and(|expires| now >= expires.plus(LEEWAY)) {
            return Err(Flaw::ProofExpired);
        }
        Ok(())
    }
}

/// SHA-256 of the canonical proof options, then SHA-256 of the canonical document (EdDSA cryptosuites 1.0 §3.3.4).
pub(super) fn hash_data(document: &Map<String, Value>, options: &Map<String, Value>) -> [u8; 64] {
    let mut text = Vec::with_capacity(4096);
    let mut hashes = [0; 64];
    json::canonical_without(options, "proofValue", &mut text);
    hashes[..32].copy_from_slice(&Sha256::digest(&text));
    text.clear();
    json::canonical_without(document, "proof", &mut text);
    hashes[32..].copy_from_slice(&Sha256::digest(&text));
    hashes
}

/// `z` and the base58 of 64 bytes, in its only spelling.
fn proof_value(text: &str) -> Option<[u8; 64]> {
    decode_64(text.strip_prefix('z')?)
}

fn time(raw: &Map<String, Value>, name: &'static str) -> Result<Option<UnixSeconds>, ParseError> {
    match raw.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => {
            UnixSeconds::parse_rfc3339(text).map(Some).map_err(|_| ParseError::Proof(name))
        }
        Some(_) => Err(ParseError::Proof(name)),
    }
}
