//! Asking, finding and answering requests, durably.

use std::time::Duration;

use protocol::dcql::DcqlQuery;
use registry::{Slug, UnixMillis};
use store::{Store, StoreError, Tx};

use super::news;
use super::record::{Answered, DUE, Manner, OUTCOMES, Outcome, REQUESTS, Request, RequestId};

/// The requests of one verifier. Clones share them.
#[derive(Clone)]
pub(crate) struct Desk {
    store: Store,
    request_lifetime: Duration,
    result_lifetime: Duration,
    /// Where other instances reach this one.
    held_at: Option<String>,
}

/// What is to be asked.
pub(crate) struct Wish {
    pub(crate) purpose: Slug,
    pub(crate) version: Option<String>,
    pub(crate) query: Option<DcqlQuery>,
    pub(crate) manner: Manner,
    pub(crate) seal: String,
    pub(crate) asked_by: String,
}

/// A request and where it stands.
pub(crate) struct Found {
    pub(crate) request: Request,
    pub(crate) answered: Option<Answered>,
    /// When nothing of it will remain.
    pub(crate) forgotten: UnixMillis,
}

/// Why an answer was not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum AnswerError {
    /// There is no such request, or it is forgotten.
    #[error("there is no such request")]
    Unknown,
    /// It was answered before.
    #[error("the request was answered already")]
    Used,
    /// What it rests on was used up for another request.
    #[error("what it rests on was used for another request")]
    Spent,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Desk {
    pub(crate) fn new(store: Store, request_lifetime: Duration, result_lifetime: Duration) -> Self {
        Self { store, request_lifetime, result_lifetime, held_at: None }
    }

    /// The same, saying to other instances where this one's memory is.
    pub(crate) fn reached_at(self, held_at: Option<String>) -> Self {
        Self { held_at, ..self }
    }

    /// Asks. When this returns, the request is on the disk.
    pub(crate) async fn ask(&self, wish: Wish, now: UnixMillis) -> Result<(RequestId, Request), StoreError> {
        let id = RequestId::random();
        let Wish { purpose, version, query, manner, seal, asked_by } = wish;
        let request = Request {
            purpose,
            version,
            query,
            seal,
            manner,
            nonce: service::random::token(24),
            state: service::random::token(16),
            created: now,
            expires: now.after(self.request_lifetime),
            asked_by,
        };
        let due = request.expires.after(self.result_lifetime);
        let (key, row) = (id.to_string(), request.clone());
        self.store
            .write_async(move |tx| {
                tx.put(&REQUESTS, key.as_str(), &row)?;
                tx.put(&DUE, (due.0, key), &())
            })
            .await?;
        Ok((id, request))
    }

    /// Whether the store answers.
    pub(crate) fn answers(&self) -> Result<(), StoreError> {
        self.store.get(&REQUESTS, "").map(drop)
    }

    /// A request and where it stands; none when there is no such, or it is forgotten.
    pub(crate) fn find(&self, id: &RequestId, now: UnixMillis) -> Result<Option<Found>, StoreError> {
        let (request, answered) = self.store.read(|view| {
            let request = view.get(&REQUESTS, id.as_str())?;
            Ok::<_, StoreError>((request, view.get(&OUTCOMES, id.as_str())?))
        })?;
        let found = request.map(|request| {
            let ended = answered.as_ref().map_or(request.expires, |answered: &Answered| answered.at);
            Found { forgotten: ended.after(self.result_lifetime), request, answered }
        });
        // What is due counts as forgotten even before it is swept away.
        Ok(found.filter(|found| now < found.forgotten))
    }

    /// Records what became of a request: once for each, whoever asks at the same time. When this returns, it is on the
    /// disk. `taken` runs for the one outcome that is taken, before anyone can see it, and writes along what belongs to it.
    pub(crate) async fn answer(
        &self,
        id: &RequestId,
        outcome: Outcome,
        now: UnixMillis,
        taken: impl FnOnce(&mut Tx<'_>) -> Result<(), AnswerError> + Send + 'static,
    ) -> Result<(), AnswerError> {
        let held_at = self.held_at.clone().filter(|_| matches!(outcome, Outcome::Decided(_)));
        let (key, row) = (id.to_string(), Answered { at: now, outcome, held_at, cleared: false });
        let is_shared = self.store.is_shared();
        let due = now.after(self.result_lifetime);
        self.store
            .write_async(move |tx| {
                if !tx.contains(&REQUESTS, key.as_str())? {
                    return Err(AnswerError::Unknown);
                }
                if tx.contains(&OUTCOMES, key.as_str())? {
                    return Err(AnswerError::Used);
                }
                tx.put(&OUTCOMES, key.as_str(), &row)?;
                if is_shared {
                    news::note(tx, &key)?;
                }
                tx.put(&DUE, (due.0, key), &())?;
                taken(tx)
            })
            .await
    }

    /// Notes that what was shown is to be forgotten, by every instance. When this returns, it is on the disk.
    pub(crate) async fn clear(&self, id: &RequestId) -> Result<(), StoreError> {
        let (key, is_shared) = (id.to_string(), self.store.is_shared());
        let clear = move |tx: &mut Tx<'_>| match tx.get(&OUTCOMES, key.as_str())? {
            Some(answered) => {
                if is_shared {
                    news::note_cleared(tx, &key)?;
                }
                let cleared = Answered { held_at: None, cleared: true, ..answered };
                tx.put(&OUTCOMES, key.as_str(), &cleared)
            }
            None => Ok(()),
        };
        self.store.write_async(clear).await
    }
}
