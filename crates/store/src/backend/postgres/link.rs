//! Connections to the server, on a thread of their own.
//!
//! The store is called from threads that may be an async runtime's own, where no other runtime can be entered. So the
//! client runs on a runtime beside them, and callers wait on a channel.

use std::{
    sync::{
        Condvar, Mutex, PoisonError,
        mpsc::{RecvTimeoutError, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};
use tokio_postgres::{Client, Config, NoTls, error::SqlState};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::StoreError;

/// How long one step may take, waiting for the writers' lock and for a connection included.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many readers' connections there are at most.
const READERS: usize = 16;

/// The way to one server.
pub(super) struct Link {
    runtime: Handle,
    config: Mutex<Config>,
    tls: Option<MakeRustlsConnect>,
    readers: Mutex<Readers>,
    returned: Condvar,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Readers {
    idle: Vec<Client>,
    taken: usize,
}

impl Link {
    pub(super) fn new(config: Config, tls: Option<MakeRustlsConnect>) -> Result<Self, StoreError> {
        let no_thread = |error: std::io::Error| StoreError::Failed(error.to_string());
        let runtime = Builder::new_current_thread().enable_all().build().map_err(no_thread)?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("store-postgres".to_owned())
            .spawn(move || {
                // Ends when the link is dropped.
                let _ = runtime.block_on(stopped);
            })
            .map_err(no_thread)?;
        Ok(Self {
            runtime: handle,
            config: Mutex::new(config),
            tls,
            readers: Mutex::default(),
            returned: Condvar::new(),
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// From now on connections see this schema's tables, and no others'.
    pub(super) fn look_into(&self, schema: &str) {
        let mut config = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        // The server gives up on a step when its caller has.
        let patience = PATIENCE.as_millis();
        config.options(format!(
            "-c search_path={schema} -c statement_timeout={patience} -c lock_timeout={patience} \
             -c synchronous_commit=on -c idle_in_transaction_session_timeout={}",
            3 * patience
        ));
    }

    pub(super) fn connect(&self) -> Result<Client, StoreError> {
        let config = self.config.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let tls = self.tls.clone();
        self.wait(async move {
            match tls {
                Some(tls) => {
                    config.connect(tls).await.map(|(client, connection)| (client, spawn(connection)))
                }
                None => config.connect(NoTls).await.map(|(client, connection)| (client, spawn(connection))),
            }
            .map(|(client, ())| client)
            .map_err(|error| failed(&error))
        })
    }

    /// Runs it beside, and waits for its end.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = sync_channel(1);
        let task = self.runtime.spawn(async move {
            let _ = sender.send(work.await);
        });
        receiver.recv_timeout(PATIENCE).unwrap_or_else(|error| {
            task.abort();
            Err(StoreError::Failed(match error {
                RecvTimeoutError::Timeout => "the database server does not answer".to_owned(),
                RecvTimeoutError::Disconnected => {
                    "the connection to the database server is closed".to_owned()
                }
            }))
        })
    }

    /// A reader's connection: one that rests, a new one, or, when there are enough, the next to be given back.
    pub(super) fn reader(&self) -> Result<Client, StoreError> {
        let until = Instant::now() + PATIENCE;
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        while readers.taken >= READERS {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(StoreError::Failed(
                    "all connections to the database server are in use".to_owned(),
                ));
            }
            readers = self.returned.wait_timeout(readers, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        readers.taken += 1;
        while let Some(client) = readers.idle.pop() {
            if !client.is_closed() {
                return Ok(client);
            }
        }
        drop(readers);
        self.connect().inspect_err(|_| self.give_back(None))
    }

    /// Ends a reader's turn; with `None` its connection is of no more use.
    pub(super) fn give_back(&self, client: Option<Client>) {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers.taken = readers.taken.saturating_sub(1);
        readers.idle.extend(client);
        self.returned.notify_one();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // Only a panic of the runtime itself comes back, and there is nobody left to hear of it.
            let _ = thread.join();
        }
    }
}

/// Keeps a connection's own work going; it ends with its client.
fn spawn<S, T>(connection: tokio_postgres::Connection<S, T>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!(error = %failed(&error), "a connection to the database server ended");
        }
    });
}

/// What the server or the client said. The server's details may quote rows, so only its message is taken.
pub(super) fn failed(error: &tokio_postgres::Error) -> StoreError {
    StoreError::Failed(match error.as_db_error() {
        Some(refusal) if *refusal.code() == SqlState::LOCK_NOT_AVAILABLE => {
            "another instance has been writing for too long".to_owned()
        }
        Some(refusal) => format!("{} ({})", refusal.message(), refusal.code().code()),
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    })
}
