//! What the suites of selective disclosure have in common: the issuer's order, the secret behind the labels, the holder's choice.

use rand_core::CryptoRngCore;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::statements::Statements;
use super::{Cryptosuite, ProofOptions};
use crate::jsonld::{Contexts, JsonLdError, Selection};

/// A document to be signed so that its holder can show it in part.
pub struct Issuing<'a> {
    /// The document, without a proof.
    pub document: Map<String, Value>,
    /// What the proof says.
    pub options: ProofOptions,
    /// JSON pointers to what is always shown.
    pub mandatory: Vec<String>,
    /// The contexts to read the document with.
    pub contexts: &'a Contexts,
}

/// The key behind the labels of blank nodes, made anew for each credential. Used twice, it would link credentials.
#[cfg_attr(not(feature = "bbs"), expect(unreachable_pub, reason = "issuers by BBS hand one over"))]
#[derive(Clone)]
pub struct LabelKey(pub(super) Zeroizing<[u8; 32]>);

#[cfg_attr(not(feature = "bbs"), expect(unreachable_pub, reason = "issuers by BBS hand one over"))]
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

/// A credential as its holder has it, taken apart.
pub(super) struct Held<'c> {
    pub(super) document: Map<String, Value>,
    pub(super) proof: Map<String, Value>,
    pub(super) value: &'c str,
}

impl<'c> Held<'c> {
    /// None unless its only proof is of this suite.
    pub(super) fn of(credential: &'c Map<String, Value>, suite: Cryptosuite) -> Option<Self> {
        let value = credential.get("proof")?.get("proofValue")?.as_str()?;
        let mut document = credential.clone();
        let Some(Value::Object(proof)) = document.remove("proof") else { return None };
        let of_suite = proof.get("cryptosuite").and_then(Value::as_str) == Some(suite.name());
        of_suite.then_some(Self { document, proof, value })
    }
}

/// A holder's choice of a document's statements.
pub(super) struct Showing<'d> {
    pub(super) statements: Statements<'d>,
    /// Which of the statements are mandatory.
    pub(super) mandatory: Vec<bool>,
    /// Which of them are shown.
    shown: Vec<bool>,
    pub(super) selection: Selection,
}

impl<'d> Showing<'d> {
    /// What the pointers name, beside what is mandatory; `name` gives the labels.
    pub(super) fn of(
        document: &'d Map<String, Value>,
        contexts: &'d Contexts,
        name: impl FnOnce(u32) -> Vec<String>,
        (mandatory, pointers): (&[String], &[String]),
    ) -> Result<Self, JsonLdError> {
        let selection = Selection::of(document, &[mandatory, pointers].concat())?;
        let (statements, mandatory) = Statements::signed(document, contexts, name, mandatory)?;
        if selection == Selection::Nothing {
            return Err(JsonLdError::Pointer);
        }
        let shown = statements.chosen(&selection)?;
        Ok(Self { statements, mandatory, shown, selection })
    }

    /// The mandatory ones, by their numbers among all that are shown.
    pub(super) fn mandatory_among_shown(&self) -> Vec<usize> {
        let marks = self.mandatory.iter().zip(&self.shown);
        set(marks.filter(|(_, shown)| **shown).map(|(mandatory, _)| *mandatory))
    }

    /// The others that are shown, by their numbers among all that are not mandatory.
    pub(super) fn shown_among_others(&self) -> Vec<usize> {
        let marks = self.mandatory.iter().zip(&self.shown);
        set(marks.filter(|(mandatory, _)| !**mandatory).map(|(_, shown)| *shown))
    }

    /// The part of the document that is shown, under this proof.
    pub(super) fn cut(
        &self,
        mut proof: Map<String, Value>,
        value: String,
        document: &Map<String, Value>,
    ) -> Value {
        proof.insert("proofValue".to_owned(), value.into());
        let mut cut = self.selection.cut(document);
        cut.insert("proof".to_owned(), Value::Object(proof));
        Value::Object(cut)
    }
}

/// The numbers of the marks that are set.
fn set(marks: impl Iterator<Item = bool>) -> Vec<usize> {
    marks.enumerate().filter_map(|(at, marked)| marked.then_some(at)).collect()
}
