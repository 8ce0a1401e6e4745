//! Presentations.

use std::fmt;

use serde_json::{Map, Value};

use super::issue::Document;
use super::present::{AUDIENCE, CWT_CLAIMS, ISSUED_AT, NONCE};
use super::read::{Opened, ParseError, open};
use crate::cose::{self, VerifyError};
use crate::envelope::{EnvelopeError, Presented};
use crate::jws::LEEWAY;
use crate::key::{PublicKey, SelfContained};
use crate::vcdm::{self, MAX_CREDENTIALS};
use crate::{CheckName, Expect, Findings, Flaw, Refused, UnixSeconds, cbor};

/// A presentation as it came. Nothing in it is to be believed.
#[derive(Clone)]
pub struct UnverifiedPresentation {
    message: cose::Unverified,
    members: Map<String, Value>,
    holder: Option<String>,
    credentials: Vec<Presented>,
}

/// A presentation that answers the request, with the credentials that it holds.
pub type VerifiedPresentation = vcdm::VerifiedPresentation<Presented>;

impl UnverifiedPresentation {
    /// Reads a presentation and the credentials inside.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let Opened { message, members, .. } = open(bytes, Document::Presentation)?;
        let holder = vcdm::named_holder(&members, ParseError::Inside)?;
        let inside = vcdm::inside(&members).filter(|inside| inside.len() <= MAX_CREDENTIALS);
        let inside = inside.ok_or(ParseError::Inside)?;
        let credentials =
            inside.iter().map(|one| Presented::read(one).map_err(inside_flaw)).collect::<Result<_, _>>()?;
        Ok(Self { message, members, holder, credentials })
    }

    /// The key that it names, if it is a text.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.message.kid().and_then(|kid| std::str::from_utf8(kid).ok())
    }

    /// The credentials inside, to find out whom to ask for their keys.
    #[must_use]
    pub fn credentials(&self) -> &[Presented] {
        &self.credentials
    }

    /// The members before anything was checked.
    #[must_use]
    pub fn dangerous_members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// Only whether it was signed with this key: no nonce, no audience, no holder, no time.
    ///
    /// # Errors
    /// [`Flaw`].
    pub fn check_signature(&self, key: &PublicKey) -> Result<(), Flaw> {
        self.message.check_signature(key, &[], None).map_err(|error| match error {
            VerifyError::AlgorithmNotOfKey => Flaw::KeyBindingTypeWrong,
            VerifyError::TypeWrong | VerifyError::SignatureWrong | VerifyError::Payload => {
                Flaw::KeyBindingSignatureWrong
            }
        })
    }

    /// Checks that the holder made it for this request, and is the subject of every COSE credential inside.
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
        let kid = self.message.protected().kid.as_deref().and_then(|kid| std::str::from_utf8(kid).ok());
        let holder = kid.and_then(|kid| SelfContained::parse(kid).ok());
        findings.record(CheckName::HolderBinding, self.check_holder(holder.as_ref()));
        let claims = self.claims();
        let claim = |name: i64| claims.and_then(|claims| claims.member(name));
        let made = claim(ISSUED_AT).and_then(cbor::Value::as_integer).map(UnixSeconds);
        if let Err(flaw) = fresh(made, expect) {
            findings.record(CheckName::HolderBinding, Err(flaw));
        }
        let nonce = match claim(NONCE) {
            None => Err(Flaw::ChallengeMissing),
            Some(nonce) if nonce.as_bytes() == Some(expect.nonce.as_bytes()) => Ok(()),
            Some(_) => Err(Flaw::NonceWrong),
        };
        findings.record(CheckName::Nonce, nonce);
        let audience = match claim(AUDIENCE) {
            None => Err(Flaw::DomainMissing),
            Some(audience) if audience.as_text() == Some(expect.audience) => Ok(()),
            Some(_) => Err(Flaw::AudienceWrong),
        };
        findings.record(CheckName::Audience, audience);
        (findings, holder)
    }

    fn check_holder(&self, holder: Option<&SelfContained>) -> Result<(), Flaw> {
        let holder = holder.ok_or(Flaw::NotBound)?;
        self.check_signature(&holder.key)?;
        let is_holder = |did: &str| did == holder.did;
        if !self.holder.as_deref().is_none_or(is_holder) {
            return Err(Flaw::HolderIsAnother);
        }
        self.credentials.iter().try_for_each(|credential| credential.check_holder(holder))
    }

    /// The CWT claims in the protected header.
    fn claims(&self) -> Option<&cbor::Map> {
        let other = &self.message.protected().other;
        other.iter().find(|(label, _)| label.as_integer() == Some(CWT_CLAIMS))?.1.as_map()
    }
}

/// What was wrong with a credential in an envelope of this form is said as it is.
fn inside_flaw(error: EnvelopeError) -> ParseError {
    match error {
        EnvelopeError::Cose(error) => error,
        _ => ParseError::Inside,
    }
}

fn fresh(made: Option<UnixSeconds>, expect: &Expect<'_>) -> Result<(), Flaw> {
    let made = made.ok_or(Flaw::KeyBindingTooOld)?;
    if expect.now.plus(LEEWAY) < made {
        return Err(Flaw::KeyBindingInFuture);
    }
    if made.plus(expect.max_age) < expect.now { Err(Flaw::KeyBindingTooOld) } else { Ok(()) }
}

impl fmt::Debug for UnverifiedPresentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("vc_cose::UnverifiedPresentation")
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}
