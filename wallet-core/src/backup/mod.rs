//! Backup, restoration, export and erasure: what the holder can take with her, and take away.

mod content;
mod export;
mod file;

use std::path::Path;

pub(crate) use content::TO_COLLECT;
pub use content::{Restored, ToCollect};

use crate::{
    Wallet, WalletConfig,
    context::Context,
    error::{CreateError, OpenError},
    folder::{self, remove},
    ports::{HolderKeyStore, KeyHandle, NoRandomness, Ports, Randomness},
    vault::VaultError,
};
use content::Content;

/// Why no backup was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// The passphrase could be guessed: at least twelve characters of at least five kinds. A PIN is too short for a file
    /// that can be tried at leisure.
    #[error("the passphrase needs at least twelve characters of at least five kinds")]
    Weak,
    /// The wallet is larger than a backup may be.
    #[error("the wallet is too large for one backup file")]
    TooLarge,
    /// This device lacks the memory for the passphrase's hash.
    #[error("the passphrase can't be hashed on this device")]
    Cost,
    /// The wallet's store.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The system gave no random bytes.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

/// Why a file is no backup that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadBackup {
    /// It is some other file.
    #[error("the file is no backup")]
    NotABackup,
    /// It was made by a later version: renew the app.
    #[error("the backup has version {0}, which this app does not know")]
    Version(u8),
    /// It demands more memory or time than any backup does.
    #[error("the backup demands more of this device than any backup does")]
    Cost,
    /// The passphrase is wrong, or the file was changed.
    #[error("the passphrase is wrong, or the file is damaged")]
    WrongPassphrase,
    /// It is authentic and not what this version expects.
    #[error("the backup's content has another form")]
    Content,
    /// It is of a wallet of another chain.
    #[error("the backup belongs to another chain")]
    OtherChain,
}

/// Why nothing was restored. The folder is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The backup.
    #[error(transparent)]
    Backup(#[from] BadBackup),
    /// The new wallet.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// The new wallet, when it was opened at the end.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The folder.
    #[error("the folder can't be used: {0}")]
    Folder(String),
}

impl From<VaultError> for RestoreError {
    fn from(error: VaultError) -> Self {
        Self::Create(error.into())
    }
}

impl RestoreError {
    fn folder(error: &std::io::Error) -> Self {
        Self::Folder(error.to_string())
    }
}

impl Wallet {
    /// A passphrase for backups that nobody guesses: 24 letters and digits, 120 bits, to be written down.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn new_backup_code(random: &dyn Randomness) -> Result<String, NoRandomness> {
        // Without letters that look like digits.
        const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
        let mut bytes = zeroize::Zeroizing::new([0; 24]);
        random.fill(bytes.as_mut_slice())?;
        let letters = bytes.iter().filter_map(|byte| LETTERS.get(usize::from(byte % 32)));
        let letters: Vec<char> = letters.map(|letter| char::from(*letter)).collect();
        Ok(letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
    }

    /// Everything that the wallet keeps, as one encrypted file: cards and the log. Device keys are not in it, nor are
    /// [cards that can't be read](Wallet::unreadable_cards).
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn back_up(&self, passphrase: &str) -> Result<Vec<u8>, BackupError> {
        if !file::is_strong(passphrase) {
            return Err(BackupError::Weak);
        }
        let context = self.context();
        let plain = Content::of(context)?.to_bytes()?;
        file::seal(&plain, passphrase, context.pin_cost, context.ports.random.as_ref())
    }

    /// Makes a wallet of a backup, on another device or in another folder, with a PIN of its own. All or nothing: ended in
    /// the middle it can be begun again.
    ///
    /// # Errors
    /// [`RestoreError`]; the folder is as it was.
    pub async fn restore(
        path: impl AsRef<Path>,
        pin: &str,
        ports: Ports,
        config: WalletConfig,
        backup: &[u8],
        passphrase: &str,
    ) -> Result<(Self, Restored), RestoreError> {
        let path = path.as_ref();
        if Self::exists(path) {
            return Err(CreateError::Exists.into());
        }
        let content = Content::read(&file::open(backup, passphrase)?)?;
        if content.chain != config.anchor.chain_id {
            return Err(BadBackup::OtherChain.into());
        }
        // Built beside, and put in place whole: there is never half a wallet.
        let beside = folder::restoring(path);
        remove(&beside).map_err(|error| RestoreError::folder(&error))?;
        let made = Self::create(&beside, pin, ports.clone(), config.clone()).await?;
        let summary = content.summary(made.context());
        made.context().vault.write(move |tx| content.put(tx)).await?;
        drop(made);
        folder::put_in_place(&beside, path).map_err(|error| RestoreError::folder(&error))?;
        Ok((Self::open(path, pin, ports, config).await?, summary))
    }

