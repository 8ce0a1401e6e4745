//! Credentials.

use std::fmt;
use std::ops::Deref;

use super::issue::Document;
use super::read::{Envelope, Form, Opened, ParseError, Token, agrees, text_of};
use crate::key::PublicKey;
use crate::sd_jwt;
use crate::vcdm::{Content, Signed, VerifiedCredential};
use crate::{CheckName, Findings, Flaw, Refused, UnixSeconds};

/// A credential as it came. Nothing in it, and in its [`Content`], is to be believed.
#[derive(Clone)]
pub struct UnverifiedCredential {
    envelope: Envelope,
    content: Content,
}

impl UnverifiedCredential {
    /// Reads a `vc+jwt`.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::parse_as(text, Form::Jwt)
    }

    /// Reads a `vc+sd-jwt` with the disclosures that are there.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse_sd(text: &str) -> Result<Self, ParseError> {
        Self::parse_as(text, Form::SdJwt)
    }

    /// Reads either, as the caller says.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse_as(text: &str, form: Form) -> Result<Self, ParseError> {
        let Opened { envelope, members, types } = Opened::read(text, Document::Credential, form)?;
        let content = Content::read(members, types, false)?;
        let members = content.dangerous_members();
        agrees(members, "iss", Some(content.issuer()))?;
        agrees(members, "jti", text_of(members, "id"))?;
        let mut subjects = content.subject_ids();
        let subject = subjects.next().flatten().filter(|_| subjects.next().is_none());
        agrees(members, "sub", subject)?;
        drop(subjects);
        Ok(Self { envelope, content })
    }

    /// The key it names, to look up.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.envelope.token.header().kid.as_deref()
    }

    /// When it says it was signed (`iat`).
    #[must_use]
    pub fn issued_at(&self) -> Option<UnixSeconds> {
        self.envelope.times.iat
    }

    /// The key that a `vc+sd-jwt` is bound to (`cnf`).
    #[must_use]
    pub fn holder(&self) -> Option<&PublicKey> {
        self.sd_jwt()?.holder()
    }

    /// A `vc+sd-jwt`, to choose what to show of it ([`sd_jwt::Unverified::select`]).
    #[must_use]
    pub fn sd_jwt(&self) -> Option<&sd_jwt::Unverified> {
        match &self.envelope.token {
            Token::Jwt(_) => None,
            Token::SdJwt(token) => Some(token),
        }
    }

    /// Checks the signature with the issuer's key and the times. A key binding is refused: it was made for somebody.
    ///
    /// # Errors
    /// [`Refused`] with every flaw found.
    pub fn verify(self, issuer_key: &PublicKey, now: UnixSeconds) -> Result<VerifiedCredential, Refused> {
        let findings = self.check_unbound(issuer_key, now);
        self.verified(findings)
    }

    /// The same for a `vc+sd-jwt` that is presented by itself: with a key binding for this request.
    ///
    /// # Errors
    /// [`Refused`] with every flaw found; a `vc+jwt` has no key binding.
    pub fn verify_presented(
        self,
        issuer_key: &PublicKey,
        expect: &sd_jwt::Expect<'_>,
    ) -> Result<VerifiedCredential, Refused> {
        let mut findings = self.check(issuer_key, expect.now);
        match self.sd_jwt() {
            None => findings.record(CheckName::HolderBinding, Err(Flaw::KeyBindingMissing)),
            Some(token) => findings.absorb(token.check_holder(expect)),
        }
        self.verified(findings)
    }

    /// The checks of [`UnverifiedCredential::verify`] alone.
    #[must_use]
    pub fn check_unbound(&self, issuer_key: &PublicKey, now: UnixSeconds) -> Findings {
        let mut findings = self.check(issuer_key, now);
        if self.sd_jwt().is_some_and(sd_jwt::Unverified::has_key_binding) {
            findings.record(CheckName::HolderBinding, Err(Flaw::KeyBindingForAnotherPresentation));
        }
        findings
    }

    /// The checks of the issuer's part alone.
    #[must_use]
    pub fn check(&self, issuer_key: &PublicKey, now: UnixSeconds) -> Findings {
        let mut findings = Findings::default();
        findings.record(CheckName::IssuerSignature, self.envelope.check_signature(issuer_key));
        if let Err(flaw) = self.envelope.check_kid(self.issuer()) {
            findings.record(CheckName::IssuerSignature, Err(flaw));
        }
        // Either may end first: the signature's times and the statement's.
        let times = self.envelope.times.check(now).and_then(|()| self.content.check_times(now));
        findings.record(CheckName::Validity, times);
        findings
    }

    fn verified(self, findings: Findings) -> Result<VerifiedCredential, Refused> {
        let signed = Signed { key_id: self.kid().map(str::to_owned), at: self.envelope.times.iat };
        VerifiedCredential::new(self.content, signed, findings)
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
        let mut shown = f.debug_struct("vc_jose::UnverifiedCredential");
        shown.field("types", &self.types()).finish_non_exhaustive()
    }
}
