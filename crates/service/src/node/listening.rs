//! Listening to a node's events, so that facts need not be asked for again while they stand.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use registry::RecordKey;
use registry::api::events::{self, BlockEvent, PositionEvent};
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;

use super::Link;
use crate::sse::{Event, Events};

/// How long the node may be silent: it sends a comment every ten seconds.
const SILENCE: Duration = Duration::from_secs(30);
/// How long to wait before listening again, at first and at most.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// How many changed keys are kept apart before older facts are asked for again.
const CHANGED: usize = 65_536;

/// Everything but nonces.
const QUERY: &str =
    "prefix=did/&prefix=trust/&prefix=verifier/&prefix=schema/&prefix=status/&prefix=kept/&prefix=governance";

/// What events say about facts that are held.
#[derive(Debug, Default)]
pub(super) struct Standing(Mutex<Heard>);

#[derive(Debug, Default)]
struct Heard {
    /// Whether every change is being told.
    live: bool,
    /// Every change above this height was told.
    base: u64,
    /// The newest height that was told.
    seen: u64,
    /// The newest height that this client's own transactions are in.
    own: u64,
    /// Where keys were changed last, as far as told.
    changed: HashMap<RecordKey, u64>,
}

impl Standing {
    /// Whether what stood at `key` in the block at `height` is known to stand there still, own changes counted.
    pub(super) fn holds(&self, key: &RecordKey, height: u64) -> bool {
        let heard = self.lock();
        heard.live && height >= heard.base && heard.seen >= heard.own && !heard.changed_after(key, height)
    }

    /// Whether what stood at `key` in the block at `height` is known to stand there no longer.
    pub(super) fn is_superseded(&self, key: &RecordKey, height: u64) -> bool {
        self.lock().changed_after(key, height)
    }

    /// A transaction of this client's is final at `height`.
    pub(super) fn submitted(&self, height: u64) {
        let mut heard = self.lock();
        heard.own = heard.own.max(height);
    }

    fn lost(&self) {
        self.lock().live = false;
    }

    /// Takes an event in: the keys that it says are changed; none when it cannot be read.
    fn hear(&self, event: &Event) -> Option<Vec<RecordKey>> {
        match event.name.as_str() {
            events::HEAD | events::RESET => {
                let PositionEvent { height } = serde_json::from_str(&event.data).ok()?;
                let mut heard = self.lock();
                (heard.live, heard.base, heard.seen) = (true, height, height);
            }
            events::BLOCK => {
                let block: BlockEvent = serde_json::from_str(&event.data).ok()?;
                let mut heard = self.lock();
                heard.seen = block.height;
                if heard.changed.len() + block.changed.len() > CHANGED {
                    heard.changed.clear();
                    heard.base = block.height;
                }
                heard.changed.extend(block.changed.iter().map(|key| (key.clone(), block.height)));
                return Some(block.changed);
            }
            _ => {}
        }
        Some(Vec::new())
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heard {
    fn changed_after(&self, key: &RecordKey, height: u64) -> bool {
        self.changed.get(key).is_some_and(|changed| *changed > height)
    }
}

/// A task that listens until it is dropped.
pub(super) struct Ears(JoinHandle<()>);

impl Ears {
    /// What is heard goes into the link's `standing`; the keys that blocks change, to `changed`.
    pub(super) fn open(link: Arc<Link>, changed: Sender<Vec<RecordKey>>) -> Self {
        Self(tokio::spawn(async move {
            let mut pause = PAUSE;
            loop {
                let url = format!("{}{}?{QUERY}", link.url(), registry::api::EVENTS);
                let heard = listen(&url, &link.standing, &changed).await;
                link.standing.lost();
                // One that broke off after a while is tried again at once; one that refuses is left alone for longer.
                pause = if heard { PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
                tokio::time::sleep(pause).await;
            }
        }))
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Listens until it breaks off; whether anything was heard.
async fn listen(url: &str, standing: &Standing, changed: &Sender<Vec<RecordKey>>) -> bool {
    // Without `Last-Event-ID`: facts from before are asked for again, which is cheaper than keeping track.
    let mut events = match Events::open(url, None, SILENCE).await {
        Ok(events) => events,
        Err(error) => {
            tracing::debug!(%error, "the node's events can't be listened to; facts are asked for each time");
            return false;
        }
    };
    loop {
        let next = match events.next().await {
            Ok(next) => next,
            Err(error) => {
                tracing::debug!(%error, "the node's events broke off");
                return true;
            }
        };
        for event in next {
            let Some(keys) = standing.hear(&event) else {
                tracing::warn!("the node sends events that can't be read");
                return false;
            };
            // Where there is no room, nothing is renewed before it is needed; that it changed is known all the same.
            if !keys.is_empty() && changed.try_send(keys).is_err() {
                tracing::debug!("more changes than can be asked for");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use registry::{Hash32, UnixMillis};

    use super::*;

    fn position(name: &str, height: u64) -> Event {
        let data = serde_json::to_string(&PositionEvent { height }).expect("json");
        Event { name: name.into(), id: Some(height.to_string()), data }
    }

    fn block(height: u64, changed: Vec<RecordKey>) -> Event {
        let event =
            BlockEvent { height, id: Hash32::ZERO, time: UnixMillis(height), transactions: 1, changed };
        let data = serde_json::to_string(&event).expect("json");
        Event { name: events::BLOCK.into(), id: Some(height.to_string()), data }
    }

    #[test]
    fn a_fact_holds_while_everything_since_was_told_and_nothing_changed_it() {
        let (standing, key) = (Standing::default(), RecordKey::Governance);
        let holds = |height| standing.holds(&key, height);
        assert!(!holds(9), "nothing was heard yet");
        standing.hear(&position(events::HEAD, 5)).expect("read");
        assert_eq!([holds(4), holds(5), holds(9)], [false, true, true]);
        // The answer to a question overtook the event, or the event the answer: the heights decide.
        standing.hear(&block(7, vec![key.clone()])).expect("read");
        assert_eq!([holds(6), holds(7)], [false, true]);
        assert!(standing.is_superseded(&key, 6) && !standing.is_superseded(&key, 7));
        standing.submitted(8);
        assert!(!holds(7), "the own change was not told yet");
        standing.hear(&block(8, vec![])).expect("read");
        assert!(holds(7));
        standing.lost();
        assert!(!holds(8));
        standing.hear(&position(events::RESET, 20)).expect("read");
        assert_eq!([holds(8), holds(20)], [false, true]);
        assert!(standing.hear(&Event { data: "{".into(), ..block(9, vec![]) }).is_none());
    }
}
