//! Adding a proof to a document (Data Integrity 1.0 §4.2).

use serde_json::{Map, Value};

use super::proof::hash_data;
use super::{Cryptosuite, Purpose};
use crate::UnixSeconds;
use crate::key::{PublicKey, SignError, SignatureRefused, Signer, finished};

/// What the proof says beside the signature.
#[derive(Debug, Clone)]
pub struct ProofOptions {
    /// The signer's key, a DID URL.
    pub verification_method: String,
    /// What it is made for.
    pub purpose: Purpose,
    /// When it is made.
    pub created: Option<UnixSeconds>,
    /// From when the proof counts no more.
    pub expires: Option<UnixSeconds>,
    /// The nonce of the request that is answered.
    pub challenge: Option<String>,
    /// Whom the document is for.
    pub domain: Option<String>,
}

/// Why a document can't be secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecureError {
    /// It has a proof already.
    #[error("the document has a proof already")]
    HasProof,
    /// The key.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// A document that only lacks its proof's value.
#[derive(Clone)]
pub struct Prepared {
    document: Map<String, Value>,
    proof: Map<String, Value>,
    key: PublicKey,
    hashes: [u8; 64],
}

impl Prepared {
    /// Lays out the proof that `key` will sign; the cryptosuite is the key's.
    ///
    /// # Errors
    /// [`SecureError::HasProof`].
    pub fn new(
        document: Map<String, Value>,
        options: ProofOptions,
        key: &PublicKey,
    ) -> Result<Self, SecureError> {
        if document.contains_key("proof") {
            return Err(SecureError::HasProof);
        }
        let mut proof = Map::new();
        let mut say = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                proof.insert(name.to_owned(), value);
            }
        };
        say("@context", document.get("@context").cloned());
        say("type", Some("DataIntegrityProof".into()));
        say("cryptosuite", Some(Cryptosuite::of(key.algorithm()).name().into()));
        say("created", options.created.map(|time| time.rfc3339().into()));
        say("expires", options.expires.map(|time| time.rfc3339().into()));
        say("verificationMethod", Some(options.verification_method.into()));
        say("proofPurpose", Some(options.purpose.name().into()));
        say("challenge", options.challenge.map(Value::from));
        say("domain", options.domain.map(Value::from));
        let hashes = hash_data(&document, &proof);
        Ok(Self { document, proof, key: key.clone(), hashes })
    }

    /// The bytes to sign.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.hashes
    }

    /// The secured document.
    ///
    /// # Errors
    /// [`SignatureRefused`] when this is not the key's signature of [`Prepared::bytes`].
    pub fn finish(self, signature: &[u8; 64]) -> Result<Value, SignatureRefused> {
        let signature = finished(&self.key, &self.hashes, signature)?;
        Ok(self.attach(&signature))
    }

    /// The secured document, signed at once.
    ///
    /// # Errors
    /// [`SignError`] from the key.
    pub fn sign(self, signer: &dyn Signer) -> Result<Value, SignError> {
        let signature = signer.sign(&self.hashes)?;
        Ok(self.attach(&signature))
    }

    fn attach(mut self, signature: &[u8; 64]) -> Value {
        let value = format!("z{}", bs58::encode(signature).into_string());
        self.proof.insert("proofValue".to_owned(), value.into());
        self.document.insert("proof".to_owned(), Value::Object(self.proof));
        Value::Object(self.document)
    }
}

/// A document secured at once.
///
/// # Errors
/// [`SecureError`].
pub fn secure(
    document: Map<String, Value>,
    options: ProofOptions,
    signer: &dyn Signer,
) -> Result<Value, SecureError> {
    Ok(Prepared::new(document, options, signer.public_key())?.sign(signer)?)
}
