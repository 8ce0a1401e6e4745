//! Secrets on disk: made once, readable by nobody else, never shown.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::files;

/// A folder of 32-byte secrets, each a file of mode 0600.
#[derive(Debug)]
pub struct SecretFolder {
    dir: PathBuf,
}

/// Why a secret can't be had. None of them is ever replaced silently: a new key would be another organisation.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
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
    /// The system gives no random bytes.
    #[error("the system gives no randomness")]
    Random,
}

impl SecretFolder {
    /// The folder, made with mode 0700 if missing.
    ///
    /// # Errors
    /// [`SecretError::Io`].
    pub fn open(dir: &Path) -> Result<Self, SecretError> {
        if !dir.is_dir() {
            files::private_folder(dir).map_err(|error| io(dir, &error))?;
        }
        Ok(Self { dir: dir.to_owned() })
    }

    /// The secret of this name; random, and on disk for good, if there was none.
    ///
    /// # Errors
    /// [`SecretError`]; what is there is left as it is.
    pub fn secret(&self, name: &str) -> Result<Zeroizing<[u8; 32]>, SecretError> {
        let path = self.dir.join(name);
        if let Some(secret) = read(&path)? {
            return Ok(secret);
        }
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::getrandom(secret.as_mut()).map_err(|_| SecretError::Random)?;
        files::write_secret(&path, secret.as_slice()).map_err(|error| io(&path, &error))?;
        Ok(secret)
    }

    /// The secret of this name, if there is one.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn existing(&self, name: &str) -> Result<Option<Zeroizing<[u8; 32]>>, SecretError> {
        read(&self.dir.join(name))
    }

    /// The names of the files in it.
    ///
    /// # Errors
    /// [`SecretError::Io`].
    pub fn names(&self) -> Result<Vec<String>, SecretError> {
        let files = std::fs::read_dir(&self.dir).map_err(|error| io(&self.dir, &error))?;
        let name = |file: std::io::Result<std::fs::DirEntry>| file.ok()?.file_name().into_string().ok();
        Ok(files.filter_map(name).collect())
    }

    /// Removes a secret for good: it is written over before it is unlinked. None of this name is fine.
    ///
    /// # Errors
    /// [`SecretError::Io`].
    pub fn erase(&self, name: &str) -> Result<(), SecretError> {
        let path = self.dir.join(name);
        let erased = std::fs::OpenOptions::new().write(true).open(&path).and_then(|mut file| {
            std::io::Write::write_all(&mut file, &[0; 32])?;
            file.sync_all()?;
            std::fs::remove_file(&path)?;
            files::sync_folder(&self.dir)
        });
        match erased {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(io(&path, &error)),
            _ => Ok(()),
        }
    }

    /// What was noted beside the secrets under this name, if anything; at most 64 KiB.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn note(&self, name: &str) -> Result<Option<Vec<u8>>, SecretError> {
        let path = self.dir.join(name);
        let mut file = match File::open(&path) {
            Ok(file) => file.take(64 * 1024),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(&path, &error)),
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| io(&path, &error))?;
        Ok(Some(bytes))
    }

    /// Notes something beside the secrets, whole or not at all.
    ///
    /// # Errors
    /// [`SecretError::Io`].
    pub fn put_note(&self, name: &str, bytes: &[u8]) -> Result<(), SecretError> {
        let path = self.dir.join(name);
        files::write_secret(&path, bytes).map_err(|error| io(&path, &error))
    }
}

fn io(path: &Path, error: &std::io::Error) -> SecretError {
    SecretError::Io { path: path.to_owned(), reason: error.kind() }
}

fn read(path: &Path) -> Result<Option<Zeroizing<[u8; 32]>>, SecretError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(path, &error)),
    };
    let metadata = file.metadata().map_err(|error| io(path, &error))?;
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
        return Err(SecretError::Open { path: path.to_owned() });
    }
    if metadata.len() != 32 {
        return Err(SecretError::Damaged { path: path.to_owned() });
    }
    let mut secret = Zeroizing::new([0; 32]);
    file.read_exact(secret.as_mut()).map_err(|error| io(path, &error))?;
    Ok(Some(secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_secret_is_made_once_and_for_its_owner_only() {
        let dir = tempfile::tempdir().expect("dir");
        let folder = SecretFolder::open(&dir.path().join("keys")).expect("folder");
        let first = folder.secret("signing").expect("made");
        assert_eq!(folder.secret("signing").expect("read"), first);
        assert_ne!(folder.secret("other").expect("made"), first);
        let mode = fs::metadata(dir.path().join("keys/signing")).expect("file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn an_erased_secret_is_gone_and_the_others_stay() {
        let dir = tempfile::tempdir().expect("dir");
        let folder = SecretFolder::open(dir.path()).expect("folder");
        drop(folder.secret("old").expect("made"));
        let kept = folder.secret("new").expect("made");
        folder.put_note("did.json", b"{}").expect("noted");
        folder.erase("old").expect("erased");
        folder.erase("old").expect("and again");
        assert_eq!(folder.existing("old").expect("read"), None);
        assert_eq!(folder.existing("new").expect("read"), Some(kept));
        assert_eq!(folder.note("did.json").expect("read").as_deref(), Some(&b"{}"[..]));
        let mut names = folder.names().expect("names");
        names.sort();
        assert_eq!(names, ["did.json", "new"]);
    }

    #[test]
    fn a_damaged_or_open_file_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().expect("dir");
        let folder = SecretFolder::open(dir.path()).expect("folder");
        drop(folder.secret("signing").expect("made"));
        let path = dir.path().join("signing");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("chmod");
        assert!(matches!(folder.secret("signing"), Err(SecretError::Open { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("chmod");
        fs::write(&path, [1, 2, 3]).expect("write");
        assert!(matches!(folder.secret("signing"), Err(SecretError::Damaged { .. })));
        assert_eq!(fs::read(&path).expect("read"), [1, 2, 3]);
    }
}
