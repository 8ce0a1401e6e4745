//! Keys in files, readable by their owner only: 64 hexadecimal characters of seed, or the seed under a passphrase. What services
//! keep, 32 bytes of seed, is read too.
//!
//! A key that a hardware module holds is in no file: whatever implements [`TxSigner`] can be given to a
//! [`NetworkLedger`](crate::NetworkLedger) or a [`SoloLedger`](crate::SoloLedger) instead.

mod sealed;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use registry::Ed25519Key;
use registry::build::{SoftwareSigner, TxSigner};
use service::files;
use zeroize::Zeroizing;

use sealed::{NotOpened, Sealed};

/// No key file is longer, in bytes.
const MAX_FILE: u64 = 1024;
/// A seed's length.
const SEED: usize = 32;

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
    /// It is under a passphrase, and none was given.
    #[error("the key file {} needs its passphrase", path.display())]
    NoPassphrase {
        /// The file.
        path: PathBuf,
    },
    /// The passphrase is another, or the file was changed.
    #[error("the passphrase does not open the key file {}", path.display())]
    Passphrase {
        /// The file.
        path: PathBuf,
    },
    /// The system has no randomness, or no memory for the passphrase's derivation (64 MiB).
    #[error("the system gives no randomness or memory")]
    System,
}

/// What a key file says without being opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyFile {
    /// The public key.
    pub public: Ed25519Key,
    /// Whether the seed is under a passphrase.
    pub is_protected: bool,
}

/// The key in this file; a new one, written down durably first and without a passphrase, where there is no file.
///
/// # Errors
/// [`KeyFileError`]; [`KeyFileError::NoPassphrase`] for a file that has one.
pub fn load_or_create(path: &Path) -> Result<SoftwareSigner, KeyFileError> {
    match load(path, &|_| None) {
        Err(KeyFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => create(path),
        loaded => loaded,
    }
}

/// The key in this file. `passphrase` is asked for only if the file is under one, and says none when it knows none.
///
/// # Errors
/// [`KeyFileError`].
pub fn load(
    path: &Path,
    passphrase: &dyn Fn(&Path) -> Option<Zeroizing<String>>,
) -> Result<SoftwareSigner, KeyFileError> {
    let bytes = read(path)?;
    if !sealed::is_sealed(&bytes) {
        return plain(path, &bytes);
    }
    let sealed = Sealed::read(text(path, &bytes)?).map_err(|error| not_opened(path, error))?;
    let known = passphrase(path).ok_or_else(|| KeyFileError::NoPassphrase { path: path.to_owned() })?;
    sealed.open(&known).map_err(|error| not_opened(path, error))
}

/// What the file says of itself. The public key of a protected file is only what the file claims until it is opened.
///
/// # Errors
/// [`KeyFileError`].
pub fn describe(path: &Path) -> Result<KeyFile, KeyFileError> {
    let bytes = read(path)?;
    if sealed::is_sealed(&bytes) {
        let sealed = Sealed::read(text(path, &bytes)?).map_err(|error| not_opened(path, error))?;
        return Ok(KeyFile { public: sealed.public, is_protected: true });
    }
    Ok(KeyFile { public: plain(path, &bytes)?.public_key(), is_protected: false })
}

/// Puts a key into its file under a passphrase, or with `None` without one; the file is replaced whole or not at all.
/// The former bytes may stay on the disk where the file system keeps them: a key that others may have seen is replaced.
///
/// # Errors
/// [`KeyFileError`].
pub fn write(path: &Path, key: &SoftwareSigner, passphrase: Option<&str>) -> Result<(), KeyFileError> {
    let text = match passphrase {
        Some(passphrase) => {
            let (mut salt, mut nonce) = ([0; 16], [0; 24]);
            getrandom::getrandom(&mut salt).map_err(|_| KeyFileError::System)?;
            getrandom::getrandom(&mut nonce).map_err(|_| KeyFileError::System)?;
            Zeroizing::new(sealed::seal(key, passphrase, salt, nonce).ok_or(KeyFileError::System)?)
        }
        None => Zeroizing::new(hex::encode(key.seed().as_ref())),
    };
    let io_error = |source| KeyFileError::Io { path: path.to_owned(), source };
    path.parent().map_or(Ok(()), files::create_folder).map_err(io_error)?;
    files::write_secret(path, text.as_bytes()).map_err(io_error)
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let io_error = |source| KeyFileError::Io { path: path.to_owned(), source };
    let malformed = || KeyFileError::Malformed { path: path.to_owned() };
    let file = File::open(path).map_err(io_error)?;
    let metadata = file.metadata().map_err(io_error)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(KeyFileError::Open { path: path.to_owned() });
        }
    }
    if metadata.len() > MAX_FILE {
        return Err(malformed());
    }
    // All room at once: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE as usize + 1));
    file.take(MAX_FILE).read_to_end(&mut bytes).map_err(io_error)?;
    Ok(bytes)
}

