//! What a counter asks with no network: the claims of its signed request.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde::{Deserialize, Serialize};

use crate::{
    dcql::{DcqlQuery, QueryError},
    jwt::NumericDate,
    limits::{self, Limits, ParseError},
    openid4vp::ClientId,
};

/// The `typ` of the JWS that an [`Ask`](super::Ask) carries. Not OpenID4VP's: what is signed for one is no use in the
/// other.
pub const OFFLINE_TYPE: &str = "huizheng-offline-request+jwt";
/// What stands where a request over the network has its response URI, in an mdoc's session transcript.
/// No host has this name (RFC 2606).
pub const OFFLINE_RESPONSE_URI: &str = "https://offline.invalid/";
/// How long a challenge may count, in seconds.
pub const MAX_CHALLENGE_SECONDS: i64 = 600;
/// How long a one-way answer counts from its key binding's `iat`, in seconds. A counter keeps the nonces it has seen as
/// long, and takes none twice.
pub const ONE_WAY_SECONDS: i64 = 60;
/// How far the two clocks may be apart, in seconds.
const CLOCK_SKEW: i64 = 60;
const RANDOM: usize = 16;

/// The claims of a counter's request. Read as they come; [`OfflineRequest::check`] says whether they are acceptable.
///
/// `nonce` makes it two-way, `place` one-way; it has one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfflineRequest {
    /// Who asks, by a DID; also the audience to sign for.
    pub client_id: ClientId,
    /// The registered purpose.
    pub purpose: String,
    /// What is asked.
    pub dcql_query: DcqlQuery,
    /// The challenge to sign, fresh for each holder: 16 to 64 characters that need no escaping in a URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The place it is printed for: 1 to 32 letters, digits, `-` and `_`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// When it was made.
    pub iat: NumericDate,
    /// Until when it counts; of a challenge at most [`MAX_CHALLENGE_SECONDS`] after `iat`.
    pub exp: NumericDate,
}

/// What an answer is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    /// Two-way: this very nonce.
    Challenge(String),
    /// One-way: a [`one_way_nonce`] of this place.
    Place(String),
}

/// A request that follows the rules. Who asks, and whether they may, the chain must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedOfflineRequest {
    /// Who asks: also the audience to sign for.
    pub client_id: ClientId,
    /// The registered purpose.
    pub purpose: String,
    /// What is asked; valid.
    pub query: DcqlQuery,
    /// What the answer is to be bound to.
    pub binding: Binding,
    /// Until when it counts, in seconds since 1970.
    pub expires: i64,
}

/// Why a counter's request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadOfflineRequest {
    /// It can't be read.
    #[error("the request can't be read: {0}")]
    Unreadable(#[from] ParseError),
    /// Who asks is not named by a DID.
    #[error("whoever asks is not named by a DID")]
    Client,
    /// It has both a challenge and a place, or neither.
    #[error("the request must have a challenge or a place, and not both")]
    Binding,
    /// The challenge is too short, too long, or has other characters.
    #[error("the challenge must be 16 to 64 characters that need no escaping in a URL")]
    Nonce,
    /// The purpose is no name of one.
    #[error("the purpose is no name that a purpose can have")]
    Purpose,
    /// The place is too long, or has other characters.
    #[error("the place must be 1 to 32 letters, digits, hyphens and underscores")]
    Place,
    /// It has expired.
    #[error("the request has expired; ask for a new one")]
    Expired,
    /// It lies ahead.
    #[error("the request is from the future; check the clock")]
    FromTheFuture,
    /// Its challenge would count for too long.
    #[error("the challenge counts for too long")]
    TooLong,
    /// The query breaks a rule.
    #[error("the query is wrong: {0}")]
    Query(#[from] QueryError),
}

impl OfflineRequest {
    /// Reads the claims of a signed request.
    ///
    /// # Errors
    /// [`BadOfflineRequest::Unreadable`].
    pub fn parse(claims: &[u8]) -> Result<Self, BadOfflineRequest> {
        Ok(limits::json(claims, Limits::MESSAGE)?)
    }

    /// Checks everything that can be told without keys and without the registry, at `now` in seconds since 1970.
    ///
    /// # Errors
    /// [`BadOfflineRequest`].
    pub fn check(self, now: i64) -> Result<CheckedOfflineRequest, BadOfflineRequest> {
        use BadOfflineRequest::{
            Binding as BadBinding, Client, Expired, FromTheFuture, Nonce, Place, TooLong,
        };
        self.client_id.did().ok_or(Client)?;
        if self.exp.0.saturating_add(CLOCK_SKEW) <= now {
            return Err(Expired);
        }
        if self.iat.0 > now.saturating_add(CLOCK_SKEW) {
            return Err(FromTheFuture);
        }
        let binding = match (self.nonce, self.place) {
            (Some(nonce), None) => {
                let fits = (16..=64).contains(&nonce.len()) && nonce.bytes().all(is_unreserved);
                if !fits {
                    return Err(Nonce);
                }
                if self.exp.0.saturating_sub(self.iat.0) > MAX_CHALLENGE_SECONDS {
                    return Err(TooLong);
                }
                Binding::Challenge(nonce)
            }
            (None, Some(place)) if is_place(&place) => Binding::Place(place),
            (None, Some(_)) => return Err(Place),
            _ => return Err(BadBinding),
        };
        self.dcql_query.validate()?;
        Ok(CheckedOfflineRequest {
            client_id: self.client_id,
            purpose: self.purpose,
            query: self.dcql_query,
            binding,
            expires: self.exp.0,
        })
    }
}

/// The nonce of a one-way answer: the place, and 16 random bytes, so that each counts once.
#[must_use]
pub fn one_way_nonce(place: &str, random: [u8; RANDOM]) -> String {
    format!("{place}.{}", BASE64.encode(random))
}

/// The place in a [`one_way_nonce`]; none if it is not one.
#[must_use]
pub fn place_of(nonce: &str) -> Option<&str> {
    let (place, random) = nonce.split_once('.')?;
    let fits = is_place(place) && BASE64.decode(random).is_ok_and(|random| random.len() == RANDOM);
    fits.then_some(place)
}

fn is_place(text: &str) -> bool {
    let takes = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=32).contains(&text.len()) && text.bytes().all(takes)
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}
