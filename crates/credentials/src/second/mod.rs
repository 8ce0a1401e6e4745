//! ssi's JSON-LD and canonicalisation as a second opinion on what is computed here.
//!
//! Its work is bounded only by its input: ask it about documents that were read here first
//! ([`json::parse`](crate::json::parse)), as the tests and the benches do. Nothing that decides for somebody else comes
//! here.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use json_syntax::Parse as _;
use serde_json::{Map, Value};
use ssi_json_ld::{CompactJsonLd, ContextLoader, Expandable as _};
use ssi_rdf::{AnyLdEnvironment as _, LdEnvironment};

use crate::data_integrity::Cryptosuite;
use crate::jsonld::PINNED;
use crate::key::{Algorithm, PublicKey};
use crate::rdf::HashAlgorithm;

/// ssi gave no opinion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoOpinion {
    /// A context that it does not take.
    #[error("ssi does not take a context")]
    Context,
    /// The document is not as it expects.
    #[error("ssi does not take the document")]
    Document,
    /// A suite that it does not have.
    #[error("ssi does not have the suite")]
    Suite,
    /// It wanted to wait, for the network perhaps.
    #[error("ssi wants to wait")]
    Waiting,
}

/// ssi with the pinned contexts.
pub struct Second {
    loader: ContextLoader,
}

impl Second {
    /// With further contexts by URL.
    ///
    /// # Errors
    /// [`NoOpinion::Context`].
    pub fn new(further: &[(&str, &str)]) -> Result<Self, NoOpinion> {
        let pinned = PINNED.iter().map(|pin| (pin.url, pin.text));
        let map: HashMap<String, String> = pinned
            .chain(further.iter().copied())
            .map(|(url, text)| (url.to_owned(), text.to_owned()))
            .collect();
        let loader = ContextLoader::default().with_context_map_from(map).map_err(|_| NoOpinion::Context)?;
        Ok(Self { loader })
    }

    /// The canonical N-Quads of a document, line by line.
    ///
    /// # Errors
    /// [`NoOpinion::Document`] for what its expansion refuses.
    pub fn canonical(&self, document: &Value) -> Result<Vec<String>, NoOpinion> {
        let document = CompactJsonLd(syntax(document)?);
        let mut environment = LdEnvironment::default();
        let expanded = now(document.expand_with(&mut environment, &self.loader))?;
        let expanded = expanded.map_err(|_| NoOpinion::Document)?;
        environment.canonical_form_of(&expanded).map_err(|_| NoOpinion::Document)
    }

    /// Whether the document's only proof was made by this key: hashes from ssi, and the bare signature check.
    ///
    /// # Errors
    /// [`NoOpinion`]; [`NoOpinion::Suite`] for all but `eddsa-rdfc-2022` and `ecdsa-rdfc-2019` with SHA-256.
    pub fn verifies(&self, secured: &Map<String, Value>, key: &PublicKey) -> Result<bool, NoOpinion> {
        let mut document = secured.clone();
        let Some(Value::Object(mut options)) = document.remove("proof") else {
            return Err(NoOpinion::Document);
        };
        let suite = options.get("cryptosuite").and_then(Value::as_str).and_then(Cryptosuite::named);
        let fits = suite.is_some_and(|suite| suite.is_rdf() && suite.takes(key.algorithm()));
        if !fits || suite == Some(Cryptosuite::EcdsaSd2023) || key.algorithm() == Algorithm::Es384 {
            return Err(NoOpinion::Suite);
        }
        let signature = options.remove("proofValue");
        let signature = signature.as_ref().and_then(Value::as_str).and_then(|text| text.strip_prefix('z'));
        let signature =
            bs58::decode(signature.unwrap_or_default()).into_vec().map_err(|_| NoOpinion::Document)?;
        options.insert("@context".to_owned(), document.get("@context").cloned().unwrap_or_default());
        let mut hashes = Vec::with_capacity(64);
        for part in [options, document] {
            let lines = self.canonical(&Value::Object(part))?;
            hashes.extend(HashAlgorithm::Sha256.digest(lines.concat().as_bytes()));
        }
        Ok(key.verify(&hashes, &signature).is_ok())
    }
}

/// The document as ssi reads it: written again, so that no two parsers see two documents.
fn syntax(document: &Value) -> Result<json_syntax::Value, NoOpinion> {
    let (value, _) = json_syntax::Value::parse_str(&document.to_string()).map_err(|_| NoOpinion::Document)?;
    Ok(value)
}

/// Contexts and keys are at hand, so nothing waits.
fn now<F: Future>(future: F) -> Result<F::Output, NoOpinion> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => Err(NoOpinion::Waiting),
    }
}

impl std::fmt::Debug for Second {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Second").finish_non_exhaustive()
    }
}
