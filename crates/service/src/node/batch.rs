//! Questions that wait together are asked together: one request, one block, however many callers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use registry::api::{self, EvidenceRequest};
use registry::{EvidenceBundle, Proven, RecordKey};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;

use super::held::{Facts, Held};
use super::{Fact, Link, NodeError, send};
use crate::trace_context::{self, TraceContext};

/// How many questions wait before callers do.
const WAITING: usize = 1024;
/// How long renewing may keep questions waiting.
const RENEWING: Duration = Duration::from_secs(2);

/// At most `api::MAX_KEYS` keys, and where the facts go.
pub(super) struct Question {
    pub(super) keys: Vec<RecordKey>,
    /// The trace that it is part of. Questions that go together are part of the first one's.
    pub(super) trace: Option<TraceContext>,
    pub(super) answer: oneshot::Sender<Result<Answer, NodeError>>,
}

/// Facts in the order of their keys.
pub(super) struct Answer {
    pub(super) facts: Vec<Arc<Fact>>,
    /// Whether a node said so just now, or its events say that they stand.
    pub(super) is_confirmed: bool,
}

pub(super) struct Batcher {
    questions: mpsc::Sender<Question>,
    link: Arc<Link>,
    held: Arc<Mutex<Held>>,
    /// Whether what was kept is read back.
    ready: watch::Receiver<bool>,
}

impl Batcher {
    /// `changed` are the keys that the node's events tell of.
    pub(super) fn start(link: Arc<Link>, changed: mpsc::Receiver<Vec<RecordKey>>) -> Self {
        let (questions, asked) = mpsc::channel(WAITING);
        let (told, ready) = watch::channel(false);
        let held = Arc::<Mutex<Held>>::default();
        tokio::spawn(run(link.clone(), held.clone(), told, asked, changed));
        Self { questions, link, held, ready }
    }

    pub(super) async fn ask(&self, question: Question) -> Result<(), NodeError> {
        self.questions.send(question).await.map_err(|_| self.link.unreachable())
    }

    /// What is held of these, at most this old. It waits for no node and behind no question.
    pub(super) async fn known(&self, keys: &[RecordKey], max_age: Duration) -> Vec<Arc<Proven>> {
        // The task ends with the last client only: then there is nothing to wait for.
        _ = self.ready.clone().wait_for(|ready| *ready).await;
        lock(&self.held).known(&self.link, keys, max_age)
    }
}

fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One request at a time: whatever is asked meanwhile goes together into the next one, which begins after it was asked.
async fn run(
    link: Arc<Link>,
    held: Arc<Mutex<Held>>,
    ready: watch::Sender<bool>,
    mut asked: mpsc::Receiver<Question>,
    mut changed: mpsc::Receiver<Vec<RecordKey>>,
) {
    let read = Held::read_back(&link).await;
    *lock(&held) = read;
    ready.send_replace(true);
    let mut waits = None;
    // A third of the time that facts are handed out again: so none that is asked for runs out.
    let mut refreshing = tokio::time::interval(link.config.reuse.max(super::SHORTEST_REUSE) / 3);
    refreshing.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let first = match waits.take() {
            Some(question) => question,
            None => tokio::select! {
                question = asked.recv() => match question {
                    Some(question) => question,
                    None => return,
                },
                Some(keys) = changed.recv(), if link.config.keep.is_some() => {
                    let mut keys = lock(&held).superseded(&link, keys);
                    while let Ok(more) = changed.try_recv() {
                        keys.extend(lock(&held).superseded(&link, more));
                    }
                    renew(&link, &held, keys).await;
                    continue;
                }
                _ = refreshing.tick(), if link.config.keep.is_some() => {
                    let keys = lock(&held).worth_refreshing();
                    renew(&link, &held, keys).await;
                    continue;
                }
            },
        };
        let (mut keys, trace) = (first.keys.clone(), first.trace);
        let mut together = vec![first];
        while let Ok(question) = asked.try_recv() {
            let new = question.keys.iter().filter(|key| !keys.contains(key)).cloned().collect::<Vec<_>>();
            if keys.len() + new.len() > api::MAX_KEYS {
                waits = Some(question);
                break;
            }
            keys.extend(new);
            together.push(question);
        }
        let fetched = trace_context::within(trace, fetch(&link, keys, &held)).await;
        for question in together {
            // Whoever asked may have gone away meanwhile.
            _ = question.answer.send(answer(&fetched, &question.keys));
        }
    }
}

