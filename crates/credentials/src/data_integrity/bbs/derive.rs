//! Choosing what to show (§3.4.3 `addDerivedProof`).

use rand_core::CryptoRngCore;
use serde_json::{Map, Value as Json};

use super::value::{Derived, Value, labels, shuffled};
use crate::bbs::{BbsError, prove};
use crate::data_integrity::Cryptosuite;
use crate::data_integrity::statements::Statements;
use crate::jsonld::{Contexts, JsonLdError, Selection};

/// Why nothing can be derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeriveError {
    /// There is no single base proof of `bbs-2023`: derive from the credential as it was issued.
    #[error("there is no base proof to derive from")]
    NoBaseProof,
    /// The document, or a pointer that does not fit it.
    #[error(transparent)]
    JsonLd(#[from] JsonLdError),
    /// [`BbsError::SignatureWrong`]: the document is not the one that was signed. [`BbsError::TooMuch`]: the presentation header
    /// is too long.
    #[error(transparent)]
    Bbs(#[from] BbsError),
}

/// The credential that shows what is mandatory and what the JSON pointers name, nothing else. Objects on the way keep
/// their ids and types. The proof is tied to `presentation_header`: the nonce of a request, or nothing.
///
/// # Errors
/// [`DeriveError`].
pub fn derive(
    credential: &Map<String, Json>,
    pointers: &[String],
    presentation_header: &[u8],
    contexts: &Contexts,
    rng: &mut impl CryptoRngCore,
) -> Result<Json, DeriveError> {
    let mut document = credential.clone();
    let Some(Json::Object(mut proof)) = document.remove("proof") else {
        return Err(DeriveError::NoBaseProof);
    };
    let suite = proof.get("cryptosuite").and_then(Json::as_str);
    let base = match proof.get("proofValue").and_then(Json::as_str).map(Value::parse) {
        Some(Ok(Value::Base(base))) if suite == Some(Cryptosuite::Bbs2023.name()) => base,
        _ => return Err(DeriveError::NoBaseProof),
    };

    let statements = Statements::of(&document, contexts, labels(&base.label_key))?;
    let mandatory = statements.chosen(&Selection::of(&document, &base.mandatory)?)?;
    let selection = Selection::of(&document, &[&base.mandatory, pointers].concat())?;
    if selection == Selection::Nothing {
        return Err(JsonLdError::Pointer.into());
    }
    let shown = statements.chosen(&selection)?;
    let marks = || mandatory.iter().copied().zip(shown.iter().copied());
    let mandatory_shown = marks().filter(|(_, shown)| *shown).map(|(mandatory, _)| mandatory);
    let others_shown = marks().filter(|(mandatory, _)| !mandatory).map(|(_, shown)| shown);

    let messages: Vec<&[u8]> = statements.divided(&mandatory).1.map(str::as_bytes).collect();
    let indexes = numbers(others_shown);
    let headers = (base.header.as_slice(), presentation_header);
    let made = prove(&base.key, &base.signature, headers, &messages, &indexes, rng)?;
    let places = shuffled(&base.label_key, statements.blanks());
    let numbers_shown = statements.numbers_of(&selection)?.into_iter();
    let derived = Derived {
        proof: made,
        labels: numbers_shown
            .filter_map(|(here, whole)| Some((here, *places.get(whole as usize)?)))
            .collect(),
        mandatory: numbers(mandatory_shown),
        shown: indexes,
        presentation_header: presentation_header.to_vec(),
    };
    proof.insert("proofValue".to_owned(), Value::Derived(derived).text().into());
    let mut cut = selection.cut(&document);
    cut.insert("proof".to_owned(), Json::Object(proof));
    Ok(Json::Object(cut))
}

/// Which of the marks are set.
fn numbers(marks: impl Iterator<Item = bool>) -> Vec<usize> {
    marks.enumerate().filter_map(|(at, marked)| marked.then_some(at)).collect()
}
