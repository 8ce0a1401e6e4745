//! Making a base proof (§3.5).

use rand_core::CryptoRngCore;
use serde_json::{Map, Value as Json};

use super::value::{Base, Value, labels, signed_by_issuer};
use crate::data_integrity::selective::{Issuing, LabelKey};
use crate::data_integrity::statements::{Statements, hash};
use crate::data_integrity::suite::hash_rdf;
use crate::data_integrity::{Cryptosuite, Making, SecureError};
use crate::key::{
    Algorithm, KeyError, PublicKey, SignError, Signature, SignatureRefused, Signer, SoftwareKey, finished,
};
use crate::rdf::HashAlgorithm;

/// What is made anew for each credential. Used twice, it would link credentials.
pub struct Secrets {
    label_key: LabelKey,
    key: SoftwareKey,
}

impl Secrets {
    /// New ones.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        Self { label_key: LabelKey::generate(rng), key: SoftwareKey::generate(Algorithm::Es256, rng) }
    }

    /// These ones, for test vectors.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] when the key is not on P-256.
    pub fn dangerous_fixed(label_key: [u8; 32], key: SoftwareKey) -> Result<Self, KeyError> {
        match key.algorithm() {
            Algorithm::Es256 => Ok(Self { label_key: LabelKey::dangerous_fixed(label_key), key }),
            _ => Err(KeyError::Unsupported),
        }
    }
}

/// A document that only lacks the issuer's signature over its base proof.
pub struct PreparedBase {
    document: Map<String, Json>,
    proof: Map<String, Json>,
    key: PublicKey,
    signed: Vec<u8>,
    value: Base,
}

impl Issuing<'_> {
    /// Signs the statements with the secrets' key and lays out what `key` will sign.
    ///
    /// # Errors
    /// [`SecureError`].
    pub fn prepare(self, key: &PublicKey, secrets: &Secrets) -> Result<PreparedBase, SecureError> {
        if self.document.contains_key("proof") {
            return Err(SecureError::HasProof);
        }
        if !Cryptosuite::EcdsaSd2023.takes(key.algorithm()) {
            return Err(SecureError::KeyNotOfSuite);
        }
        let document = self.document;
        let proof = self.options.lay_out(&document, &Making::with(Cryptosuite::EcdsaSd2023));
        let context = document.get("@context").unwrap_or(&Json::Null);
        let proof_hash = hash_rdf(self.contexts, context, &proof, HashAlgorithm::Sha256)?;
        let names = labels(&secrets.label_key);
        let (statements, mandatory) = Statements::signed(&document, self.contexts, names, &self.mandatory)?;
        let (mandatory, others) = statements.divided(&mandatory);
        let statement_key = secrets.key.public_key().clone();
        let signed = signed_by_issuer(&proof_hash, &statement_key, &hash(mandatory));
        let signatures =
            others.map(|line| secrets.key.sign(line.as_bytes())).collect::<Result<Vec<_>, SignError>>()?;
        let value = Base {
            signature: Signature::from([0; 64]),
            key: statement_key,
            label_key: secrets.label_key.clone(),
            signatures,
            mandatory: self.mandatory,
        };
        Ok(PreparedBase { document, proof, key: key.clone(), signed, value })
    }
}

impl PreparedBase {
    /// The bytes to sign.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.signed
    }

    /// The secured document, for the holder alone: its proof holds the key of the labels.
    ///
    /// # Errors
    /// [`SignatureRefused`] when this is not the key's signature of [`PreparedBase::bytes`].
    pub fn finish(mut self, signature: &[u8]) -> Result<Json, SignatureRefused> {
        self.value.signature = finished(&self.key, &self.signed, signature)?;
        Ok(self.attach())
    }

    /// The secured document, signed at once.
    ///
    /// # Errors
    /// [`SignError`] from the key.
    pub fn sign(mut self, signer: &dyn Signer) -> Result<Json, SignError> {
        self.value.signature = signer.sign(&self.signed)?;
        Ok(self.attach())
    }

    fn attach(mut self) -> Json {
        self.proof.insert("proofValue".to_owned(), Value::Base(self.value).text().into());
        self.document.insert("proof".to_owned(), Json::Object(self.proof));
        Json::Object(self.document)
    }
}
