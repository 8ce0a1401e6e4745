//! Anchoring: every so often the chain is told how far the log has come.

use std::sync::Arc;
use std::time::Duration;

use registry::{Action, Hash32, Record, RecordKey};
use tokio::sync::watch;

use super::{Head, log_name};
use crate::node::{NodeError, SubmitError};
use crate::{NodeClient, Organisation};

/// How long the chain may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whose log it is, how far it has come, and how it reaches the chain.
pub trait Owner: Send + Sync + 'static {
    /// How far the log has come; none before it is begun.
    ///
    /// # Errors
    /// Why it can't be read, for operators.
    fn head(&self) -> Result<Option<Head>, Box<dyn std::error::Error>>;

    /// Who acts on the chain.
    fn organisation(&self) -> &Organisation;

    /// The chain's client.
    fn node(&self) -> &NodeClient;
}

/// Tells the chain.
pub struct Anchoring {
    /// Whose it is.
    pub owner: Arc<dyn Owner>,
    /// How long what is noted may stay unanchored while the chain can be reached.
    pub every: Duration,
}

impl std::fmt::Debug for Anchoring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Anchoring").field("every", &self.every).finish_non_exhaustive()
    }
}

impl Anchoring {
    /// Anchors until told to stop, and once more then: what was noted last is covered, too.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut anchored = None;
        loop {
            let is_over = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => true,
                () = tokio::time::sleep(self.every) => false,
            };
            // Whoever stops a service doesn't wait for a chain that is away.
            if tokio::time::timeout(PATIENCE, self.anchor(&mut anchored)).await.is_err() {
                tracing::warn!("the audit log is not anchored yet: the chain takes long");
                anchored = None;
            }
            if is_over {
                return;
            }
        }
    }

    /// Tells the chain if there is something to tell; otherwise, and when the chain is away, it is told the next time.
    async fn anchor(&self, anchored: &mut Option<u64>) {
        let Head { entries, hash } = match self.owner.head() {
            Ok(Some(head)) => head,
            Ok(None) => return,
            Err(error) => return tracing::error!(%error, "the audit log can't be read"),
        };
        if anchored.is_none() {
            *anchored = self.on_chain(hash).await;
        }
        if anchored.is_none_or(|anchored| entries <= anchored) {
            return;
        }
        match self.tell(entries, hash).await {
            Ok(_) => {
                tracing::info!(entries, "the audit log is anchored");
                *anchored = Some(entries);
            }
            Err(error) => {
                // An answer that was lost may have been a yes, and another instance may have been further: look again.
                *anchored = None;
                if !matches!(&error, SubmitError::Rejected { code, .. } if code == "log-shorter") {
                    tracing::warn!(%error, "the audit log is not anchored yet");
                }
            }
        }
    }

    /// Says on the chain how far the log has come; final when it returns.
    async fn tell(&self, entries: u64, head: Hash32) -> Result<(), SubmitError> {
        let action = Action::AnchorLog { log: log_name(), entries, head };
        self.owner.organisation().act(self.owner.node(), &action).await.map(drop)
    }

    /// How far the chain has the log.
    async fn anchored(&self) -> Result<Option<Record>, NodeError> {
        let key = RecordKey::LogAnchor(self.owner.organisation().did().clone(), log_name());
        Ok(self.owner.node().proven_one(key).await?.record().cloned())
    }

    /// How far the chain has it; none while the chain can't be asked.
    async fn on_chain(&self, hash: Hash32) -> Option<u64> {
        match self.anchored().await {
            Ok(Some(Record::LogAnchor(record))) => {
                let here = self.owner.head().ok().flatten().map_or(0, |head| head.entries);
                if here < record.entries || (here == record.entries && hash != record.head) {
                    tracing::error!(
                        here,
                        anchored = record.entries,
                        "the audit log is not the one on the chain: it was cut off or exchanged"
                    );
                }
                Some(record.entries)
            }
            Ok(_) => Some(0),
            Err(error) => {
                tracing::warn!(%error, "the audit log's anchor can't be read");
                None
            }
        }
    }
}
