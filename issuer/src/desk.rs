//! The desk: applications come in, are read, and are decided.

use serde_json::{Map, Value};
use store::{Range, Store, StoreError};

use crate::clock::Moment;
use crate::model::{Actor, Application, Decided, Id, State};
use crate::tables::{APPLICATIONS, BY_HOLDER, BY_STATE, CLAIMS};

/// Applications and what is done with them.
#[derive(Clone)]
pub(crate) struct Desk {
    store: Store,
}

/// How an application is decided.
#[derive(Clone, Debug)]
pub(crate) enum Decision {
    /// It is granted.
    Approve,
    /// It isn't, and the applicant reads why.
    Reject {
        /// Why.
        reason: String,
    },
}

/// Why an application could not be decided.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecideError {
    /// There is none of that name.
    #[error("there is no such application")]
    Unknown,
    /// It was decided before.
    #[error(transparent)]
    Decided(#[from] Decided),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Desk {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Takes in an application whose claims were checked; `name` is what it is found by, see [`crate::citizens`]. Durable when it returns.
    pub(crate) async fn submit(
        &self,
        id: Id,
        credential_type: &str,
        holder: String,
        claims: Map<String, Value>,
        name: Option<String>,
        now: Moment,
    ) -> Result<Application, StoreError> {
        let application = Application::submitted(id, credential_type, holder, now.seconds);
        let stored = application.clone();
        self.store
            .write_async(move |tx| {
                if let Some(name) = name {
                    tx.put(&BY_HOLDER, (name, id.key()), &())?;
                }
                tx.put(&CLAIMS, id.key(), &claims)?;
                tx.put(&BY_STATE, (stored.state.code(), id.key()), &())?;
                tx.put(&APPLICATIONS, id.key(), &stored)
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
                let range = if state == State::Submitted { range } else { range.reversed() };
                let range = if let Some(id) = before { range.after((state.code(), id.key())) } else { range };
                let names = view.page(&BY_STATE, &range, limit)?;
                let found = names.into_iter().map(|((_, key), ())| view.get(&APPLICATIONS, key));
                Ok(found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
            }
        })
    }

    /// How many wait, counted up to `limit`.
    pub(crate) fn waiting(&self, limit: usize) -> Result<usize, StoreError> {
        Ok(self.store.page(&BY_STATE, &Range::prefix((State::Submitted.code(),)), limit)?.len())
    }

    /// Decides an application. Of two who decide at once, one wins and the other is told.
    pub(crate) async fn decide(
        &self,
        id: Id,
        decision: Decision,
        by: Actor,
        now: Moment,
    ) -> Result<Application, DecideError> {
        self.store
            .write_async(move |tx| {
                let mut application = tx.get(&APPLICATIONS, id.key())?.ok_or(DecideError::Unknown)?;
                let before = application.state;
                match decision {
                    Decision::Approve => application.approve(by, now.seconds)?,
                    Decision::Reject { reason } => application.reject(by, now.seconds, reason)?,
                }
                tx.remove(&BY_STATE, (before.code(), id.key()))?;
                tx.put(&BY_STATE, (application.state.code(), id.key()), &())?;
                tx.put(&APPLICATIONS, id.key(), &application)?;
                Ok(application)
            })
            .await
    }
}
