//! The proof of a secured document (Data Integrity 1.0 §2.1).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::base58::decode_64;
#[cfg(feature = "bbs")]
use super::bbs;
use super::document::texts;
use super::{Cryptosuite, ParseError, sd};
use crate::jsonld::Contexts;
use crate::key::{PublicKey, Signature};
use crate::{Flaw, UnixSeconds};

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

/// What `proofValue` holds.
#[derive(Clone)]
pub(super) enum ProofValue {
    Signature(Signature),
    /// Of `ecdsa-sd-2023`: a signature over statements, of which some may be left out.
    Statements(Box<sd::Value>),
    /// Of `bbs-2023`: the same, or a proof of such a signature.
    #[cfg(feature = "bbs")]
    Bbs(Box<bbs::Value>),
}

/// Whose proof it should be.
#[derive(Clone, Copy)]
pub(super) enum ProofKey<'k> {
    Signing(&'k PublicKey),
    #[cfg(feature = "bbs")]
    Bbs(&'k crate::bbs::PublicKey),
}

impl ProofKey<'_> {
    fn fits(self, suite: Cryptosuite) -> bool {
        match self {
            Self::Signing(key) => suite.takes(key.algorithm()),
            #[cfg(feature = "bbs")]
            Self::Bbs(_) => suite == Cryptosuite::Bbs2023,
        }
    }
}

impl<'k> From<&'k PublicKey> for ProofKey<'k> {
    fn from(key: &'k PublicKey) -> Self {
        Self::Signing(key)
    }
}

/// A proof, read. `raw` is all of it but the proof value: that is what was signed.
#[derive(Clone)]
pub(super) struct Proof {
    raw: Map<String, Value>,
    pub(super) created: Option<UnixSeconds>,
    pub(super) expires: Option<UnixSeconds>,
    value: ProofValue,
    /// `proofValue` as it was written, for the proofs that sign it.
    text: String,
    previous: Vec<String>,
}

impl Proof {
    pub(super) fn parse(value: Value) -> Result<Self, ParseError> {
        let Value::Object(mut raw) = value else { return Err(ParseError::ProofCount) };
        let Some(Value::String(text)) = raw.remove("proofValue") else { return Err(ParseError::ProofValue) };
        if raw.get("type").and_then(Value::as_str) != Some("DataIntegrityProof") {
            return Err(ParseError::ProofType);
        }
        for name in ["cryptosuite", "verificationMethod", "proofPurpose"] {
            if !raw.get(name).is_some_and(Value::is_string) {
                return Err(ParseError::Proof(name));
            }
        }
        for name in ["challenge", "id"] {
            if raw.get(name).is_some_and(|text| !text.is_string()) {
                return Err(ParseError::Proof(name));
            }
        }
        let domain_fits = match raw.get("domain") {
            None | Some(Value::String(_)) => true,
            Some(Value::Array(list)) => list.iter().all(Value::is_string),
            Some(_) => false,
        };
        if !domain_fits {
            return Err(ParseError::Proof("domain"));
        }
        let previous = match raw.get("previousProof") {
            None => Vec::new(),
            some => texts(some).filter(|ids| !ids.is_empty()).ok_or(ParseError::Proof("previousProof"))?,
        };
        let (created, expires) = (time(&raw, "created")?, time(&raw, "expires")?);
        let value = proof_value(raw.get("cryptosuite"), &text)?;
        Ok(Self { raw, created, expires, value, text, previous })
    }

    pub(super) fn signature(&self) -> Option<&[u8]> {
        match &self.value {
            ProofValue::Signature(signature) => Some(signature),
            ProofValue::Statements(value) => Some(value.signature()),
            #[cfg(feature = "bbs")]
            ProofValue::Bbs(_) => None,
        }
    }

    pub(super) fn verification_method(&self) -> &str {
        self.text("verificationMethod").unwrap_or_default()
    }

    pub(super) fn is_for(&self, purpose: Purpose) -> bool {
        self.text("proofPurpose") == Some(purpose.name())
    }

    /// Whether it was made in answer to this challenge.
    pub(super) fn check_challenge(&self, expected: &str) -> Result<(), Flaw> {
        match self.text("challenge") {
            None => Err(Flaw::ChallengeMissing),
            Some(challenge) if challenge == expected => Ok(()),
            Some(_) => Err(Flaw::NonceWrong),
        }
    }

