//! Credentials.

use std::fmt;

use serde_json::{Map, Value};

use super::document::{Document, id_of};
use super::proof::{Proof, ProofKey};
use super::{ParseError, Purpose, Reading};
use crate::jsonld::Contexts;
use crate::jws::LEEWAY;
use crate::key::{PublicKey, controller};
use crate::status::StatusRef;
use crate::{CheckName, Findings, Flaw, Refused, UnixSeconds, json};

/// A credential as it came. Nothing in it is to be believed.
#[derive(Clone)]
pub struct UnverifiedCredential {
    document: Document,
    content: Content,
}

/// What a credential says of itself, however it is secured.
#[derive(Clone)]
pub(crate) struct Content {
    pub(crate) issuer: String,
    pub(crate) subject_ids: Vec<Option<String>>,
    pub(crate) valid_from: Option<UnixSeconds>,
    pub(crate) valid_until: Option<UnixSeconds>,
    pub(crate) status: Option<StatusRef>,
}

/// A credential whose proof and times were right. Whether its issuer may issue it, and its status, is another
/// question.
#[derive(Clone)]
pub struct VerifiedCredential {
    document: Document,
    content: Content,
    findings: Findings,
}

impl UnverifiedCredential {
    /// Reads a credential with one proof.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse(text: &[u8]) -> Result<Self, ParseError> {
        Self::read(json::parse(text)?)
    }

    /// The same from JSON that [`json::parse`] gave: from another parser it could have lost duplicate names.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn read(value: Value) -> Result<Self, ParseError> {
        Self::read_as(value, Reading::default())
    }

    /// The same, taking what `reading` says.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn read_as(value: Value, reading: Reading) -> Result<Self, ParseError> {
        let document = Document::read(value, "VerifiableCredential", reading)?;
        let content = Content::read(&document.members, document.is_v1)?;
        Ok(Self { document, content })
    }

    /// The issuer it names, to look up.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.content.issuer
    }

    /// The key it names (a DID URL), to look up.
    #[must_use]
    pub fn verification_method(&self) -> &str {
        self.document.proof().verification_method()
    }

    /// When it says its proof was made.
    #[must_use]
    pub fn created(&self) -> Option<UnixSeconds> {
        self.document.proof().created
    }

    /// Its types, `VerifiableCredential` among them.
    #[must_use]
    pub fn types(&self) -> &[String] {
        &self.document.types
    }

    /// Where its status is.
    #[must_use]
    pub fn status(&self) -> Option<&StatusRef> {
        self.content.status.as_ref()
    }

    /// The ids of its subjects; `None` for a subject without one.
    pub fn subject_ids(&self) -> impl Iterator<Item = Option<&str>> + '_ {
        self.content.subject_ids.iter().map(Option::as_deref)
    }

    /// The members before anything was checked, `proof` left out. A wallet reads its own stored cards so, having
    /// verified them when they came.
    #[must_use]
    pub fn dangerous_members(&self) -> &Map<String, Value> {
        &self.document.members
    }

    /// Checks the proof with the issuer's key and the times.
    ///
    /// # Errors
    /// [`Refused`] with every flaw found.
    pub fn verify(self, issuer_key: &PublicKey, now: UnixSeconds) -> Result<VerifiedCredential, Refused> {
        self.verify_with(issuer_key, now, Contexts::pinned())
    }

    /// The same with contexts of one's own, for suites over RDF.
    ///
    /// # Errors
    /// [`Refused`] with every flaw found.
    pub fn verify_with(
        self,
        issuer_key: &PublicKey,
        now: UnixSeconds,
        contexts: &Contexts,
    ) -> Result<VerifiedCredential, Refused> {
        let findings = self.check_with(issuer_key, now, contexts).into_result()?;
        Ok(VerifiedCredential { document: self.document, content: self.content, findings })
    }

    /// Checks every proof of a set or chain, each with the key that `keys` has for its verification method. One of
    /// them must be the issuer's own.
    ///
    /// # Errors
    /// [`Refused`] with every flaw found; [`Flaw::KeyOfAnotherController`] also when `keys` has no key for a proof.
    pub fn verify_all(
        self,
        keys: &dyn Fn(&str) -> Option<PublicKey>,
        now: UnixSeconds,
        contexts: &Contexts,
    ) -> Result<VerifiedCredential, Refused> {
        let findings = self.check_all(keys, now, contexts).into_result()?;
        Ok(VerifiedCredential { document: self.document, content: self.content, findings })
    }

    /// The checks of [`UnverifiedCredential::verify_all`] alone.
    #[must_use]
    pub fn check_all(
        &self,
        keys: &dyn Fn(&str) -> Option<PublicKey>,
        now: UnixSeconds,
        contexts: &Contexts,
    ) -> Findings {
        let mut findings = Findings::default();
        for (at, proof) in self.document.proofs().iter().enumerate() {
            let checked = match keys(proof.verification_method()) {
                Some(key) => self.document.check_proof_at(at, &key, contexts),
                None => Err(Flaw::KeyOfAnotherController),
            };
            findings.record(CheckName::IssuerSignature, checked);
            findings.record(CheckName::Validity, proof.check_times(now));
        }
        let is_issuers = |proof: &Proof| {
            controller(proof.verification_method()) == self.content.issuer
                && proof.is_for(Purpose::AssertionMethod)
        };
        if !self.document.proofs().iter().any(is_issuers) {
            findings.record(CheckName::IssuerSignature, Err(Flaw::KeyOfAnotherController));
        }
        findings.record(CheckName::Validity, self.content.check_times(now));
        findings
    }

    /// Whether every proof was made in answer to this challenge, and for this domain, as far as they are given.
    #[must_use]
    pub fn check_answer(&self, challenge: Option<&str>, domain: Option<&str>) -> Findings {
        self.document.check_answer(challenge, domain)
    }

    /// The checks alone.
    #[must_use]
    pub fn check(&self, issuer_key: &PublicKey, now: UnixSeconds) -> Findings {
        self.check_with(issuer_key, now, Contexts::pinned())
    }

    /// The checks alone, with contexts of one's own.
    #[must_use]
    pub fn check_with(&self, issuer_key: &PublicKey, now: UnixSeconds, contexts: &Contexts) -> Findings {
        self.check_by(issuer_key.into(), now, contexts)
    }

    /// Checks a proof of `bbs-2023` with the issuer's key and the times.
    ///
    /// # Errors
    /// [`Refused`] with every flaw found.
    #[cfg(feature = "bbs")]
    pub fn verify_bbs(
        self,
        issuer_key: &crate::bbs::PublicKey,
        now: UnixSeconds,
        contexts: &Contexts,
    ) -> Result<VerifiedCredential, Refused> {
        let findings = self.check_bbs(issuer_key, now, contexts).into_result()?;
        Ok(VerifiedCredential { document: self.document, content: self.content, findings })
    }

    /// The checks of `bbs-2023` alone.
    #[cfg(feature = "bbs")]
    #[must_use]
    pub fn check_bbs(
        &self,
        issuer_key: &crate::bbs::PublicKey,
        now: UnixSeconds,
        contexts: &Contexts,
    ) -> Findings {
        self.check_by(ProofKey::Bbs(issuer_key), now, contexts)
    }

    /// What a proof of `bbs-2023` was tied to when it was derived: compare it with the request's nonce. None when it is no derived
    /// proof of that suite.
    #[cfg(feature = "bbs")]
    #[must_use]
    pub fn presentation_header(&self) -> Option<&[u8]> {
        self.document.proof().presentation_header()
    }

    fn check_by(&self, issuer_key: ProofKey<'_>, now: UnixSeconds, contexts: &Contexts) -> Findings {
        let mut findings = Findings::default();
        let proof = self.document.proof();
        findings.record(CheckName::IssuerSignature, self.document.check_proof(issuer_key, contexts));
        if controller(proof.verification_method()) != self.content.issuer {
            findings.record(CheckName::IssuerSignature, Err(Flaw::KeyOfAnotherController));
        }
        if !proof.is_for(Purpose::AssertionMethod) {
            findings.record(CheckName::IssuerSignature, Err(Flaw::ProofPurposeWrong));
        }
        findings.record(CheckName::Validity, proof.check_times(now));
        findings.record(CheckName::Validity, self.content.check_times(now));
        findings
    }

    /// Only whether the proof was made by this key over this document: no purposes, no times, no issuer.
    ///
    /// # Errors
    /// [`Flaw`].
    pub fn check_proof(&self, key: &PublicKey) -> Result<(), Flaw> {
        self.check_proof_with(key, Contexts::pinned())
    }

    /// The same with contexts of one's own.
    ///
    /// # Errors
    /// [`Flaw`].
    pub fn check_proof_with(&self, key: &PublicKey, contexts: &Contexts) -> Result<(), Flaw> {
        self.document.check_proof(key.into(), contexts)
    }

    /// The same for one of several proofs, counted from 0, and the proofs that it builds on.
    ///
    /// # Errors
    /// [`Flaw`].
    pub fn check_proof_at(&self, at: usize, key: &PublicKey, contexts: &Contexts) -> Result<(), Flaw> {
        self.document.check_proof_at(at, key, contexts)
    }

    /// The keys that the proofs name (DID URLs), in the proofs' order.
    pub fn verification_methods(&self) -> impl Iterator<Item = &str> + '_ {
        self.document.proofs().iter().map(Proof::verification_method)
    }

    /// The proofs' keys (DID URLs), each with the time at which its proof says it was made.
    pub fn signed_with(&self) -> impl Iterator<Item = (&str, Option<UnixSeconds>)> + '_ {
        self.document.proofs().iter().map(|proof| (proof.verification_method(), proof.created))
    }
}

