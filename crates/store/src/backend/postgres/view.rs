//! What readers see: one state, from their first read on.

use std::sync::{Mutex, PoisonError};

use tokio_postgres::{Client, Row, types::Type};

use super::link::{Link, failed};
use crate::{
    StoreError,
    backend::{Reads, Rows},
    range::Span,
};

/// A repeatable-read transaction that begins with the first read and ends with the view.
pub(super) struct View<'a> {
    link: &'a Link,
    state: Mutex<State>,
}

enum State {
    New,
    Open(Client),
    /// A read failed: what came after it would be of another state.
    Lost(StoreError),
}

impl<'a> View<'a> {
    pub(super) fn of(link: &'a Link) -> Self {
        Self { link, state: Mutex::new(State::New) }
    }

    fn step<T, F>(&self, run: impl FnOnce(Client) -> F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<(Client, T), StoreError>> + Send + 'static,
    {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = |state: &mut State, error: StoreError| {
            *state = State::Lost(error.clone());
            error
        };
        let client = match std::mem::replace(&mut *state, State::New) {
            State::Open(client) => client,
            State::Lost(error) => return Err(lost(&mut state, error)),
            State::New => {
                let client = self.link.reader().map_err(|error| lost(&mut state, error))?;
                let begun = self.link.wait(async move {
                    let begun = client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await;
                    begun.map(|()| client).map_err(|error| failed(&error))
                });
                begun.map_err(|error| {
                    self.link.give_back(None);
                    lost(&mut state, error)
                })?
            }
        };
        match self.link.wait(run(client)) {
            Ok((client, answer)) => {
                *state = State::Open(client);
                Ok(answer)
            }
            Err(error) => {
                self.link.give_back(None);
                Err(lost(&mut state, error))
            }
        }
    }
}

impl Reads for View<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let key = key.to_vec();
        self.step(|client| async move {
            let found = get(&client, &key).await?;
            Ok((client, found))
        })
    }

    fn page(&self, span: &Span, limit: usize) -> Result<Rows, StoreError> {
        let span = span.clone();
        self.step(move |client| async move {
            let found = page(&client, &span, limit).await?;
            Ok((client, found))
        })
    }
}

impl Drop for View<'_> {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let State::Open(client) = std::mem::replace(state, State::New) {
            let ended = self.link.wait(async move {
                let ended = client.batch_execute("COMMIT").await;
                ended.map(|()| client).map_err(|error| failed(&error))
            });
            self.link.give_back(ended.ok());
        }
    }
}

/// The value at a key, as the client's transaction sees it.
pub(super) async fn get(client: &Client, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    let found = client.query_typed("SELECT value FROM rows WHERE key = $1", &[(&key, Type::BYTEA)]).await;
    let rows = found.map_err(|error| failed(&error))?;
    rows.first().map(|row| row.try_get(0).map_err(|error| failed(&error))).transpose()
}

/// At most `limit` rows of a span, as the client's transaction sees them.
pub(super) async fn page(client: &Client, span: &Span, limit: usize) -> Result<Rows, StoreError> {
    if span.is_empty() {
        return Ok(Rows::new());
    }
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let order = if span.reversed { "DESC" } else { "ASC" };
    let found = match &span.until {
        Some(until) => {
            let statement = format!(
                "SELECT key, value FROM rows WHERE key >= $1 AND key < $2 ORDER BY key {order} LIMIT $3"
            );
            client
                .query_typed(
                    &statement,
                    &[(&span.from, Type::BYTEA), (until, Type::BYTEA), (&limit, Type::INT8)],
                )
                .await
        }
        None => {
            let statement =
                format!("SELECT key, value FROM rows WHERE key >= $1 ORDER BY key {order} LIMIT $2");
            client.query_typed(&statement, &[(&span.from, Type::BYTEA), (&limit, Type::INT8)]).await
        }
    };
    let own = |row: Row| Ok((row.try_get(0)?, row.try_get(1)?));
    let rows: Result<Rows, tokio_postgres::Error> =
        found.and_then(|rows| rows.into_iter().map(own).collect());
    rows.map_err(|error| failed(&error))
}
