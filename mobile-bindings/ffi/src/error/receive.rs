//! Offers and what comes of them.

use wallet_core::{OfferRefused, ReceiveError};

use super::WalletError;

impl From<OfferRefused> for WalletError {
    fn from(error: OfferRefused) -> Self {
        match error {
            OfferRefused::Web(error) => error.into(),
            OfferRefused::Status(status) => Self::status(status, &error, new_offer),
            OfferRefused::Offer(_)
            | OfferRefused::Metadata(_)
            | OfferRefused::UnknownConfiguration(_)
            | OfferRefused::OtherAuthorizationServer => new_offer(error.to_string()),
            OfferRefused::NothingKnown | OfferRefused::NoPreAuthorizedCode => {
                Self::UseAnotherWay { reason: error.to_string() }
            }
        }
    }
}

impl From<ReceiveError> for WalletError {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::TxCodeMissing | ReceiveError::TxCodeForm => {
                Self::EnterTxCode { attempts_left: None }
            }
            ReceiveError::TxCodeWrong { attempts_left } => {
                Self::EnterTxCode { attempts_left: Some(attempts_left) }
            }
            ReceiveError::Deferred => Self::WaitForIssuer,
            ReceiveError::CodeRefused
            | ReceiveError::TokenRefused(_)
            | ReceiveError::CredentialRefused(_) => new_offer(error.to_string()),
            ReceiveError::TokenUnusable(_) | ReceiveError::Demands(_) | ReceiveError::NoCommonAlgorithm => {
                Self::UseAnotherWay { reason: error.to_string() }
            }
            ReceiveError::Unreadable(_) | ReceiveError::Unavailable(_) | ReceiveError::UnderWay => {
                Self::try_again(&error)
            }
            ReceiveError::Status(status) => Self::status(status, &error, new_offer),
            ReceiveError::Web(error) => error.into(),
            ReceiveError::Rejected(_) => {
                Self::DoNotTrust { code: "credential-rejected".to_owned(), reason: error.to_string() }
            }
            ReceiveError::Chain(error) => error.into(),
            ReceiveError::Keys(error) => error.into(),
            ReceiveError::Vault(error) => error.into(),
        }
    }
}

fn new_offer(reason: String) -> WalletError {
    WalletError::GetNewOffer { reason }
}