impl Content {
    pub(crate) fn read(members: &Map<String, Value>, is_v1: bool) -> Result<Self, ParseError> {
        let (from, until) =
            if is_v1 { ("issuanceDate", "expirationDate") } else { ("validFrom", "validUntil") };
        if is_v1 && !members.contains_key(from) {
            return Err(ParseError::Member(from));
        }
        let issuer = members.get("issuer").and_then(id_of).ok_or(ParseError::Member("issuer"))?;
        let subjects = match members.get("credentialSubject") {
            Some(Value::Array(list)) if !list.is_empty() => list.as_slice(),
            Some(one @ Value::Object(_)) => std::slice::from_ref(one),
            _ => return Err(ParseError::Member("credentialSubject")),
        };
        let subject_ids = subjects
            .iter()
            .map(|subject| match subject {
                Value::Object(map) => match map.get("id") {
                    None => Ok(None),
                    Some(Value::String(id)) => Ok(Some(id.clone())),
                    Some(_) => Err(ParseError::Member("credentialSubject")),
                },
                _ => Err(ParseError::Member("credentialSubject")),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            issuer: issuer.to_owned(),
            subject_ids,
            valid_from: time(members, from)?,
            valid_until: time(members, until)?,
            status: members.get("credentialStatus").map(StatusRef::from_credential_status).transpose()?,
        })
    }

