//! Presentations.

use std::fmt;

use serde_json::{Map, Value};

use super::credential::UnverifiedCredential;
use super::document::{Document, Proofs};
use super::proof::Proof;
use super::{ParseError, Purpose, Reading};
use crate::jsonld::Contexts;
use crate::key::{PublicKey, SelfContained, controller};
use crate::vcdm::{self, MAX_CREDENTIALS};
use crate::{CheckName, Expect, Findings, Flaw, Refused, UnixSeconds, json};

/// A presentation as it came. Nothing in it is to be believed.
#[derive(Clone)]
pub struct UnverifiedPresentation {
    members: Map<String, Value>,
    proofs: Proofs,
    holder: Option<String>,
    credentials: Vec<UnverifiedCredential>,
}

/// A presentation whose proof answers the request, with the credentials that it holds.
pub type VerifiedPresentation = vcdm::VerifiedPresentation<UnverifiedCredential>;

impl UnverifiedPresentation {
    /// Reads a presentation and the credentials inside.
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

    /// The same, taking what `reading` says, for the presentation and for the credentials inside.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn read_as(value: Value, reading: Reading) -> Result<Self, ParseError> {
        let Document { members, proofs, .. } = Document::read(value, "VerifiablePresentation", reading)?;
        let holder = vcdm::named_holder(&members, ParseError::Member("holder"))?;
        let inside = vcdm::inside(&members).filter(|inside| !inside.is_empty());
        let inside = inside.ok_or(ParseError::Member("verifiableCredential"))?;
        if inside.len() > MAX_CREDENTIALS {
            return Err(ParseError::TooMany);
        }
        let credential = |value: &Value| UnverifiedCredential::read_as(value.clone(), reading);
        let credentials = inside.iter().map(credential).collect::<Result<_, _>>()?;
        Ok(Self { members, proofs, holder, credentials })
    }

    /// The credentials inside, to find out whom to ask for their keys.
    #[must_use]
    pub fn credentials(&self) -> &[UnverifiedCredential] {
        &self.credentials
    }

    /// The keys that the proofs name (DID URLs), in the proofs' order.
    pub fn verification_methods(&self) -> impl Iterator<Item = &str> + '_ {
        self.proofs.iter().map(Proof::verification_method)
    }

    /// Checks every proof, whoever made it: with the key that `keys` has for its verification method, for
    /// authentication, and in answer to the challenge. Without a `domain` the proofs must name none. The holder, if one is
    /// named, must be who made them. Whether the holder is the credentials' subject: [`Self::check_subject`].
    #[must_use]
    pub fn check_all(
        &self,
        keys: &dyn Fn(&str) -> Option<PublicKey>,
        (challenge, domain): (&str, Option<&str>),
        now: UnixSeconds,
        contexts: &Contexts,
    ) -> Findings {
        let mut findings = self.proofs.check_answer(Some(challenge), domain);
        for (at, proof) in self.proofs.iter().enumerate() {
            let method = proof.verification_method();
            let checked = match keys(method) {
                Some(key) => self.proofs.check_at(at, &self.members, &key, contexts),
                None => Err(Flaw::NotBound),
            };
            findings.record(CheckName::HolderBinding, checked.map_err(as_binding));
            findings.record(CheckName::HolderBinding, proof.check_times(now).map_err(as_binding));
            if !proof.is_for(Purpose::Authentication) {
                findings.record(CheckName::HolderBinding, Err(Flaw::PresentationPurposeWrong));
            }
            if self.holder.as_deref().is_some_and(|holder| holder != controller(method)) {
                findings.record(CheckName::HolderBinding, Err(Flaw::HolderIsAnother));
            }
            if domain.is_none() && proof.has_domain() {
                findings.record(CheckName::Audience, Err(Flaw::AudienceWrong));
            }
        }
        findings
    }

    /// Whether whoever made the proofs is the subject of every credential inside.
    #[must_use]
    pub fn check_subject(&self) -> Findings {
        let mut findings = Findings::default();
        for method in self.verification_methods() {
            findings.record(CheckName::HolderBinding, self.check_subject_is(controller(method)));
        }
        findings
    }

    /// Checks that the holder made it for this request, and is the subject of every credential inside.
    ///
    /// # Errors
    /// [`Refused`] with every flaw found.
    pub fn verify(self, expect: &Expect<'_>) -> Result<VerifiedPresentation, Refused> {
        let (findings, holder) = self.examine(expect);
        let Some(holder) = holder else { return Err(findings.refuse(Flaw::NotBound)) };
        let findings = findings.into_result()?;
        Ok(VerifiedPresentation { holder, credentials: self.credentials, findings })
    }

    /// The checks alone.
    #[must_use]
    pub fn check(&self, expect: &Expect<'_>) -> Findings {
        self.examine(expect).0
    }

    fn examine(&self, expect: &Expect<'_>) -> (Findings, Option<SelfContained>) {
        let mut findings = Findings::default();
        let proof = self.proofs.first();
        let holder = SelfContained::parse(proof.verification_method()).ok();
        findings.record(CheckName::HolderBinding, self.check_holder(holder.as_ref()));
        if !proof.is_for(Purpose::Authentication) {
            findings.record(CheckName::HolderBinding, Err(Flaw::PresentationPurposeWrong));
        }
        if let Err(flaw) = self.check_age(expect) {
            findings.record(CheckName::HolderBinding, Err(flaw));
        }
        findings.record(CheckName::Nonce, proof.check_challenge(expect.nonce));
        findings.record(CheckName::Audience, proof.check_domain(expect.audience));
        (findings, holder)
    }

    fn check_holder(&self, holder: Option<&SelfContained>) -> Result<(), Flaw> {
        let holder = holder.ok_or(Flaw::NotBound)?;
        self.proofs.check(&self.members, (&holder.key).into(), Contexts::pinned()).map_err(as_binding)?;
        if self.holder.as_deref().is_some_and(|named| named != holder.did) {
            return Err(Flaw::HolderIsAnother);
        }
        self.check_subject_is(&holder.did)
    }

    fn check_subject_is(&self, holder: &str) -> Result<(), Flaw> {
        self.credentials.iter().try_for_each(|credential| credential.check_subject(holder))
    }

    fn check_age(&self, expect: &Expect<'_>) -> Result<(), Flaw> {
        let proof = self.proofs.first();
        proof.check_times(expect.now).map_err(as_binding)?;
        match proof.created {
            Some(created) if created.plus(expect.max_age) >= expect.now => Ok(()),
            _ => Err(Flaw::KeyBindingTooOld),
        }
    }
}

/// A flaw of the proof, said of a holder's.
fn as_binding(flaw: Flaw) -> Flaw {
    match flaw {
        Flaw::NotBound | Flaw::ProofChainBroken => flaw,
        Flaw::AlgorithmNotOfKey => Flaw::KeyBindingTypeWrong,
        Flaw::CreatedInFuture => Flaw::KeyBindingInFuture,
        Flaw::ProofExpired => Flaw::KeyBindingTooOld,
        _ => Flaw::KeyBindingSignatureWrong,
    }
}

impl fmt::Debug for UnverifiedPresentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedPresentation")
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}
