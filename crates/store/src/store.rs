//! The store: open it, read it, write it.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        mpsc::{Sender, sync_channel},
    },
    task::{Context, Poll},
    thread::JoinHandle,
    time::Duration,
};

use futures_channel::oneshot;

use crate::{
    OpenError, Options, StoreError,
    backend::{Backend, Reads, Rows, memory::Memory},
    key::{Key, KeyFor},
    open,
    range::Range,
    scope::Scope,
    table::{Codec, Table},
    tx::{Tx, decode_rows},
    writer::{self, Answer, Job, Message, Shared},
};

/// A handle to a store; clones share it. The last one to go finishes what is queued and closes it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    scope: Scope,
}

struct Inner {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
    sender: Sender<Message>,
}

impl Store {
    /// Opens the store in this folder, or makes a new one where there is none.
    ///
    /// # Errors
    /// Each [`OpenError`] says what to do. What held data is never taken for new.
    pub fn persistent(path: impl AsRef<Path>, options: &Options) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let engine = open::open(path, options)?;
        Self::start(Box::new(engine)).map_err(|source| OpenError::Io { path: path.to_owned(), source })
    }

    /// Opens the store in a PostgreSQL database, which several processes may use at once: their writes come one after
    /// another as if there were one. Makes the schema and its tables if they are missing.
    ///
    /// Reads and writes wait for the server, each at most ten seconds, on the calling thread.
    ///
    /// # Errors
    /// Each [`OpenError`] says what to do.
    #[cfg(feature = "postgres")]
    pub fn postgres(server: &crate::Server) -> Result<Self, OpenError> {
        let engine = crate::backend::postgres::Postgres::open(server)?;
        Self::start(Box::new(engine)).map_err(|error| OpenError::Unreachable { reason: error.to_string() })
    }

    /// Whether a store was made in this folder. Opening would make one.
    #[must_use]
    pub fn exists(path: impl AsRef<Path>) -> bool {
        open::exists(path.as_ref())
    }

    /// Removes what making a store left in this folder when it was ended: nothing that was ever acknowledged. Other files stay.
    ///
    /// # Errors
    /// What the system says.
    pub fn remove_unfinished(path: impl AsRef<Path>) -> std::io::Result<()> {
        open::remove_unfinished(path.as_ref())
    }

    /// Whether there is no row in it, in any table and scope.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if the engine refuses.
    pub fn is_empty(&self) -> Result<bool, StoreError> {
        let tables = crate::dump::all_tables();
        Ok(self.read(|view| view.rows(&tables, 1))?.is_empty())
    }

    /// A store that lives as long as its handles, for tests and passing data.
    ///
    /// # Errors
    /// [`OpenError::Io`] if the system gives no thread.
    pub fn in_memory() -> Result<Self, OpenError> {
        Self::start(Box::new(Memory::default()))
            .map_err(|source| OpenError::Io { path: "(memory)".into(), source })
    }

    pub(crate) fn start(backend: Box<dyn Backend>) -> std::io::Result<Self> {
        Self::start_gathering(backend, writer::MOMENT)
    }

    /// As [`Store::start`], with another time for the writes of a crowd to come together.
    pub(crate) fn start_gathering(backend: Box<dyn Backend>, moment: Duration) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { backend, changing: RwLock::new(()) });
        let (sender, thread) = writer::spawn(Arc::clone(&shared), moment)?;
        let inner = Inner { shared, writer: Mutex::new(Some(thread)), sender };
        Ok(Self { inner: Arc::new(inner), scope: Scope::default() })
    }

    /// The same store seen through a scope: every table is another one in each scope, and no handle of one scope reads or writes
    /// what belongs to another. A scope of a scope takes its place. [`Store::dump`] and [`Store::fill`] are of all of them.
    ///
    /// None for a name that is empty, longer than 64 bytes, or has anything but visible ASCII. Like a table's, it can't be changed
    /// without a migration.
    #[must_use]
    pub fn scoped(&self, name: &str) -> Option<Self> {
        Some(Self { inner: self.inner.clone(), scope: Scope::named(name)? })
    }

    /// Whether other processes may be using it too.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.inner.shared.backend.is_shared()
    }

    /// The value at a key.
    ///
    /// # Errors
    /// [`StoreError::Undecodable`] if it isn't what the table says; [`StoreError::Failed`] if the engine refuses.
    pub fn get<K: ?Sized, V, C: Codec<V>>(
        &self,
        table: &Table<K, V, C>,
        key: impl KeyFor<K>,
    ) -> Result<Option<V>, StoreError> {
        self.read(|view| view.get(table, key))
    }

    /// At most `limit` rows of a range, in its order.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub fn page<K: Key + ?Sized, V, C: Codec<V>>(
        &self,
        table: &Table<K, V, C>,
        range: &Range<K>,
        limit: usize,
    ) -> Result<Vec<(K::Owned, V)>, StoreError> {
        self.read(|view| view.page(table, range, limit))
    }

    /// Several reads of one state: no commit comes between. Keep it short, commits wait for it.
    pub fn read<R>(&self, read: impl FnOnce(View<'_>) -> R) -> R {
        let backend = self.inner.shared.backend.as_ref();
        if let Some(view) = backend.view() {
            return read(View { backend: view.as_ref(), scope: &self.scope });
        }
        let _still = self.inner.shared.changing.read().unwrap_or_else(PoisonError::into_inner);
        read(View { backend, scope: &self.scope })
    }

    /// Runs the closure on the writing thread and waits until what it wrote is on the disk.
    ///
    /// Blocks: in async code use [`Store::write_async`]. A closure must not write to the same store by another
    /// handle: it would wait for itself.
    ///
    /// # Errors
    /// The closure's own error, or a [`StoreError`] as that type. Either way nothing was written, except after
    /// [`StoreError::Failed`], when only the next open can tell.
    pub fn write<T, E, F>(&self, write: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.wait(write, true)
    }

    /// As [`Store::write`], but answers before the disk has it: a crash may undo it, whole and in order. For indexes
    /// that can be built again.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_relaxed<T, E, F>(&self, write: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.wait(write, false)
    }

    /// As [`Store::write`], for any async runtime or none. The write is queued by the call itself; dropping the
    /// future doesn't recall it.
    pub fn write_async<T, E, F>(&self, write: F) -> Writing<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        self.queue(write, true, move |answer| {
            // Whoever dropped the future doesn't want to know.
            let _ = sender.send(answer);
        });
        Writing { receiver }
    }

    /// Reads on the writing thread: what it sees is on the disk, where [`Store::read`] may see a commit whose sync is still under way.
    /// It waits for its turn among the writes, so it is for what others are told as done, and not for every read.
    pub fn read_durable<T, E, F>(&self, read: F) -> Writing<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.write_async(move |tx| read(tx))
    }

    /// Finishes what is queued, syncs, and takes no more writes. Other handles' reads still work.
    pub fn close(&self) {
        self.inner.close();
    }

    fn wait<T, E, F>(&self, write: F, durable: bool) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (sender, receiver) = sync_channel(1);
        self.queue(write, durable, move |answer| {
            let _ = sender.send(answer);
        });
        receiver.recv().unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    fn queue<T, E, F>(&self, write: F, durable: bool, answer: impl FnOnce(Result<T, E>) + Send + 'static)
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let scope = self.scope.clone();
        let run = move |tx: &mut Tx<'_>| {
            tx.enter(scope);
            // What a panic leaves half done in `tx` is rolled back, so nobody sees it.
            let outcome = catch_unwind(AssertUnwindSafe(|| write(tx)))
                .unwrap_or_else(|_| Err(StoreError::Panicked.into()));
            Answer {
                keep: outcome.is_ok(),
                tell: Box::new(move |committed| answer(committed.map_err(E::from).and(outcome))),
            }
        };
        // A closed store drops the job, and with it `answer`: the waiting end sees that.
        let _ = self.inner.sender.send(Message::Write(Job { run: Box::new(run), durable }));
    }
}