    /// The cards of a backup that are still to be issued to this device.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn to_collect(&self) -> Result<Vec<ToCollect>, VaultError> {
        let context = self.context();
        let stored = context.vault.all(&TO_COLLECT)?;
        Ok(stored.iter().map(|(id, card)| content::to_collect(context, id, card)).collect())
    }

    /// Forgets a card that is not to be collected again. `false` if there is none of this id.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn forget_to_collect(&self, id: &str) -> Result<bool, VaultError> {
        let key = id.to_owned();
        let forget = move |tx: &mut crate::vault::VaultTx<'_, '_>| {
            let there = tx.get(&TO_COLLECT, &key)?.is_some();
            tx.remove(&TO_COLLECT, &key)?;
            Ok(there)
        };
        self.context().vault.write(forget).await
    }

    /// Deletes everything: the folder, and the keys in the device (PIPL art. 47). Nothing is left that could be asked
    /// for; what verifiers have, they must be asked to delete.
    ///
    /// # Errors
    /// [`RestoreError::Folder`] when the folder could not be removed; it holds no readable wallet then.
    pub async fn erase(self) -> Result<(), RestoreError> {
        let context = self.context();
        let keys = crate::receive::all_keys(context)?;
        let (device, path) = (std::sync::Arc::clone(&context.ports.keys), context.path.clone());
        let biometrics = context.ports.biometrics.clone().filter(|_| self.has_biometrics().unwrap_or(true));
        drop(self);
        if note_keys(&path, &keys).is_err() {
            tracing::warn!("ended now, the erasure would leave keys of no use");
        }
        folder::put_aside(&path).map_err(|error| RestoreError::folder(&error))?;
        if let Some(biometrics) = biometrics
            && biometrics.forget().await.is_err()
        {
            tracing::warn!("the key of an erased wallet could not be deleted");
        }
        delete_keys(&keys, device.as_ref()).await;
        remove(&folder::erased(&path)).map_err(|error| RestoreError::folder(&error))
    }

    /// Deletes a wallet that can't be opened any more: its PIN was forgotten, or it is damaged. Keys in the device stay;
    /// they are of no use to anyone.
    ///
    /// # Errors
    /// [`RestoreError::Folder`].
    pub fn erase_locked(path: impl AsRef<Path>) -> Result<(), RestoreError> {
        let path = path.as_ref();
        folder::put_aside(path)
            .and_then(|()| folder::remove_unfinished(path))
            .map_err(|error| RestoreError::folder(&error))
    }
}

/// Finishes an erasure that was ended in the middle, and removes what a creation or restoration left that was.
pub(crate) async fn sweep(path: &Path, device: &dyn HolderKeyStore) {
    if let Ok(noted) = std::fs::read(folder::erased(path).join(KEYS)) {
        // Cut short it names no key.
        let keys: Vec<KeyHandle> = objects::from_slice(&noted).unwrap_or_default();
        delete_keys(&keys, device).await;
    }
    if folder::remove_unfinished(path).is_err() {
        tracing::warn!("what is left of an erased or half-made wallet could not be removed");
    }
}

/// A card that came is one less to collect: the one of its type, issuer and holder.
pub(crate) fn collected(
    context: &Context,
    kind: &str,
    issuer: &registry::Did,
    holder_line: &str,
) -> Result<Option<String>, VaultError> {
    for (id, stored) in context.vault.all(&TO_COLLECT)? {
        if stored.kind.as_str() == kind && stored.issuer == *issuer {
            let waits = content::to_collect(context, &id, &stored);
            if waits.holder_line == holder_line {
                return Ok(Some(id));
            }
        }
    }
    Ok(None)
}

/// The keys of a wallet that is being erased, in its folder: once that is put aside, nobody can ask the vault for them.
const KEYS: &str = "keys-to-delete.json";

fn note_keys(path: &Path, keys: &[KeyHandle]) -> std::io::Result<()> {
    let file = std::fs::File::create(path.join(KEYS))?;
    serde_json::to_writer(&file, keys)?;
    file.sync_all()
}

async fn delete_keys(keys: &[KeyHandle], device: &dyn HolderKeyStore) {
    for key in keys {
        if device.delete(key).await.is_err() {
            tracing::warn!("the key of an erased wallet could not be deleted");
        }
    }
}
