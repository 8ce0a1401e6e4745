//! The file of a software key store, and the secret that opens it.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use credentials::key::{Algorithm, SoftwareKey};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::SoftwareKeyStoreError;
use crate::{
    ports::{Randomness, SystemRandomness},
    seal::{self, SecretKey},
};

const PLACE: &[u8] = b"huizheng/software-key-store/file/1";

/// What stands for the device: whoever has it and the key file has the keys. Wiped when dropped.
pub struct DeviceSecret(Zeroizing<Vec<u8>>);

impl DeviceSecret {
    /// Any bytes of at least 16 random ones' worth.
    #[must_use]
    pub fn from_bytes(secret: &[u8]) -> Self {
        Self(Zeroizing::new(secret.to_vec()))
    }

    /// The 32 random bytes in this file, which is made, readable by its owner only, if it is not there.
    ///
    /// # Errors
    /// [`SoftwareKeyStoreError::Io`]; [`SoftwareKeyStoreError::NotAuthentic`] for a file of another length.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, SoftwareKeyStoreError> {
        let path = path.as_ref();
        let mut secret = Zeroizing::new(Vec::new());
        match File::open(path) {
            Ok(file) => {
                file.take(33).read_to_end(&mut secret)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                secret.resize(32, 0);
                SystemRandomness.fill(&mut secret)?;
                replace(path, &secret)?;
            }
            Err(error) => return Err(error.into()),
        }
        if secret.len() == 32 { Ok(Self(secret)) } else { Err(SoftwareKeyStoreError::NotAuthentic) }
    }

    pub(super) fn derive(&self, purpose: &str) -> SecretKey {
        seal::derive(&self.0, b"", purpose)
    }
}

/// All keys, by their handles.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) keys: BTreeMap<String, StoredKey>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct StoredKey {
    algorithm: Algorithm,
    secret: String,
}

impl StoredKey {
    pub(super) fn new(algorithm: Algorithm, key: &SoftwareKey) -> Self {
        Self { algorithm, secret: BASE64.encode(key.to_secret_bytes().as_slice()) }
    }

    pub(super) fn open(&self) -> Option<SoftwareKey> {
        let secret = Zeroizing::new(BASE64.decode(&self.secret).ok()?);
        SoftwareKey::from_secret_bytes(self.algorithm, &secret).ok()
    }
}

impl Drop for StoredKey {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

pub(super) fn read(path: &Path, key: &SecretKey) -> Result<Content, SoftwareKeyStoreError> {
    match std::fs::read(path) {
        Ok(sealed) => {
            let plain = seal::open(key, PLACE, &sealed).map_err(|_| SoftwareKeyStoreError::NotAuthentic)?;
            serde_json::from_slice(&plain).map_err(|_| SoftwareKeyStoreError::NotAuthentic)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Content::default()),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn write(
    path: &Path,
    key: &SecretKey,
    content: &Content,
    random: &dyn Randomness,
) -> Result<(), SoftwareKeyStoreError> {
    let plain = Zeroizing::new(serde_json::to_vec(content).map_err(io::Error::from)?);
    replace(path, &seal::seal(key, PLACE, &plain, random)?)?;
    Ok(())
}

/// Puts a file in place whole, readable by its owner only.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
