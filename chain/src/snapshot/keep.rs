//! Making snapshots behind the chain's back, and keeping the newest.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, Weak};

use registry::HandOver;
use registry::api::MAX_HAND_OVERS;
use tokio::sync::watch;

use crate::ledger::{BlockReadError, Ledger, Tip};
use crate::snapshot::{SnapshotFile, SnapshotFileError, base_path};
use service::files::create_folder;

/// How many are kept: whoever is fetching one can finish while the next is made.
const KEPT: usize = 2;

/// When a node makes snapshots, and where it keeps them.
#[derive(Debug, Clone)]
pub struct SnapshotConfig {
    /// The chain's folder.
    pub folder: PathBuf,
    /// One is made after so many blocks.
    pub every: u64,
}

/// The snapshots a node hands out.
pub(crate) struct Snapshots {
    folder: PathBuf,
    every: u64,
    /// The newest last.
    kept: RwLock<Vec<Arc<SnapshotFile>>>,
}

impl Snapshots {
    /// What is there from before: also the one that this chain began from. Damaged ones are removed.
    pub(crate) fn open(config: &SnapshotConfig) -> Self {
        let folder = config.folder.join("snapshots");
        let found = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let (whole, left): (Vec<_>, Vec<_>) =
            found.partition(|path| path.extension().is_some_and(|kind| kind == "snapshot"));
        left.iter().for_each(|path| forget(path));
        let base = base_path(&config.folder);
        let mut kept: Vec<_> = whole
            .iter()
            .chain(base.exists().then_some(&base))
            .filter_map(|path| match SnapshotFile::open(path) {
                Ok(file) => Some(Arc::new(file)),
                Err(error) => {
                    tracing::warn!(%error, "a snapshot is not handed out");
                    if *path != base {
                        forget(path);
                    }
                    None
                }
            })
            .collect();
        kept.sort_by_key(|file| file.height());
        Self { folder, every: config.every.max(1), kept: RwLock::new(kept) }
    }

    /// The newest.
    pub(crate) fn newest(&self) -> Option<Arc<SnapshotFile>> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }

    /// The one of a height, while it is kept.
    pub(crate) fn at(&self, height: u64) -> Option<Arc<SnapshotFile>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|file| file.height() == height).cloned()
    }

    /// Makes one whenever it is time, until the ledger is gone. The state is a value, so blocks go on meanwhile.
    pub(crate) async fn watch(
        self: Arc<Self>,
        ledger: Weak<dyn Ledger>,
        mut tips: watch::Receiver<Arc<Tip>>,
    ) {
        loop {
            let tip = Arc::clone(&tips.borrow_and_update());
            let newest = self.newest().map_or(0, |file| file.height());
            if tip.header.height >= newest.saturating_add(self.every) {
                let Some(ledger) = ledger.upgrade() else { return };
                if let Err(error) = Arc::clone(&self).make(&*ledger, tip).await {
                    tracing::error!(%error, "no snapshot could be made; the next one is tried later");
                }
            }
            if tips.changed().await.is_err() {
                return;
            }
        }
    }

    async fn make(self: Arc<Self>, ledger: &dyn Ledger, tip: Arc<Tip>) -> Result<(), MakeError> {
        let height = tip.header.height;
        let Some(block) = ledger.block(height).await? else { return Ok(()) };
        let hand_overs = all_hand_overs(ledger, height).await?;
        let made = tokio::task::spawn_blocking(move || {
            create_folder(&self.folder)
                .map_err(|source| SnapshotFileError::Io { path: self.folder.clone(), source })?;
            let path = self.folder.join(format!("{height}.snapshot"));
            let file = SnapshotFile::make(&path, &tip, block, hand_overs)?;
            self.keep(Arc::new(file));
            Ok::<_, SnapshotFileError>(())
        });
        made.await.map_err(|_| MakeError::Ended)??;
        tracing::info!(height, "a snapshot was made");
        Ok(())
    }

    fn keep(&self, file: Arc<SnapshotFile>) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.push(file);
        let surplus = kept.len().saturating_sub(KEPT);
        for old in kept.drain(..surplus).filter(|old| old.is_in(&self.folder)) {
            if let Err(error) = old.remove() {
                tracing::warn!(%error, "an old snapshot stays on disk");
            }
        }
    }
}

/// Why no snapshot was made.
#[derive(Debug, thiserror::Error)]
enum MakeError {
    #[error(transparent)]
    Read(#[from] BlockReadError),
    #[error(transparent)]
    File(#[from] SnapshotFileError),
    #[error("making it ended badly")]
    Ended,
}

/// All hand-overs up to a height.
async fn all_hand_overs(ledger: &dyn Ledger, height: u64) -> Result<Vec<HandOver>, BlockReadError> {
    let mut all: Vec<HandOver> = Vec::new();
    loop {
        let from = all.last().map_or(0, HandOver::claimed_height);
        let more = ledger.hand_overs(from, MAX_HAND_OVERS).await?;
        let is_last = more.len() < MAX_HAND_OVERS;
        all.extend(more.into_iter().filter(|one| one.claimed_height() <= height));
        if is_last || all.last().is_some_and(|last| last.claimed_height() == from) {
            return Ok(all);
        }
    }
}

fn forget(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::warn!(%error, path = %path.display(), "a file that is no snapshot stays on disk");
    }
}
