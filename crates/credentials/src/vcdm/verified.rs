//! A credential after its verification.

use std::fmt;
use std::ops::Deref;

use serde_json::{Map, Value};

use super::Content;
use crate::{Findings, Refused, UnixSeconds};

/// A credential whose signature or proof, and whose times, were right. Whether its issuer may issue it, and its status, is
/// another question. What it says is its [`Content`].
#[derive(Clone)]
pub struct VerifiedCredential {
    content: Content,
    signed: Signed,
    findings: Findings,
}

/// Who says that they signed, and when.
#[derive(Clone)]
pub(crate) struct Signed {
    pub(crate) key_id: Option<String>,
    pub(crate) at: Option<UnixSeconds>,
}

impl VerifiedCredential {
    /// # Errors
    /// [`Refused`] unless all that was checked passed.
    pub(crate) fn new(content: Content, signed: Signed, findings: Findings) -> Result<Self, Refused> {
        Ok(Self { content, signed, findings: findings.into_result()? })
    }

    /// All members, `proof` left out; of a token its own claims (`iat`, `exp`, `cnf`…) too.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        self.content.dangerous_members()
    }

    /// The first subject: the claims, with the holder's DID as `id`.
    #[must_use]
    pub fn subject(&self) -> &Value {
        static NONE: Value = Value::Null;
        match self.members().get("credentialSubject") {
            Some(Value::Array(list)) => list.first().unwrap_or(&NONE),
            Some(subject) => subject,
            None => &NONE,
        }
    }

    /// The issuer's key that signed it, as it was named: `verificationMethod`, `kid`.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.signed.key_id.as_deref()
    }

    /// When it says that it was signed.
    #[must_use]
    pub fn created(&self) -> Option<UnixSeconds> {
        self.signed.at
    }

    /// The checks made, all passed.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.findings
    }
}

impl Deref for VerifiedCredential {
    type Target = Content;

    fn deref(&self) -> &Content {
        &self.content
    }
}

impl fmt::Debug for VerifiedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedCredential").field("types", &self.content.types()).finish_non_exhaustive()
    }
}
