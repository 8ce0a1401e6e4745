//! The engine on a PostgreSQL server: one table of ordered bytes, which several processes write in turn.
//!
//! Writers of all processes take one advisory lock for each group of writes, so that a closure sees all that any of
//! them committed before, as on an embedded store. A group is one transaction: it commits whole or not at all, and a
//! commit answers when the server has synced it. Readers take a repeatable-read snapshot, which no commit changes and
//! which stops no commit.
//!
//! Of a process that dies while it writes, the server rolls back the transaction and frees the lock.

mod link;
mod server;
mod view;

use std::sync::{Mutex, PoisonError};

use tokio_postgres::{Client, types::Type};

pub use self::server::Server;
use self::{
    link::{Link, failed},
    view::View,
};
use super::{Backend, Changes, Reads, Rows};
use crate::{OpenError, StoreError, range::Span};

/// The format of the tables below.
const FORMAT: i32 = 1;
/// Names the writers' lock among the database's advisory locks, together with the schema's own number.
const WRITING: i32 = 0x485a_5752;

/// Readers and one writer on a server.
pub(crate) struct Postgres {
    link: Link,
    /// The writer's connection while a group is being written.
    writing: Mutex<Option<Client>>,
    /// The same between groups.
    resting: Mutex<Option<Client>>,
}

impl Postgres {
    /// Connects, and makes the schema and its tables where they are missing.
    pub(crate) fn open(server: &Server) -> Result<Self, OpenError> {
        let (config, tls) = server.connection()?;
        let unreachable = |error: StoreError| OpenError::Unreachable { reason: error.to_string() };
        let link = Link::new(config, tls).map_err(unreachable)?;
        let client = link.connect().map_err(unreachable)?;
        let schema = server.schema.clone();
        let (client, found) = link
            .wait(async move {
                // Two instances that start at once make one schema: the lock is the database's, not the schema's.
                let made = client
                    .batch_execute(&format!(
                        "BEGIN; SELECT pg_advisory_xact_lock({WRITING}); \
                         CREATE SCHEMA IF NOT EXISTS {schema}; \
                         CREATE TABLE IF NOT EXISTS {schema}.rows (key bytea PRIMARY KEY, value bytea NOT NULL); \
                         CREATE TABLE IF NOT EXISTS {schema}.format (format integer NOT NULL); \
                         INSERT INTO {schema}.format SELECT {FORMAT} \
                         WHERE NOT EXISTS (SELECT 1 FROM {schema}.format); COMMIT"
                    ))
                    .await;
                made.map_err(|error| failed(&error))?;
                let row = client.query_one(&format!("SELECT max(format) FROM {schema}.format"), &[]).await;
                let found: i32 = row.and_then(|row| row.try_get(0)).map_err(|error| failed(&error))?;
                Ok((client, found))
            })
            .map_err(unreachable)?;
        if found > FORMAT {
            return Err(OpenError::Newer { found, known: FORMAT });
        }
        drop(client);
        // Statements name no schema: every connection from here on looks into this one alone.
        link.look_into(&server.schema);
        Ok(Self { link, writing: Mutex::default(), resting: Mutex::default() })
    }

    /// Runs one step of the writer's transaction. A connection on which a step failed is let go, and its transaction
    /// with it.
    fn step<T, F>(&self, run: impl FnOnce(Client) -> F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<(Client, T), StoreError>> + Send + 'static,
    {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let client = writing.take().ok_or_else(|| StoreError::Failed("no write has begun".to_owned()))?;
        let (client, answer) = self.link.wait(run(client))?;
        *writing = Some(client);
        Ok(answer)
    }

    fn rest(&self) {
        let client = self.writing.lock().unwrap_or_else(PoisonError::into_inner).take();
        *self.resting.lock().unwrap_or_else(PoisonError::into_inner) = client;
    }
}

impl Reads for Postgres {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let key = key.to_vec();
        self.step(|client| async move {
            let found = view::get(&client, &key).await?;
            Ok((client, found))
        })
    }

    fn page(&self, span: &Span, limit: usize) -> Result<Rows, StoreError> {
        let span = span.clone();
        self.step(move |client| async move {
            let found = view::page(&client, &span, limit).await?;
            Ok((client, found))
        })
    }
}

impl Backend for Postgres {
    fn begin(&self) -> Result<(), StoreError> {
        let rested = self.resting.lock().unwrap_or_else(PoisonError::into_inner).take();
        let client = match rested.filter(|client| !client.is_closed()) {
            Some(client) => client,
            None => self.link.connect()?,
        };
        let client = self.link.wait(async move {
            let begun = client
                .batch_execute(&format!(
                    "BEGIN; SELECT pg_advisory_xact_lock({WRITING}, current_schema()::text::regnamespace::oid::integer)"
                ))
                .await;
            begun.map_err(|error| failed(&error))?;
            Ok(client)
        })?;
        *self.writing.lock().unwrap_or_else(PoisonError::into_inner) = Some(client);
        Ok(())
    }

    fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        let mut removed = Vec::new();
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        for (key, change) in changes {
            match change {
                Some(value) => {
                    keys.push(key);
                    values.push(value);
                }
                None => removed.push(key),
            }
        }
        self.step(move |client| async move {
            let put = "INSERT INTO rows SELECT * FROM unnest($1, $2) \
                       ON CONFLICT (key) DO UPDATE SET value = excluded.value";
            let rows =
                client.query_typed(put, &[(&keys, Type::BYTEA_ARRAY), (&values, Type::BYTEA_ARRAY)]).await;
            rows.map_err(|error| failed(&error))?;
            if !removed.is_empty() {
                let remove = "DELETE FROM rows WHERE key = ANY($1)";
                let rows = client.query_typed(remove, &[(&removed, Type::BYTEA_ARRAY)]).await;
                rows.map_err(|error| failed(&error))?;
            }
            client.batch_execute("COMMIT").await.map_err(|error| failed(&error))?;
            Ok((client, ()))
        })?;
        self.rest();
        Ok(())
    }

    fn leave(&self) {
        let left = self.step(|client| async move {
            client.batch_execute("ROLLBACK").await.map_err(|error| failed(&error))?;
            Ok((client, ()))
        });
        // A connection on which even that failed is gone, and the server rolls back by itself.
        if left.is_ok() {
            self.rest();
        }
    }

    /// A commit has answered only after the server synced it.
    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn view(&self) -> Option<Box<dyn Reads + '_>> {
        Some(Box::new(View::of(&self.link)))
    }

    fn is_shared(&self) -> bool {
        true
    }

    /// What a lost connection had not committed, the server has undone.
    fn recovers(&self) -> bool {
        true
    }
}
