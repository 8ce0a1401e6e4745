//! Keys in files: 64 hexadecimal characters of seed, readable by their owner only.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use registry::build::SoftwareSigner;
use service::files;
use zeroize::Zeroizing;

/// Why a key file gives no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read or written.
    #[error("the key file {} cannot be used", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file holds no key. It is never overwritten: restore it, or remove it to begin with a new key.
    #[error("the key file {} holds no key", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// Others than the owner can read it.
    #[error("the key file {} is readable by others: chmod 600 it", path.display())]
    Open {
        /// The file.
        path: PathBuf,
    },
    /// The system has no randomness.
    #[error("the system gives no randomness")]
    Random,
}

/// The key in this file; a new one, written down durably first, where there is no file.
///
/// # Errors
/// [`KeyFileError`].
pub fn load_or_create(path: &Path) -> Result<SoftwareSigner, KeyFileError> {
    let io_error = |source| KeyFileError::Io { path: path.to_owned(), source };
    match File::open(path) {
        Ok(file) => load(path, file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path),
        Err(error) => Err(io_error(error)),
    }
}

fn load(path: &Path, file: File) -> Result<SoftwareSigner, KeyFileError> {
    let io_error = |source| KeyFileError::Io { path: path.to_owned(), source };
    let malformed = || KeyFileError::Malformed { path: path.to_owned() };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if file.metadata().map_err(io_error)?.permissions().mode() & 0o077 != 0 {
            return Err(KeyFileError::Open { path: path.to_owned() });
        }
    }
    let mut text = Zeroizing::new(Vec::with_capacity(128));
    file.take(128).read_to_end(&mut text).map_err(io_error)?;
    let mut seed = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim_ascii(), seed.as_mut()).map_err(|_| malformed())?;
    SoftwareSigner::from_seed(&seed).map_err(|_| malformed())
}

fn create(path: &Path) -> Result<SoftwareSigner, KeyFileError> {
    let io_error = |source| KeyFileError::Io { path: path.to_owned(), source };
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::getrandom(seed.as_mut()).map_err(|_| KeyFileError::Random)?;
    let signer = SoftwareSigner::from_seed(&seed).map_err(|_| KeyFileError::Random)?;
    let text = Zeroizing::new(hex::encode(seed.as_ref()));
    path.parent().map_or(Ok(()), files::create_folder).map_err(io_error)?;
    files::write_secret(path, text.as_bytes()).map_err(io_error)?;
    Ok(signer)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use registry::build::TxSigner;

    use super::*;

    #[test]
    fn a_key_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/validator.key");
        let made = load_or_create(&path).unwrap().public_key();
        assert_eq!(load_or_create(&path).unwrap().public_key(), made);
    }

    #[test]
    fn a_damaged_key_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("validator.key");
        for damaged in ["", "00", &"g".repeat(64), &"0".repeat(200)] {
            files::write_secret(&path, damaged.as_bytes()).unwrap();
            assert!(matches!(load_or_create(&path), Err(KeyFileError::Malformed { .. })));
            assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_key_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("validator.key");
        load_or_create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(load_or_create(&path), Err(KeyFileError::Open { .. })));
    }
}
