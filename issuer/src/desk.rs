//! The desk: applications come in, are read, go back, and are decided.

use serde_json::{Map, Value};
use store::{Range, Store, StoreError, Tx};

use crate::audit::{Deed, Note as _, Noting};
use crate::clock::Moment;
use crate::model::{Actor, Application, ChangeRefused, DecisionRefused, Id, Member, Role, State};
use crate::reissue;
use crate::tables::{APPLICATIONS, BY_MARK, BY_STATE, CLAIMS, READY, count};

/// Applications of the same holder that are shown at most.
const ALIKE: usize = 20;
/// Applications that a search finds at most.
const FOUND: usize = 50;

/// Applications and what is done with them.
#[derive(Clone)]
pub(crate) struct Desk {
    store: Store,
}

/// What is done with an application.
#[derive(Clone, Debug)]
pub(crate) enum Decision {
    /// Somebody begins to look at it.
    Take,
    /// It goes back to the applicant.
    SendBack {
        /// What to correct.
        note: String,
    },
    /// It is granted, by the first or the second of two where the type asks for two.
    Approve {
        /// How many must approve.
        approvals: u8,
    },
    /// It isn't, and the applicant reads why.
    Reject {
        /// Why.
        reason: String,
    },
}

impl Decision {
    /// What the audit log calls it.
    fn word(&self) -> &'static str {
        match self {
            Self::Take => "application-taken",
            Self::SendBack { .. } => "application-returned",
            Self::Approve { .. } => "application-approved",
            Self::Reject { .. } => "application-rejected",
        }
    }
}

