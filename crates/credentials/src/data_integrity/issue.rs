//! Issuing a VCDM 2.0 credential.

use serde_json::{Map, Value, json};

use super::{CONTEXT_V2, Cryptosuite, Making, Prepared, ProofOptions, Purpose, SecureError, sd};
use crate::UnixSeconds;
use crate::jsonld::{Contexts, JsonLdError};
use crate::key::{PublicKey, SignError, Signer, controller};
use crate::status::StatusRef;

/// A credential to be issued.
#[derive(Clone)]
pub struct Issuance {
    /// The credential's own id, a URL or URN; leave it out where it would only correlate.
    pub id: Option<String>,
    /// Contexts after the one of VCDM 2.0.
    pub contexts: Vec<String>,
    /// Types after `VerifiableCredential`.
    pub types: Vec<String>,
    /// Who issues: a DID.
    pub issuer: String,
    /// The issuer's key, a DID URL under `issuer`.
    pub verification_method: String,
    /// The holder's DID, which becomes the subject's `id`.
    pub holder: Option<String>,
    /// The claims about the subject.
    pub claims: Map<String, Value>,
    /// When it is issued.
    pub issued_at: UnixSeconds,
    /// From when it counts.
    pub valid_from: Option<UnixSeconds>,
    /// From when it counts no more.
    pub valid_until: Option<UnixSeconds>,
    /// Where its status is.
    pub status: Option<StatusRef>,
}

/// Why a credential could not be issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// The claims have an `id` of their own.
    #[error("the claims have an id; it is the holder's")]
    ClaimsHaveId,
    /// The key is not under the issuer's DID.
    #[error("the key is not under the issuer's DID")]
    KeyOfAnother,
    /// The suite does not take the key.
    #[error("the cryptosuite does not take this key")]
    KeyNotOfSuite,
    /// The contexts do not explain the credential whole, as a suite over RDF needs.
    #[error(transparent)]
    JsonLd(#[from] JsonLdError),
    /// The key.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl Issuance {
    /// Lays out the credential for `key` to sign.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn prepare(self, key: &PublicKey) -> Result<Prepared, IssueError> {
        self.prepare_with(key, &Making::with(Cryptosuite::of(key.algorithm())))
    }

    /// The same with another suite or contexts of one's own.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn prepare_with(self, key: &PublicKey, making: &Making<'_>) -> Result<Prepared, IssueError> {
        let (document, options) = self.document()?;
        Ok(Prepared::beside(document, options, key, making)?)
    }

    /// Lays out the credential for `ecdsa-sd-2023`; `mandatory` are JSON pointers to what is always shown.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn prepare_sd(
        self,
        key: &PublicKey,
        mandatory: Vec<String>,
        secrets: &sd::Secrets,
        contexts: &Contexts,
    ) -> Result<sd::PreparedBase, IssueError> {
        let (document, options) = self.document()?;
        Ok(sd::Issuing { document, options, mandatory, contexts }.prepare(key, secrets)?)
    }

    /// The credential without a proof, and what its proof will say.
    ///
    /// # Errors
    /// [`IssueError::ClaimsHaveId`], [`IssueError::KeyOfAnother`].
    pub fn document(self) -> Result<(Map<String, Value>, ProofOptions), IssueError> {
        if self.claims.contains_key("id") {
            return Err(IssueError::ClaimsHaveId);
        }
        if controller(&self.verification_method) != self.issuer {
            return Err(IssueError::KeyOfAnother);
        }
        let mut subject = self.claims;
        if let Some(holder) = self.holder {
            subject.insert("id".to_owned(), holder.into());
        }
        let mut contexts = vec![CONTEXT_V2.to_owned()];
        contexts.extend(self.contexts);
        let mut types = vec!["VerifiableCredential".to_owned()];
        types.extend(self.types);
        let mut document = Map::new();
        let mut say = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                document.insert(name.to_owned(), value);
            }
        };
        say("@context", Some(json!(contexts)));
        say("id", self.id.map(Value::from));
        say("type", Some(json!(types)));
        say("issuer", Some(self.issuer.into()));
        say("validFrom", self.valid_from.map(|time| time.rfc3339().into()));
        say("validUntil", self.valid_until.map(|time| time.rfc3339().into()));
        say("credentialStatus", self.status.filter(|s| !s.is_empty()).map(|s| s.to_credential_status()));
        say("credentialSubject", Some(Value::Object(subject)));
        let options = ProofOptions {
            verification_method: self.verification_method,
            purpose: Purpose::AssertionMethod,
            created: Some(self.issued_at),
            expires: None,
            challenge: None,
            domain: None,
        };
        Ok((document, options))
    }

    /// The credential, signed at once.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn sign(self, signer: &dyn Signer) -> Result<Value, IssueError> {
        Ok(self.prepare(signer.public_key())?.sign(signer)?)
    }
}

impl From<SecureError> for IssueError {
    fn from(error: SecureError) -> Self {
        match error {
            SecureError::Sign(error) => error.into(),
            SecureError::JsonLd(error) => error.into(),
            // The last two speak of earlier proofs, and a credential laid out here has none.
            SecureError::KeyNotOfSuite | SecureError::HasProof | SecureError::PreviousMissing => {
                Self::KeyNotOfSuite
            }
        }
    }
}
