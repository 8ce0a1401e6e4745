//! Anchoring: every so often the chain is told how far the log has come.

use std::time::Duration;

use registry::{Hash32, Record};
use service::node::SubmitError;
use store::Store;
use tokio::sync::watch;

use super::{Head, head};
use crate::ledger::Ledger;

/// How long the chain may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells the chain.
pub(crate) struct Anchoring {
    pub(crate) store: Store,
    pub(crate) ledger: Ledger,
    /// How long what is noted may stay unanchored while the chain can be reached.
    pub(crate) every: Duration,
}

impl Anchoring {
    /// Anchors until told to stop, and once more then: what was noted last is covered, too.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut anchored = None;
        loop {
            let is_over = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => true,
                () = tokio::time::sleep(self.every) => false,
            };
            // Whoever stops an issuer doesn't wait for a chain that is away.
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
        let Head { entries, hash } = match head(&self.store) {
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
        match self.ledger.anchor(entries, hash).await {
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

    /// How far the chain has it; none while the chain can't be asked.
    async fn on_chain(&self, hash: Hash32) -> Option<u64> {
        match self.ledger.anchored().await {
            Ok(Some(Record::LogAnchor(record))) => {
                let here = head(&self.store).ok().flatten().map_or(0, |head| head.entries);
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
