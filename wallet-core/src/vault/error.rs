//! What can be wrong with the encrypted store.

use std::time::Duration;

use store::{OpenError, StoreError};

use super::BiometricsRefused;

use crate::ports::{KeyStoreError, NoRandomness};

/// The encrypted store could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// A record was changed, exchanged with another, or put back to an older one, behind the wallet's back. Restore
    /// from a backup.
    #[error("a record of the wallet was tampered with")]
    Tampered,
    /// A record is authentic and not what this version expects.
    #[error("a record of the wallet has another form: {0}")]
    OtherForm(&'static str),
    /// A later version of the app has written it: renew this one.
    #[error("the wallet was written by a later version of the app (schema {0})")]
    Newer(u32),
    /// The disk or the engine.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gave no random bytes.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl VaultError {
    /// Whether it is of one record alone: the others can be read.
    pub(crate) fn is_of_one_record(&self) -> bool {
        match self {
            Self::Tampered | Self::OtherForm(_) => true,
            Self::Newer(_) | Self::Store(_) | Self::Randomness(_) => false,
        }
    }
}

/// Why a vault was not made or opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotUnlocked {
    #[error("the PIN is wrong")]
    WrongPin { failed: u32, wait: Duration },
    #[error("too many wrong PINs: the wallet is to be wiped")]
    TooOften,
    #[error("too many wrong PINs: wait")]
    Wait { wait: Duration },
    #[error("there is no wallet here")]
    NoWallet,
    #[error("there is the folder of a wallet here, and nothing in it")]
    Empty,
    #[error("there is a wallet here already")]
    Exists,
    #[error("the wallet's header can't be read")]
    Header,
    #[error(transparent)]
    Biometrics(#[from] BiometricsRefused),
    #[error(transparent)]
    Keys(#[from] KeyStoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl From<StoreError> for NotUnlocked {
    fn from(error: StoreError) -> Self {
        Self::Vault(error.into())
    }
}

impl From<NoRandomness> for NotUnlocked {
    fn from(error: NoRandomness) -> Self {
        Self::Vault(error.into())
    }
}
