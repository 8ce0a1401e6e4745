//! What runs beside the counter for its journal: looking again once the node answers, and forgetting.

use std::sync::Arc;
use std::time::Duration;

use registry::UnixMillis;
use service::clock;
use store::StoreError;
use tokio::sync::watch;

use super::Rechecks;
use crate::core::Core;

/// How often it looks.
const PERIOD: Duration = Duration::from_secs(2);

/// Keeps the journal of one organisation.
pub(crate) struct Keeper(pub(crate) Arc<Core>);

impl Keeper {
    /// Looks until it is stopped.
    pub(crate) async fn run(self, mut stopped: watch::Receiver<bool>) {
        loop {
            if let Err(error) = self.turn(clock::now()).await {
                tracing::error!(%error, "the journal of decisions without the node can't be kept just now");
            }
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                _ = stopped.wait_for(|stop| *stop) => return,
            }
        }
    }

    async fn turn(&self, now: UnixMillis) -> Result<(), StoreError> {
        let core = &self.0;
        loop {
            let (given_up, is_full) = core.account.journal.forget(now).await?;
            given_up.iter().for_each(|entry| core.metrics.rechecked(&core.tenant, entry));
            if !is_full {
                break;
            }
        }
        // Asking costs a try of each that waits: it is done when there is somebody to ask.
        if core.account.journal.oldest_waiting()?.is_some() && core.node.head().await.is_ok() {
            let Rechecks { found, left, .. } = core.recheck().await?;
            if !found.is_empty() || left > 0 {
                tracing::info!(
                    looked_at = found.len(),
                    left,
                    "decisions made without the node were checked again"
                );
            }
        }
        let oldest = core.account.journal.oldest_waiting()?;
        core.metrics.waiting(&core.tenant, oldest.map(|at| at.until(clock::now())));
        Ok(())
    }
}

impl Core {
    /// Looks once more at every decision that waits for it and that no other instance looks at.
    pub(crate) async fn recheck(&self) -> Result<Rechecks, StoreError> {
        let rechecks = self.account.journal.recheck_all(&self.node, clock::now).await?;
        rechecks.found.iter().for_each(|(_, entry)| self.metrics.rechecked(&self.tenant, entry));
        Ok(rechecks)
    }
}
