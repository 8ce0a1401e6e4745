//! A presentation: a credential is asked for in the place of a form, and answered at most once.

use credentials::UnixSeconds;
use registry::LocalText;
use serde::{Deserialize, Serialize};

use super::Id;

/// One presentation. Its address, nonce, state and code are not in it: they are derived from its name. The key that its answer is
/// encrypted to is, sealed. Nothing in it is personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presentation {
    /// Its name.
    pub id: Id,
    /// The catalogue's id of the credential type that is applied for.
    pub credential_type: String,
    /// When it was asked.
    pub asked_at: UnixSeconds,
    /// Until when it can be answered.
    pub expires_at: UnixSeconds,
    /// The authorization that waits for it, and the marks of whom its user represents: then it must be a credential of one of
    /// them.
    pub login: Option<Waiting>,
    /// The key that its answer is encrypted to, sealed ([`service::AnswerKeys`]); empty in those of versions before.
    #[serde(default)]
    pub seal: String,
    /// Where it stands.
    pub stage: Answered,
}

/// An authorization that waits for a presentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Its name.
    pub authorization: Id,
    /// Keyed digests of who logged in and whom she represents.
    pub holders: Vec<String>,
}

/// What became of a presentation. It is answered once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Answered {
    /// Not yet.
    Not,
    /// It was found good, and became an application.
    Accepted {
        /// The application.
        application: Id,
    },
    /// It was not found good, or could not be told.
    Refused(Refusal),
    /// The wallet said no.
    Declined {
        /// Its error code.
        code: String,
    },
}

/// Why a presentation became no application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// In one sentence.
    pub reason: LocalText,
    /// What was not found good, by stable names; at least one.
    pub flaws: Vec<Flaw>,
    /// Nothing was wrong, but something could not be checked.
    pub cannot_tell: bool,
}

/// What was not found good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flaw {
    /// The check: a counter's (`status`), or `application`, `holder`, `purpose`.
    pub check: String,
    /// What it found: `revoked`.
    pub code: String,
    /// Names of claims it turns on, never values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<String>,
}

/// Why an answer is not taken; what there was stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It was answered before.
    #[error("it was answered already")]
    Used,
    /// Its time is over.
    #[error("its time is over")]
    Expired,
}

impl Presentation {
    /// Whether it can be answered.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub fn check_open(&self, now: UnixSeconds) -> Result<(), NotTaken> {
        match self.stage {
            Answered::Not if now < self.expires_at => Ok(()),
            Answered::Not => Err(NotTaken::Expired),
            _ => Err(NotTaken::Used),
        }
    }

    /// Its stable text: `open`, `expired`, `accepted`, `refused`, `cannot_tell`, `declined`.
    pub fn code(&self, now: UnixSeconds) -> &'static str {
        match &self.stage {
            Answered::Not if now < self.expires_at => "open",
            Answered::Not => "expired",
            Answered::Accepted { .. } => "accepted",
            Answered::Refused(Refusal { cannot_tell: true, .. }) => "cannot_tell",
            Answered::Refused(_) => "refused",
            Answered::Declined { .. } => "declined",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::OsRng;

    #[test]
    fn it_is_answered_once_and_in_time() {
        let mut it = Presentation {
            id: Id::new(1, &mut OsRng),
            credential_type: "tax-registration".into(),
            asked_at: UnixSeconds(0),
            expires_at: UnixSeconds(300),
            login: None,
            seal: String::new(),
            stage: Answered::Not,
        };
        assert_eq!(it.check_open(UnixSeconds(299)), Ok(()));
        assert_eq!(it.check_open(UnixSeconds(300)), Err(NotTaken::Expired));
        it.stage = Answered::Declined { code: "access_denied".into() };
        assert_eq!(it.check_open(UnixSeconds(1)), Err(NotTaken::Used));
        assert_eq!(it.check_open(UnixSeconds(300)), Err(NotTaken::Used), "whenever it is asked");
    }
}
