//! The counter's own codes.

use credentials::jws::{self, CreateError};
use protocol::dcql::DcqlQuery;
use protocol::jwt::NumericDate;
use protocol::offline::{Ask, FrameSize, MAX_CHALLENGE_SECONDS, Message, OfflineRequest, TooLarge, frames};
use registry::{Slug, UnixMillis};
use store::StoreError;

use super::printed::{LIVES, Place};
use super::staples;
use crate::core::Core;
use crate::identity::KnownBy;
use crate::request::Request;

/// Version 20 with error correction L: 97 modules, each as wide as 4 to 5 pixels on a counter's screen. A phone's camera reads
/// it from a hand's breadth to an arm's length, and a request with its evidence is three of them.
const ON_A_SCREEN: usize = 1249;

/// Why a request can't be shown as codes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// What it asks is no longer known.
    #[error("the request's purpose is no longer asked for")]
    Purpose,
    /// Something is to be authorised, and codes do not carry it.
    #[error("what is to be authorised is asked over the network alone")]
    Authorises,
    /// The key.
    #[error(transparent)]
    Sign(#[from] CreateError),
    /// It is too long.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Core {
    /// A request as codes: their texts, in their order. With evidence of who asks, as far as it is at hand.
    pub(crate) fn ask_by_codes(&self, request: &Request) -> Result<Vec<String>, AskError> {
        if !request.manner.goes_by_codes() {
            return Err(AskError::Authorises);
        }
        let query = self.query_of(request).ok_or(AskError::Purpose)?;
        let asked = OfflineRequest {
            nonce: Some(request.nonce.clone()),
            exp: NumericDate(challenge_ends(request).seconds()),
            ..self.asks(&request.purpose, &query, request.created)?
        };
        let staples = staples::of(self.account.store(), &request.purpose)?.into_iter().collect();
        self.codes_of(&asked, staples)
    }

    /// The code to print for a place, and until when it can be answered. Without evidence, which would be old before the paper is.
    pub(crate) fn ask_on_paper(
        &self,
        purpose: &Slug,
        place: &Place,
        now: UnixMillis,
    ) -> Result<(Vec<String>, UnixMillis), AskError> {
        let policy = self.purpose(purpose).ok_or(AskError::Purpose)?;
        let until = now.after(LIVES);
        let asked = OfflineRequest {
            place: Some(place.as_str().to_owned()),
            exp: NumericDate(until.seconds()),
            ..self.asks(purpose, &policy.query, now)?
        };
        Ok((self.codes_of(&asked, Vec::new())?, until))
    }

    fn asks(&self, purpose: &Slug, query: &DcqlQuery, at: UnixMillis) -> Result<OfflineRequest, AskError> {
        let client_id = self.identity.client_id(KnownBy::DecentralizedIdentifier);
        Ok(OfflineRequest {
            client_id: client_id.ok_or(AskError::Purpose)?.clone(),
            purpose: purpose.to_string(),
            dcql_query: query.clone(),
            nonce: None,
            place: None,
            iat: NumericDate(at.seconds()),
            exp: NumericDate(at.seconds()),
        })
    }

    fn codes_of(&self, asked: &OfflineRequest, staples: Vec<Vec<u8>>) -> Result<Vec<String>, AskError> {
        let request = jws::sign(&self.identity.offline_header(), asked, self.identity.signer())?;
        let message = Message::Ask(Ask { request, staples }).to_bytes();
        Ok(frames(&message, FrameSize::of_characters(ON_A_SCREEN))?)
    }
}

/// Until when a request can be answered by codes.
pub(crate) fn challenge_ends(request: &Request) -> UnixMillis {
    let longest = std::time::Duration::from_secs(MAX_CHALLENGE_SECONDS.unsigned_abs());
    request.expires.min(request.created.after(longest))
}
