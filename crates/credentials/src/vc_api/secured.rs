//! Credentials as they are posted: with proofs, or in an envelope.

use serde_json::Value;

use super::READING;
use crate::data_integrity::{ParseError, UnverifiedCredential};
use crate::envelope::{EnvelopeError, Presented, is_enveloped};
use crate::jsonld::Contexts;
use crate::key::PublicKey;
use crate::vcdm::Content;
use crate::{CheckName, Findings, Flaw, UnixSeconds};

/// A credential with proofs, or in an envelope. Nothing in it is to be believed.
#[derive(Debug, Clone)]
pub enum Secured {
    /// With one proof or several.
    Proofs(Box<UnverifiedCredential>),
    /// In an envelope.
    Envelope(Presented),
}

impl From<UnverifiedCredential> for Secured {
    fn from(credential: UnverifiedCredential) -> Self {
        Self::Proofs(Box::new(credential))
    }
}

impl Secured {
    /// Reads either.
    ///
    /// # Errors
    /// [`EnvelopeError`].
    pub fn read(value: Value) -> Result<Self, EnvelopeError> {
        if is_enveloped(&value) {
            return Ok(Self::Envelope(Presented::read(&value)?));
        }
        let read: Result<_, ParseError> = UnverifiedCredential::read_as(value, READING);
        Ok(read?.into())
    }

    /// What it says of itself.
    #[must_use]
    pub fn content(&self) -> &Content {
        match self {
            Self::Proofs(credential) => credential,
            Self::Envelope(presented) => presented.content(),
        }
    }

    /// When it says that it was signed.
    #[must_use]
    pub fn created(&self) -> Option<UnixSeconds> {
        self.signed_with().into_iter().find_map(|(_, created)| created)
    }

    /// The keys that it names, to look up, each with the time at which it says it was signed.
    #[must_use]
    pub fn signed_with(&self) -> Vec<(String, Option<UnixSeconds>)> {
        let owned = |(method, at): (&str, Option<UnixSeconds>)| (method.to_owned(), at);
        match self {
            Self::Proofs(credential) => credential.signed_with().map(owned).collect(),
            Self::Envelope(presented) => {
                presented.key_id().map(|kid| owned((kid, presented.created()))).into_iter().collect()
            }
        }
    }

    /// Whether it answers this challenge, and is for this domain, as far as they are given. An envelope answers none.
    #[must_use]
    pub fn check_answer(&self, challenge: Option<&str>, domain: Option<&str>) -> Findings {
        match self {
            Self::Proofs(credential) => credential.check_answer(challenge, domain),
            Self::Envelope(_) => {
                let mut findings = Findings::default();
                if challenge.is_some() {
                    findings.record(CheckName::Nonce, Err(Flaw::ChallengeMissing));
                }
                if domain.is_some() {
                    findings.record(CheckName::Audience, Err(Flaw::DomainMissing));
                }
                findings
            }
        }
    }

    /// The checks with the keys that `keys` has for what [`Secured::signed_with`] names. A proof of `bbs-2023` counts by the
    /// `did:key` that it names, for such keys are of another type.
    #[must_use]
    pub fn check(
        &self,
        keys: &dyn Fn(&str) -> Option<PublicKey>,
        now: UnixSeconds,
        contexts: &Contexts,
    ) -> Findings {
        match self {
            #[cfg(feature = "bbs")]
            Self::Proofs(credential) if bbs_key(credential).is_some() => {
                bbs_key(credential).map(|key| credential.check_bbs(&key, now, contexts)).unwrap_or_default()
            }
            Self::Proofs(credential) => credential.check_all(keys, now, contexts),
            Self::Envelope(presented) => match presented.key_id().and_then(keys) {
                Some(key) => presented.check(&key, now),
                None => {
                    let mut findings = Findings::default();
                    findings.record(CheckName::IssuerSignature, Err(Flaw::KeyOfAnotherController));
                    findings
                }
            },
        }
    }
}

/// The BBS key that the first proof names in full.
#[cfg(feature = "bbs")]
fn bbs_key(credential: &UnverifiedCredential) -> Option<crate::bbs::PublicKey> {
    let method = credential.verification_method();
    crate::bbs::PublicKey::from_did_key(method).ok().filter(|key| key.did_key_method() == method)
}
