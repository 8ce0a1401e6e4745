//! Presentations.

use std::fmt;

use serde_json::{Map, Value};

use crate::Findings;
use crate::data_integrity::id_of;
use crate::key::{PublicKey, SelfContained};

/// A presentation holds so many credentials at most.
pub const MAX_CREDENTIALS: usize = 16;

/// A presentation that answers the request, by the subject of the credentials inside. The credentials are still to be
/// verified, each with its issuer's key.
#[derive(Clone)]
pub struct VerifiedPresentation<C> {
    pub(crate) holder: SelfContained,
    pub(crate) credentials: Vec<C>,
    pub(crate) findings: Findings,
}

impl<C> VerifiedPresentation<C> {
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
    pub fn credentials(&self) -> &[C] {
        &self.credentials
    }

    /// The credentials, to be verified with their issuers' keys.
    #[must_use]
    pub fn into_credentials(self) -> Vec<C> {
        self.credentials
    }

    /// The checks made, all passed.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.findings
    }
}

impl<C: fmt::Debug> fmt::Debug for VerifiedPresentation<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedPresentation").field("credentials", &self.credentials).finish_non_exhaustive()
    }
}

/// The credentials in a presentation, one or a list of them; none when they are neither.
pub(crate) fn inside(members: &Map<String, Value>) -> Option<&[Value]> {
    match members.get("verifiableCredential") {
        None => Some(&[]),
        Some(Value::Array(list)) => Some(list),
        Some(one @ Value::Object(_)) => Some(std::slice::from_ref(one)),
        Some(_) => None,
    }
}

/// The holder that a presentation names, if it names one; an error of the caller's when it names nobody who could be.
pub(crate) fn named_holder<E>(members: &Map<String, Value>, wrong: E) -> Result<Option<String>, E> {
    match members.get("holder") {
        None => Ok(None),
        Some(value) => id_of(value).map(|id| Some(id.to_owned())).ok_or(wrong),
    }
}
