//! Evidence of the counter itself, kept on the disk while there is a network, for phones that have none.

use std::sync::Arc;
use std::time::Duration;

use registry::{Did, EvidenceBundle, RecordKey, Slug};
use service::NodeClient;
use store::{BytesTable, Store, StoreError};
use tokio::sync::watch;

use crate::purpose::Policies;

/// By purpose: the newest bundle of the counter's DID and that purpose.
const STAPLES: BytesTable<str> = BytesTable::new("staples");
/// How often it is fetched anew; phones may take what is two days old.
const PERIOD: Duration = Duration::from_secs(60);
/// The same while something is missing: at the first start the governance has still to register the purposes.
const SOON: Duration = Duration::from_secs(2);

/// The newest evidence for a purpose, if there is any.
pub(super) fn of(store: &Store, purpose: &Slug) -> Result<Option<Vec<u8>>, StoreError> {
    store.get(&STAPLES, purpose.as_str())
}

/// Fetches until it is stopped.
pub(crate) struct Keeper {
    pub(crate) store: Store,
    pub(crate) node: NodeClient,
    pub(crate) did: Did,
    pub(crate) policies: Arc<Policies>,
}

impl Keeper {
    pub(crate) async fn run(self, mut stopped: watch::Receiver<bool>) {
        loop {
            let pause = if self.fetch().await { PERIOD } else { SOON };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stopped.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Whether there is evidence for every purpose, as new as the node has it.
    async fn fetch(&self) -> bool {
        let mut whole = true;
        for purpose in self.policies.all() {
            whole &= self.fetch_for(&purpose.id).await;
        }
        whole
    }

    async fn fetch_for(&self, purpose: &Slug) -> bool {
        let keys = [RecordKey::Did(self.did.clone()), RecordKey::Purpose(self.did.clone(), purpose.clone())];
        let Ok(facts) = self.node.facts(&keys).await else { return false };
        if facts.iter().any(|fact| fact.proven.record().is_none()) {
            return false;
        }
        let evidence: Vec<_> = facts.into_iter().map(|fact| fact.evidence).collect();
        let Some(bundle) = EvidenceBundle::of(&evidence) else { return false };
        let (key, bytes) = (purpose.to_string(), bundle.to_bytes());
        let written = self.store.write_async(move |tx| tx.put(&STAPLES, key.as_str(), &bytes)).await;
        if let Err(error) = &written {
            tracing::error!(%error, "evidence of this counter could not be kept");
        }
        written.is_ok()
    }
}
