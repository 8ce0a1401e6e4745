//! The one thread that writes.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use crate::{
    StoreError,
    backend::{Backend, Reads, Rows},
    range::Span,
    tx::Tx,
};

/// How many writes share one sync at most.
const GROUP: usize = 1024;
/// So many that came while others were synced show a crowd: then the next ones are given a moment to come together, for a sync costs
/// the same for few as for many. Whoever writes alone, or with few, waits for nobody.
const CROWD: usize = 4;
pub(crate) const MOMENT: Duration = Duration::from_millis(1);
/// How long relaxed writes may wait for a sync when nothing else asks for one.
const IDLE: Duration = Duration::from_millis(500);

/// A write: what to run, and whether its answer waits for the disk.
pub(crate) struct Job {
    pub(crate) run: Box<dyn FnOnce(&mut Tx<'_>) -> Answer + Send>,
    pub(crate) durable: bool,
}

/// What became of a closure: whether its changes stay, and how to tell the one who waits.
pub(crate) struct Answer {
    pub(crate) keep: bool,
    pub(crate) tell: Box<dyn FnOnce(Result<(), StoreError>) + Send>,
}

pub(crate) enum Message {
    Write(Job),
    Close,
}

/// The engine, and the lock under which it changes: readers see each commit whole or not at all.
pub(crate) struct Shared {
    pub(crate) backend: Box<dyn Backend>,
    pub(crate) changing: RwLock<()>,
}

/// Starts it. `moment` is what the writes of a crowd are given to come together.
pub(crate) fn spawn(
    shared: Arc<Shared>,
    moment: Duration,
) -> std::io::Result<(Sender<Message>, JoinHandle<()>)> {
    let (sender, receiver) = channel();
    let writer = Writer { shared, moment, failed: None, unsynced: false };
    let thread =
        std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || writer.run(&receiver))?;
    Ok((sender, thread))
}

struct Writer {
    shared: Arc<Shared>,
    moment: Duration,
    failed: Option<StoreError>,
    unsynced: bool,
}

