//! The claims that were shown, in memory only, for a while and within bounds.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use registry::UnixMillis;

use super::record::RequestId;
use crate::decision::Shown;

/// What was shown in answer to each request. A restart forgets it all.
pub(crate) struct Memory {
    lifetime: Duration,
    bytes: usize,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    held: HashMap<RequestId, Arc<[Shown]>>,
    /// In the order in which they go.
    order: VecDeque<(UnixMillis, RequestId, usize)>,
    bytes: usize,
}

impl Memory {
    /// Keeps what is shown for `lifetime`, and at most about `bytes` of it.
    pub(crate) fn new(lifetime: Duration, bytes: usize) -> Self {
        Self { lifetime, bytes, inner: Mutex::default() }
    }

    pub(crate) fn keep(&self, id: &RequestId, shown: Vec<Shown>, now: UnixMillis) {
        let size = 256 + shown.iter().map(Shown::size).sum::<usize>();
        let mut inner = self.lock();
        inner.held.insert(id.clone(), shown.into());
        let due = now.after(self.lifetime);
        // What another instance had comes late, and goes no later for it.
        let place = inner.order.partition_point(|(other, ..)| *other <= due);
        inner.order.insert(place, (due, id.clone(), size));
        inner.bytes += size;
        while inner.bytes > self.bytes && inner.order.len() > 1 {
            inner.drop_oldest();
        }
    }

    pub(crate) fn get(&self, id: &RequestId) -> Option<Arc<[Shown]>> {
        self.lock().held.get(id).cloned()
    }

    /// Forgets what was shown in answer to a request before its time.
    pub(crate) fn forget(&self, id: &RequestId) {
        let mut inner = self.lock();
        if inner.held.remove(id).is_none() {
            return;
        }
        if let Some(at) = inner.order.iter().position(|(_, held, _)| held == id)
            && let Some((_, _, size)) = inner.order.remove(at)
        {
            inner.bytes = inner.bytes.saturating_sub(size);
        }
    }

    /// Drops what is due.
    pub(crate) fn sweep(&self, now: UnixMillis) {
        let mut inner = self.lock();
        while inner.order.front().is_some_and(|(due, ..)| *due <= now) {
            inner.drop_oldest();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn drop_oldest(&mut self) {
        if let Some((_, id, size)) = self.order.pop_front() {
            self.held.remove(&id);
            self.bytes = self.bytes.saturating_sub(size);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::dcql::QueryId;
    use serde_json::json;

    fn shown(size: usize) -> Vec<Shown> {
        let claims = vec![("name".to_owned(), json!("x".repeat(size)))];
        vec![Shown { query: QueryId::new("q").expect("id"), credential_type: "t".into(), claims }]
    }

    #[test]
    fn what_is_due_goes() {
        let memory = Memory::new(Duration::from_secs(10), 1 << 20);
        let id = RequestId::random();
        memory.keep(&id, shown(1), UnixMillis(0));
        memory.sweep(UnixMillis(9_999));
        assert!(memory.get(&id).is_some());
        memory.sweep(UnixMillis(10_000));
        assert!(memory.get(&id).is_none());
        assert_eq!(memory.lock().bytes, 0);
    }

    #[test]
    fn what_comes_late_goes_when_it_is_due() {
        let memory = Memory::new(Duration::from_secs(10), 1 << 20);
        let (first, late) = (RequestId::random(), RequestId::random());
        memory.keep(&first, shown(1), UnixMillis(5_000));
        memory.keep(&late, shown(1), UnixMillis(0));
        memory.sweep(UnixMillis(10_000));
        assert!(memory.get(&late).is_none() && memory.get(&first).is_some());
    }

    #[test]
    fn what_is_cleared_goes_at_once_and_leaves_its_room() {
        let memory = Memory::new(Duration::from_secs(10), 1 << 20);
        let (id, other) = (RequestId::random(), RequestId::random());
        memory.keep(&id, shown(500), UnixMillis(0));
        memory.keep(&other, shown(1), UnixMillis(0));
        let before = memory.lock().bytes;
        memory.forget(&id);
        memory.forget(&id);
        assert!(memory.get(&id).is_none() && memory.get(&other).is_some());
        assert!(memory.lock().bytes <= before - 500);
        memory.sweep(UnixMillis(10_000));
        assert_eq!(memory.lock().bytes, 0);
    }

    #[test]
    fn the_oldest_goes_when_there_is_no_room() {
        let memory = Memory::new(Duration::from_secs(10), 10_000);
        let ids: Vec<RequestId> = (0..3).map(|_| RequestId::random()).collect();
        for id in &ids {
            memory.keep(id, shown(4_000), UnixMillis(0));
        }
        assert_eq!(ids.iter().map(|id| memory.get(id).is_some()).collect::<Vec<_>>(), [false, true, true]);
        memory.keep(&ids[0], shown(20_000), UnixMillis(0));
        assert!(memory.get(&ids[0]).is_some() && memory.get(&ids[2]).is_none());
    }
}
