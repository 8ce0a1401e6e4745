//! The holder's part of selective disclosure.

use rand_core::CryptoRngCore;
use serde_json::Value;

use super::{DeriveRequest, pointers};
use crate::data_integrity::sd;
#[cfg(feature = "bbs")]
use crate::data_integrity::{Cryptosuite, bbs};
use crate::envelope::{EnvelopeError, MediaType, Presented, is_enveloped};
use crate::jsonld::{Contexts, JsonLdError};
use crate::sd_jwt::SelectError;

/// Why nothing was derived.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeriveFailed {
    /// It is no credential.
    #[error("the credential is no JSON object")]
    NotAnObject,
    /// The envelope.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Nothing can be held back from it.
    #[error("the credential was not issued for selective disclosure")]
    Whole,
    /// A pointer.
    #[error(transparent)]
    Pointer(#[from] JsonLdError),
    /// `vc+sd-jwt`.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// `ecdsa-sd-2023`.
    #[error(transparent)]
    Statements(#[from] sd::DeriveError),
    /// `bbs-2023`.
    #[cfg(feature = "bbs")]
    #[error(transparent)]
    Bbs(#[from] bbs::DeriveError),
}

impl DeriveRequest {
    /// The credential with what always shows and what was chosen. A proof of `bbs-2023` is tied to no request.
    ///
    /// # Errors
    /// [`DeriveFailed`].
    pub fn derive(
        &self,
        contexts: &Contexts,
        #[cfg_attr(not(feature = "bbs"), expect(unused_variables, reason = "only BBS draws"))]
        rng: &mut impl CryptoRngCore,
    ) -> Result<Value, DeriveFailed> {
        let chosen = &self.options.selective_pointers;
        if is_enveloped(&self.verifiable_credential) {
            return select(&self.verifiable_credential, chosen);
        }
        let Value::Object(credential) = &self.verifiable_credential else {
            return Err(DeriveFailed::NotAnObject);
        };
        #[cfg(feature = "bbs")]
        if credential.get("proof").and_then(|proof| proof.get("cryptosuite"))
            == Some(&Value::from(Cryptosuite::Bbs2023.name()))
        {
            return Ok(bbs::derive(credential, chosen, b"", contexts, rng)?);
        }
        Ok(sd::derive(credential, chosen, contexts)?)
    }
}

fn select(envelope: &Value, chosen: &[String]) -> Result<Value, DeriveFailed> {
    let Presented::Jose(credential) = Presented::read(envelope)? else { return Err(DeriveFailed::Whole) };
    let token = credential.sd_jwt().ok_or(DeriveFailed::Whole)?;
    let path = |pointer: &String| pointers::path(credential.dangerous_members(), pointer);
    let paths = chosen.iter().map(path).collect::<Result<Vec<_>, _>>()?;
    Ok(MediaType::VcSdJwt.envelope(token.select(&paths)?.text().as_bytes()))
}
