//! Making a base proof (§3.4.1 `createBaseProof`).

use rand_core::CryptoRngCore;
use serde_json::{Map, Value as Json};
use zeroize::Zeroizing;

use super::value::{Base, Value, header, labels};
use crate::bbs::{BbsError, SecretKey};
use crate::data_integrity::statements::Statements;
use crate::data_integrity::{Cryptosuite, Making, ProofOptions};
use crate::jsonld::{Contexts, JsonLdError, Selection};

/// The key behind the labels of blank nodes, made anew for each credential. Used twice, it would link credentials.
pub struct LabelKey(Zeroizing<[u8; 32]>);

impl LabelKey {
    /// A new one.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        rng.fill_bytes(key.as_mut());
        Self(key)
    }

    /// This one, for test vectors.
    #[must_use]
    pub fn dangerous_fixed(key: [u8; 32]) -> Self {
        Self(Zeroizing::new(key))
    }
}

/// A document to be signed so that its holder can show it in part.
pub struct Issuing<'a> {
    /// The document, without a proof.
    pub document: Map<String, Json>,
    /// What the proof says.
    pub options: ProofOptions,
    /// JSON pointers to what is always shown.
    pub mandatory: Vec<String>,
    /// The contexts to read the document with.
    pub contexts: &'a Contexts,
}

/// Why a document can't be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// It has a proof already.
    #[error("the document has a proof already")]
    HasProof,
    /// The document has no reliable RDF form, or a pointer does not fit it.
    #[error(transparent)]
    JsonLd(#[from] JsonLdError),
    /// It has more statements than can be signed at once.
    #[error(transparent)]
    Bbs(#[from] BbsError),
}

impl Issuing<'_> {
    /// The secured document, for the holder alone: its proof holds the signature and the key of the labels.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn sign(self, key: &SecretKey, label_key: &LabelKey) -> Result<Json, IssueError> {
        let mut document = self.document;
        if document.contains_key("proof") {
            return Err(IssueError::HasProof);
        }
        let mut proof = self.options.lay_out(&document, &Making::with(Cryptosuite::Bbs2023));
        let statements = Statements::of(&document, self.contexts, labels(&label_key.0))?;
        let mandatory = statements.chosen(&Selection::of(&document, &self.mandatory)?)?;
        let (mandatory, others) = statements.divided(&mandatory);
        let header = header(&document, &proof, mandatory, self.contexts)?;
        let messages: Vec<&[u8]> = others.map(str::as_bytes).collect();
        let base = Base {
            signature: key.sign(&header, &messages)?,
            header,
            key: key.public_key().clone(),
            label_key: label_key.0.clone(),
            mandatory: self.mandatory,
        };
        proof.insert("proofValue".to_owned(), Value::Base(base).text().into());
        document.insert("proof".to_owned(), Json::Object(proof));
        Ok(Json::Object(document))
    }
}
