//! Why a wallet was not made or not opened.

use std::time::Duration;

use crate::{
    ports::KeyStoreError,
    vault::{BiometricsRefused, NotUnlocked, PinTooWeak, VaultError},
};

/// Why no wallet was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Choose another PIN.
    #[error(transparent)]
    PinTooWeak(#[from] PinTooWeak),
    /// There is a wallet in this folder: open it, or choose another folder.
    #[error("there is a wallet here already")]
    Exists,
    /// Another process has the folder open.
    #[error("the folder is in use by another program")]
    InUse,
    /// The device's keys.
    #[error(transparent)]
    Keys(#[from] KeyStoreError),
    /// The folder holds something that can't be opened.
    #[error("the folder can't be used: {0}")]
    Folder(String),
    /// Writing failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Why a wallet was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no wallet in this folder.
    #[error("there is no wallet here")]
    NoWallet,
    /// The PIN is wrong.
    #[error("the PIN is wrong ({failed} times); wait {} seconds before the next try", wait.as_secs())]
    WrongPin {
        /// How often in a row.
        failed: u32,
        /// How long to wait before the next try.
        wait: Duration,
    },
    /// Too many wrong PINs, and the app's policy is to wipe the wallet then: it is gone. Restore from a backup.
    #[error("too many wrong PINs: the wallet was wiped")]
    Wiped,
    /// Too many wrong PINs: this one was not even looked at.
    #[error("too many wrong PINs; wait {} seconds", wait.as_secs())]
    Wait {
        /// How much longer.
        wait: Duration,
    },
    /// The new PIN: choose another.
    #[error(transparent)]
    PinTooWeak(#[from] PinTooWeak),
    /// Biometrics don't open it: ask for the PIN.
    #[error(transparent)]
    Biometrics(#[from] BiometricsRefused),
    /// Another process has it open: close that one.
    #[error("the wallet is open in another program")]
    InUse,
    /// The device's keys. [`KeyStoreError::Gone`]: this is another device, or it was reset; restore from a backup.
    #[error(transparent)]
    Keys(#[from] KeyStoreError),
    /// It is a wallet of another chain.
    #[error("the wallet belongs to another chain")]
    OtherChain,
    /// The disk has lost part of it, or it was tampered with: restore from a backup.
    #[error("the wallet is damaged: {0}")]
    Damaged(String),
    /// Reading or writing failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<NotUnlocked> for CreateError {
    fn from(error: NotUnlocked) -> Self {
        match error {
            NotUnlocked::Exists => Self::Exists,
            NotUnlocked::Keys(error) => Self::Keys(error),
            NotUnlocked::Vault(error) => Self::Vault(error),
            NotUnlocked::Open(store::OpenError::InUse { .. }) => Self::InUse,
            NotUnlocked::Open(error) => Self::Folder(error.to_string()),
            NotUnlocked::WrongPin { .. }
            | NotUnlocked::TooOften
            | NotUnlocked::Wait { .. }
            | NotUnlocked::Biometrics(_)
            | NotUnlocked::NoWallet
            | NotUnlocked::Empty
            | NotUnlocked::Header => Self::Folder(error.to_string()),
        }
    }
}

impl From<NotUnlocked> for OpenError {
    fn from(error: NotUnlocked) -> Self {
        match error {
            NotUnlocked::WrongPin { failed, wait } => Self::WrongPin { failed, wait },
            NotUnlocked::TooOften => Self::Wiped,
            NotUnlocked::Wait { wait } => Self::Wait { wait },
            NotUnlocked::NoWallet | NotUnlocked::Empty => Self::NoWallet,
            NotUnlocked::Biometrics(refused) => Self::Biometrics(refused),
            NotUnlocked::Keys(error) => Self::Keys(error),
            NotUnlocked::Vault(VaultError::Tampered) => Self::Damaged(VaultError::Tampered.to_string()),
            NotUnlocked::Vault(error) => Self::Vault(error),
            NotUnlocked::Open(store::OpenError::InUse { .. }) => Self::InUse,
            NotUnlocked::Open(error) => Self::Damaged(error.to_string()),
            NotUnlocked::Header | NotUnlocked::Exists => Self::Damaged(error.to_string()),
        }
    }
}
