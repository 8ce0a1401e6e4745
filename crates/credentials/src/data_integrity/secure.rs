//! Adding a proof to a document (Data Integrity 1.0 §4.2, §4.3).

use serde_json::{Map, Value};

use super::{Cryptosuite, Purpose};
use crate::UnixSeconds;
use crate::jsonld::{Contexts, JsonLdError};
use crate::key::{PublicKey, SignError, Signature, SignatureRefused, Signer, finished};

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

/// How a proof is made.
#[derive(Debug, Clone)]
pub struct Making<'c> {
    /// The suite; it must take the key.
    pub cryptosuite: Cryptosuite,
    /// The contexts that a suite over RDF reads the document with.
    pub contexts: &'c Contexts,
    /// The proof's own id, for later proofs to name.
    pub id: Option<String>,
    /// The ids of the document's proofs that this one signs too: a chain. Empty: a proof beside them.
    pub previous: Vec<String>,
}

impl Making<'static> {
    /// A proof for itself, with the pinned contexts.
    #[must_use]
    pub fn with(cryptosuite: Cryptosuite) -> Self {
        Self { cryptosuite, contexts: Contexts::pinned(), id: None, previous: Vec::new() }
    }
}

/// Why a document can't be secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecureError {
    /// It has a proof already.
    #[error("the document has a proof already")]
    HasProof,
    /// The suite takes no keys of this kind, or is not made this way ([`sd`](super::sd)).
    #[error("the cryptosuite does not take this key")]
    KeyNotOfSuite,
    /// `previous` names a proof that the document doesn't have.
    #[error("the document has no proof of that id")]
    PreviousMissing,
    /// The document has no reliable RDF form.
    #[error(transparent)]
    JsonLd(#[from] JsonLdError),
    /// The key.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// A document that only lacks its proof's value.
#[derive(Clone)]
pub struct Prepared {
    document: Map<String, Value>,
    earlier: Vec<Value>,
    proof: Map<String, Value>,
    key: PublicKey,
    hashes: Vec<u8>,
}

impl Prepared {
    /// Lays out the proof that `key` will sign; the cryptosuite is the key's over JCS.
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
        Self::beside(document, options, key, &Making::with(Cryptosuite::of(key.algorithm())))
    }

    /// Lays out a proof beside those that the document has, or its first.
    ///
    /// # Errors
    /// [`SecureError`].
    pub fn beside(
        mut document: Map<String, Value>,
        options: ProofOptions,
        key: &PublicKey,
        making: &Making<'_>,
    ) -> Result<Self, SecureError> {
        if !making.cryptosuite.takes(key.algorithm()) || making.cryptosuite == Cryptosuite::EcdsaSd2023 {
            return Err(SecureError::KeyNotOfSuite);
        }
        let earlier = match document.remove("proof") {
            None => Vec::new(),
            Some(Value::Array(list)) => list,
            Some(one) => vec![one],
        };
        let proof = options.lay_out(&document, making);
        let signed = with_previous(&document, &earlier, &making.previous)?;
        let hashes = making.cryptosuite.hash_data(
            key.algorithm(),
            signed.as_ref().unwrap_or(&document),
            &proof,
            making.contexts,
        )?;
        Ok(Self { document, earlier, proof, key: key.clone(), hashes })
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
    pub fn finish(self, signature: &[u8]) -> Result<Value, SignatureRefused> {
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

    fn attach(mut self, signature: &Signature) -> Value {
        let value = format!("z{}", bs58::encode(signature).into_string());
        self.proof.insert("proofValue".to_owned(), value.into());
        let new = Value::Object(self.proof);
        let proof = if self.earlier.is_empty() {
            new
        } else {
            self.earlier.push(new);
            Value::Array(self.earlier)
        };
        self.document.insert("proof".to_owned(), proof);
        Value::Object(self.document)
    }
}

impl ProofOptions {
    /// The proof without its value.
    pub(super) fn lay_out(self, document: &Map<String, Value>, making: &Making<'_>) -> Map<String, Value> {
        let mut proof = Map::new();
        let mut say = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                proof.insert(name.to_owned(), value);
            }
        };
        // RDF suites read the proof under the document's contexts anyway.
        let context = document.get("@context").filter(|_| !making.cryptosuite.is_rdf());
        say("@context", context.cloned());
        say("id", making.id.clone().map(Value::from));
        say("type", Some("DataIntegrityProof".into()));
        say("cryptosuite", Some(making.cryptosuite.name().into()));
        say("created", self.created.map(|time| time.rfc3339().into()));
        say("expires", self.expires.map(|time| time.rfc3339().into()));
        say("verificationMethod", Some(self.verification_method.into()));
        say("proofPurpose", Some(self.purpose.name().into()));
        say("challenge", self.challenge.map(Value::from));
        say("domain", self.domain.map(Value::from));
        let previous = match making.previous.as_slice() {
            [] => None,
            [one] => Some(one.clone().into()),
            several => Some(several.to_vec().into()),
        };
        say("previousProof", previous);
        proof
    }
}

/// The document with the previous proofs in it, as a proof that names them signs it (Data Integrity 1.0 §4.3).
pub(super) fn with_previous(
    document: &Map<String, Value>,
    proofs: &[Value],
    previous: &[String],
) -> Result<Option<Map<String, Value>>, SecureError> {
    if previous.is_empty() {
        return Ok(None);
    }
    let named = |id: &String| {
        proofs.iter().find(|proof| proof.get("id").and_then(Value::as_str) == Some(id)).cloned()
    };
    let matching: Option<Vec<Value>> = previous.iter().map(named).collect();
    let mut document = document.clone();
    document.insert("proof".to_owned(), Value::Array(matching.ok_or(SecureError::PreviousMissing)?));
    Ok(Some(document))
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
