//! Forgetting: what is due leaves the store and the memory.

use std::sync::Arc;
use std::time::Duration;

use registry::UnixMillis;
use store::{Range, Store, StoreError};
use tokio::sync::watch;

use super::memory::Memory;
use super::record::{DUE, OUTCOMES, REQUESTS};

/// How often it looks.
const PERIOD: Duration = Duration::from_secs(1);
/// How many requests are forgotten in one write.
const BATCH: usize = 500;

/// Sweeps until it is stopped.
pub(crate) struct Tidier {
    pub(crate) store: Store,
    pub(crate) memory: Arc<Memory>,
}

/// Forgets every request that nobody answered, of a store that is being restored: it may have been answered since.
pub(crate) fn forget_open(store: &Store) -> Result<(), StoreError> {
    let mut range = Range::all();
    loop {
        let page = store.page(&REQUESTS, &range, BATCH)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        range = Range::all().after(last.as_str());
        store.write(move |tx| {
            for (id, _) in page {
                if !tx.contains(&OUTCOMES, id.as_str())? {
                    tx.remove(&REQUESTS, id.as_str())?;
                }
            }
            Ok::<_, StoreError>(())
        })?;
    }
}

impl Tidier {
    pub(crate) async fn run(self, mut stopped: watch::Receiver<bool>) {
        loop {
            let now = service::clock::now();
            self.memory.sweep(now);
            if *stopped.borrow() {
                return;
            }
            match self.forget(now).await {
                // More is due than one write takes: go on at once.
                Ok(BATCH) => continue,
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "results that are due could not be deleted"),
            }
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                _ = stopped.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Deletes what is due, at most [`BATCH`]; how many it were.
    async fn forget(&self, now: UnixMillis) -> Result<usize, StoreError> {
        let mut due = self.store.page(&DUE, &Range::all(), BATCH)?;
        due.retain(|((at, _), ())| *at <= now.0);
        let count = due.len();
        if count > 0 {
            self.store
                .write_async(move |tx| {
                    for ((at, id), ()) in due {
                        tx.remove(&REQUESTS, id.as_str())?;
                        tx.remove(&OUTCOMES, id.as_str())?;
                        tx.remove(&DUE, (at, id))?;
                    }
                    Ok::<_, StoreError>(())
                })
                .await?;
        }
        Ok(count)
    }
}
