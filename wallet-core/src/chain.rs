//! Facts from the chain: asked of a node, proven against the pinned anchor, kept for when there is no network.

use std::{sync::Arc, time::Duration};

use protocol::{Endpoint, limits};
use registry::{
    Anchor, Evidence, EvidenceError, Proven, RecordKey, UnixMillis,
    api::{self, EvidenceRequest, EvidenceResponse},
};
use serde::{Deserialize, Serialize};

use crate::{
    ports::Clock,
    vault::{Sealed, Vault, VaultError},
    web::{Body, JSON, LARGE, Web, WebError},
};

/// Why the chain's facts are not at hand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// The node can't be reached: try again when online.
    #[error("the chain can't be reached: {0}")]
    Web(#[from] WebError),
    /// The node answered with this status.
    #[error("the chain's node answered with status {0}")]
    Status(u16),
    /// The node's answer is no evidence of what was asked.
    #[error("the chain's node answered with something else than was asked")]
    Malformed,
    /// The evidence does not prove it: the node lies, is of another chain, or lags behind; or this device's clock is
    /// wrong.
    #[error("the chain's evidence shows nothing: {0}")]
    Evidence(#[from] EvidenceError),
    /// The wallet's own store.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Evidence by record key (blinded: it names issuers and verifiers), as it was last fetched: what a card's state is
/// read from, and later carried to counters.
const EVIDENCE: Sealed<Kept> = Sealed::new("evidence");

#[derive(Serialize, Deserialize)]
struct Kept {
    evidence: Evidence,
}

#[derive(Clone)]
pub(crate) struct Chain {
    pub(crate) anchor: Arc<Anchor>,
    pub(crate) node: Endpoint,
    pub(crate) fresh: Duration,
    pub(crate) web: Web,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Chain {
    /// Facts about these records, in their order, none older than `fresh`. Kept in the vault for later.
    ///
    /// Any number of keys; the node is asked for at most [`api::MAX_KEYS`] at a time.
    pub(crate) async fn facts(&self, vault: &Vault, keys: &[RecordKey]) -> Result<Vec<Proven>, ChainError> {
        let mut facts = Vec::with_capacity(keys.len());
        for keys in keys.chunks(api::MAX_KEYS) {
            let evidence = self.fetch(keys).await?;
            for (evidence, key) in evidence.iter().zip(keys) {
                if evidence.key() != key {
                    return Err(ChainError::Malformed);
                }
                facts.push(self.check(evidence, self.fresh)?);
            }
            let kept: Vec<_> =
                evidence.into_iter().map(|one| (name(vault, one.key()), Kept { evidence: one })).collect();
            vault
                .write(move |tx| kept.iter().try_for_each(|(name, kept)| tx.put(&EVIDENCE, name, kept)))
                .await?;
        }
        Ok(facts)
    }

    /// The fact that was last fetched about this record, however old; `None` if none was.
    pub(crate) fn kept(&self, vault: &Vault, key: &RecordKey) -> Result<Option<Proven>, VaultError> {
        let kept = vault.get(&EVIDENCE, &name(vault, key))?;
        Ok(kept.and_then(|kept| self.check(&kept.evidence, Duration::MAX).ok()))
    }

    fn check(&self, evidence: &Evidence, max_age: Duration) -> Result<Proven, EvidenceError> {
        registry::verify(evidence, &self.anchor, self.clock.now(), max_age)
    }

    async fn fetch(&self, keys: &[RecordKey]) -> Result<Vec<Evidence>, ChainError> {
        let url = self.node.join(api::EVIDENCE).map_err(|_| ChainError::Malformed)?;
        let request = EvidenceRequest { keys: keys.to_vec() };
        let request = serde_json::to_vec(&request).map_err(|_| ChainError::Malformed)?;
        let answer = self.web.post(&url, Body::Json(request), JSON, None, LARGE).await?;
        if !answer.is_success() {
            return Err(ChainError::Status(answer.status));
        }
        let response: EvidenceResponse =
            limits::json(&answer.body, limits::Limits::MESSAGE).map_err(|_| ChainError::Malformed)?;
        if response.evidence.len() == keys.len() { Ok(response.evidence) } else { Err(ChainError::Malformed) }
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.clock.now()
    }
}

fn name(vault: &Vault, key: &RecordKey) -> String {
    vault.blind(&key.to_string())
}