impl Writer {
    fn run(mut self, inbox: &Receiver<Message>) {
        let (mut open, mut crowded) = (true, false);
        while open {
            let mut group = Vec::new();
            // With nothing to sync it sleeps until it is asked: a phone's processor should, too.
            let message = match self.unsynced {
                true => inbox.recv_timeout(IDLE),
                false => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match message {
                Ok(Message::Write(job)) => group.push(job),
                Ok(Message::Close) | Err(RecvTimeoutError::Disconnected) => open = false,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if crowded && !group.is_empty() {
                std::thread::sleep(self.moment);
            }
            while open && !group.is_empty() && group.len() < GROUP {
                match inbox.try_recv() {
                    Ok(Message::Write(job)) => group.push(job),
                    Ok(Message::Close) => open = false,
                    Err(_) => break,
                }
            }
            crowded = group.len() >= CROWD;
            if group.is_empty() {
                self.sync_if_needed();
            } else {
                self.commit(group);
            }
        }
        self.sync_if_needed();
    }

    fn commit(&mut self, group: Vec<Job>) {
        let shared = Arc::clone(&self.shared);
        if shared.backend.recovers() {
            self.failed = None;
        }
        // What can't begin is run all the same, on rows that can't be read: only the closures can tell those who wait.
        let begun = if self.failed.is_none() { shared.backend.begin() } else { Ok(()) };
        let refusing = begun.err().map(Refusing);
        let mut tx = match &refusing {
            Some(refusing) => Tx::new(refusing),
            None => Tx::new(shared.backend.as_ref()),
        };
        let mut waiting = Vec::with_capacity(group.len());
        for job in group {
            let answer = (job.run)(&mut tx);
            if answer.keep {
                tx.settle();
            } else {
                tx.roll_back();
            }
            waiting.push((job.durable, answer.tell));
        }
        let changes = tx.into_changes();
        if let Some(Refusing(error)) = refusing {
            self.failed = Some(error);
        } else if changes.is_empty() {
            shared.backend.leave();
        } else if self.failed.is_none() {
            self.unsynced = true;
            let _changing = shared.changing.write().unwrap_or_else(PoisonError::into_inner);
            self.failed = shared.backend.apply(changes).err();
        }
        if waiting.iter().any(|(durable, _)| *durable) {
            self.sync_if_needed();
        }
        for (_, tell) in waiting {
            tell(self.failed.clone().map_or(Ok(()), Err));
        }
    }

    /// After a sync that failed, the system may have dropped what it could not write: trying again would succeed and
    /// mean nothing. So the first failure is the last word.
    fn sync_if_needed(&mut self) {
        if self.unsynced && self.failed.is_none() {
            self.failed = self.shared.backend.sync().err();
            self.unsynced = false;
            if self.failed.is_some() {
                tracing::error!("the disk refused a commit; the store takes no more writes");
            }
        }
    }
}

/// Rows that can't be read.
struct Refusing(StoreError);

impl Reads for Refusing {
    fn get(&self, _: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Err(self.0.clone())
    }

    fn page(&self, _: &Span, _: usize) -> Result<Rows, StoreError> {
        Err(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use super::*;
    use crate::{
        Store, Table,
        backend::{Changes, memory::Memory},
    };

    const NOTES: Table<str, u64> = Table::new("notes");

    /// A disk that refuses to sync once told to, and afterwards would say yes again.
    #[derive(Default)]
    struct Failing {
        memory: Memory,
        refuse: Arc<AtomicBool>,
    }

    impl Reads for Failing {
        fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
            self.memory.get(key)
        }
        fn page(&self, span: &Span, limit: usize) -> Result<Rows, StoreError> {
            self.memory.page(span, limit)
        }
    }

    impl Backend for Failing {
        fn apply(&self, changes: Changes) -> Result<(), StoreError> {
            self.memory.apply(changes)
        }
        fn sync(&self) -> Result<(), StoreError> {
            match self.refuse.swap(false, Ordering::SeqCst) {
                true => Err(StoreError::Failed("no space".to_owned())),
                false => Ok(()),
            }
        }
    }

    #[test]
    fn after_one_refused_sync_nothing_is_acknowledged_again() {
        let disk = Failing::default();
        let refuse = Arc::clone(&disk.refuse);
        let store = Store::start(Box::new(disk)).unwrap();
        assert_eq!(store.write(|tx| tx.put(&NOTES, "a", &1)), Ok(()));
        refuse.store(true, Ordering::SeqCst);
        let failed = Err(StoreError::Failed("no space".to_owned()));
        assert_eq!(store.write(|tx| tx.put(&NOTES, "a", &2)), failed);
        assert_eq!(store.write(|tx| tx.put(&NOTES, "a", &3)), failed);
        assert_eq!(store.write_relaxed(|tx| tx.put(&NOTES, "a", &4)), failed);
    }

    /// A disk that counts how often it syncs.
    #[derive(Default)]
    struct Counting {
        memory: Memory,
        syncs: Arc<AtomicUsize>,
    }

    impl Reads for Counting {
        fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
            self.memory.get(key)
        }
        fn page(&self, span: &Span, limit: usize) -> Result<Rows, StoreError> {
            self.memory.page(span, limit)
        }
    }

    impl Backend for Counting {
        fn apply(&self, changes: Changes) -> Result<(), StoreError> {
            self.memory.apply(changes)
        }
        fn sync(&self) -> Result<(), StoreError> {
            self.syncs.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    }

    #[test]
    fn what_comes_after_a_crowd_shares_a_sync_and_what_comes_after_few_waits_for_nobody() {
        let disk = Counting::default();
        let syncs = Arc::clone(&disk.syncs);
        let moment = Duration::from_secs(2);
        let store = Store::start_gathering(Box::new(disk), moment).unwrap();
        let write = |store: &Store| {
            let store = store.clone();
            std::thread::spawn(move || store.write(|tx| tx.put(&NOTES, "a", &1)).unwrap())
        };
        store.write(|tx| tx.put(&NOTES, "a", &1)).unwrap();
        store.write(|tx| tx.put(&NOTES, "a", &1)).unwrap();
        assert_eq!(syncs.swap(0, Ordering::SeqCst), 2);
        // While the first is run, the crowd queues behind it.
        let (started, is_run) = std::sync::mpsc::channel::<()>();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let first = {
            let store = store.clone();
            std::thread::spawn(move || {
                store.write(move |tx| {
                    started.send(()).unwrap();
                    wait.recv().unwrap();
                    tx.put(&NOTES, "a", &1)
                })
            })
        };
        is_run.recv().unwrap();
        let crowd: Vec<_> = (0..CROWD).map(|_| write(&store)).collect();
        std::thread::sleep(moment / 10);
        go.send(()).unwrap();
        first.join().unwrap().unwrap();
        crowd.into_iter().for_each(|one| one.join().unwrap());
        assert_eq!(syncs.swap(0, Ordering::SeqCst), 2, "the first one's, and the crowd's");
        let one = write(&store);
        std::thread::sleep(moment / 10);
        let other = write(&store);
        one.join().unwrap();
        other.join().unwrap();
        assert_eq!(syncs.load(Ordering::SeqCst), 1, "together");
    }

    /// A disk whose syncs wait until they are let go.
    struct Slow {
        memory: Memory,
        syncing: Sender<()>,
        go: std::sync::Mutex<Receiver<()>>,
    }

    impl Reads for Slow {
        fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
            self.memory.get(key)
        }
        fn page(&self, span: &Span, limit: usize) -> Result<Rows, StoreError> {
            self.memory.page(span, limit)
        }
    }

    impl Backend for Slow {
        fn apply(&self, changes: Changes) -> Result<(), StoreError> {
            self.memory.apply(changes)
        }
        fn sync(&self) -> Result<(), StoreError> {
            self.syncing.send(()).unwrap();
            let _ = self.go.lock().unwrap().recv();
            Ok(())
        }
    }

    #[test]
    fn a_durable_read_does_not_come_before_the_sync_of_what_it_sees() {
        let ((syncing, is_syncing), (go, wait)) = (channel(), channel());
        let disk = Slow { memory: Memory::default(), syncing, go: std::sync::Mutex::new(wait) };
        let store = Store::start(Box::new(disk)).unwrap();
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let read = |store: &Store| Box::pin(store.read_durable(|tx| tx.get(&NOTES, "a")));
        let is_told = |told: &std::sync::mpsc::Receiver<_>| told.try_recv().is_ok();

        let (tell, told) = channel();
        let writing = store.clone();
        let writer = std::thread::spawn(move || {
            writing.write(|tx| tx.put(&NOTES, "a", &1)).unwrap();
            tell.send(()).unwrap();
        });
        is_syncing.recv().unwrap();
        assert_eq!(store.get(&NOTES, "a"), Ok(Some(1)), "another read sees it");
        let mut early = read(&store);
        assert!(early.as_mut().poll(&mut context).is_pending() && !is_told(&told));
        go.send(()).unwrap();
        writer.join().unwrap();
        assert!(is_told(&told));
        // Ended before anything else is written: one that waits shares its sync with what comes beside it.
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(early), Ok(Some(1)));

        // Nor before that of a relaxed write, which nobody waited for.
        store.write_relaxed(|tx| tx.put(&NOTES, "a", &2)).unwrap();
        let mut late = read(&store);
        is_syncing.recv().unwrap();
        assert!(late.as_mut().poll(&mut context).is_pending());
        go.send(()).unwrap();
        assert_eq!(runtime.block_on(late), Ok(Some(2)));
    }

    #[test]
    fn relaxed_writes_are_synced_when_the_store_closes() {
        let disk = Failing::default();
        let refuse = Arc::clone(&disk.refuse);
        refuse.store(true, Ordering::SeqCst);
        let store = Store::start(Box::new(disk)).unwrap();
        assert_eq!(store.write_relaxed(|tx| tx.put(&NOTES, "a", &1)), Ok(()), "answers before the sync");
        store.close();
        assert!(!refuse.load(Ordering::SeqCst), "the sync was asked for");
    }
}