/// A write under way.
pub struct Writing<T, E> {
    receiver: oneshot::Receiver<Result<T, E>>,
}

impl<T, E: From<StoreError>> Future for Writing<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.receiver)
            .poll(context)
            .map(|answer| answer.unwrap_or_else(|_| Err(StoreError::Closed.into())))
    }
}

/// One state of all tables.
#[derive(Clone, Copy)]
pub struct View<'a> {
    backend: &'a dyn Reads,
    scope: &'a Scope,
}

impl View<'_> {
    /// Rows as the engine has them.
    pub(crate) fn rows(&self, span: &crate::range::Span, limit: usize) -> Result<Rows, StoreError> {
        self.backend.page(span, limit)
    }

    /// As [`Store::get`].
    ///
    /// # Errors
    /// As [`Store::get`].
    pub fn get<K: ?Sized, V, C: Codec<V>>(
        &self,
        table: &Table<K, V, C>,
        key: impl KeyFor<K>,
    ) -> Result<Option<V>, StoreError> {
        self.backend.get(&table.key(self.scope, key)?)?.map(|bytes| table.decode(bytes)).transpose()
    }

    /// As [`Store::page`].
    ///
    /// # Errors
    /// As [`Store::get`].
    pub fn page<K: Key + ?Sized, V, C: Codec<V>>(
        &self,
        table: &Table<K, V, C>,
        range: &Range<K>,
        limit: usize,
    ) -> Result<Vec<(K::Owned, V)>, StoreError> {
        decode_rows(self.scope, table, self.backend.page(&range.span(self.scope, table), limit)?)
    }
}

impl Inner {
    fn close(&self) {
        let thread = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return };
        let _ = self.sender.send(Message::Close);
        // The last handle may go inside a write, on the writing thread itself.
        if thread.thread().id() != std::thread::current().id() {
            let _ = thread.join();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}
