//! Snapshots: a node makes one of its state now and then and hands it out; one that has no chain yet begins from
//! another's, and takes only the blocks after it.
//!
//! The form, and what is checked, are [`registry::snapshot`]'s. Here are the files and the fetching:
//!
//! ```text
//! FOLDER/snapshots/HEIGHT.snapshot   the newest two, handed out
//! FOLDER/base.snapshot               the one this chain began from; its blocks begin with this one's
//! ```
//! A file is whole or not there: it is written under another name, synced and renamed.

mod fetch;
mod file;
mod keep;

pub use fetch::{FetchRefusal, InstallError, Installed, Refused, install};
pub(crate) use file::SnapshotFile;
pub use file::SnapshotFileError;
pub use keep::SnapshotConfig;
pub(crate) use keep::Snapshots;

use std::path::{Path, PathBuf};

/// Where the snapshot that a chain began from is.
pub(crate) fn base_path(folder: &Path) -> PathBuf {
    folder.join("base.snapshot")
}

/// Whether a chain was begun in a folder: then it goes on from there, and needs no snapshot.
#[must_use]
pub fn is_begun(folder: &Path) -> bool {
    let log = std::fs::metadata(crate::book::log_path(folder)).map_or(0, |file| file.len());
    log > crate::book::EMPTY_LOG || base_path(folder).exists()
}
