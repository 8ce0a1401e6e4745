//! Secrets on disk: made once, readable by nobody else, never shown.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use rand_core::{OsRng, RngCore};
use zeroize::Zeroizing;

/// A folder of 32-byte secrets, each a file of mode 0600.
pub(crate) struct KeyFolder {
    dir: PathBuf,
}

/// Why a secret can't be had. None of them is ever replaced silently: a new key would be another verifier.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file system says no: check the folder's owner and rights.
    #[error("{} can't be read or written: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: ErrorKind,
    },
    /// Others may read it: `chmod 600` it, and think about who may have.
    #[error("{} may be read by others; set its mode to 600", path.display())]
    Open {
        /// The file.
        path: PathBuf,
    },
    /// It isn't 32 bytes: restore it from a backup.
    #[error("{} is damaged; restore it from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

impl KeyFolder {
    /// The folder, made with mode 0700 if missing.
    pub(crate) fn open(dir: &Path) -> Result<Self, KeyError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(dir).map_err(|error| io(dir, &error))?;
        Ok(Self { dir: dir.to_owned() })
    }

    /// The secret of this name; random, and on disk for good, if there was none.
    pub(crate) fn secret(&self, name: &str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let path = self.dir.join(name);
        if let Some(secret) = read(&path)? {
            return Ok(secret);
        }
        let mut secret = Zeroizing::new([0u8; 32]);
        OsRng.fill_bytes(secret.as_mut());
        self.write(&path, &secret)?;
        Ok(secret)
    }

    /// Writes beside, syncs, renames, syncs the folder: a crash leaves either no secret or a whole one.
    fn write(&self, path: &Path, secret: &Zeroizing<[u8; 32]>) -> Result<(), KeyError> {
        let beside = path.with_extension("new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options
            .open(&beside)
            .and_then(|mut file| file.write_all(secret.as_slice()).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&beside, path))
            .and_then(|()| File::open(&self.dir)?.sync_all());
        written.map_err(|error| io(path, &error))
    }
}

fn io(path: &Path, error: &std::io::Error) -> KeyError {
    KeyError::Io { path: path.to_owned(), reason: error.kind() }
}

fn read(path: &Path) -> Result<Option<Zeroizing<[u8; 32]>>, KeyError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(path, &error)),
    };
    let metadata = file.metadata().map_err(|error| io(path, &error))?;
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
        return Err(KeyError::Open { path: path.to_owned() });
    }
    if metadata.len() != 32 {
        return Err(KeyError::Damaged { path: path.to_owned() });
    }
    let mut secret = Zeroizing::new([0u8; 32]);
    file.read_exact(secret.as_mut()).map_err(|error| io(path, &error))?;
    Ok(Some(secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_secret_is_made_once_and_for_its_owner_only() {
        let dir = tempfile::tempdir().expect("dir");
        let folder = KeyFolder::open(&dir.path().join("keys")).expect("folder");
        let first = folder.secret("signing").expect("made");
        assert_eq!(folder.secret("signing").expect("read"), first);
        assert_ne!(folder.secret("other").expect("made"), first);
        let mode = fs::metadata(dir.path().join("keys/signing")).expect("file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_or_open_file_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().expect("dir");
        let folder = KeyFolder::open(dir.path()).expect("folder");
        drop(folder.secret("signing").expect("made"));
        let path = dir.path().join("signing");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("chmod");
        assert!(matches!(folder.secret("signing"), Err(KeyError::Open { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("chmod");
        fs::write(&path, [1, 2, 3]).expect("write");
        assert!(matches!(folder.secret("signing"), Err(KeyError::Damaged { .. })));
        assert_eq!(fs::read(&path).expect("read"), [1, 2, 3]);
    }
}