/// Why an application could not be decided.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecideError {
    /// There is none of that name.
    #[error("there is no such application")]
    Unknown,
    /// It can't be, as it stands.
    #[error(transparent)]
    Refused(#[from] DecisionRefused),
    /// It corrects what can't be revoked: it was revoked since, or another change of it is not final yet.
    #[error("what this corrects can't be revoked: {0}")]
    Corrects(#[from] ChangeRefused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Desk {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Takes in an application whose claims were checked. Durable when it returns.
    pub(crate) async fn submit(
        &self,
        application: Application,
        claims: Map<String, Value>,
        now: Moment,
    ) -> Result<Application, StoreError> {
        let stored = application.clone();
        let noting = Noting::by(&Actor::Applicant, now);
        self.store
            .write_async(move |tx| {
                put_new(tx, &stored, &claims)?;
                noting.note(tx, Deed::new("application-received").about("application", stored.id))
            })
            .await?;
        Ok(application)
    }

    /// The application of this name.
    pub(crate) fn find(&self, id: Id) -> Result<Option<Application>, StoreError> {
        self.store.get(&APPLICATIONS, id.key())
    }

    /// What was claimed in it.
    pub(crate) fn claims(&self, id: Id) -> Result<Option<Map<String, Value>>, StoreError> {
        self.store.get(&CLAIMS, id.key())
    }

    /// At most `limit` applications, newest first, older than `before` if given. Those that wait come oldest first
    /// instead, and newer than `before`: who came first is served first.
    pub(crate) fn list(
        &self,
        state: Option<State>,
        before: Option<Id>,
        limit: usize,
    ) -> Result<Vec<Application>, StoreError> {
        self.store.read(|view| match state {
            None => {
                let range = Range::all().reversed();
                let range = if let Some(id) = before { range.after(id.key()) } else { range };
                Ok(view.page(&APPLICATIONS, &range, limit)?.into_iter().map(|(_, found)| found).collect())
            }
            Some(state) => {
                let range = Range::prefix((state.code(),));
                let range = if state.is_open() { range } else { range.reversed() };
                let range = if let Some(id) = before { range.after((state.code(), id.key())) } else { range };
                let names = view.page(&BY_STATE, &range, limit)?;
                let found = names.into_iter().map(|((_, key), ())| view.get(&APPLICATIONS, key));
                Ok(found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
            }
        })
    }

    /// How many are in a state, counted up to `limit`.
    pub(crate) fn how_many(&self, state: State, limit: usize) -> Result<usize, StoreError> {
        Ok(self.store.page(&BY_STATE, &Range::prefix((state.code(),)), limit)?.len())
    }

    /// Other applications of the same type with the same holder's identifier, newest first: not the one that it corrects, nor its
    /// correction, which are the same matter.
    pub(crate) fn alike(&self, application: &Application) -> Result<Vec<Application>, StoreError> {
        let Some(mark) = application.marks.first() else { return Ok(Vec::new()) };
        let mut found = self.by_mark(mark, ALIKE + 3)?;
        let corrects = application.corrects.as_ref().map(|correction| correction.of);
        let same = [Some(application.id), corrects, application.corrected_by, application.being_corrected_by];
        found.retain(|other| !same.contains(&Some(other.id)));
        Ok(found)
    }

    /// The applications with any of these marks, newest first.
    pub(crate) fn search(&self, marks: &[String]) -> Result<Vec<Application>, StoreError> {
        let mut found = Vec::new();
        for mark in marks {
            found.extend(self.by_mark(mark, FOUND)?);
        }
        found.sort_by_key(|application| std::cmp::Reverse(application.id));
        found.dedup_by_key(|application| application.id);
        found.truncate(FOUND);
        Ok(found)
    }

    fn by_mark(&self, mark: &str, limit: usize) -> Result<Vec<Application>, StoreError> {
        self.store.read(|view| {
            let names = view.page(&BY_MARK, &Range::prefix((mark,)).reversed(), limit)?;
            let found = names.into_iter().map(|((_, key), ())| view.get(&APPLICATIONS, key));
            Ok(found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        })
    }

    /// Does something with an application. Of two who decide at once, one wins and the other is told. So is who has read what the
    /// applicant sent before, if `seen` says which time that was (`Application::times_sent`). The revocations that an approved
    /// correction asks for are noted with it, and not carried out yet.
    pub(crate) async fn decide(
        &self,
        id: Id,
        decision: Decision,
        seen: Option<usize>,
        by: Member,
        now: Moment,
    ) -> Result<Application, DecideError> {
        let (supervises, by, at) = (by.roles.has(Role::Supervisor), by.actor(), now.seconds);
        let (noting, what) = (Noting::by(&by, now), decision.word());
        self.store
            .write_async(move |tx| {
                let mut application = tx.get(&APPLICATIONS, id.key())?.ok_or(DecideError::Unknown)?;
                if let Some(seen) = seen {
                    application.is_as_read(seen)?;
                }
                let before = application.state;
                let actor = by.clone();
                match decision {
                    Decision::Take => application.take(by, at),
                    Decision::SendBack { note } => application.send_back(by, at, note),
                    Decision::Approve { approvals } => application.approve(by, at, approvals, supervises),
                    Decision::Reject { reason } => application.reject(by, at, reason),
                }?;
                reissue::decided(tx, &mut application, &actor, &noting, now)?;
                put_changed(tx, before, &application)?;
                let deed = Deed::new(what).about("application", id);
                noting.note(tx, deed.about("state", application.state.code()))?;
                Ok(application)
            })
            .await
    }

    /// Takes an application in again that was corrected; `marks` and `claims` are the new ones, checked.
    pub(crate) async fn correct(
        &self,
        id: Id,
        holder: String,
        marks: Vec<String>,
        claims: Map<String, Value>,
        now: Moment,
    ) -> Result<Application, DecideError> {
        let noting = Noting::by(&Actor::Applicant, now);
        self.store
            .write_async(move |tx| {
                let mut application = tx.get(&APPLICATIONS, id.key())?.ok_or(DecideError::Unknown)?;
                let before = application.state;
                application.correct(holder, now.seconds)?;
                for mark in &application.marks {
                    tx.remove(&BY_MARK, (mark, id.key()))?;
                }
                application.marks = marks;
                tx.remove(&BY_STATE, (before.code(), id.key()))?;
                put_new(tx, &application, &claims)?;
                noting.note(tx, Deed::new("application-corrected").about("application", id))?;
                Ok(application)
            })
            .await
    }
}

/// Writes an application with what was claimed and everything it is found by.
pub(crate) fn put_new(
    tx: &mut Tx<'_>,
    application: &Application,
    claims: &Map<String, Value>,
) -> Result<(), StoreError> {
    let key = application.id.key();
    tx.put(&CLAIMS, key, claims)?;
    tx.put(&BY_STATE, (application.state.code(), key), &())?;
    for mark in &application.marks {
        tx.put(&BY_MARK, (mark, key), &())?;
    }
    if application.state.is_collectable() {
        make_ready(tx, application)?;
    }
    tx.put(&APPLICATIONS, key, application)
}

fn make_ready(tx: &mut Tx<'_>, application: &Application) -> Result<(), StoreError> {
    for mark in &application.marks {
        tx.put(&READY, (mark, &application.credential_type, application.id.key()), &())?;
    }
    Ok(())
}

/// Writes an application that was in the state `before`.
pub(crate) fn put_changed(
    tx: &mut Tx<'_>,
    before: State,
    application: &Application,
) -> Result<(), StoreError> {
    let key = application.id.key();
    if before != application.state {
        tx.remove(&BY_STATE, (before.code(), key))?;
        tx.put(&BY_STATE, (application.state.code(), key), &())?;
        if matches!(application.state, State::Approved | State::Rejected) {
            count(tx, application.state.code(), 1)?;
        }
        if application.state == State::Approved {
            make_ready(tx, application)?;
        }
    }
    tx.put(&APPLICATIONS, key, application)
}
