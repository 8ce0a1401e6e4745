//! What is written to the disk of a request. None of it is personal.

use std::fmt;
use std::str::FromStr;

use protocol::Endpoint;
use protocol::dcql::DcqlQuery;
use registry::{Slug, UnixMillis};
use serde::{Deserialize, Serialize};
use store::Table;

use crate::codes::Place;
use crate::decision::Decision;
use crate::identity::KnownBy;

/// Requests by name, as they were asked.
pub(super) const REQUESTS: Table<str, Request> = Table::new("requests");
/// What became of them, by the same name: at most one row for ever, which is what makes a request one-use.
pub(super) const OUTCOMES: Table<str, Answered> = Table::new("outcomes");
/// When a request and its outcome are to be forgotten, in milliseconds since 1970, and which.
pub(super) const DUE: Table<(u64, String), ()> = Table::new("due");

/// A request's name: 22 characters of base64url, 128 random bits. Whoever knows it can answer the request.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct RequestId(String);

/// The text names no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a request")]
pub(crate) struct NoRequestId;

impl RequestId {
    /// A new one.
    pub(crate) fn random() -> Self {
        Self(service::random::token(16))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RequestId {
    type Err = NoRequestId;

    fn from_str(text: &str) -> Result<Self, NoRequestId> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if text.len() == 22 && text.bytes().all(fits) { Ok(Self(text.to_owned())) } else { Err(NoRequestId) }
    }
}

impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestId(…)")
    }
}

/// A request as it was asked. Never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// The purpose it is asked for.
    pub(crate) purpose: Slug,
    /// The version of the purpose's policy that it was asked by; none when it has a query of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    /// What is asked, if not what the purpose's policy says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) query: Option<DcqlQuery>,
    /// To be signed by the holder.
    pub(crate) nonce: String,
    /// To be sent back.
    pub(crate) state: String,
    /// The key that its answer is encrypted to, sealed; what its response code follows from.
    #[serde(default)]
    pub(crate) seal: String,
    /// How it is asked and answered.
    #[serde(default)]
    pub(crate) manner: Manner,
    /// When it was asked.
    pub(crate) created: UnixMillis,
    /// Until when it can be answered.
    pub(crate) expires: UnixMillis,
    /// Whose token asked.
    pub(crate) asked_by: String,
}

/// How a request is asked and answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Manner {
    /// How the verifier proves who it is.
    pub(crate) known_by: KnownBy,
    /// The answer must be encrypted (`direct_post.jwt`).
    pub(crate) encrypted: bool,
    /// It is fetched by `POST`, with a nonce of the wallet's.
    pub(crate) by_post: bool,
    /// On the same device: where the holder's browser goes on, with a response code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) return_to: Option<Endpoint>,
    /// What the holder authorises, as it travels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) transaction_data: Vec<String>,
    /// On another device: the digest of the session whose screen shows the code. No other sees what comes of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) screen: Option<String>,
    /// Where the program that asked is told what came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) webhook: Option<Endpoint>,
    /// By codes, one-way: the place that the request was printed for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<Place>,
}

impl Manner {
    /// Whether it can be asked and answered by codes: they carry no transaction data, so nobody would have authorised anything.
    pub(crate) fn goes_by_codes(&self) -> bool {
        self.transaction_data.is_empty()
    }
}

/// What became of a request, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answered {
    pub(crate) at: UnixMillis,
    pub(crate) outcome: Outcome,
    /// Where other instances reach the one that has in memory what was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) held_at: Option<String>,
    /// A clerk, or her screen, had what was shown forgotten: no instance shows it any more.
    #[serde(default)]
    pub(crate) cleared: bool,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Credentials came, and this was decided.
    Decided(Decision),
    /// The wallet answered with an error: the holder declined, or the wallet refused the request.
    Declined {
        /// The wallet's error code.
        code: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_random_and_checked() {
        let id = RequestId::random();
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        assert_ne!(RequestId::random(), id);
        for wrong in ["", "a", "../../../../etc/passwd", "aaaaaaaaaaaaaaaaaaaaa%", "aaaaaaaaaaaaaaaaaaaaaaa"]
        {
            assert_eq!(wrong.parse::<RequestId>(), Err(NoRequestId), "{wrong}");
        }
        assert!(!format!("{id:?}").contains(id.as_str()));
    }
}
