//! Records of the department, and jobs that prepare credentials from them.

use credentials::UnixSeconds;
use serde::{Deserialize, Deserializer, Serialize};
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
    /// Who brought it: a member of the staff or a department's system. Where two approve, that is the first approval.
    #[serde(deserialize_with = "brought_by")]
    pub source: Actor,
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
    /// Records that no longer pass the catalogue's checks, or, where two approve, that whoever began the job brought: they
    /// stay as they are.
    pub refused: u64,
    /// Until when its offers count.
    pub offers_until: UnixSeconds,
    /// Where it stands.
    pub state: JobState,
    /// When it was last worked on, in milliseconds since 1970.
    pub worked_at_ms: u64,
    /// Who was handed what it prepared.
    #[serde(default)]
    pub handed: Handed,
}

/// One half of what holders need to collect: whoever has both collects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// The offers' links.
    Links,
    /// The transaction codes.
    Codes,
}

/// Who was handed each half of what a bulk issuance prepared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handed {
    links: Vec<Actor>,
    codes: Vec<Actor>,
}

impl Half {
    /// The half with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "links" => Some(Self::Links),
            "codes" => Some(Self::Codes),
            _ => None,
        }
    }

    /// The half that must go another way.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Links => Self::Codes,
            Self::Codes => Self::Links,
        }
    }
}

impl Handed {
    /// Who was handed a half, the first one first.
    pub fn to(&self, half: Half) -> &[Actor] {
        match half {
            Half::Links => &self.links,
            Half::Codes => &self.codes,
        }
    }

    /// Notes who is handed a half; false if that was noted before.
    pub fn note(&mut self, half: Half, to: &Actor) -> bool {
        let handed = match half {
            Half::Links => &mut self.links,
            Half::Codes => &mut self.codes,
        };
        let is_new = !handed.contains(to);
        if is_new {
            handed.push(to.clone());
        }
        is_new
    }
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

/// Earlier records kept a name alone. It is read as an account's: the stricter reading, for an account that brought a record
/// can't begin its issuance where two approve.
fn brought_by<'de, D: Deserializer<'de>>(from: D) -> Result<Actor, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Kept {
        Name(String),
        Actor(Actor),
    }
    Ok(match Kept::deserialize(from)? {
        Kept::Name(name) => Actor::staff(name),
        Kept::Actor(actor) => actor,
    })
}

impl Job {
    /// Records that are still to be dealt with.
    pub fn left(&self) -> u64 {
        self.total.saturating_sub(self.done + self.refused)
    }
}

#[cfg(test)]
mod tests {
    use rand_core::OsRng;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_that_was_kept_alone_is_read_as_an_accounts() {
        let record = |source: Value| {
            let id = Id::new(1, &mut OsRng);
            let kept = json!({
                "id": id, "credential_type": "mandate", "claims": {}, "mark": "m", "source": source, "at": 1,
                "application": null,
            });
            serde_json::from_value::<Record>(kept).expect("reads").source
        };
        assert_eq!(record(json!("li")), Actor::staff("li"));
        for actor in [Actor::staff("li"), Actor::system("li")] {
            assert_eq!(record(serde_json::to_value(&actor).expect("writes")), actor);
        }
    }
}
