//! Presenting credentials.

use serde_json::{Map, Value, json};

use super::{CONTEXT_V2, Making, Prepared, ProofOptions, Purpose, SecureError};
use crate::UnixSeconds;
use crate::key::{SelfContained, SignError, Signer};

/// Credentials to be shown to one verifier, in answer to one request.
#[derive(Clone)]
pub struct Presenting<'a> {
    /// The holder: the subject of every credential.
    pub holder: &'a SelfContained,
    /// The credentials, as they were issued.
    pub credentials: Vec<Value>,
    /// The request's nonce.
    pub challenge: &'a str,
    /// The verifier: its client id.
    pub domain: &'a str,
    /// When it is made.
    pub created: UnixSeconds,
}

impl Presenting<'_> {
    /// Lays out the presentation for the holder's key to sign.
    #[must_use]
    pub fn document(&self) -> (Map<String, Value>, ProofOptions) {
        let mut document = Map::new();
        document.insert("@context".to_owned(), json!([CONTEXT_V2]));
        document.insert("type".to_owned(), json!(["VerifiablePresentation"]));
        document.insert("holder".to_owned(), self.holder.did.clone().into());
        document.insert("verifiableCredential".to_owned(), Value::Array(self.credentials.clone()));
        let options = ProofOptions {
            verification_method: self.holder.verification_method.clone(),
            purpose: Purpose::Authentication,
            created: Some(self.created),
            expires: None,
            challenge: Some(self.challenge.to_owned()),
            domain: Some(self.domain.to_owned()),
        };
        (document, options)
    }

    /// The presentation, lacking only the holder's signature.
    ///
    /// # Errors
    /// [`SecureError`].
    pub fn prepare(&self) -> Result<Prepared, SecureError> {
        let (document, options) = self.document();
        Prepared::new(document, options, &self.holder.key)
    }

    /// The same with another suite or contexts of one's own.
    ///
    /// # Errors
    /// [`SecureError`].
    pub fn prepare_with(&self, making: &Making<'_>) -> Result<Prepared, SecureError> {
        let (document, options) = self.document();
        Prepared::beside(document, options, &self.holder.key, making)
    }

    /// The presentation, signed at once.
    ///
    /// # Errors
    /// [`SecureError`].
    pub fn sign(&self, signer: &dyn Signer) -> Result<Value, SecureError> {
        self.prepare()?.sign(signer).map_err(|error: SignError| error.into())
    }
}