    /// Whether it names somebody whom it was made for.
    pub(super) fn has_domain(&self) -> bool {
        self.raw.contains_key("domain")
    }

    pub(super) fn id(&self) -> Option<&str> {
        self.text("id")
    }

    /// The ids of the proofs that this one signs too.
    pub(super) fn previous(&self) -> &[String] {
        &self.previous
    }

    /// The proof as it came.
    pub(super) fn whole(&self) -> Value {
        let mut whole = self.raw.clone();
        whole.insert("proofValue".to_owned(), self.text.clone().into());
        Value::Object(whole)
    }

    pub(super) fn cryptosuite(&self) -> Option<Cryptosuite> {
        Cryptosuite::named(self.text("cryptosuite")?)
    }

    /// What a proof of `bbs-2023` is tied to; none if it is none, or not derived.
    #[cfg(feature = "bbs")]
    pub(super) fn presentation_header(&self) -> Option<&[u8]> {
        match &self.value {
            ProofValue::Bbs(value) => value.presentation_header(),
            _ => None,
        }
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

    /// Whether this proof was made by `key` over `document`: all of the object but its proofs, and those that this one
    /// names as previous.
    pub(super) fn check(
        &self,
        document: &Map<String, Value>,
        key: ProofKey<'_>,
        contexts: &Contexts,
    ) -> Result<(), Flaw> {
        let suite = self.cryptosuite().filter(|suite| key.fits(*suite));
        let suite = suite.ok_or(Flaw::AlgorithmNotOfKey)?;
        // The suites take contexts appended after signing, and verify without them. Here the two must be equal: a
        // reader of the document as it came must not see terms that were never signed.
        if self.raw.get("@context").is_some_and(|signed| document.get("@context") != Some(signed)) {
            return Err(Flaw::ContextInjected);
        }
        match (&self.value, key) {
            (ProofValue::Statements(value), ProofKey::Signing(key)) => {
                value.check(document, &self.raw, key, contexts)
            }
            (ProofValue::Signature(signature), ProofKey::Signing(key)) => {
                let hashes = suite.hash_data(key.algorithm(), document, &self.raw, contexts)?;
                key.verify(&hashes, signature).map_err(|_| Flaw::SignatureWrong)
            }
            #[cfg(feature = "bbs")]
            (ProofValue::Bbs(value), ProofKey::Bbs(key)) => value.check(document, &self.raw, key, contexts),
            #[cfg(feature = "bbs")]
            _ => Err(Flaw::AlgorithmNotOfKey),
        }
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

/// `z` and the base58 of 64 bytes (96 on P-384) in its only spelling, or what the suites of selective disclosure have in its
/// place.
fn proof_value(cryptosuite: Option<&Value>, text: &str) -> Result<ProofValue, ParseError> {
    match cryptosuite.and_then(Value::as_str).and_then(Cryptosuite::named) {
        Some(Cryptosuite::EcdsaSd2023) => {
            let value = sd::Value::parse(text).ok_or(ParseError::ProofValue)?;
            Ok(ProofValue::Statements(Box::new(value)))
        }
        #[cfg(feature = "bbs")]
        Some(Cryptosuite::Bbs2023) => match bbs::Value::parse(text) {
            Ok(value) => Ok(ProofValue::Bbs(Box::new(value))),
            Err(bbs::ReadError::Malformed) => Err(ParseError::ProofValue),
            Err(bbs::ReadError::Feature(name)) => Err(ParseError::ProofFeature(name)),
        },
        _ => signature(text).map(ProofValue::Signature).ok_or(ParseError::ProofValue),
    }
}

fn signature(text: &str) -> Option<Signature> {
    /// 96 bytes in base58.
    const LONGEST: usize = 132;
    let digits = text.strip_prefix('z').filter(|digits| digits.len() <= LONGEST)?;
    if let Some(short) = decode_64(digits) {
        return Some(short.into());
    }
    let long: [u8; 96] = bs58::decode(digits).into_vec().ok()?.try_into().ok()?;
    Some(long.into())
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
