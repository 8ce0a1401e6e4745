//! Facts from the chain: asked of a node, proven against the pinned anchor, kept for when there is no network.

mod follow;
mod staples;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use protocol::Endpoint;
use registry::{
    Anchor, Evidence, EvidenceBundle, EvidenceError, HandOverError, Proven, RecordKey, UnixMillis,
    api::{self, EvidenceRequest},
};
use serde::{Deserialize, Serialize};

pub(crate) use follow::Known;

use crate::{
    ports::Clock,
    vault::{Sealed, Vault, VaultError, VaultTx},
    web::{Body, LARGE, Web, WebError},
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
    /// The validators changed since the wallet last looked, and the node's hand-overs don't lead to those who sign now: the
    /// node is wrong, or the app's trust anchor too old.
    #[error("the chain's validators can't be followed: {0}")]
    HandOver(#[from] HandOverError),
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
    pub(crate) trusting: Option<Duration>,
    pub(crate) web: Web,
    pub(crate) clock: Arc<dyn Clock>,
    /// Once read from the vault.
    pub(crate) known: Arc<Mutex<Option<Known>>>,
}

impl Chain {
    /// Facts about these records, in their order, none older than `fresh`. Kept in the vault for later.
    ///
    /// Any number of keys; the node is asked for at most [`api::MAX_KEYS`] at a time, each time under one header.
    pub(crate) async fn facts(&self, vault: &Vault, keys: &[RecordKey]) -> Result<Vec<Proven>, ChainError> {
        let mut facts = Vec::with_capacity(keys.len());
        for keys in keys.chunks(api::MAX_KEYS) {
            let bundle = self.fetch(keys).await?;
            if !keys.iter().all(|key| bundle.keys().any(|shown| shown == key)) {
                return Err(ChainError::Malformed);
            }
            let proven = self.check(vault, &bundle).await?;
            let kept = bundle.split().into_iter();
            let kept: Vec<_> = kept.map(|one| (name(vault, one.key()), Kept { evidence: one })).collect();
            vault
                .write(move |tx| kept.iter().try_for_each(|(name, kept)| keep_newest(tx, name, kept)))
                .await?;
            facts.extend(keys.iter().filter_map(|key| proven.iter().find(|one| one.key() == key)).cloned());
        }
        Ok(facts)
    }

    /// The fact that was last fetched about this record, however old; `None` if none was.
    pub(crate) fn kept(&self, vault: &Vault, key: &RecordKey) -> Result<Option<Proven>, VaultError> {
        // Evidence that is damaged is fetched anew.
        let Some(kept) = vault.get_readable(&EVIDENCE, &name(vault, key))? else { return Ok(None) };
        self.known(vault, |known| {
            known.light.verify_once(&kept.evidence, self.now(), Duration::MAX, &mut known.checked).ok()
        })
    }

    /// As [`Chain::kept`] for many records, each named once; those without a fact are not in it.
    pub(crate) fn kept_all(
        &self,
        vault: &Vault,
        keys: impl IntoIterator<Item = RecordKey>,
    ) -> Result<BTreeMap<RecordKey, Proven>, VaultError> {
        let mut facts = BTreeMap::new();
        for key in keys {
            if let Some(fact) = self.kept(vault, &key)? {
                facts.insert(fact.key().clone(), fact);
            }
        }
        Ok(facts)
    }

    async fn fetch(&self, keys: &[RecordKey]) -> Result<EvidenceBundle, ChainError> {
        let url = self.node.join(api::EVIDENCE).map_err(|_| ChainError::Malformed)?;
        let request = EvidenceRequest { keys: keys.to_vec() };
        let request = serde_json::to_vec(&request).map_err(|_| ChainError::Malformed)?;
        let answer = self.web.post(&url, Body::Json(request), api::BUNDLE, None, LARGE).await?;
        if !answer.is_success() {
            return Err(ChainError::Status(answer.status));
        }
        EvidenceBundle::from_bytes(&answer.body).map_err(|_| ChainError::Malformed)
    }

    /// Which records evidence is kept of, and the time of each.
    pub(crate) fn kept_of(vault: &Vault) -> Result<Vec<(RecordKey, UnixMillis)>, VaultError> {
        let kept = vault.all(&EVIDENCE)?.into_iter();
        Ok(kept.map(|(_, Kept { evidence })| (evidence.key().clone(), evidence.claimed_time())).collect())
    }

    /// Forgets the evidence from before this time of all records but these.
    pub(crate) async fn forget(
        &self,
        vault: &Vault,
        but: &BTreeSet<RecordKey>,
        before: UnixMillis,
    ) -> Result<(), VaultError> {
        let mut strange = Vec::new();
        vault.each(&EVIDENCE, |name, kept| {
            let goes =
                |Kept { evidence }: Kept| evidence.claimed_time() < before && !but.contains(evidence.key());
            strange.extend(kept.is_none_or(goes).then_some(name));
        })?;
        if strange.is_empty() {
            return Ok(());
        }
        vault.write(move |tx| strange.iter().try_for_each(|name| tx.remove(&EVIDENCE, name))).await
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.clock.now()
    }
}

/// A node that lags behind, or an answer that was overtaken, puts nothing back to what it was.
fn keep_newest(tx: &mut VaultTx<'_, '_>, name: &str, kept: &Kept) -> Result<(), VaultError> {
    let before = tx.get_readable(&EVIDENCE, name)?;
    match before.is_some_and(|before| before.evidence.claimed_time() > kept.evidence.claimed_time()) {
        true => Ok(()),
        false => tx.put(&EVIDENCE, name, kept),
    }
}

fn name(vault: &Vault, key: &RecordKey) -> String {
    vault.blind(&key.to_string())
}
