//! An application: somebody asks for a credential, and the department decides.

use std::collections::BTreeMap;

use credentials::UnixSeconds;
use registry::LocalText;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
    /// Keyed digests of what its holder is told by: the identifier's first, then the holder line's. See `seals`.
    #[serde(default)]
    pub marks: Vec<String>,
    /// The application whose credentials it corrects, and which of them must be revoked before anything is collected.
    #[serde(default)]
    pub corrects: Option<Correction>,
    /// The credential that was presented to make it, if it was not filled in by hand.
    #[serde(default)]
    pub presented: Option<Presented>,
    /// The application that corrects what was issued on this one.
    #[serde(default)]
    pub corrected_by: Option<Id>,
    /// The application that would correct it, while a second person has still to approve that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub being_corrected_by: Option<Id>,
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

/// The credential that an application was made from, without any value of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presented {
    /// Its type in the catalogue.
    pub credential_type: String,
    /// Who issued it, a DID.
    pub issuer: String,
    /// The issuer's name, by its accreditation.
    pub issuer_name: Option<LocalText>,
    /// The purpose that it was asked for.
    pub purpose: String,
    /// The height of the block by which the chain's facts about it were proven.
    pub block: Option<u64>,
    /// The application's claims that come from it, and that nobody may change by hand.
    pub claims: Vec<String>,
    /// The department's own record of the holder agreed.
    pub recorded: bool,
}

/// What a corrected credential takes the place of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The application before.
    pub of: Id,
    /// The credentials that are revoked with it; none before it is approved.
    pub revokes: Vec<Id>,
    /// Why, in words that stay with the department.
    #[serde(default)]
    pub reason: Personal<String>,
}

/// Where an application stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Waits for somebody to look at it.
    Submitted,
    /// Somebody is looking at it, or one of two has approved it.
    InReview,
    /// Went back to the applicant, with a note.
    NeedsCorrection,
    /// Approved; the applicant can collect it.
    Approved,
    /// Rejected, with a reason in the history.
    Rejected,
    /// Approved, and at least one credential is in a wallet.
    Issued,
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
    /// The issuer itself, by a rule of the department.
    Issuer,
    /// A member of staff, by the name of the account.
    Staff {
        /// The account's name.
        name: String,
    },
    /// A department's system, by the name of its API key.
    System {
        /// The key's name.
        name: String,
    },
}

impl Actor {
    /// A member of staff.
    pub fn staff(name: impl Into<String>) -> Self {
        Self::Staff { name: name.into() }
    }

    /// A department's system.
    pub fn system(name: impl Into<String>) -> Self {
        Self::System { name: name.into() }
    }
}

/// What happened to an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Happening {
    /// It came in.
    Submitted,
    /// Somebody took it to look at.
    Taken,
    /// It went back to the applicant.
    Returned {
        /// What to correct, in words for the applicant.
        note: Personal<String>,
    },
    /// The applicant corrected it.
    Corrected,
    /// The first of two approved it.
    Endorsed,
    /// It was approved.
    Approved,
    /// It was made from a record of the department, in a bulk issuance.
    Prepared,
    /// It was made to correct credentials of another application.
    Reissued,
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

/// Why nothing was decided.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecisionRefused {
    /// It was decided before.
    #[error(transparent)]
    Decided(#[from] Decided),
    /// It is with the applicant, who is to correct it.
    #[error("this application is with the applicant, to be corrected")]
    WithApplicant,
    /// Two people approve, and this one did already.
    #[error("two people approve, and you were the first")]
    SamePerson,
    /// Two people approve, and the second must be a supervisor.
    #[error("the second to approve must be a supervisor")]
    NeedsSupervisor,
    /// It waits for no correction.
    #[error("this application waits for no correction")]
    NothingToCorrect,
    /// Nobody applied for it: the department made it to correct another.
    #[error("the department made this to correct another: reject it, and correct anew")]
    DepartmentsOwn,
    /// The applicant sent it again after whoever decides had read it.
    #[error("the applicant sent this again since it was read")]
    SentSince,
}

