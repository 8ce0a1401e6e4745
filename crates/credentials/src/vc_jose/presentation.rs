//! Presentations.

use std::fmt;

use serde_json::{Map, Value};

use super::issue::Document;
use super::read::{Envelope, Form, Opened, ParseError, agrees, text_of};
use crate::envelope::{EnvelopeError, Presented};
use crate::key::{PublicKey, SelfContained};
use crate::vcdm::{self, MAX_CREDENTIALS};
use crate::{CheckName, Expect, Findings, Flaw, Refused, UnixSeconds};

/// Why a text is no presentation as a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PresentationError {
    /// The presentation itself.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A credential inside.
    #[error("a credential in the presentation: {0}")]
    Inside(#[from] EnvelopeError),
    /// More credentials than are taken.
    #[error("too many credentials in a presentation")]
    TooMany,
}

/// A presentation as it came. Nothing in it is to be believed.
#[derive(Clone)]
pub struct UnverifiedPresentation {
    envelope: Envelope,
    members: Map<String, Value>,
    holder: Option<String>,
    credentials: Vec<Presented>,
}

/// A presentation that answers the request, with the credentials that it holds.
pub type VerifiedPresentation = vcdm::VerifiedPresentation<Presented>;

impl UnverifiedPresentation {
    /// Reads a `vp+jwt` and the credentials inside.
    ///
    /// # Errors
    /// [`PresentationError`].
    pub fn parse(text: &str) -> Result<Self, PresentationError> {
        Self::parse_as(text, Form::Jwt)
    }

    /// Reads a `vp+sd-jwt` and the credentials that it shows.
    ///
    /// # Errors
    /// [`PresentationError`].
    pub fn parse_sd(text: &str) -> Result<Self, PresentationError> {
        Self::parse_as(text, Form::SdJwt)
    }

    /// Reads either, as the caller says.
    ///
    /// # Errors
    /// [`PresentationError`].
    pub fn parse_as(text: &str, form: Form) -> Result<Self, PresentationError> {
        let Opened { envelope, members, .. } = Opened::read(text, Document::Presentation, form)?;
        let holder = vcdm::named_holder(&members, ParseError::ClaimWrong("holder"))?;
        // Without a holder in the document, `iss` says who it is.
        let holder = holder.or_else(|| text_of(&members, "iss").map(str::to_owned));
        agrees(&members, "iss", holder.as_deref())?;
        agrees(&members, "jti", text_of(&members, "id"))?;
        let inside = vcdm::inside(&members).ok_or(EnvelopeError::Malformed)?;
        if inside.len() > MAX_CREDENTIALS {
            return Err(PresentationError::TooMany);
        }
        let credentials = inside.iter().map(Presented::read).collect::<Result<_, _>>()?;
        Ok(Self { envelope, members, holder, credentials })
    }

    /// The key that it names.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.envelope.token.header().kid.as_deref()
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

    /// Only whether this key of the holder named signed it, and whether its own times hold: no nonce, no audience, no
    /// subjects.
    #[must_use]
    pub fn check_signature(&self, key: &PublicKey, now: UnixSeconds) -> Findings {
        let mut findings = Findings::default();
        findings.record(CheckName::HolderBinding, self.envelope.check_signature(key).map_err(of_holder));
        let is_holders = |holder: &String| self.envelope.check_kid(holder).is_ok();
        if !self.holder.as_ref().is_none_or(is_holders) {
            findings.record(CheckName::HolderBinding, Err(Flaw::HolderIsAnother));
        }
        findings.record(CheckName::HolderBinding, self.envelope.times.check(now).map_err(of_time));
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
        let holder = self.kid().and_then(|kid| SelfContained::parse(kid).ok());
        let mut findings = match &holder {
            None => {
                let mut findings = Findings::default();
                findings.record(CheckName::HolderBinding, Err(Flaw::NotBound));
                findings
            }
            Some(holder) => self.check_signature(&holder.key, expect.now),
        };
        if let Some(holder) = &holder {
            findings.record(CheckName::HolderBinding, self.check_subjects(holder));
        }
        findings.record(CheckName::HolderBinding, self.check_age(expect));
        let nonce = match self.members.get("nonce") {
            None => Err(Flaw::ChallengeMissing),
            Some(nonce) if nonce == expect.nonce => Ok(()),
            Some(_) => Err(Flaw::NonceWrong),
        };
        findings.record(CheckName::Nonce, nonce);
        let audience = match self.members.get("aud") {
            None => Err(Flaw::DomainMissing),
            Some(audience) if audience == expect.audience => Ok(()),
            Some(_) => Err(Flaw::AudienceWrong),
        };
        findings.record(CheckName::Audience, audience);
        (findings, holder)
    }

    fn check_subjects(&self, holder: &SelfContained) -> Result<(), Flaw> {
        if self.holder.as_deref().is_some_and(|named| named != holder.did) {
            return Err(Flaw::HolderIsAnother);
        }
        self.credentials.iter().try_for_each(|credential| credential.check_holder(holder))
    }

    fn check_age(&self, expect: &Expect<'_>) -> Result<(), Flaw> {
        match self.envelope.times.iat {
            Some(made) if made.plus(expect.max_age) >= expect.now => Ok(()),
            _ => Err(Flaw::KeyBindingTooOld),
        }
    }
}

fn of_holder(flaw: Flaw) -> Flaw {
    if flaw == Flaw::AlgorithmNotOfKey { Flaw::KeyBindingTypeWrong } else { Flaw::KeyBindingSignatureWrong }
}

fn of_time(flaw: Flaw) -> Flaw {
    if flaw == Flaw::Expired { Flaw::KeyBindingTooOld } else { Flaw::KeyBindingInFuture }
}

impl fmt::Debug for UnverifiedPresentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("vc_jose::UnverifiedPresentation");
        shown.field("credentials", &self.credentials).finish_non_exhaustive()
    }
}
