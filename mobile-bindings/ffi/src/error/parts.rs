//! Errors that several operations share.

use wallet_core::{ChainError, PinTooWeak, VaultError, WebError, ports::KeyStoreError};

use super::WalletError;

impl WalletError {
    pub(super) fn try_again(error: &impl ToString) -> Self {
        Self::TryAgain { reason: error.to_string() }
    }

    /// An HTTP status in place of an answer: the server's fault or too many requests, or `otherwise`.
    pub(super) fn status(status: u16, error: &impl ToString, otherwise: impl FnOnce(String) -> Self) -> Self {
        let reason = error.to_string();
        if status == 429 || status >= 500 { Self::TryAgain { reason } } else { otherwise(reason) }
    }
}

impl From<PinTooWeak> for WalletError {
    fn from(PinTooWeak: PinTooWeak) -> Self {
        Self::ChooseAnotherPin
    }
}

impl From<VaultError> for WalletError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Tampered | VaultError::OtherForm(_) => {
                Self::RestoreWallet { reason: error.to_string() }
            }
            VaultError::Newer(_) => Self::FixApp { reason: error.to_string() },
            VaultError::Store(_) | VaultError::Randomness(_) => Self::try_again(&error),
        }
    }
}

impl From<KeyStoreError> for WalletError {
    fn from(error: KeyStoreError) -> Self {
        match error {
            KeyStoreError::Gone => Self::RenewCard,
            KeyStoreError::Declined => Self::Cancelled,
            KeyStoreError::Unsupported => Self::UseAnotherWay { reason: error.to_string() },
            KeyStoreError::Failed => Self::try_again(&error),
        }
    }
}

impl From<WebError> for WalletError {
    fn from(error: WebError) -> Self {
        match error {
            WebError::Unreachable => Self::GoOnline { reason: error.to_string() },
            WebError::TooLarge | WebError::Redirected => Self::try_again(&error),
            WebError::Internal => internal(&error),
            WebError::Cancelled => Self::Cancelled,
        }
    }
}

/// Somebody sends the wallet to an address inside a network. It does not go.
pub(super) fn internal(error: &WebError) -> WalletError {
    WalletError::DoNotTrust { code: "internal-address".to_owned(), reason: error.to_string() }
}

impl From<ChainError> for WalletError {
    fn from(error: ChainError) -> Self {
        match error {
            ChainError::Web(error) => error.into(),
            ChainError::Status(_)
            | ChainError::Malformed
            | ChainError::Evidence(_)
            | ChainError::HandOver(_) => Self::try_again(&error),
            ChainError::Vault(error) => error.into(),
        }
    }
}