impl Happening {
    /// Whether the applicant sent something to be decided.
    fn is_sent(&self) -> bool {
        matches!(self, Self::Submitted | Self::Corrected)
    }
}

impl State {
    /// Every state, in the order of an application's life.
    pub const ALL: [Self; 6] = [
        Self::Submitted,
        Self::InReview,
        Self::NeedsCorrection,
        Self::Approved,
        Self::Rejected,
        Self::Issued,
    ];

    /// Whether credentials can be collected.
    pub fn is_collectable(self) -> bool {
        matches!(self, Self::Approved | Self::Issued)
    }

    /// Whether a decision is still to come from the desk.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Submitted | Self::InReview)
    }

    /// Its stable text (`submitted`), also a key in the store.
    pub fn code(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::InReview => "in-review",
            Self::NeedsCorrection => "needs-correction",
            Self::Issued => "issued",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// The state with this text.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

impl Actor {
    /// The name of the account or of the API key, or `None` for the applicant and the issuer itself.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Applicant | Self::Issuer => None,
            Self::Staff { name } | Self::System { name } => Some(name),
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
            marks: Vec::new(),
            presented: None,
            corrects: None,
            corrected_by: None,
            being_corrected_by: None,
            offer: None,
            offers: 0,
            issued: BTreeMap::new(),
            history: vec![Event { at, by: Actor::Applicant, what: Happening::Submitted }],
        }
    }

    /// A new one that the department made from a record, and nobody need decide any more.
    pub fn prepared(id: Id, credential_type: &str, holder: String, by: Actor, at: UnixSeconds) -> Self {
        let history = vec![Event { at, by, what: Happening::Prepared }];
        Self { state: State::Approved, history, ..Self::submitted(id, credential_type, holder, at) }
    }

    /// A new one that the department made to correct another. Where two must approve, whoever made it is the first, and it
    /// waits for the second.
    pub fn reissued(
        id: Id,
        credential_type: &str,
        holder: String,
        by: Actor,
        at: UnixSeconds,
        approvals: u8,
    ) -> Self {
        let mut history = vec![Event { at, by: by.clone(), what: Happening::Reissued }];
        let state = if approvals > 1 {
            history.push(Event { at, by, what: Happening::Endorsed });
            State::InReview
        } else {
            State::Approved
        };
        Self { state, history, ..Self::submitted(id, credential_type, holder, at) }
    }

    /// The same, and who brought its record was the first of two to approve it.
    #[must_use]
    pub fn endorsed_before(mut self, by: Actor, at: UnixSeconds) -> Self {
        self.history.insert(0, Event { at, by, what: Happening::Endorsed });
        self
    }

    /// When it came in.
    pub fn submitted_at(&self) -> UnixSeconds {
        self.history.first().map_or(UnixSeconds(0), |event| event.at)
    }

    /// How often the applicant sent it: what was read when it was fewer is not what there is now.
    pub fn times_sent(&self) -> usize {
        self.history.iter().filter(|event| event.what.is_sent()).count()
    }

    /// The event that decided it, if one did.
    pub fn decision(&self) -> Option<&Event> {
        self.history
            .iter()
            .find(|event| matches!(event.what, Happening::Approved | Happening::Rejected { .. }))
    }

    /// The first of two approvals, if it was given since the applicant last sent something.
    pub fn endorsement(&self) -> Option<&Event> {
        let since = self.history.iter().rev().take_while(|event| !event.what.is_sent());
        since.filter(|event| event.what == Happening::Endorsed).last()
    }

    /// What the applicant is to correct, if it is with the applicant.
    pub fn note(&self) -> Option<&str> {
        let last = self.history.iter().rev().find_map(|event| match &event.what {
            Happening::Returned { note } => Some(note.as_str()),
            _ => None,
        });
        last.filter(|_| self.state == State::NeedsCorrection)
    }

    /// Whether it can be decided, and is what was read when the applicant had sent it so many times.
    pub fn is_as_read(&self, times_sent: usize) -> Result<(), DecisionRefused> {
        self.is_with_the_desk()?;
        if times_sent == self.times_sent() { Ok(()) } else { Err(DecisionRefused::SentSince) }
    }

    /// Somebody begins to look at it.
    pub fn take(&mut self, by: Actor, at: UnixSeconds) -> Result<(), DecisionRefused> {
        self.is_with_the_desk()?;
        self.state = State::InReview;
        self.history.push(Event { at, by, what: Happening::Taken });
        Ok(())
    }

    /// Sends it back to the applicant with a note.
    pub fn send_back(&mut self, by: Actor, at: UnixSeconds, note: String) -> Result<(), DecisionRefused> {
        self.is_with_the_desk()?;
        if self.corrects.is_some() {
            return Err(DecisionRefused::DepartmentsOwn);
        }
        self.state = State::NeedsCorrection;
        self.history.push(Event { at, by, what: Happening::Returned { note: Personal(note) } });
        Ok(())
    }

    /// The applicant sent it again, corrected. Whoever approved it before must look again.
    pub fn correct(&mut self, holder: String, at: UnixSeconds) -> Result<(), DecisionRefused> {
        if self.state != State::NeedsCorrection {
            return Err(DecisionRefused::NothingToCorrect);
        }
        self.state = State::Submitted;
        self.holder = Personal(holder);
        self.history.push(Event { at, by: Actor::Applicant, what: Happening::Corrected });
        Ok(())
    }

    /// Approves it. Where two must, the first leaves it in review, and the second is another, and a supervisor.
    pub fn approve(
        &mut self,
        by: Actor,
        at: UnixSeconds,
        approvals: u8,
        supervises: bool,
    ) -> Result<(), DecisionRefused> {
        self.is_with_the_desk()?;
        if approvals > 1 {
            match self.endorsement() {
                None => {
                    self.state = State::InReview;
                    self.history.push(Event { at, by, what: Happening::Endorsed });
                    return Ok(());
                }
                Some(first) if first.by == by => return Err(DecisionRefused::SamePerson),
                Some(_) if !supervises => return Err(DecisionRefused::NeedsSupervisor),
                Some(_) => {}
            }
        }
        Ok(self.decide(State::Approved, Event { at, by, what: Happening::Approved })?)
    }

    /// Approves a new one by a rule of the department's: nobody need decide.
    pub fn approve_by_rule(&mut self, at: UnixSeconds) {
        self.state = State::Approved;
        self.history.push(Event { at, by: Actor::Issuer, what: Happening::Approved });
    }

    /// The claims that came from a presented credential and are otherwise in `after` than in `before`.
    pub fn presented_and_changed(
        &self,
        before: &Map<String, Value>,
        after: &Map<String, Value>,
    ) -> Vec<&str> {
        let presented = self.presented.iter().flat_map(|presented| &presented.claims).map(String::as_str);
        presented.filter(|name| before.get(*name) != after.get(*name)).collect()
    }

    fn is_with_the_desk(&self) -> Result<(), DecisionRefused> {
        let prepared = || self.history.iter().find(|event| event.what == Happening::Prepared);
        match (self.state, self.decision().or_else(prepared).or(self.history.first())) {
            (State::Submitted | State::InReview, _) => Ok(()),
            (State::NeedsCorrection, _) => Err(DecisionRefused::WithApplicant),
            (state, Some(before)) => Err(Decided { state, at: before.at, by: before.by.clone() }.into()),
            (state, None) => Err(Decided { state, at: UnixSeconds(0), by: Actor::Applicant }.into()),
        }
    }

    /// Rejects it; the applicant is told the reason.
    pub fn reject(&mut self, by: Actor, at: UnixSeconds, reason: String) -> Result<(), DecisionRefused> {
        self.is_with_the_desk()?;
        Ok(self.decide(
            State::Rejected,
            Event { at, by, what: Happening::Rejected { reason: Personal(reason) } },
        )?)
    }

    /// Notes that a credential was issued on it.
    pub fn note_issued(&mut self, configuration: &str, credential: Id, at: UnixSeconds) {
        self.issued.insert(configuration.to_owned(), credential);
        self.state = State::Issued;
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
        application.approve(staff("li"), UnixSeconds(2), 1, false).expect("first");
        let refused = application.reject(staff("wu"), UnixSeconds(3), "late".into()).expect_err("second");
        let before = Decided { state: State::Approved, at: UnixSeconds(2), by: staff("li") };
        assert_eq!(refused, DecisionRefused::Decided(before.clone()));
        assert_eq!(application.take(staff("wu"), UnixSeconds(3)), Err(before.clone().into()));
        assert_eq!(application.send_back(staff("wu"), UnixSeconds(3), "x".into()), Err(before.into()));
        assert_eq!(application.history.len(), 2);
    }

    #[test]
    fn where_two_approve_the_second_is_another_and_supervises() {
        let id = Id::new(1, &mut OsRng);
        let mut application = Application::submitted(id, "talent-certificate", "张三".into(), UnixSeconds(1));
        let approve = |application: &mut Application, name: &str, supervises| {
            application.approve(staff(name), UnixSeconds(2), 2, supervises)
        };
        assert_eq!(approve(&mut application, "li", true), Ok(()));
        assert_eq!(application.state, State::InReview);
        assert_eq!(approve(&mut application, "li", true), Err(DecisionRefused::SamePerson));
        assert_eq!(approve(&mut application, "wu", false), Err(DecisionRefused::NeedsSupervisor));
        // What was corrected since, nobody has approved yet.
        application.send_back(staff("wu"), UnixSeconds(3), "which degree?".into()).expect("open");
        assert_eq!(application.note(), Some("which degree?"));
        assert_eq!(approve(&mut application, "wu", true), Err(DecisionRefused::WithApplicant));
        application.correct("张三".into(), UnixSeconds(4)).expect("asked for");
        assert_eq!(
            application.correct("张三".into(), UnixSeconds(4)),
            Err(DecisionRefused::NothingToCorrect)
        );
        assert_eq!(approve(&mut application, "wu", true), Ok(()));
        assert_eq!((application.state, application.note()), (State::InReview, None));
        assert_eq!(approve(&mut application, "li", true), Ok(()));
        assert_eq!(application.state, State::Approved);
        assert!(matches!(approve(&mut application, "li", true), Err(DecisionRefused::Decided(_))));
    }

    #[test]
    fn where_two_approve_whoever_corrects_is_the_first_and_nothing_goes_back() {
        let id = Id::new(1, &mut OsRng);
        let made = |approvals| {
            let of = "talent-certificate";
            Application::reissued(id, of, "张三".into(), staff("li"), UnixSeconds(1), approvals)
        };
        assert_eq!(made(1).state, State::Approved);
        let mut correction = made(2);
        correction.corrects = Some(Correction { of: id, revokes: vec![], reason: Personal("x".into()) });
        assert_eq!(correction.state, State::InReview);
        let approved = correction.approve(staff("li"), UnixSeconds(2), 2, true);
        assert_eq!(approved, Err(DecisionRefused::SamePerson));
        let returned = correction.send_back(staff("wu"), UnixSeconds(2), "why?".into());
        assert_eq!(returned, Err(DecisionRefused::DepartmentsOwn));
        assert_eq!(correction.approve(staff("wu"), UnixSeconds(2), 2, true), Ok(()));
        assert_eq!(correction.state, State::Approved);
    }

    #[test]
    fn debug_shows_neither_holder_nor_reason() {
        let id = Id::new(1, &mut OsRng);
        let mut application = Application::submitted(id, "digital-id", "张三".into(), UnixSeconds(1));
        application.reject(staff("li"), UnixSeconds(2), "张三's photo is blurred".into()).expect("first");
        assert!(!format!("{application:?}").contains("张三"));
    }
}
