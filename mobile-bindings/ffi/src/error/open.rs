//! Making and opening a wallet.

use wallet_core::{CreateError, OpenError, ports::KeyStoreError};

use super::WalletError;

impl From<CreateError> for WalletError {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::PinTooWeak(error) => error.into(),
            CreateError::Exists => Self::OpenWallet,
            CreateError::InUse => Self::try_again(&error),
            CreateError::Keys(error) => unlocking(error),
            CreateError::Folder(_) => Self::FixApp { reason: error.to_string() },
            CreateError::Vault(error) => error.into(),
        }
    }
}

impl From<OpenError> for WalletError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::NoWallet => Self::CreateWallet,
            OpenError::WrongPin { failed, wait } => Self::EnterPinAgain { failed, wait },
            OpenError::Wait { wait } => Self::WaitForPin { wait },
            OpenError::PinTooWeak(error) => error.into(),
            OpenError::Biometrics(_) => Self::UseAnotherWay { reason: error.to_string() },
            OpenError::InUse => Self::try_again(&error),
            OpenError::Keys(error) => unlocking(error),
            OpenError::OtherChain => Self::FixApp { reason: error.to_string() },
            OpenError::Wiped | OpenError::Damaged(_) => Self::RestoreWallet { reason: error.to_string() },
            OpenError::Vault(error) => error.into(),
        }
    }
}

/// The key in question is not a card's but the one that wraps the whole wallet.
fn unlocking(error: KeyStoreError) -> WalletError {
    match error {
        KeyStoreError::Gone => WalletError::RestoreWallet { reason: error.to_string() },
        KeyStoreError::Declined | KeyStoreError::Unsupported | KeyStoreError::Failed => error.into(),
    }
}
