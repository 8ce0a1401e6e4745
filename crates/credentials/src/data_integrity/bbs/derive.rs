//! Choosing what to show (§3.4.3 `addDerivedProof`).

use rand_core::CryptoRngCore;
use serde_json::{Map, Value as Json};

use super::value::{Derived, Value, labels, shuffled};
use crate::bbs::{BbsError, prove};
use crate::data_integrity::Cryptosuite;
use crate::data_integrity::selective::{Held, Showing};
use crate::jsonld::{Contexts, JsonLdError};

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
    let held = Held::of(credential, Cryptosuite::Bbs2023).ok_or(DeriveError::NoBaseProof)?;
    let Ok(Value::Base(base)) = Value::parse(held.value) else { return Err(DeriveError::NoBaseProof) };
    let named = (base.mandatory.as_slice(), pointers);
    let showing = Showing::of(&held.document, contexts, labels(&base.label_key), named)?;
    let shown = showing.shown_among_others();
    let messages: Vec<&[u8]> = showing.statements.divided(&showing.mandatory).1.map(str::as_bytes).collect();
    let headers = (base.header.as_slice(), presentation_header);
    let proof = prove(&base.key, &base.signature, headers, &messages, &shown, rng)?;
    let places = shuffled(&base.label_key, showing.statements.blanks());
    let numbers = showing.statements.numbers_of(&showing.selection)?.into_iter();
    let derived = Derived {
        proof,
        labels: sorted::collect(
            numbers.filter_map(|(here, whole)| Some((here, *places.get(whole as usize)?))),
        ),
        mandatory: showing.mandatory_among_shown(),
        shown,
        presentation_header: presentation_header.to_vec(),
    };
    Ok(showing.cut(held.proof, Value::Derived(derived).text(), &held.document))
}
