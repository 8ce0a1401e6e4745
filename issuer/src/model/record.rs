//! Records of the department, and jobs that prepare credentials from them.

use credentials::UnixSeconds;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Actor, Id, Personal};

/// What the department knows of one holder: enough for a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its name.
    pub id: Id,
    /// The catalogue's id of the credential type.
    pub credential_type: String,
    /// The claims, checked when it came in; empty once they are an application's.
    pub claims: Personal<Map<String, Value>>,
    /// Keyed digest of the holder's identifier: one record a holder and type.
    pub mark: String,
    /// Who brought it: an account or an API key.
    pub source: String,
    /// When it came in, or was last replaced.
    pub at: UnixSeconds,
    /// The application that was prepared from it.
    pub application: Option<Id>,
}

/// A bulk issuance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its name.
    pub id: Id,
    /// What it issues.
    pub credential_type: String,
    /// Who began it.
    pub by: Actor,
    /// When.
    pub at: UnixSeconds,
    /// The last record that belongs to it: what comes in later is for another job.
    pub up_to: Id,
    /// Records that it began with.
    pub total: u64,
    /// Records that became applications with an offer.
    pub done: u64,
    /// Records that no longer pass the catalogue's checks: they stay as they are.
    pub refused: u64,
    /// Until when its offers count.
    pub offers_until: UnixSeconds,
    /// Where it stands.
    pub state: JobState,
    /// When it was last worked on, in milliseconds since 1970.
    pub worked_at_ms: u64,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobState {
    /// It is being worked on, and goes on after any stop.
    Running,
    /// All its records are dealt with.
    Done,
}

impl Job {
    /// Records that are still to be dealt with.
    pub fn left(&self) -> u64 {
        self.total.saturating_sub(self.done + self.refused)
    }
}
