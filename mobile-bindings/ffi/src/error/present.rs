//! Requests and the answers to them.

use wallet_core::{PresentError, RequestRefused, WebError};

use super::WalletError;
use crate::text::each;

impl From<RequestRefused> for WalletError {
    fn from(error: RequestRefused) -> Self {
        let (code, reason) = (error.code(), error.to_string());
        match error {
            RequestRefused::Web(error) => error.into(),
            RequestRefused::Status(status) => Self::status(status, &reason, new_request),
            RequestRefused::Link(_)
            | RequestRefused::NotAToken(_)
            | RequestRefused::Code(_)
            | RequestRefused::WalletsCode
            | RequestRefused::Offline(_)
            | RequestRefused::Request(_) => new_request(reason),
            RequestRefused::VerifierNotOnThisChain
            | RequestRefused::VerifierKey(_)
            | RequestRefused::Signature
            | RequestRefused::NoPurpose
            | RequestRefused::NotRegistered { .. } => Self::DoNotTrust { code: code.to_owned(), reason },
            RequestRefused::AsksTooMuch { verifier_name, credential_type, claims, labels } => {
                let (verifier_name, labels) = (verifier_name.into(), each(labels));
                Self::ReportOverreach { verifier_name, credential_type, claims, labels }
            }
            RequestRefused::EncryptedResponse | RequestRefused::UnknownType => Self::UseAnotherWay { reason },
            RequestRefused::NothingFits(missing) => Self::GetCard { missing: each(missing) },
            RequestRefused::Chain(error) => error.into(),
            RequestRefused::Vault(error) => error.into(),
        }
    }
}

impl From<PresentError> for WalletError {
    fn from(error: PresentError) -> Self {
        let reason = error.to_string();
        match error {
            PresentError::NotOpen
            | PresentError::Expired
            | PresentError::SeenMeanwhile
            | PresentError::CardGone => new_request(reason),
            PresentError::NotAnOption(_) => Self::FixApp { reason },
            PresentError::WouldLink | PresentError::TooBig(_) => Self::UseAnotherWay { reason },
            PresentError::Keys(error) => error.into(),
            PresentError::Rejected { status } => Self::AskVerifier { reason, status: Some(status) },
            // The answer was on its way: whatever ended it, claims may have left.
            PresentError::Web(
                WebError::Unreachable | WebError::TooLarge | WebError::Redirected | WebError::Cancelled,
            ) => Self::AskVerifier { reason, status: None },
            PresentError::Web(error @ WebError::Internal) => super::parts::internal(&error),
            PresentError::Vault(error) => error.into(),
        }
    }
}

fn new_request(reason: String) -> WalletError {
    WalletError::GetNewRequest { reason }
}