    pub(crate) fn check_times(&self, now: UnixSeconds) -> Result<(), Flaw> {
        if self.valid_from.is_some_and(|from| now.plus(LEEWAY) < from) {
            return Err(Flaw::NotYetValid);
        }
        if self.valid_until.is_some_and(|until| now >= until.plus(LEEWAY)) {
            return Err(Flaw::Expired);
        }
        Ok(())
    }
}

fn time(members: &Map<String, Value>, name: &'static str) -> Result<Option<UnixSeconds>, ParseError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => {
            UnixSeconds::parse_rfc3339(text).map(Some).map_err(|_| ParseError::Member(name))
        }
        Some(_) => Err(ParseError::Member(name)),
    }
}

impl VerifiedCredential {
    /// All members, `proof` left out.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        &self.document.members
    }

    /// The first subject: the claims, with the holder's DID as `id`.
    #[must_use]
    pub fn subject(&self) -> &Value {
        static NONE: Value = Value::Null;
        match self.document.members.get("credentialSubject") {
            Some(Value::Array(list)) => list.first().unwrap_or(&NONE),
            Some(subject) => subject,
            None => &NONE,
        }
    }

    /// Who issued it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.content.issuer
    }

    /// The issuer's key that signed it (a DID URL).
    #[must_use]
    pub fn verification_method(&self) -> &str {
        self.document.proof().verification_method()
    }

    /// When its proof was made.
    #[must_use]
    pub fn created(&self) -> Option<UnixSeconds> {
        self.document.proof().created
    }

    /// Its types, `VerifiableCredential` among them.
    #[must_use]
    pub fn types(&self) -> &[String] {
        &self.document.types
    }

    /// From when it counts.
    #[must_use]
    pub fn valid_from(&self) -> Option<UnixSeconds> {
        self.content.valid_from
    }

    /// From when it counts no more.
    #[must_use]
    pub fn valid_until(&self) -> Option<UnixSeconds> {
        self.content.valid_until
    }

    /// Where its status is.
    #[must_use]
    pub fn status(&self) -> Option<&StatusRef> {
        self.content.status.as_ref()
    }

    /// The ids of its subjects; `None` for a subject without one.
    pub fn subject_ids(&self) -> impl Iterator<Item = Option<&str>> + '_ {
        self.content.subject_ids.iter().map(Option::as_deref)
    }

    /// The checks made, all passed.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.findings
    }
}

impl fmt::Debug for UnverifiedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedCredential").field("types", &self.document.types).finish_non_exhaustive()
    }
}

impl fmt::Debug for VerifiedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedCredential").field("types", &self.document.types).finish_non_exhaustive()
    }
}
