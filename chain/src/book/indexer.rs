//! Writes the index behind the engine's back: what changed since last time, together, a few times a second.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use registry::{CertifiedBlock, Record, RecordKey};
use store::StoreError;

use crate::book::index::{Batch, Index, IndexTip, Place};

/// How long changes are gathered. A start replays at most what was made in this time.
const GATHER: Duration = Duration::from_millis(250);

pub(crate) struct Indexer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    index: Index,
    gathered: Mutex<Gathered>,
    changed: Condvar,
    failed: AtomicBool,
}

#[derive(Default)]
struct Gathered {
    batch: Batch,
    /// Blocks that are not in the index yet.
    fresh: BTreeMap<u64, Place>,
    stop: bool,
}

impl Indexer {
    pub(crate) fn start(index: Index) -> io::Result<Self> {
        let (gathered, changed, failed) = (Mutex::default(), Condvar::new(), AtomicBool::new(false));
        let shared = Arc::new(Shared { index, gathered, changed, failed });
        let its = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("chain-index".into()).spawn(move || its.run())?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// A block that is in the log, at `tip.offset`, and what it changed.
    pub(crate) fn add(&self, block: CertifiedBlock, updates: BTreeMap<RecordKey, Record>, tip: IndexTip) {
        let mut gathered = self.shared.lock();
        gathered.batch.add(updates);
        let place = Place::of(&block, tip.offset);
        gathered.batch.places.push(place.clone());
        gathered.fresh.insert(tip.height, place);
        gathered.batch.last = Some((tip, block));
        drop(gathered);
        self.shared.changed.notify_one();
    }

    /// Where the block is in the log.
    pub(crate) fn place(&self, height: u64) -> Result<Option<Place>, StoreError> {
        if let Some(place) = self.shared.lock().fresh.get(&height) {
            return Ok(Some(place.clone()));
        }
        self.shared.index.place(height)
    }

    pub(crate) fn is_sound(&self) -> bool {
        !self.shared.failed.load(Ordering::Relaxed)
    }

    /// Writes down what is gathered, and ends.
    pub(crate) fn stop(&self) {
        self.shared.lock().stop = true;
        self.shared.changed.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the index's writer ended badly");
        }
        self.shared.index.close();
    }
}

/// Its thread would keep the folder open for ever.
impl Drop for Indexer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn run(&self) {
        loop {
            let mut gathered = self.lock();
            while gathered.batch.last.is_none() && !gathered.stop {
                gathered = self.changed.wait(gathered).unwrap_or_else(PoisonError::into_inner);
            }
            if !gathered.stop {
                let waited = self.changed.wait_timeout_while(gathered, GATHER, |gathered| !gathered.stop);
                gathered = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            let batch = std::mem::take(&mut gathered.batch);
            let stop = gathered.stop;
            drop(gathered);
            let written = batch.places.iter().map(|place| place.summary.height).max();
            if let (Some(written), true) = (written, self.is_sound()) {
                match self.index.write(batch) {
                    Ok(()) => self.lock().fresh.retain(|height, _| *height > written),
                    Err(error) => {
                        tracing::error!(%error, "the index cannot be written; the node takes no more transactions");
                        self.failed.store(true, Ordering::Relaxed);
                    }
                }
            }
            if stop {
                return;
            }
        }
    }

    fn is_sound(&self) -> bool {
        !self.failed.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
