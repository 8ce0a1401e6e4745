//! A key store in software, for demonstrations, terminals and tests. It says so: [`Protection::Software`].
//!
//! Keys are in an encrypted file, with a journal of new ones beside it. The secret that opens them is the caller's to keep; whoever
//! has both has the keys.

mod file;

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use credentials::key::{Algorithm, Signer, SoftwareKey};
use zeroize::Zeroizing;

use crate::{
    ports::{
        HeldKey, HolderKeyStore, KeyHandle, KeyStoreError, NoRandomness, Protection, Randomness,
        SystemRandomness,
    },
    seal::{self, SecretKey},
};

pub use file::DeviceSecret;
use file::{Kept, StoredKey};

/// Why the file of a [`SoftwareKeyStore`] is not opened.
#[derive(Debug, thiserror::Error)]
pub enum SoftwareKeyStoreError {
    /// Another secret, or a file that was changed.
    #[error("the key file is damaged or belongs to another secret")]
    NotAuthentic,
    /// The disk refused.
    #[error("can't read or write the key file")]
    Io(#[from] std::io::Error),
    /// The system gave no random bytes.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

/// Keys in an encrypted file.
pub struct SoftwareKeyStore {
    wrap_key: SecretKey,
    kept: Mutex<Kept>,
    random: Arc<dyn Randomness>,
}

const WRAP_PLACE: &[u8] = b"huizheng/software-key-store/wrap/1";

impl SoftwareKeyStore {
    /// Opens the file, or begins a new one if there is none.
    ///
    /// # Errors
    /// [`SoftwareKeyStoreError`].
    pub fn open(path: impl AsRef<Path>, secret: &DeviceSecret) -> Result<Self, SoftwareKeyStoreError> {
        let file_key = secret.derive("huizheng/software-key-store/file/1");
        Ok(Self {
            wrap_key: secret.derive("huizheng/software-key-store/wrap/1"),
            random: Arc::new(SystemRandomness),
            kept: Mutex::new(Kept::open(path.as_ref().to_owned(), file_key)?),
        })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "made for `map_err`")]
fn not_written(error: SoftwareKeyStoreError) -> KeyStoreError {
    tracing::error!(%error, "the key file could not be written");
    KeyStoreError::Failed
}

#[async_trait]
impl HolderKeyStore for SoftwareKeyStore {
    fn protection(&self) -> Protection {
        Protection::Software
    }

    async fn generate(&self, algorithm: Algorithm) -> Result<HeldKey, KeyStoreError> {
        let mut name = [0; 16];
        self.random.fill(&mut name).map_err(|_| KeyStoreError::Failed)?;
        let name = u128::from_be_bytes(name);
        let key = loop {
            let mut secret = Zeroizing::new(vec![0; algorithm.secret_length()]);
            self.random.fill(secret.as_mut_slice()).map_err(|_| KeyStoreError::Failed)?;
            // Fails only for a scalar beyond the order: once in 2^32.
            if let Ok(key) = SoftwareKey::from_secret_bytes(algorithm, &secret) {
                break key;
            }
        };
        let handle = KeyHandle(format!("software-{name:032x}"));
        let stored = StoredKey::new(algorithm, &key);
        self.kept().add((handle.0.clone(), stored), self.random.as_ref()).map_err(not_written)?;
        Ok(HeldKey { handle, public: key.public_key().clone() })
    }

    async fn sign(&self, key: &KeyHandle, message: &[u8]) -> Result<[u8; 64], KeyStoreError> {
        let stored = self.kept().get(&key.0).cloned().ok_or(KeyStoreError::Gone)?;
        let key = stored.open().ok_or(KeyStoreError::Failed)?;
        let signature = key.sign(message).map_err(|_| KeyStoreError::Failed)?;
        signature.try_into().map_err(|_| KeyStoreError::Failed)
    }

    async fn delete(&self, key: &KeyHandle) -> Result<(), KeyStoreError> {
        self.kept().remove(&key.0, self.random.as_ref()).map_err(not_written)
    }

    async fn wrap(&self, secret: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        seal::seal(&self.wrap_key, WRAP_PLACE, secret, self.random.as_ref())
            .map_err(|_| KeyStoreError::Failed)
    }

    async fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyStoreError> {
        let plain = seal::open(&self.wrap_key, WRAP_PLACE, wrapped).map_err(|_| KeyStoreError::Gone)?;
        Ok(Zeroizing::new(plain.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now<F: Future>(future: F) -> F::Output {
        let mut future = std::pin::pin!(future);
        match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(output) => output,
            std::task::Poll::Pending => panic!("a software key store answers at once"),
        }
    }

    #[test]
    fn keys_are_kept_and_sign_after_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let secret = DeviceSecret::from_bytes(b"of this device");
        let store = SoftwareKeyStore::open(&path, &secret).unwrap();
        let keys =
            [Algorithm::EdDsa, Algorithm::Es256].map(|algorithm| now(store.generate(algorithm)).unwrap());
        drop(store);
        let store = SoftwareKeyStore::open(&path, &secret).unwrap();
        for key in &keys {
            let signature = now(store.sign(&key.handle, b"message")).unwrap();
            assert_eq!(key.public.verify(b"message", &signature), Ok(()));
            now(store.delete(&key.handle)).unwrap();
            assert_eq!(now(store.sign(&key.handle, b"message")), Err(KeyStoreError::Gone));
            assert_eq!(now(store.delete(&key.handle)), Ok(()), "deleting twice is no error");
        }
        let wrapped = now(store.wrap(b"secret")).unwrap();
        assert_eq!(now(store.unwrap(&wrapped)).unwrap().as_slice(), b"secret");
    }

    /// The handles of a store that is opened anew.
    fn handles(path: &Path) -> Result<Vec<String>, SoftwareKeyStoreError> {
        let store = SoftwareKeyStore::open(path, &DeviceSecret::from_bytes(b"of this device"))?;
        Ok(store.kept().handles())
    }

    #[test]
    fn a_key_that_was_cut_off_was_never_there_and_the_next_one_counts() {
        let folder = tempfile::tempdir().unwrap();
        let (path, journal) = (folder.path().join("keys"), folder.path().join("keys.journal"));
        let open = || SoftwareKeyStore::open(&path, &DeviceSecret::from_bytes(b"of this device")).unwrap();
        let store = open();
        let make =
            |store: &SoftwareKeyStore| now(store.generate(Algorithm::EdDsa)).unwrap().handle.0.to_string();
        let mut kept: Vec<_> = (0..3).map(|_| make(&store)).collect();
        kept.sort();
        let whole = std::fs::read(&journal).unwrap();
        make(&store);
        let (longer, all) = (std::fs::read(&journal).unwrap(), std::fs::read(&path).unwrap());
        for end in whole.len()..longer.len() {
            std::fs::write(&path, &all).unwrap();
            std::fs::write(&journal, &longer[..end]).unwrap();
            assert_eq!(handles(&path).unwrap(), kept, "after {end} bytes");
            let mut expected = [kept.clone(), vec![make(&open())]].concat();
            expected.sort();
            assert_eq!(handles(&path).unwrap(), expected, "after {end} bytes");
        }
    }

    #[test]
    fn a_journal_of_earlier_keys_is_not_taken_for_one_of_these_and_a_damaged_one_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let (path, journal) = (folder.path().join("keys"), folder.path().join("keys.journal"));
        let store = SoftwareKeyStore::open(&path, &DeviceSecret::from_bytes(b"of this device")).unwrap();
        let first = now(store.generate(Algorithm::EdDsa)).unwrap();
        now(store.generate(Algorithm::EdDsa)).unwrap();
        let earlier = std::fs::read(&journal).unwrap();
        let keys = std::fs::read(&path).unwrap();
        // Enough of them that all is written anew.
        while std::fs::read(&path).unwrap() == keys {
            now(store.generate(Algorithm::EdDsa)).unwrap();
        }
        now(store.delete(&first.handle)).unwrap();
        assert!(!journal.exists(), "what is deleted is nowhere");
        let there = handles(&path).unwrap();
        assert!(!there.contains(&first.handle.0) && there.len() > 3);
        std::fs::write(&journal, earlier).unwrap();
        assert_eq!(handles(&path).unwrap(), there, "the keys alone");
        now(store.generate(Algorithm::EdDsa)).unwrap();
        assert_eq!(handles(&path).unwrap().len(), there.len() + 1);
        let mut damaged = std::fs::read(&journal).unwrap();
        *damaged.last_mut().unwrap() ^= 1;
        std::fs::write(&journal, damaged).unwrap();
        assert!(matches!(handles(&path), Err(SoftwareKeyStoreError::NotAuthentic)));
    }

    #[test]
    fn another_secret_opens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let mine = SoftwareKeyStore::open(&path, &DeviceSecret::from_bytes(b"mine")).unwrap();
        now(mine.generate(Algorithm::EdDsa)).unwrap();
        let wrapped = now(mine.wrap(b"secret")).unwrap();
        let refused = SoftwareKeyStore::open(&path, &DeviceSecret::from_bytes(b"theirs")).err();
        assert!(matches!(refused, Some(SoftwareKeyStoreError::NotAuthentic)));
        let other = folder.path().join("other");
        let theirs = SoftwareKeyStore::open(&other, &DeviceSecret::from_bytes(b"theirs")).unwrap();
        assert_eq!(now(theirs.unwrap(&wrapped)).err(), Some(KeyStoreError::Gone));
    }

    #[test]
    fn a_secret_file_is_made_once_and_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let first = DeviceSecret::from_file(&path).unwrap();
        let again = DeviceSecret::from_file(&path).unwrap();
        assert_eq!(first.derive("x"), again.derive("x"));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
