//! Choosing what to show (§3.6).

use serde_json::{Map, Value as Json};

use super::value::{Derived, Value, labels};
use crate::data_integrity::Cryptosuite;
use crate::data_integrity::statements::{Statements, keyed};
use crate::jsonld::{Contexts, JsonLdError, Selection};

/// Why nothing can be derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeriveError {
    /// There is no single base proof of `ecdsa-sd-2023`: derive from the credential as it was issued.
    #[error("there is no base proof to derive from")]
    NoBaseProof,
    /// The document, or a pointer that does not fit it.
    #[error(transparent)]
    JsonLd(#[from] JsonLdError),
    /// The base proof has another number of signatures than the document has statements.
    #[error("the base proof does not fit the document")]
    Mismatch,
}

/// The credential that shows what is mandatory and what the JSON pointers name, nothing else. Objects on the way keep
/// their ids and types.
///
/// # Errors
/// [`DeriveError`].
pub fn derive(
    credential: &Map<String, Json>,
    pointers: &[String],
    contexts: &Contexts,
) -> Result<Json, DeriveError> {
    let mut document = credential.clone();
    let Some(Json::Object(mut proof)) = document.remove("proof") else {
        return Err(DeriveError::NoBaseProof);
    };
    let suite = proof.get("cryptosuite").and_then(Json::as_str);
    let value = match proof.get("proofValue").and_then(Json::as_str).map(Value::parse) {
        Some(Some(Value::Base(base))) if suite == Some(Cryptosuite::EcdsaSd2023.name()) => base,
        _ => return Err(DeriveError::NoBaseProof),
    };

    let statements = Statements::of(&document, contexts, labels(&value.hmac_key))?;
    let mandatory = statements.chosen(&Selection::of(&document, &value.mandatory)?)?;
    let selection = Selection::of(&document, &[&value.mandatory, pointers].concat())?;
    if selection == Selection::Nothing {
        return Err(JsonLdError::Pointer.into());
    }
    let shown = statements.chosen(&selection)?;

    let marks = || mandatory.iter().zip(&shown);
    let mandatory_shown =
        marks().filter(|(_, shown)| **shown).enumerate().filter(|(_, (mandatory, _))| **mandatory);
    let others = marks().filter(|(mandatory, _)| !**mandatory);
    if others.clone().count() != value.signatures.len() {
        return Err(DeriveError::Mismatch);
    }
    let signatures = others.zip(&value.signatures).filter(|((_, shown), _)| **shown);
    let numbers = statements.numbers_of(&selection)?;
    let derived = Derived {
        signature: value.signature,
        key: value.key.clone(),
        signatures: signatures.map(|(_, signature)| *signature).collect(),
        labels: numbers.into_iter().map(|(here, whole)| (here, keyed(&value.hmac_key, whole))).collect(),
        mandatory: mandatory_shown.map(|(at, _)| at).collect(),
    };
    proof.insert("proofValue".to_owned(), Value::Derived(derived).text().into());
    let mut cut = selection.cut(&document);
    cut.insert("proof".to_owned(), Json::Object(proof));
    Ok(Json::Object(cut))
}
