//! What credentials and presentations have in common: contexts, types, one proof.

use serde_json::{Map, Value};

use super::proof::{Proof, ProofKey};
use super::{CONTEXT_V1, CONTEXT_V2};
use crate::jsonld::Contexts;
use crate::key::PublicKey;
use crate::status::StatusRefError;
use crate::{CheckName, Findings, Flaw, json};

/// Why a text is no secured VCDM 2.0 document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The JSON.
    #[error(transparent)]
    Json(#[from] json::Error),
    /// No object.
    #[error("not a JSON object")]
    NotAnObject,
    /// `@context` does not begin with the one of VCDM 2.0.
    #[error("the contexts are not those of VCDM 2.0")]
    Context,
    /// `type` lacks `VerifiableCredential` or `VerifiablePresentation`, or is no text.
    #[error("not of the type expected")]
    Type,
    /// There must be exactly one proof, standing for itself, or as many as [`Reading`] takes.
    #[error("there must be exactly one proof")]
    ProofCount,
    /// The proof is of another type than `DataIntegrityProof`.
    #[error("the proof is of another type")]
    ProofType,
    /// `proofValue` is not `z` and the base58 of 64 bytes.
    #[error("the proof value is malformed")]
    ProofValue,
    /// The proof is of a suite that is read, but with a feature of it that isn't.
    #[error("the proof has a feature that is not supported: {0}")]
    ProofFeature(&'static str),
    /// A member of the proof is missing or of a wrong type.
    #[error("the proof's {0} is missing or malformed")]
    Proof(&'static str),
    /// A member of the document is missing or of a wrong type.
    #[error("the document's {0} is missing or malformed")]
    Member(&'static str),
    /// `credentialStatus`.
    #[error(transparent)]
    Status(#[from] StatusRefError),
    /// More credentials in a presentation than are taken.
    #[error("too many credentials in a presentation")]
    TooMany,
}

/// A secured document: its members without the proofs, and the proofs.
pub(super) struct Document {
    pub(super) members: Map<String, Value>,
    pub(super) types: Vec<String>,
    pub(super) is_v1: bool,
    pub(super) proofs: Proofs,
}

/// The proofs of a document, at least one.
#[derive(Clone)]
pub(super) struct Proofs(Vec<Proof>);

/// What documents are taken beside those of VCDM 2.0 with one proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reading {
    /// Documents of VCDM 1.1 too.
    pub vcdm_1_1: bool,
    /// Sets and chains of up to eight proofs too; they are all checked by
    /// [`UnverifiedCredential::verify_all`](super::UnverifiedCredential::verify_all).
    pub several_proofs: bool,
}

const MAX_PROOFS: usize = 8;

impl Document {
    pub(super) fn read(value: Value, expected_type: &str, reading: Reading) -> Result<Self, ParseError> {
        let Value::Object(mut members) = value else { return Err(ParseError::NotAnObject) };
        let most = if reading.several_proofs { MAX_PROOFS } else { 1 };
        let proofs = match members.remove("proof") {
            Some(Value::Array(list)) if (1..=most).contains(&list.len()) => list,
            Some(proof @ Value::Object(_)) => vec![proof],
            _ => return Err(ParseError::ProofCount),
        };
        let (types, is_v1) = heading(&members, expected_type, reading.vcdm_1_1)?;
        let proofs = proofs.into_iter().map(Proof::parse).collect::<Result<Vec<_>, _>>()?;
        // A chained proof must be checked together with those before it.
        if !reading.several_proofs && proofs.iter().any(|proof| !proof.previous().is_empty()) {
            return Err(ParseError::ProofCount);
        }
        if proofs.is_empty() {
            Err(ParseError::ProofCount)
        } else {
            Ok(Self { members, types, is_v1, proofs: Proofs(proofs) })
        }
    }
}

impl Proofs {
    /// The proof, or the first of several.
    pub(super) fn first(&self) -> &Proof {
        // There is at least one.
        &self.0[0]
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Proof> {
        self.0.iter()
    }

    /// Whether every proof was made in answer to this challenge, and for this domain, as far as they are given.
    pub(super) fn check_answer(&self, challenge: Option<&str>, domain: Option<&str>) -> Findings {
        let mut findings = Findings::default();
        for proof in &self.0 {
            if let Some(expected) = challenge {
                findings.record(CheckName::Nonce, proof.check_challenge(expected));
            }
            if let Some(expected) = domain {
                findings.record(CheckName::Audience, proof.check_domain(expected));
            }
        }
        findings
    }

    /// Whether the only proof was made by this key over these members.
    pub(super) fn check(
        &self,
        members: &Map<String, Value>,
        key: ProofKey<'_>,
        contexts: &Contexts,
    ) -> Result<(), Flaw> {
        match self.0.as_slice() {
            [only] if only.previous().is_empty() => only.check(members, key, contexts),
            _ => Err(Flaw::ProofChainBroken),
        }
    }

    /// Whether one of several proofs was made by this key, over the proofs that it names too (Data Integrity 1.0 §4.5).
    pub(super) fn check_at(
        &self,
        at: usize,
        members: &Map<String, Value>,
        key: &PublicKey,
        contexts: &Contexts,
    ) -> Result<(), Flaw> {
        let proof = self.0.get(at).ok_or(Flaw::ProofChainBroken)?;
        if proof.previous().is_empty() {
            return proof.check(members, key.into(), contexts);
        }
        let named = |id: &String| {
            let mut others = self.0.iter().enumerate().filter(|(other, _)| *other != at);
            let found = others.find(|(_, other)| other.id() == Some(id)).map(|(_, other)| other.whole());
            // An id that stands twice names nothing.
            found.filter(|_| !others.any(|(_, other)| other.id() == Some(id)))
        };
        let previous: Option<Vec<Value>> = proof.previous().iter().map(named).collect();
        let mut document = members.clone();
        document.insert("proof".to_owned(), Value::Array(previous.ok_or(Flaw::ProofChainBroken)?));
        proof.check(&document, key.into(), contexts)
    }
}

/// The types of a document, secured or not, and whether it is one of VCDM 1.1, if those are taken.
pub(crate) fn heading(
    members: &Map<String, Value>,
    expected_type: &str,
    takes_v1: bool,
) -> Result<(Vec<String>, bool), ParseError> {
    let first = members.get("@context").and_then(Value::as_array).and_then(|list| list.first());
    let is_v1 = match first.and_then(Value::as_str) {
        Some(CONTEXT_V2) => false,
        Some(CONTEXT_V1) if takes_v1 => true,
        _ => return Err(ParseError::Context),
    };
    let types = texts(members.get("type")).ok_or(ParseError::Type)?;
    if types.iter().any(|t| t == expected_type) { Ok((types, is_v1)) } else { Err(ParseError::Type) }
}

/// A text or an array of texts.
pub(crate) fn texts(value: Option<&Value>) -> Option<Vec<String>> {
    match value? {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(list) => list.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

/// The `id` of an object, or the text itself: how VCDM names issuers and holders.
pub(crate) fn id_of(value: &Value) -> Option<&str> {
    match value {
        Value::String(id) => Some(id),
        Value::Object(map) => map.get("id")?.as_str(),
        _ => None,
    }
}
