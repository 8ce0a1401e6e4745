//! Choosing what to show (§3.6).

use serde_json::{Map, Value as Json};

use super::value::{Derived, Value, labels};
use crate::data_integrity::Cryptosuite;
use crate::data_integrity::selective::{Held, Showing};
use crate::data_integrity::statements::keyed;
use crate::jsonld::{Contexts, JsonLdError};

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
    let held = Held::of(credential, Cryptosuite::EcdsaSd2023).ok_or(DeriveError::NoBaseProof)?;
    let Some(Value::Base(base)) = Value::parse(held.value) else { return Err(DeriveError::NoBaseProof) };
    let named = (base.mandatory.as_slice(), pointers);
    let showing = Showing::of(&held.document, contexts, labels(&base.label_key), named)?;
    if showing.mandatory.iter().filter(|mandatory| !**mandatory).count() != base.signatures.len() {
        return Err(DeriveError::Mismatch);
    }
    let shown = showing.shown_among_others();
    let numbers = showing.statements.numbers_of(&showing.selection)?;
    let derived = Derived {
        signature: base.signature,
        signatures: shown.iter().filter_map(|at| base.signatures.get(*at).copied()).collect(),
        labels: sorted::collect(
            numbers.into_iter().map(|(here, whole)| (here, keyed(&base.label_key, whole))),
        ),
        mandatory: showing.mandatory_among_shown(),
        key: base.key,
    };
    Ok(showing.cut(held.proof, Value::Derived(derived).text(), &held.document))
}
