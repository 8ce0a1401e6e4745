//! Presentations.

use std::fmt;

use serde_json::Value;

use super::credential::UnverifiedCredential;
use super::document::{Document, id_of};
use super::proof::Proof;
use super::{ParseError, Purpose, Reading};
use crate::jsonld::Contexts;
use crate::key::{PublicKey, SelfContained, controller};
use crate::{CheckName, Findings, Flaw, Refused, UnixSeconds, json};

/// A presentation holds so many credentials at most.
const MAX_CREDENTIALS: usize = 16;

/// What a verifier expects of a presentation.
#[derive(Debug, Clone, Copy)]
pub struct Expect<'a> {
    /// The nonce of this one request.
    pub challenge: &'a str,
    /// Who the verifier is to the holder: its client id.
    pub domain: &'a str,
    /// Now.
    pub now: UnixSeconds,
    /// How old the proof may be, in seconds.
    pub max_age: i64,
}

/// A presentation as it came. Nothing in it is to be believed.
#[derive(Clone)]
pub struct UnverifiedPresentation {
    document: Document,
    holder: Option<String>,
    credentials: Vec<UnverifiedCredential>,
}

/// A presentation whose proof answers the request, by the subject of the credentials inside. The credentials are
/// still to be verified, each with its issuer's key.
#[derive(Clone)]
pub struct VerifiedPresentation {
    holder: SelfContained,
    credentials: Vec<UnverifiedCredential>,
    findings: Findings,
}

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
        let document = Document::read(value, "VerifiablePresentation", reading)?;
        let holder = match document.members.get("holder") {
            None => None,
            Some(value) => Some(id_of(value).ok_or(ParseError::Member("holder"))?.to_owned()),
        };
        let inside = match document.members.get("verifiableCredential") {
            Some(Value::Array(list)) if !list.is_empty() => list.as_slice(),
            Some(one @ Value::Object(_)) => std::slice::from_ref(one),
            _ => return Err(ParseError::Member("verifiableCredential")),
        };
        if inside.len() > MAX_CREDENTIALS {
            return Err(ParseError::TooMany);
        }
        let credential = |value: &Value| UnverifiedCredential::read_as(value.clone(), reading);
        let credentials = inside.iter().map(credential).collect::<Result<_, _>>()?;
        Ok(Self { document, holder, credentials })
    }

    /// The credentials inside, to find out whom to ask for their keys.
    #[must_use]
    pub fn credentials(&self) -> &[UnverifiedCredential] {
        &self.credentials
    }

    /// The keys that the proofs name (DID URLs), in the proofs' order.
    pub fn verification_methods(&self) -> impl Iterator<Item = &str> + '_ {
        self.document.proofs().iter().map(Proof::verification_method)
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
        let mut findings = self.document.check_answer(Some(challenge), domain);
        for (at, proof) in self.document.proofs().iter().enumerate() {
            let method = proof.verification_method();
            let checked = match keys(method) {
                Some(key) => self.document.check_proof_at(at, &key, contexts),
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
        let proof = self.document.proof();
        let holder = SelfContained::parse(proof.verification_method()).ok();
        findings.record(CheckName::HolderBinding, self.check_holder(holder.as_ref()));
        if !proof.is_for(Purpose::Authentication) {
            findings.record(CheckName::HolderBinding, Err(Flaw::PresentationPurposeWrong));
        }
        if let Err(flaw) = self.check_age(expect) {
            findings.record(CheckName::HolderBinding, Err(flaw));
        }
        findings.record(CheckName::Nonce, proof.check_challenge(expect.challenge));
        findings.record(CheckName::Audience, proof.check_domain(expect.domain));
        (findings, holder)
    }

    fn check_holder(&self, holder: Option<&SelfContained>) -> Result<(), Flaw> {
        let holder = holder.ok_or(Flaw::NotBound)?;
        self.document.check_proof((&holder.key).into(), Contexts::pinned()).map_err(as_binding)?;
        if self.holder.as_deref().is_some_and(|named| named != holder.did) {
            return Err(Flaw::HolderIsAnother);
        }
        self.check_subject_is(&holder.did)
    }

    fn check_subject_is(&self, holder: &str) -> Result<(), Flaw> {
        let is_holder = |did: &str| did == holder;
        let subjects = || self.credentials.iter().flat_map(UnverifiedCredential::subject_ids);
        if subjects().any(|id| id.is_none()) {
            return Err(Flaw::NotBound);
        }
        if subjects().flatten().all(is_holder) { Ok(()) } else { Err(Flaw::HolderIsAnother) }
    }

    fn check_age(&self, expect: &Expect<'_>) -> Result<(), Flaw> {
        let proof = self.document.proof();
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

impl VerifiedPresentation {
    /// The holder's DID.
    #[must_use]
    pub fn holder(&self) -> &str {
        &self.holder.did
    }

    /// The holder's key.
    #[must_use]
    pub fn holder_key(&self) -> &PublicKey {
        &self.holder.key
    }

    /// The credentials, to be verified with their issuers' keys.
    #[must_use]
    pub fn credentials(&self) -> &[UnverifiedCredential] {
        &self.credentials
    }

    /// The credentials, to be verified with their issuers' keys.
    #[must_use]
    pub fn into_credentials(self) -> Vec<UnverifiedCredential> {
        self.credentials
    }

    /// The checks made, all passed.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.findings
    }
}

impl fmt::Debug for UnverifiedPresentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedPresentation")
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for VerifiedPresentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedPresentation").field("credentials", &self.credentials).finish_non_exhaustive()
    }
}
