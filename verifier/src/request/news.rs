//! Which requests were answered, told from instance to instance by the store they share.

use std::sync::Arc;
use std::time::Duration;

use store::{Range, Store, StoreError, Table, Tx};
use tokio::sync::{broadcast, watch};

use super::memory::Memory;
use super::record::RequestId;

/// Requests in the order in which they were answered or cleared, numbered.
const NEWS: Table<u64, String> = Table::new("news");
/// Before the name of a request that was cleared: no name begins so.
const CLEARED: char = '!';
/// So many are remembered: more than can come while an instance looks away for a moment.
const REMEMBERED: u64 = 16_384;
/// How often an instance looks.
const PERIOD: Duration = Duration::from_millis(250);
/// How many are read at once.
const TOGETHER: usize = 1024;

/// Notes that a request was answered, in the write that answers it.
pub(super) fn note(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    append(tx, id)
}

/// Notes that what was shown in answer to a request is to be forgotten.
pub(super) fn note_cleared(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    append(tx, &format!("{CLEARED}{id}"))
}

fn append(tx: &mut Tx<'_>, news: &str) -> Result<(), StoreError> {
    let last = tx.page(&NEWS, &Range::all().reversed(), 1)?.into_iter().next();
    let next = last.map_or(1, |(number, _)| number + 1);
    if let Some(old) = next.checked_sub(REMEMBERED) {
        tx.remove(&NEWS, old)?;
    }
    tx.put(&NEWS, next, &news.to_owned())
}

/// Tells those who wait at this instance what any instance answered, and forgets here what was cleared at any.
pub(crate) struct Follower {
    pub(crate) store: Store,
    pub(crate) memory: Arc<Memory>,
    pub(crate) answered: broadcast::Sender<RequestId>,
}

impl Follower {
    /// Looks until it is stopped.
    pub(crate) async fn run(self, mut stopped: watch::Receiver<bool>) {
        let mut seen = None;
        loop {
            let looked = match seen {
                // Whoever waits has looked before: nothing of before is told.
                None => self.newest().await,
                Some(seen) => self.look(seen).await,
            };
            match looked {
                Ok(now) => seen = Some(now),
                Err(error) => tracing::warn!(%error, "what other instances answered is not known just now"),
            }
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                _ = stopped.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// The last number; 0 when there is none.
    async fn newest(&self) -> Result<u64, StoreError> {
        let last = self.read(Range::all().reversed(), 1).await?;
        Ok(last.first().map_or(0, |(number, _)| *number))
    }

    /// Tells of everything after `seen`; the last that there is.
    async fn look(&self, seen: u64) -> Result<u64, StoreError> {
        let rows = self.read(Range::all().after(seen), TOGETHER).await?;
        let last = rows.last().map_or(seen, |(number, _)| *number);
        rows.iter().for_each(|(_, news)| self.tell(news));
        Ok(last)
    }

    fn tell(&self, news: &str) {
        match news.strip_prefix(CLEARED) {
            Some(id) => _ = id.parse().map(|id| self.memory.forget(&id)),
            // Nobody may be waiting.
            None => _ = news.parse().map(|id| self.answered.send(id)),
        }
    }

    async fn read(&self, range: Range<u64>, limit: usize) -> Result<Vec<(u64, String)>, StoreError> {
        let store = self.store.clone();
        // Waits for the server: not on a thread that others need.
        let read = tokio::task::spawn_blocking(move || store.page(&NEWS, &range, limit));
        read.await.map_err(|error| StoreError::Failed(error.to_string()))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_answered_is_told_once_from_when_it_looks_and_what_is_cleared_is_forgotten() {
        let store = Store::in_memory().expect("a store");
        let ids: Vec<RequestId> = (0..3).map(|_| RequestId::random()).collect();
        let write = |id: &RequestId| {
            let id = id.to_string();
            store.write(move |tx| note(tx, &id)).expect("noted");
        };
        let (answered, mut heard) = broadcast::channel(8);
        let memory = Arc::new(Memory::new(Duration::from_secs(60), 1 << 20));
        let follower = Follower { store: store.clone(), memory: memory.clone(), answered };
        assert_eq!(follower.newest().await.expect("read"), 0);
        write(&ids[0]);
        let seen = follower.newest().await.expect("read");
        assert_eq!(seen, 1);
        write(&ids[1]);
        write(&ids[2]);
        let seen = follower.look(seen).await.expect("read");
        assert_eq!(follower.look(seen).await.expect("read"), 3);
        assert_eq!(
            [heard.recv().await.expect("told"), heard.recv().await.expect("told")],
            [ids[1].clone(), ids[2].clone()]
        );
        assert!(heard.try_recv().is_err());
        ids.iter().for_each(|id| memory.keep(id, Vec::new(), registry::UnixMillis(0)));
        let cleared = ids[1].to_string();
        store.write(move |tx| note_cleared(tx, &cleared)).expect("noted");
        follower.look(seen).await.expect("read");
        assert!(heard.try_recv().is_err(), "nothing was answered");
        assert_eq!(ids.iter().map(|id| memory.get(id).is_some()).collect::<Vec<_>>(), [true, false, true]);
    }
}
