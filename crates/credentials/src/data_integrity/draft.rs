//! A credential that somebody else laid out, to be given its first proof.

use serde_json::{Map, Value};

use super::document::heading;
use super::{ParseError, Reading};
use crate::vcdm::Facts;

/// The context that explains proofs, for documents whose own contexts don't.
const CONTEXT_PROOF: &str = "https://w3id.org/security/data-integrity/v2";

/// A credential without a proof, of the form that a secured one must have.
#[derive(Clone)]
pub struct Draft {
    members: Map<String, Value>,
}

impl Draft {
    /// Reads a credential without a proof, whose issuer is `issuer`; where it names none, that one is put in.
    ///
    /// # Errors
    /// [`ParseError`]; [`ParseError::Member`] of `issuer` when it names another, [`ParseError::ProofCount`] when it has a
    /// proof.
    pub fn read(value: Value, issuer: &str, reading: Reading) -> Result<Self, ParseError> {
        let Value::Object(mut members) = value else { return Err(ParseError::NotAnObject) };
        if members.contains_key("proof") {
            return Err(ParseError::ProofCount);
        }
        let (_, is_v1) = heading(&members, "VerifiableCredential", reading.vcdm_1_1)?;
        members.entry("issuer").or_insert_with(|| issuer.into());
        if Facts::read(&members, is_v1)?.issuer() != issuer {
            return Err(ParseError::Member("issuer"));
        }
        if is_v1 && let Some(Value::Array(contexts)) = members.get_mut("@context") {
            // VCDM 1.1's own context knows nothing of Data Integrity proofs (Data Integrity 1.0 §2.4.2).
            if !contexts.iter().any(|context| context == CONTEXT_PROOF) {
                contexts.push(CONTEXT_PROOF.into());
            }
        }
        Ok(Self { members })
    }

    /// The document, to be secured.
    #[must_use]
    pub fn into_members(self) -> Map<String, Value> {
        self.members
    }
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draft").finish_non_exhaustive()
    }
}
