//! Credentials.

use std::fmt;

use serde_json::{Map, Value};

use super::issue::Document;
use super::read::{Form, Opened, ParseError, Token};
use crate::data_integrity::Content;
use crate::key::PublicKey;
use crate::sd_jwt;
use crate::status::StatusRef;
use crate::{CheckName, Findings, Flaw, Refused, UnixSeconds};

/// A credential as it came. Nothing in it is to be believed.
#[derive(Clone)]
pub struct UnverifiedCredential {
    opened: Opened,
    content: Content,
}

/// A credential whose signature and times were right. Whether its issuer may issue it, and its status, is another
/// question.
#[derive(Clone)]
pub struct VerifiedCredential {
    opened: Opened,
    content: Content,
    findings: Findings,
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
        let opened = Opened::read(text, Document::Credential, form)?;
        let content = Content::read(&opened.members, false)?;
        opened.agrees("iss", Some(&content.issuer))?;
        opened.agrees("jti", opened.text("id"))?;
        let subject = match content.subject_ids.as_slice() {
            [only] => only.as_deref(),
            _ => None,
        };
        opened.agrees("sub", subject)?;
        Ok(Self { opened, content })
    }

    /// The issuer it names, to look up.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.content.issuer
    }

    /// The key it names, to look up.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.opened.token.header().kid.as_deref()
    }

    /// Its types, `VerifiableCredential` among them.
    #[must_use]
    pub fn types(&self) -> &[String] {
        &self.opened.types
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

    /// The key that a `vc+sd-jwt` is bound to (`cnf`).
    #[must_use]
    pub fn holder(&self) -> Option<&PublicKey> {
        self.sd_jwt()?.holder()
    }

    /// A `vc+sd-jwt`, to choose what to show of it ([`sd_jwt::Unverified::select`]).
    #[must_use]
    pub fn sd_jwt(&self) -> Option<&sd_jwt::Unverified> {
        match &self.opened.token {
            Token::Jwt(_) => None,
            Token::SdJwt(token) => Some(token),
        }
    }

    /// The members before anything was checked, the token's own claims among them. A wallet reads its own stored
    /// cards so, having verified them when they came.
    #[must_use]
    pub fn dangerous_members(&self) -> &Map<String, Value> {
        &self.opened.members
    }

    /// Checks the signature with the issuer's key and the times. A key binding is refused: it was made for somebody.
    ///
    /// # Errors
    /// [`Refused`] with every flaw found.
    pub fn verify(self, issuer_key: &PublicKey, now: UnixSeconds) -> Result<VerifiedCredential, Refused> {
        let mut findings = self.check(issuer_key, now);
        if self.sd_jwt().is_some_and(sd_jwt::Unverified::has_key_binding) {
            findings.record(CheckName::HolderBinding, Err(Flaw::KeyBindingForAnotherPresentation));
        }
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

    /// The checks of the issuer's part alone.
    #[must_use]
    pub fn check(&self, issuer_key: &PublicKey, now: UnixSeconds) -> Findings {
        let mut findings = Findings::default();
        findings.record(CheckName::IssuerSignature, self.opened.check_signature(issuer_key));
        if let Err(flaw) = self.opened.check_kid(&self.content.issuer) {
            findings.record(CheckName::IssuerSignature, Err(flaw));
        }
        // Either may end first: the signature's times and the statement's.
        let times = self.opened.times.check(now).and_then(|()| self.content.check_times(now));
        findings.record(CheckName::Validity, times);
        findings
    }

    fn verified(self, findings: Findings) -> Result<VerifiedCredential, Refused> {
        let findings = findings.into_result()?;
        Ok(VerifiedCredential { opened: self.opened, content: self.content, findings })
    }
}

impl VerifiedCredential {
    /// All members that show, the token's own claims (`iat`, `exp`, `cnf`…) among them.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        &self.opened.members
    }

    /// The first subject: the claims, with the holder's DID as `id`.
    #[must_use]
    pub fn subject(&self) -> &Value {
        static NONE: Value = Value::Null;
        match self.opened.members.get("credentialSubject") {
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

    /// Its types, `VerifiableCredential` among them.
    #[must_use]
    pub fn types(&self) -> &[String] {
        &self.opened.types
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

    /// The checks made, all passed.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.findings
    }
}

impl fmt::Debug for UnverifiedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("vc_jose::UnverifiedCredential");
        shown.field("types", &self.opened.types).finish_non_exhaustive()
    }
}

impl fmt::Debug for VerifiedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("vc_jose::VerifiedCredential");
        shown.field("types", &self.opened.types).finish_non_exhaustive()
    }
}
