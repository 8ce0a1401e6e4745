//! What comes after a credential request: fetching what took time (§9), and saying what became of it (§11).

use serde::{Deserialize, Serialize};

use super::ResponseEncryption;
use crate::codes::open_codes;
use crate::limits::{self, Limits, ParseError};

/// A deferred credential request (§9.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeferredRequest {
    /// As the credential response gave it.
    pub transaction_id: String,
    /// How to encrypt the response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_response_encryption: Option<ResponseEncryption>,
}

impl DeferredRequest {
    /// Reads a request; what can't be read is answered with `invalid_credential_request`.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        limits::json(bytes, Limits::MESSAGE)
    }
}

open_codes! {
    /// What became of a credential (§11.1).
    NotificationEvent {
        /// It is in the wallet.
        Accepted = "credential_accepted",
        /// The wallet threw it away: it was not right.
        Failure = "credential_failure",
        /// The holder did not want it.
        Deleted = "credential_deleted",
    }
}

/// A notification (§11.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationRequest {
    /// As the credential response gave it.
    pub notification_id: String,
    /// What happened.
    pub event: NotificationEvent,
    /// For developers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_description: Option<String>,
}

impl NotificationRequest {
    /// Reads a request; what can't be read, or tells of an event that is none, is answered with
    /// `invalid_notification_request`.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let request: Self = limits::json(bytes, Limits::MESSAGE).ok()?;
        (!matches!(request.event, NotificationEvent::Other(_))).then_some(request)
    }
}

#[cfg(test)]
mod tests {
    use super::{DeferredRequest, NotificationRequest};

    #[test]
    fn events_that_are_none_are_not_taken() {
        assert!(
            NotificationRequest::parse(br#"{"notification_id":"n","event":"credential_accepted"}"#).is_some()
        );
        for wrong in [
            r#"{"notification_id":"n","event":"credential_stolen"}"#,
            r#"{"event":"credential_accepted"}"#,
            r#"{"notification_id":1,"event":"credential_accepted"}"#,
            "[]",
        ] {
            assert!(NotificationRequest::parse(wrong.as_bytes()).is_none(), "{wrong}");
        }
        assert!(DeferredRequest::parse(b"{}").is_err());
    }
}
