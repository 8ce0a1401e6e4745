//! Presentations.

use std::fmt;

use serde_json::Value;

use super::credential::UnverifiedCredential;
use super::document::{Document, id_of};
use super::{ParseError, Purpose, Reading};
use crate::jsonld::Contexts;
use crate::key::{PublicKey, SelfContained};
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
        let document = Document::read(value, "VerifiablePresentation", Reading::default())?;
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
        let credentials =
            inside.iter().map(|value| UnverifiedCredential::read(value.clone())).collect::<Result<_, _>>()?;
        Ok(Self { document, holder, credentials })
    }

    /// The credentials inside, to find out whom to ask for their keys.
    #[must_use]
    pub fn credentials(&self) -> &[UnverifiedCredential] {
        &self.credentials
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
        let nonce = match proof.challenge() {
            None => Err(Flaw::ChallengeMissing),
            Some(challenge) if challenge == expect.challenge => Ok(()),
            Some(_) => Err(Flaw::NonceWrong),
        };
        findings.record(CheckName::Nonce, nonce);
        findings.record(CheckName::Audience, proof.check_domain(expect.domain));
        (findings, holder)
    }

    fn check_holder(&self, holder: Option<&SelfContained>) -> Result<(), Flaw> {
        let holder = holder.ok_or(Flaw::NotBound)?;
        self.document.check_proof((&holder.key).into(), Contexts::pinned()).map_err(|flaw| match flaw {
            Flaw::AlgorithmNotOfKey => Flaw::KeyBindingTypeWrong,
            _ => Flaw::KeyBindingSignatureWrong,
        })?;
        let is_holder = |did: &str| did == holder.did;
        if !self.holder.as_deref().is_none_or(is_holder) {
            return Err(Flaw::HolderIsAnother);
        }
        let subjects = || self.credentials.iter().flat_map(UnverifiedCredential::subject_ids);
        if subjects().any(|id| id.is_none()) {
            return Err(Flaw::NotBound);
        }
        if subjects().flatten().all(is_holder) { Ok(()) } else { Err(Flaw::HolderIsAnother) }
    }

    fn check_age(&self, expect: &Expect<'_>) -> Result<(), Flaw> {
        let proof = self.document.proof();
        proof.check_times(expect.now).map_err(|flaw| match flaw {
            Flaw::CreatedInFuture => Flaw::KeyBindingInFuture,
            _ => Flaw::KeyBindingTooOld,
        })?;
        match proof.created {
            Some(created) if created.plus(expect.max_age) >= expect.now => Ok(()),
            _ => Err(Flaw::KeyBindingTooOld),
        }
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
