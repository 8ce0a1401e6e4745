//! Credentials.

use std::fmt;

use serde_json::{Map, Value};

use super::issue::Document;
use super::read::{Opened, ParseError, open};
use crate::cose::{self, VerifyError};
use crate::data_integrity::Content;
use crate::key::{PublicKey, controller};
use crate::status::StatusRef;
use crate::{CheckName, Findings, Flaw, Refused, UnixSeconds};

/// A credential as it came. Nothing in it is to be believed.
#[derive(Clone)]
pub struct UnverifiedCredential {
    message: cose::Unverified,
    members: Map<String, Value>,
    types: Vec<String>,
    content: Content,
}

/// A credential whose signature and times were right. Whether its issuer may issue it, and its status, is another
/// question.
#[derive(Clone)]
pub struct VerifiedCredential {
    members: Map<String, Value>,
    types: Vec<String>,
    content: Content,
    findings: Findings,
}

impl UnverifiedCredential {
    /// Reads a credential, tagged as COSE_Sign1 or not.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let Opened { message, members, types } = open(bytes, Document::Credential)?;
        let content = Content::read(&members, false)?;
        Ok(Self { message, members, types, content })
    }

    /// The issuer it names, to look up.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.content.issuer
    }

    /// The key it names, if it is a text: to look up.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.message.kid().and_then(|kid| std::str::from_utf8(kid).ok())
    }

    /// Its types, `VerifiableCredential` among them.
    #[must_use]
    pub fn types(&self) -> &[String] {
        &self.types
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

    /// The members before anything was checked. A wallet reads its own stored cards so, having verified them when
    /// they came.
    #[must_use]
    pub fn dangerous_members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// Checks the signature with the issuer's key and the times.
    ///
    /// # Errors
    /// [`Refused`] with every flaw found.
    pub fn verify(self, issuer_key: &PublicKey, now: UnixSeconds) -> Result<VerifiedCredential, Refused> {
        let findings = self.check(issuer_key, now).into_result()?;
        Ok(VerifiedCredential { members: self.members, types: self.types, content: self.content, findings })
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
        if kid.is_some_and(|kid| controller(kid) != self.content.issuer) {
            findings.record(CheckName::IssuerSignature, Err(Flaw::KeyOfAnotherController));
        }
        findings.record(CheckName::Validity, self.content.check_times(now));
        findings
    }
}

impl VerifiedCredential {
    /// All members.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// The first subject: the claims, with the holder's DID as `id`.
    #[must_use]
    pub fn subject(&self) -> &Value {
        static NONE: Value = Value::Null;
        match self.members.get("credentialSubject") {
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
        &self.types
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
        f.debug_struct("vc_cose::UnverifiedCredential").field("types", &self.types).finish_non_exhaustive()
    }
}

impl fmt::Debug for VerifiedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("vc_cose::VerifiedCredential").field("types", &self.types).finish_non_exhaustive()
    }
}
