//! Logging in at an issuer's.

use wallet_core::{AuthorizationErrorCode, AuthorizeError, BadAuthorizationResponse};

use super::WalletError;

impl From<AuthorizeError> for WalletError {
    fn from(error: AuthorizeError) -> Self {
        let reason = error.to_string();
        match error {
            AuthorizeError::NotOffered(_) | AuthorizeError::Refused(_) => Self::UseAnotherWay { reason },
            // Begun too long ago, finished already, or never begun here: the login can be begun again.
            AuthorizeError::NotOpen => Self::TryAgain { reason },
            AuthorizeError::Answer(answer) => match answer {
                BadAuthorizationResponse::Unreadable => Self::TryAgain { reason },
                BadAuthorizationResponse::State | BadAuthorizationResponse::Issuer => {
                    Self::DoNotTrust { code: "login-answer".to_owned(), reason }
                }
            },
            AuthorizeError::NotCompleted(AuthorizationErrorCode::AccessDenied) => Self::Cancelled,
            AuthorizeError::NotCompleted(_) => Self::TryAgain { reason },
            AuthorizeError::Offer(error) => error.into(),
            AuthorizeError::Receive(error) => error.into(),
        }
    }
}
