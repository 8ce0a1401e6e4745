//! The proof of a secured document (Data Integrity 1.0 §2.1).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::ParseError;
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
    pub(super) cryptosuite: String,
    pub(super) verification_method: String,
    pub(super) purpose: String,
    pub(super) created: Option<UnixSeconds>,
    pub(super) expires: Option<UnixSeconds>,
    pub(super) challenge: Option<String>,
    pub(super) domains: Vec<String>,
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
        Ok(Self {
            cryptosuite: text(&raw, "cryptosuite")?.ok_or(ParseError::Proof("cryptosuite"))?,
            verification_method: text(&raw, "verificationMethod")?
                .ok_or(ParseError::Proof("verificationMethod"))?,
            purpose: text(&raw, "proofPurpose")?.ok_or(ParseError::Proof("proofPurpose"))?,
            created: time(&raw, "created")?,
            expires: time(&raw, "expires")?,
            challenge: text(&raw, "challenge")?,
            domains: domains(&raw)?,
            value: signature,
            raw,
        })
    }

    /// Whether this proof was made over `document` (all of the object but its `proof`) by `key`.
    pub(super) fn check(&self, document: &Map<String, Value>, key: &PublicKey) -> Result<(), Flaw> {
        if self.cryptosuite != Cryptosuite::of(key.algorithm()).name() {
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
    let digits = text.strip_prefix('z').filter(|digits| digits.len() <= 88)?;
    let mut bytes = [0; 64];
    let length = bs58::decode(digits).onto(&mut bytes).ok()?;
    (length == 64).then_some(bytes)
}

fn text(raw: &Map<String, Value>, name: &'static str) -> Result<Option<String>, ParseError> {
    match raw.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ParseError::Proof(name)),
    }
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

fn domains(raw: &Map<String, Value>) -> Result<Vec<String>, ParseError> {
    match raw.get("domain") {
        None => Ok(Vec::new()),
        Some(Value::String(domain)) => Ok(vec![domain.clone()]),
        Some(Value::Array(list)) => list
            .iter()
            .map(|domain| domain.as_str().map(str::to_owned).ok_or(ParseError::Proof("domain")))
            .collect(),
        Some(_) => Err(ParseError::Proof("domain")),
    }
}
