//! Making a base proof (§3.4.1 `createBaseProof`).

use serde_json::Value as Json;

use super::value::{Base, Value, header, labels};
use crate::bbs::{BbsError, SecretKey};
use crate::data_integrity::selective::{Issuing, LabelKey};
use crate::data_integrity::statements::Statements;
use crate::data_integrity::{Cryptosuite, Making};
use crate::jsonld::JsonLdError;

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
        let names = labels(label_key);
        let (statements, mandatory) = Statements::signed(&document, self.contexts, names, &self.mandatory)?;
        let (mandatory, others) = statements.divided(&mandatory);
        let header = header(&document, &proof, mandatory, self.contexts)?;
        let messages: Vec<&[u8]> = others.map(str::as_bytes).collect();
        let base = Base {
            signature: key.sign(&header, &messages)?,
            header,
            key: key.public_key().clone(),
            label_key: label_key.clone(),
            mandatory: self.mandatory,
        };
        proof.insert("proofValue".to_owned(), Value::Base(base).text().into());
        document.insert("proof".to_owned(), Json::Object(proof));
        Ok(Json::Object(document))
    }
}
