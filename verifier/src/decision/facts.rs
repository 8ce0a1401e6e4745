//! The chain's facts that a decision needs, all from one block.

use std::collections::{BTreeMap, BTreeSet};

use credentials::catalogue::Catalogue;
use credentials::key::PublicKey;
use credentials::status::StatusRef;
use registry::{Did, KeyId, Proven, RecordKey, Slug, StatusListId};
use service::NodeClient;

use super::check::SeenBlock;
use super::credential::Received;

/// What a credential names, read as the chain writes it. What can't be read is none.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) issuer: Option<Did>,
    pub(crate) key: Option<KeyId>,
    pub(crate) credential_type: Option<Slug>,
    pub(crate) entry: Option<(StatusListId, u32)>,
}

impl Named {
    pub(crate) fn by(received: &Received, catalogue: &Catalogue) -> Self {
        Self {
            issuer: received.issuer().parse().ok(),
            key: received.key().and_then(|key| key.parse().ok()),
            credential_type: received
                .credential_type(catalogue)
                .and_then(|credential_type| Slug::new(&credential_type.id).ok()),
            entry: received.status().and_then(entry_of),
        }
    }

    /// The status entry of an issuer's credential, whatever type it is of and whichever key signed it.
    pub(crate) fn in_credential(issuer: &str, status: &StatusRef) -> Self {
        Self { issuer: issuer.parse().ok(), key: None, credential_type: None, entry: entry_of(status) }
    }

    /// The records that say whether it counts.
    fn records(&self) -> impl Iterator<Item = RecordKey> {
        let did = self.issuer.clone().map(RecordKey::Did);
        let trust = match (&self.issuer, &self.credential_type) {
            (Some(did), Some(name)) => Some(RecordKey::Trust(did.clone(), name.clone())),
            _ => None,
        };
        // A list of somebody else's says nothing of this issuer's credentials: it isn't even looked at.
        let own = self.entry.as_ref().filter(|(list, _)| Some(&list.owner) == self.issuer.as_ref());
        let list = own.map(|(list, _)| RecordKey::StatusList(list.clone()));
        let chunk = own.map(|(list, index)| RecordKey::chunk_of(list, *index));
        [did, trust, list, chunk].into_iter().flatten()
    }
}

fn entry_of(status: &StatusRef) -> Option<(StatusListId, u32)> {
    let entry = status.registry.as_ref()?;
    Some((entry.list.parse().ok()?, entry.index))
}

/// Proven facts; none of them when the chain can't be reached.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts(BTreeMap<RecordKey, Proven>);

impl Facts {
    /// Fetches what is needed to decide on these credentials. When that fails, there are no facts, which makes what
    /// rests on them unknown.
    pub(crate) async fn about(received: &[Received], catalogue: &Catalogue, node: &NodeClient) -> Self {
        let named = received.iter().map(|one| Named::by(one, catalogue));
        Self::at(named.flat_map(|named| named.records().collect::<Vec<_>>()).collect(), node).await
    }

    /// The same for one credential.
    pub(crate) async fn of(named: &Named, node: &NodeClient) -> Self {
        Self::at(named.records().collect(), node).await
    }

    async fn at(keys: BTreeSet<RecordKey>, node: &NodeClient) -> Self {
        let keys: Vec<RecordKey> = keys.into_iter().collect();
        match node.proven(&keys).await {
            Ok(proven) => Self::new(proven),
            Err(error) => {
                tracing::warn!(%error, "deciding without the chain");
                Self::default()
            }
        }
    }

    pub(crate) fn new(proven: impl IntoIterator<Item = Proven>) -> Self {
        Self(proven.into_iter().map(|proven| (proven.key().clone(), proven)).collect())
    }

    pub(crate) fn get(&self, key: &RecordKey) -> Option<&Proven> {
        self.0.get(key)
    }

    /// The oldest block that a fact is from.
    pub(crate) fn block(&self) -> Option<SeenBlock> {
        let oldest = self.0.values().min_by_key(|proven| proven.time())?;
        Some(SeenBlock { height: oldest.height(), time: oldest.time() })
    }
}

/// A key of the chain as the formats take it; none for a P-256 point that isn't one.
pub(crate) fn usable(key: &registry::PublicKey) -> Option<PublicKey> {
    match key {
        registry::PublicKey::Ed25519(key) => PublicKey::ed25519(key.as_bytes()).ok(),
        registry::PublicKey::P256(key) => PublicKey::p256(key.as_bytes()).ok(),
    }
}
