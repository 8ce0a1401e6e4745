//! The files of a software key store, and the secret that opens them.
//!
//! ```text
//! keys          every key: sealed JSON, put in place whole
//! keys.journal  the keys that came since: the first 24 bytes of `keys`, then for each key its length (4 bytes) and sealed JSON
//! ```
//!
//! A new key costs one short write, however many there are. One that is deleted is in neither file after. The journal is of no use with
//! another `keys`: the 24 bytes are its random nonce, and each key is sealed to them and to its number.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
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
const PLACE_OF_NEW: &[u8] = b"huizheng/software-key-store/new/1";
/// How long the journal becomes before all is written anew, at least; beyond that, as long as the keys.
const SHORT: u64 = 16 * 1024;

/// What makes a file of keys another one.
type Nonce = [u8; 24];

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
struct Content {
    keys: BTreeMap<String, StoredKey>,
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

/// A key and its handle.
type New = (String, StoredKey);

/// All keys, and the files that have them.
pub(super) struct Kept {
    path: PathBuf,
    key: SecretKey,
    content: Content,
    journal: Option<Journal>,
}

/// The journal as far as it counts. Behind that there may be a key that was cut off: nobody was told that it was kept.
struct Journal {
    of: Nonce,
    keys: u64,
    length: u64,
    /// How long the journal may become.
    limit: u64,
    /// Whether its name is sure to last: not before this process saw to it, for the one before may have ended too soon.
    named: bool,
}

impl Kept {
    pub(super) fn open(path: PathBuf, key: SecretKey) -> Result<Self, SoftwareKeyStoreError> {
        let not_authentic = |_| SoftwareKeyStoreError::NotAuthentic;
        let Some(sealed) = read(&path)? else {
            return Ok(Self { path, key, content: Content::default(), journal: None });
        };
        let plain = seal::open(&key, PLACE, &sealed).map_err(not_authentic)?;
        let mut content: Content =
            objects::from_slice(&plain).map_err(|_| SoftwareKeyStoreError::NotAuthentic)?;
        let mut journal = Journal::of(&sealed);
        let written = read(&journal_of(&path))?.unwrap_or_default();
        // Of keys that were there before: all of it is in these.
        if let Some(mut rest) = written.strip_prefix(&journal.of) {
            while let Some((sealed, after)) = next(rest) {
                let plain = seal::open(&key, &journal.place(), sealed).map_err(not_authentic)?;
                let new: New =
                    objects::from_slice(&plain).map_err(|_| SoftwareKeyStoreError::NotAuthentic)?;
                content.keys.extend([new]);
                journal.keys += 1;
                rest = after;
            }
            journal.length = (written.len() - rest.len()) as u64;
        }
        Ok(Self { path, key, content, journal: Some(journal) })
    }

    pub(super) fn get(&self, handle: &str) -> Option<&StoredKey> {
        self.content.keys.get(handle)
    }

    #[cfg(test)]
    pub(super) fn handles(&self) -> Vec<String> {
        self.content.keys.keys().cloned().collect()
    }

    /// Keeps a key, on the disk first.
    pub(super) fn add(&mut self, new: New, random: &dyn Randomness) -> Result<(), SoftwareKeyStoreError> {
        // Where this fails all is written anew the next time: nobody knows what the disk has.
        let Some(mut journal) = self.journal.take().filter(|journal| journal.length < journal.limit) else {
            let mut content = self.content.clone();
            content.keys.extend([new]);
            return self.write(content, random);
        };
        journal.add(&journal_of(&self.path), &self.key, &new, random)?;
        self.content.keys.extend([new]);
        self.journal = Some(journal);
        Ok(())
    }

    /// Deletes a key, if it is there, on the disk first.
    pub(super) fn remove(
        &mut self,
        handle: &str,
        random: &dyn Randomness,
    ) -> Result<(), SoftwareKeyStoreError> {
        let mut content = self.content.clone();
        match content.keys.remove(handle) {
            Some(_) => self.write(content, random),
            None => Ok(()),
        }
    }

    /// Writes all keys anew, and nothing of those before stays.
    fn write(&mut self, content: Content, random: &dyn Randomness) -> Result<(), SoftwareKeyStoreError> {
        let plain = Zeroizing::new(serde_json::to_vec(&content).map_err(io::Error::from)?);
        let sealed = seal::seal(&self.key, PLACE, &plain, random)?;
        replace(&self.path, &sealed)?;
        self.content = content;
        self.journal = None;
        match std::fs::remove_file(journal_of(&self.path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        self.journal = Some(Journal::of(&sealed));
        Ok(())
    }
}

impl Journal {
    /// The empty one of a file of keys.
    fn of(sealed: &[u8]) -> Self {
        let of = sealed.first_chunk().copied().unwrap_or_default();
        Self { of, keys: 0, length: 0, limit: SHORT.max(sealed.len() as u64), named: false }
    }

    fn place(&self) -> Vec<u8> {
        [PLACE_OF_NEW, &self.of, &self.keys.to_be_bytes()].concat()
    }

    fn add(
        &mut self,
        path: &Path,
        key: &SecretKey,
        new: &New,
        random: &dyn Randomness,
    ) -> Result<(), SoftwareKeyStoreError> {
        let plain = Zeroizing::new(serde_json::to_vec(new).map_err(io::Error::from)?);
        let sealed = seal::seal(key, &self.place(), &plain, random)?;
        let length = u32::try_from(sealed.len()).map_err(io::Error::other)?.to_be_bytes();
        let begun: &[u8] = if self.length == 0 { &self.of } else { &[] };
        let bytes = [begun, &length, &sealed].concat();
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        // Whatever is behind was cut off, or is of other keys.
        file.set_len(self.length)?;
        file.write_all_at(&bytes, self.length)?;
        file.sync_all()?;
        if !self.named {
            sync_folder(path)?;
            self.named = true;
        }
        self.length += bytes.len() as u64;
        self.keys += 1;
        Ok(())
    }
}

fn journal_of(path: &Path) -> PathBuf {
    path.with_extension("journal")
}

/// The first key, and what follows it; `None` at the end, also where the last was cut off.
fn next(journal: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = journal.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts a file in place whole, readable by its owner only.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    sync_folder(path)
}

/// Makes the name of a file last.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
