//! An application: somebody asks for a credential, and the department decides.

use std::collections::BTreeMap;

use credentials::UnixSeconds;
use serde::{Deserialize, Serialize};

use super::{Id, Personal};

/// One application. What was claimed is kept apart from it, so that lists never load anybody's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Its name.
    pub id: Id,
    /// The catalogue's id of the credential type (`business-licence`).
    pub credential_type: String,
    /// The line by which a clerk tells it from others: the claim that the catalogue names for the card.
    pub holder: Personal<String>,
    /// Where it stands.
    pub state: State,
    /// The offer that counts now, once one was made.
    pub offer: Option<Id>,
    /// Offers made so far.
    #[serde(default)]
    pub offers: u32,
    /// What was issued on it: credential configuration id → credential.
    pub issued: BTreeMap<String, Id>,
    /// All that happened to it, oldest first; never empty.
    pub history: Vec<Event>,
}

/// Where an application stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Waits for a decision.
    Submitted,
    /// Approved; the applicant can collect it.
    Approved,
    /// Rejected, with a reason in the history.
    Rejected,
}

/// Something that happened: who, when, what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: UnixSeconds,
    /// Who.
    pub by: Actor,
    /// What.
    pub what: Happening,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "role")]
pub enum Actor {
    /// Whoever applied, known by the application's secret.
    Applicant,
    /// A member of staff, by the name of the account.
    Staff {
        /// The account's name.
        name: String,
    },
}

impl Actor {
    /// A member of staff.
    pub fn staff(name: impl Into<String>) -> Self {
        Self::Staff { name: name.into() }
    }
}

/// What happened to an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Happening {
    /// It came in.
    Submitted,
    /// It was approved.
    Approved,
    /// It was rejected.
    Rejected {
        /// Why, in words for the applicant.
        reason: Personal<String>,
    },
    /// A credential was issued into a wallet.
    Issued {
        /// The credential configuration.
        configuration: String,
    },
}

/// The application was decided before: say so, and by whom, instead of deciding again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this application was already decided")]
pub struct Decided {
    /// How.
    pub state: State,
    /// When.
    pub at: UnixSeconds,
    /// By whom.
    pub by: Actor,
}

impl State {
    /// Its stable text (`submitted`), also a key in the store.
    pub fn code(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// The state with this text.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Submitted, Self::Approved, Self::Rejected].into_iter().find(|state| state.code() == code)
    }
}

impl Actor {
    /// The staff account's name, or `None` for the applicant.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Applicant => None,
            Self::Staff { name } => Some(name),
        }
    }
}

impl Application {
    /// A new one, submitted at `at`.
    pub fn submitted(id: Id, credential_type: &str, holder: String, at: UnixSeconds) -> Self {
        Self {
            id,
            credential_type: credential_type.to_owned(),
            holder: Personal(holder),
            state: State::Submitted,
            offer: None,
            offers: 0,
            issued: BTreeMap::new(),
            history: vec![Event { at, by: Actor::Applicant, what: Happening::Submitted }],
        }
    }

    /// When it came in.
    pub fn submitted_at(&self) -> UnixSeconds {
        self.history.first().map_or(UnixSeconds(0), |event| event.at)
    }

    /// The event that decided it, if one did.
    pub fn decision(&self) -> Option<&Event> {
        self.history
            .iter()
            .find(|event| matches!(event.what, Happening::Approved | Happening::Rejected { .. }))
    }

    /// Approves it.
    pub fn approve(&mut self, by: Actor, at: UnixSeconds) -> Result<(), Decided> {
        self.decide(State::Approved, Event { at, by, what: Happening::Approved })
    }

    /// Rejects it; the applicant is told the reason.
    pub fn reject(&mut self, by: Actor, at: UnixSeconds, reason: String) -> Result<(), Decided> {
        self.decide(State::Rejected, Event { at, by, what: Happening::Rejected { reason: Personal(reason) } })
    }

    /// Notes that a credential was issued on it.
    pub fn note_issued(&mut self, configuration: &str, credential: Id, at: UnixSeconds) {
        self.issued.insert(configuration.to_owned(), credential);
        let what = Happening::Issued { configuration: configuration.to_owned() };
        self.history.push(Event { at, by: Actor::Applicant, what });
    }

    fn decide(&mut self, state: State, event: Event) -> Result<(), Decided> {
        if let Some(before) = self.decision() {
            return Err(Decided { state: self.state, at: before.at, by: before.by.clone() });
        }
        self.state = state;
        self.history.push(event);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::OsRng;

    fn staff(name: &str) -> Actor {
        Actor::Staff { name: name.to_owned() }
    }

    #[test]
    fn the_first_decision_stands_and_is_named_to_the_second() {
        let id = Id::new(1, &mut OsRng);
        let mut application = Application::submitted(id, "digital-id", "张三".into(), UnixSeconds(1));
        application.approve(staff("li"), UnixSeconds(2)).expect("first");
        let refused = application.reject(staff("wu"), UnixSeconds(3), "late".into()).expect_err("second");
        assert_eq!(refused, Decided { state: State::Approved, at: UnixSeconds(2), by: staff("li") });
        assert_eq!(application.history.len(), 2);
    }

    #[test]
    fn debug_shows_neither_holder_nor_reason() {
        let id = Id::new(1, &mut OsRng);
        let mut application = Application::submitted(id, "digital-id", "张三".into(), UnixSeconds(1));
        application.reject(staff("li"), UnixSeconds(2), "张三's photo is blurred".into()).expect("first");
        assert!(!format!("{application:?}").contains("张三"));
    }
}
