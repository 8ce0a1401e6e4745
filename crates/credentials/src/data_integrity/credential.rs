//! Credentials.

use std::fmt;
use std::ops::Deref;

use serde_json::Value;

use super::document::{Document, Proofs};
use super::proof::{Proof, ProofKey};
use super::{ParseError, Purpose, Reading};
use crate::jsonld::Contexts;
use crate::key::{PublicKey, controller};
use crate::vcdm::{Content, Signed, VerifiedCredential};
use crate::{CheckName, Findings, Flaw, Refused, UnixSeconds, json};

/// A credential as it came. Nothing in it, and in its [`Content`], is to be believed.
#[derive(Clone)]
pub struct UnverifiedCredential {
    content: Content,
    proofs: Proofs,
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
        let Document { members, types, is_v1, proofs } =
            Document::read(value, "VerifiableCredential", reading)?;
        Ok(Self { content: Content::read(members, types, is_v1)?, proofs })
    }

    /// The key it names (a DID URL), to look up.
    #[must_use]
    pub fn verification_method(&self) -> &str {
        self.proofs.first().verification_method()
    }

    /// The issuer's signature as it came, the same however much of the credential is shown; none where a proof hides it
    /// (`bbs-2023`).
    #[must_use]
    pub fn issuer_signature(&self) -> Option<&[u8]> {
        self.proofs.first().signature()
    }

    /// When it says its proof was made.
    #[must_use]
    pub fn created(&self) -> Option<UnixSeconds> {
        self.proofs.first().created
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
        let findings = self.check_with(issuer_key, now, contexts);
        self.verified(findings)
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
        let findings = self.check_all(keys, now, contexts);
        self.verified(findings)
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
        for (at, proof) in self.proofs.iter().enumerate() {
            let checked = match keys(proof.verification_method()) {
                Some(key) => self.proofs.check_at(at, self.dangerous_members(), &key, contexts),
                None => Err(Flaw::KeyOfAnotherController),
            };
            findings.record(CheckName::IssuerSignature, checked);
            findings.record(CheckName::Validity, proof.check_times(now));
        }
        let is_issuers = |proof: &Proof| {
            controller(proof.verification_method()) == self.issuer() && proof.is_for(Purpose::AssertionMethod)
        };
        if !self.proofs.iter().any(is_issuers) {
            findings.record(CheckName::IssuerSignature, Err(Flaw::KeyOfAnotherController));
        }
        findings.record(CheckName::Validity, self.content.check_times(now));
        findings
    }

    /// Whether every proof was made in answer to this challenge, and for this domain, as far as they are given.
    #[must_use]
    pub fn check_answer(&self, challenge: Option<&str>, domain: Option<&str>) -> Findings {
        self.proofs.check_answer(challenge, domain)
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
        let findings = self.check_bbs(issuer_key, now, contexts);
        self.verified(findings)
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
        self.proofs.first().presentation_header()
    }

    fn verified(self, findings: Findings) -> Result<VerifiedCredential, Refused> {
        let signed = Signed { key_id: Some(self.verification_method().to_owned()), at: self.created() };
        VerifiedCredential::new(self.content, signed, findings)
    }

    fn check_by(&self, issuer_key: ProofKey<'_>, now: UnixSeconds, contexts: &Contexts) -> Findings {
        let mut findings = Findings::default();
        let proof = self.proofs.first();
        findings.record(
            CheckName::IssuerSignature,
            self.proofs.check(self.dangerous_members(), issuer_key, contexts),
        );
        if controller(proof.verification_method()) != self.issuer() {
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
        self.proofs.check(self.dangerous_members(), key.into(), contexts)
    }

    /// The same for one of several proofs, counted from 0, and the proofs that it builds on.
    ///
    /// # Errors
    /// [`Flaw`].
    pub fn check_proof_at(&self, at: usize, key: &PublicKey, contexts: &Contexts) -> Result<(), Flaw> {
        self.proofs.check_at(at, self.dangerous_members(), key, contexts)
    }

    /// The keys that the proofs name (DID URLs), in the proofs' order.
    pub fn verification_methods(&self) -> impl Iterator<Item = &str> + '_ {
        self.proofs.iter().map(Proof::verification_method)
    }

    /// The proofs' keys (DID URLs), each with the time at which its proof says it was made.
    pub fn signed_with(&self) -> impl Iterator<Item = (&str, Option<UnixSeconds>)> + '_ {
        self.proofs.iter().map(|proof| (proof.verification_method(), proof.created))
    }
}

impl Deref for UnverifiedCredential {
    type Target = Content;

    fn deref(&self) -> &Content {
        &self.content
    }
}

impl fmt::Debug for UnverifiedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedCredential").field("types", &self.types()).finish_non_exhaustive()
    }
}
