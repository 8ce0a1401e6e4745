//! Credentials.

use std::fmt;
use std::ops::Deref;

use super::issue::Document;
use super::read::{Opened, ParseError, open};
use crate::cose::{self, VerifyError};
use crate::key::{PublicKey, controller};
use crate::vcdm::{Content, Signed, VerifiedCredential};
use crate::{CheckName, Findings, Flaw, Refused, UnixSeconds};

/// A credential as it came. Nothing in it, and in its [`Content`], is to be believed.
#[derive(Clone)]
pub struct UnverifiedCredential {
    message: cose::Unverified,
    content: Content,
}

impl UnverifiedCredential {
    /// Reads a credential, tagged as COSE_Sign1 or not.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let Opened { message, members, types } = open(bytes, Document::Credential)?;
        Ok(Self { message, content: Content::read(members, types, false)? })
    }

    /// The key it names, if it is a text: to look up.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.message.kid().and_then(|kid| std::str::from_utf8(kid).ok())
    }

    /// Checks the signature with the issuer's key and the times.
    ///
    /// # Errors
    /// [`Refused`] with every flaw found.
    pub fn verify(self, issuer_key: &PublicKey, now: UnixSeconds) -> Result<VerifiedCredential, Refused> {
        let findings = self.check(issuer_key, now);
        let signed = Signed { key_id: self.kid().map(str::to_owned), at: None };
        VerifiedCredential::new(self.content, signed, findings)
    }

    /// The checks alone.
    #[must_use]
    pub fn check(&self, issuer_key: &PublicKey, now: UnixSeconds) -> Findings {
        let mut findings = Findings::default();
        let signature = self.message.check_signature(issuer_key, &[], None).map_err(|error| match error {
            VerifyError::AlgorithmNotOfKey => Flaw::AlgorithmNotOfKey,
            VerifyError::TypeWrong | VerifyError::SignatureWrong | VerifyError::Payload => {
                Flaw::SignatureWrong
            }
        });
        findings.record(CheckName::IssuerSignature, signature);
        // A `kid` that is a DID URL must be a key of the issuer: whoever looks up the one must not trust the other.
        let kid = self.kid().filter(|kid| kid.starts_with("did:"));
        if kid.is_some_and(|kid| controller(kid) != self.issuer()) {
            findings.record(CheckName::IssuerSignature, Err(Flaw::KeyOfAnotherController));
        }
        findings.record(CheckName::Validity, self.content.check_times(now));
        findings
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
        f.debug_struct("vc_cose::UnverifiedCredential").field("types", &self.types()).finish_non_exhaustive()
    }
}
