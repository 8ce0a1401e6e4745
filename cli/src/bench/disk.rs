//! What the disk alone takes: the floor under everything durable.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Writes of one page that are synced one after another.
const WRITES: usize = 200;
/// What such a write has, in bytes.
const PAGE: usize = 4096;

/// How long a page takes to the disk, at the given percentile.
///
/// # Errors
/// As the file system.
pub(super) fn synced_page(folder: &Path, percent: usize) -> io::Result<Duration> {
    let mut took = write_synced(folder, PAGE, WRITES)?;
    took.sort_unstable();
    Ok(took.get((took.len() * percent / 100).min(took.len().saturating_sub(1))).copied().unwrap_or_default())
}

/// How long so many bytes take to the disk in so many synced writes.
///
/// # Errors
/// As the file system.
pub(super) fn synced_bytes(folder: &Path, bytes: u64, writes: usize) -> io::Result<Duration> {
    let each = usize::try_from(bytes).unwrap_or(usize::MAX) / writes.max(1);
    Ok(write_synced(folder, each.max(1), writes)?.into_iter().sum())
}

fn write_synced(folder: &Path, bytes: usize, writes: usize) -> io::Result<Vec<Duration>> {
    let path = folder.join("floor");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(&path)?;
    let text = vec![0x5A; bytes];
    let mut took = Vec::with_capacity(writes);
    for _ in 0..writes {
        let begun = Instant::now();
        file.write_all(&text)?;
        file.sync_data()?;
        took.push(begun.elapsed());
    }
    drop(file);
    fs::remove_file(path)?;
    Ok(took)
}

/// Bytes of all files in a folder and below.
///
/// # Errors
/// As the file system.
pub(super) fn bytes_in(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { bytes_in(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_takes_time_and_what_was_written_for_it_is_gone() {
        let folder = tempfile::tempdir().expect("folder");
        fs::create_dir(folder.path().join("below")).expect("folder");
        fs::write(folder.path().join("below/file"), [0; 1000]).expect("file");
        assert!(synced_page(folder.path(), 99).expect("written") > Duration::ZERO);
        assert!(synced_bytes(folder.path(), 1 << 20, 4).expect("written") > Duration::ZERO);
        assert_eq!(bytes_in(folder.path()).expect("read"), 1000);
    }
}
