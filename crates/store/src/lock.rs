//! A file that one process has at a time.

use std::fs::{File, TryLockError};
use std::io;
use std::ops::{Deref, DerefMut};

/// An open file that is locked until this is dropped.
///
/// The lock is taken off then, not only left to the file's closing: a process that is being started from another thread
/// holds every open file for a moment, and would keep the lock for as long.
#[derive(Debug)]
pub struct LockedFile(File);

impl LockedFile {
    /// Locks a file, or says at once that somebody else has it.
    ///
    /// # Errors
    /// As [`File::try_lock`].
    pub fn of(file: File) -> Result<Self, TryLockError> {
        file.try_lock()?;
        Ok(Self(file))
    }

    /// Locks a file that nobody else has for long.
    ///
    /// # Errors
    /// As [`File::lock`].
    pub fn wait_for(file: File) -> io::Result<Self> {
        file.lock()?;
        Ok(Self(file))
    }
}

impl Deref for LockedFile {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl DerefMut for LockedFile {
    fn deref_mut(&mut self) -> &mut File {
        &mut self.0
    }
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "a file's lock stays until the file is closed everywhere");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_ends_with_its_owner_though_the_file_is_open_elsewhere() {
        let folder = tempfile::tempdir().expect("folder");
        let open = || File::create(folder.path().join("lock")).expect("file");
        let locked = LockedFile::of(open()).expect("free");
        assert!(matches!(LockedFile::of(open()), Err(TryLockError::WouldBlock)));
        let held_by_a_child = locked.try_clone().expect("clone");
        drop(locked);
        LockedFile::of(open()).expect("free again");
        drop(held_by_a_child);
    }
}