fn text<'b>(path: &Path, bytes: &'b [u8]) -> Result<&'b str, KeyFileError> {
    std::str::from_utf8(bytes).map_err(|_| KeyFileError::Malformed { path: path.to_owned() })
}

fn plain(path: &Path, bytes: &[u8]) -> Result<SoftwareSigner, KeyFileError> {
    let malformed = || KeyFileError::Malformed { path: path.to_owned() };
    let mut seed = Zeroizing::new([0; SEED]);
    // Half of a seed in hexadecimal is no seed.
    if bytes.len() == SEED && !bytes.iter().all(u8::is_ascii_hexdigit) {
        seed.copy_from_slice(bytes);
    } else {
        hex::decode_to_slice(bytes.trim_ascii(), seed.as_mut()).map_err(|_| malformed())?;
    }
    SoftwareSigner::from_seed(&seed).map_err(|_| malformed())
}

fn not_opened(path: &Path, error: NotOpened) -> KeyFileError {
    let path = path.to_owned();
    match error {
        NotOpened::Malformed => KeyFileError::Malformed { path },
        NotOpened::Passphrase => KeyFileError::Passphrase { path },
    }
}

fn create(path: &Path) -> Result<SoftwareSigner, KeyFileError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::getrandom(seed.as_mut()).map_err(|_| KeyFileError::System)?;
    let key = SoftwareSigner::from_seed(&seed).map_err(|_| KeyFileError::System)?;
    write(path, &key, None)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::fs;

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
        for damaged in ["", "00", &"0".repeat(32), &"g".repeat(64), &"0".repeat(200)] {
            files::write_secret(&path, damaged.as_bytes()).unwrap();
            assert!(matches!(load_or_create(&path), Err(KeyFileError::Malformed { .. })));
            assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
        }
    }

    #[test]
    fn what_a_service_keeps_is_read_and_goes_under_a_passphrase() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recovery.key");
        let seed = [201; SEED];
        files::write_secret(&path, &seed).unwrap();
        let key = SoftwareSigner::from_seed(&seed).unwrap().public_key();
        assert_eq!(describe(&path).unwrap(), KeyFile { public: key, is_protected: false });
        write(&path, &load_or_create(&path).unwrap(), Some("correct horse")).unwrap();
        assert_eq!(describe(&path).unwrap(), KeyFile { public: key, is_protected: true });
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

    #[test]
    fn a_key_goes_under_a_passphrase_and_out_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("validator.key");
        let key = load_or_create(&path).unwrap();
        let plain = KeyFile { public: key.public_key(), is_protected: false };
        assert_eq!(describe(&path).unwrap(), plain);
        write(&path, &key, Some("correct horse")).unwrap();
        assert_eq!(describe(&path).unwrap(), KeyFile { is_protected: true, ..plain });
        assert!(matches!(load_or_create(&path), Err(KeyFileError::NoPassphrase { .. })));
        let with = |text: &str| load(&path, &|_| Some(text.to_owned().into()));
        assert!(matches!(with("correct house"), Err(KeyFileError::Passphrase { .. })));
        let opened = with("correct horse").unwrap();
        assert_eq!(opened.public_key(), key.public_key());
        write(&path, &opened, None).unwrap();
        assert_eq!(load_or_create(&path).unwrap().public_key(), key.public_key());
    }

    #[test]
    fn a_sealed_file_cut_short_is_never_taken_for_new() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("validator.key");
        write(&path, &load_or_create(&path).unwrap(), Some("correct horse")).unwrap();
        let whole = fs::read_to_string(&path).unwrap();
        for end in [20, 80, whole.len() - 2] {
            files::write_secret(&path, &whole.as_bytes()[..end]).unwrap();
            let opened = load(&path, &|_| Some("correct horse".to_owned().into()));
            assert!(matches!(opened, Err(KeyFileError::Malformed { .. })), "cut at {end}");
        }
    }
}
