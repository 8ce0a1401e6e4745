//! Backing up and restoring.

use std::time::Duration;

use wallet_core::{BackupError, BadBackup, RestoreError};

use super::WalletError;

impl From<BackupError> for WalletError {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Weak => Self::ChooseAnotherPin,
            BackupError::TooLarge => Self::UseAnotherWay { reason: error.to_string() },
            BackupError::Vault(error) => error.into(),
            BackupError::Cost | BackupError::Randomness(_) => Self::try_again(&error),
        }
    }
}

impl From<RestoreError> for WalletError {
    fn from(error: RestoreError) -> Self {
        match error {
            RestoreError::Backup(BadBackup::WrongPassphrase) => {
                Self::EnterPinAgain { failed: 0, wait: Duration::ZERO }
            }
            RestoreError::Backup(
                bad @ (BadBackup::NotABackup
                | BadBackup::Version(_)
                | BadBackup::Cost
                | BadBackup::Content
                | BadBackup::OtherChain),
            ) => Self::UseAnotherWay { reason: bad.to_string() },
            RestoreError::Create(error) => error.into(),
            RestoreError::Open(error) => error.into(),
            RestoreError::Folder(_) => Self::FixApp { reason: error.to_string() },
        }
    }
}