/// Asks for what is held anew, before anybody needs it. One try: what fails is asked for when it is needed.
async fn renew(link: &Link, held: &Mutex<Held>, keys: Vec<RecordKey>) {
    for keys in keys.chunks(api::MAX_KEYS) {
        match tokio::time::timeout(RENEWING, fetch_now(link, keys)).await {
            Ok(Ok(facts)) if !lock(held).knows_newer(&facts) => lock(held).take(link, &facts),
            _ => return tracing::debug!("facts are not renewed"),
        }
    }
}

fn answer(fetched: &Result<(Facts, bool), NodeError>, keys: &[RecordKey]) -> Result<Answer, NodeError> {
    let (facts, is_confirmed) = fetched.as_ref().map_err(Clone::clone)?;
    let fact =
        |key| facts.get(key).cloned().ok_or(NodeError::Nonsense { what: "facts about something else" });
    Ok(Answer { facts: keys.iter().map(fact).collect::<Result<_, _>>()?, is_confirmed: *is_confirmed })
}

/// From what stands, else from the first node that answers and can be believed, else from what is young enough:
/// that no node confirmed.
async fn fetch(
    link: &Link,
    mut keys: Vec<RecordKey>,
    held: &Mutex<Held>,
) -> Result<(Facts, bool), NodeError> {
    keys.dedup();
    if let Some(facts) = lock(held).standing(link, &keys) {
        return Ok((facts, true));
    }
    if let Some(facts) = lock(held).young_while_away(link, &keys) {
        return Ok((facts, false));
    }
    let mut last = link.unreachable();
    for _ in 0..link.nodes() {
        let asked = link.place();
        match fetch_now(link, &keys).await {
            Ok(facts) if lock(held).knows_newer(&facts) => {
                last = NodeError::Nonsense { what: "facts of before" }
            }
            Ok(facts) => {
                lock(held).take(link, &facts);
                return Ok((facts, true));
            }
            Err(error @ NodeError::Refused { .. }) => return Err(error),
            Err(error) => last = error,
        }
        link.turn_from(asked, &last);
    }
    // A node that can't be believed is as good as none: what was proven before is as true as it was.
    let mut held = lock(held);
    held.nobody_answered();
    held.young(link, &keys).map(|facts| (facts, false)).ok_or(last)
}

async fn fetch_now(link: &Link, keys: &[RecordKey]) -> Result<Facts, NodeError> {
    let body = serde_json::to_vec(&EvidenceRequest { keys: keys.to_vec() })
        .map_err(|_| NodeError::Nonsense { what: "a key that can't be asked for" })?;
    let url = link.url();
    let request = link
        .http
        .post(format!("{url}{}", api::EVIDENCE))
        .header(http::header::CONTENT_TYPE, "application/json")
        .header(http::header::ACCEPT, api::BUNDLE)
        .body(body);
    let bytes = send(request, url).await?;
    let bundle =
        EvidenceBundle::from_bytes(&bytes).map_err(|_| NodeError::Nonsense { what: "no evidence" })?;
    let facts: Facts = link
        .check(&bundle)
        .await?
        .into_iter()
        .zip(bundle.split())
        .map(|(proven, evidence)| {
            (proven.key().clone(), Arc::new(Fact { proven: Arc::new(proven), evidence }))
        })
        .collect();
    if keys.iter().all(|key| facts.contains_key(key)) {
        Ok(facts)
    } else {
        Err(NodeError::Nonsense { what: "facts about something else" })
    }
}
