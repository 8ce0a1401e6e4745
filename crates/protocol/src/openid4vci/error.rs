//! Error answers (§6.3, §8.3.1.2; RFC 6749 §5.2, RFC 6750 §3.1).

use serde::{Deserialize, Serialize};

use crate::codes::open_codes;

open_codes! {
    /// Errors of the token endpoint (§6.3).
    TokenErrorCode {
        /// A parameter is missing, repeated or malformed; or a transaction code came that was not asked for, or the
        /// reverse.
        InvalidRequest = "invalid_request",
        /// The code or the transaction code is wrong, used or expired.
        InvalidGrant = "invalid_grant",
        /// The client is unknown, or came without an id where one is needed.
        InvalidClient = "invalid_client",
        /// The client may not use this grant.
        UnauthorizedClient = "unauthorized_client",
        /// The grant type is not supported.
        UnsupportedGrantType = "unsupported_grant_type",
        /// The scope is unknown or too wide.
        InvalidScope = "invalid_scope",
    }
}

open_codes! {
    /// Errors of the credential endpoint (§8.3.1.2), and of its access token (RFC 6750 §3.1).
    CredentialErrorCode {
        /// The request lacks a parameter, has one that does not belong, or is malformed.
        InvalidCredentialRequest = "invalid_credential_request",
        /// No such credential configuration, or not for this token.
        UnknownCredentialConfiguration = "unknown_credential_configuration",
        /// No such credential identifier, or not for this token.
        UnknownCredentialIdentifier = "unknown_credential_identifier",
        /// The proof is missing or wrong, or has no nonce.
        InvalidProof = "invalid_proof",
        /// The proof's nonce is unknown, used or expired: get a new one and try again.
        InvalidNonce = "invalid_nonce",
        /// The parameters for encrypting the response are wrong.
        InvalidEncryptionParameters = "invalid_encryption_parameters",
        /// The request is refused for good: trying again will not help.
        CredentialRequestDenied = "credential_request_denied",
        /// The transaction is unknown, or was fetched (§9.3).
        InvalidTransactionId = "invalid_transaction_id",
        /// The notification's id is unknown (§11.3).
        InvalidNotificationId = "invalid_notification_id",
        /// The notification can't be read (§11.3).
        InvalidNotificationRequest = "invalid_notification_request",
        /// The access token is unknown or expired.
        InvalidToken = "invalid_token",
    }
}

/// A member of our own in a token endpoint's `invalid_grant` answer: how many more transaction codes it takes for this
/// offer, a number; 0 when the offer is void. Absent when the transaction code was not what was wrong.
pub const ATTEMPTS_LEFT: &str = "attempts_left";

/// The body of an error answer of an OAuth endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuthErrorBody<C> {
    /// The code.
    pub error: C,
    /// For developers, in ASCII (RFC 6749 §5.2). Never for deciding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}
