//! Deleting what was kept for long enough.

use std::time::Duration;

use registry::UnixMillis;
use store::{Range, StoreError};
use tokio::sync::watch;

use super::{DUE, KEPT, Kept};

/// How often it looks.
const PERIOD: Duration = Duration::from_secs(1);
/// How many rows are deleted in one write.
const BATCH: usize = 500;

impl Kept {
    /// Deletes what is due until it is stopped.
    pub(crate) async fn forget(self, mut stopped: watch::Receiver<bool>) {
        loop {
            match self.sweep(service::clock::now()).await {
                // More is due than one write takes: go on at once.
                Ok(BATCH) => continue,
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "kept claims that are due could not be deleted"),
            }
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                _ = stopped.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Deletes what is due, at most [`BATCH`] rows; how many it were.
    pub(super) async fn sweep(&self, now: UnixMillis) -> Result<usize, StoreError> {
        let mut due = self.store.page(&DUE, &Range::all(), BATCH)?;
        due.retain(|((at, ..), ())| *at <= now.0);
        let count = due.len();
        if count > 0 {
            self.store
                .write_async(move |tx| {
                    for ((at, request, part), ()) in due {
                        tx.remove(&KEPT, (request.clone(), part.clone()))?;
                        tx.remove(&DUE, (at, request, part))?;
                    }
                    Ok::<_, StoreError>(())
                })
                .await?;
        }
        Ok(count)
    }
}
