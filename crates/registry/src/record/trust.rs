//! Accreditations: who may issue what, and when.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::did::Did;
use crate::text::{LocalText, Slug};
use crate::time::UnixMillis;

/// How many grants a record remembers; a further one is refused.
pub const MAX_INTERVALS: usize = 128;

/// That governance accredited an organisation to issue a credential type, with every grant and withdrawal, so that
/// "was it accredited at t?" is answered by this one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrustRecord {
    /// The accredited organisation.
    pub did: Did,
    /// The credential type, for instance `business-licence`.
    pub credential_type: Slug,
    /// The organisation's name, as shown to people.
    pub issuer_name: LocalText,
    /// The grants, oldest first; at most [`MAX_INTERVALS`].
    pub intervals: Vec<Interval>,
}

/// One grant, from its start until it lapses or is withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Interval {
    /// From when it counts; never before the block that granted it.
    pub from: UnixMillis,
    /// From when it no longer counts; none when it has no end.
    pub until: Option<UnixMillis>,
    /// Block time of its withdrawal.
    pub withdrawn: Option<UnixMillis>,
}

impl Interval {
    /// Whether it counts at `t`: from `from`, before `until` and before any withdrawal.
    #[must_use]
    pub fn covers(&self, t: UnixMillis) -> bool {
        self.from <= t && self.end().is_none_or(|end| t < end)
    }

    /// The earlier of its two ends.
    #[must_use]
    pub fn end(&self) -> Option<UnixMillis> {
        match (self.until, self.withdrawn) {
            (Some(until), Some(withdrawn)) => Some(until.min(withdrawn)),
            (until, withdrawn) => until.or(withdrawn),
        }
    }
}
