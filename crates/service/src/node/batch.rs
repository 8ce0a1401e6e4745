//! Questions that wait together are asked together: one request, one block, however many callers.

use std::collections::HashMap;
use std::sync::Arc;

use registry::api::{self, EvidenceRequest};
use registry::{EvidenceBundle, RecordKey};
use tokio::sync::{mpsc, oneshot};

use super::{Fact, Link, NodeError, send};
use crate::trace_context::{self, TraceContext};

/// How many facts are kept for when the node doesn't answer.
const CACHED: usize = 4096;
/// How many questions wait before callers do.
const WAITING: usize = 1024;

/// At most `api::MAX_KEYS` keys, and where the facts go.
pub(super) struct Question {
    pub(super) keys: Vec<RecordKey>,
    /// The trace that it is part of. Questions that go together are part of the first one's.
    pub(super) trace: Option<TraceContext>,
    pub(super) answer: oneshot::Sender<Result<Vec<Fact>, NodeError>>,
}

pub(super) struct Batcher {
    questions: mpsc::Sender<Question>,
    link: Arc<Link>,
}

impl Batcher {
    pub(super) fn start(link: Arc<Link>) -> Self {
        let (questions, asked) = mpsc::channel(WAITING);
        tokio::spawn(run(link.clone(), asked));
        Self { questions, link }
    }

    pub(super) async fn ask(&self, question: Question) -> Result<(), NodeError> {
        self.questions.send(question).await.map_err(|_| self.link.unreachable())
    }
}

/// One request at a time: whatever is asked meanwhile goes together into the next one, which begins after it was asked.
async fn run(link: Arc<Link>, mut asked: mpsc::Receiver<Question>) {
    let mut cache = HashMap::new();
    let mut held = None;
    loop {
        let first = match held.take() {
            Some(question) => question,
            None => match asked.recv().await {
                Some(question) => question,
                None => return,
            },
        };
        let (mut keys, trace) = (first.keys.clone(), first.trace);
        let mut together = vec![first];
        while let Ok(question) = asked.try_recv() {
            let new = question.keys.iter().filter(|key| !keys.contains(key)).cloned().collect::<Vec<_>>();
            if keys.len() + new.len() > api::MAX_KEYS {
                held = Some(question);
                break;
            }
            keys.extend(new);
            together.push(question);
        }
        let facts = trace_context::within(trace, fetch(&link, keys, &mut cache)).await;
        for question in together {
            // Whoever asked may have gone away meanwhile.
            _ = question.answer.send(answer(&facts, &question.keys));
        }
    }
}

type Facts = HashMap<RecordKey, Fact>;

fn answer(facts: &Result<Facts, NodeError>, keys: &[RecordKey]) -> Result<Vec<Fact>, NodeError> {
    let facts = facts.as_ref().map_err(Clone::clone)?;
    let fact =
        |key| facts.get(key).cloned().ok_or(NodeError::Nonsense { what: "facts about something else" });
    keys.iter().map(fact).collect()
}

async fn fetch(link: &Link, mut keys: Vec<RecordKey>, cache: &mut Facts) -> Result<Facts, NodeError> {
    keys.dedup();
    if let Some(facts) = still_standing(link, &keys, cache) {
        return Ok(facts);
    }
    match fetch_now(link, &keys).await {
        Ok(facts) => {
            if cache.len() + facts.len() > CACHED {
                cache.clear();
            }
            cache.extend(facts.iter().map(|(key, fact)| (key.clone(), fact.clone())));
            Ok(facts)
        }
        Err(error @ NodeError::Unreachable { .. }) => from_cache(link, &keys, cache).ok_or(error),
        Err(error) => Err(error),
    }
}

async fn fetch_now(link: &Link, keys: &[RecordKey]) -> Result<Facts, NodeError> {
    let body = serde_json::to_vec(&EvidenceRequest { keys: keys.to_vec() })
        .map_err(|_| NodeError::Nonsense { what: "a key that can't be asked for" })?;
    let request = link
        .http
        .post(format!("{}{}", link.config.url, api::EVIDENCE))
        .header(http::header::CONTENT_TYPE, "application/json")
        .header(http::header::ACCEPT, api::BUNDLE)
        .body(body);
    let bytes = send(request, &link.config.url).await?;
    let bundle =
        EvidenceBundle::from_bytes(&bytes).map_err(|_| NodeError::Nonsense { what: "no evidence" })?;
    let facts: Facts = link
        .check(&bundle)
        .await?
        .into_iter()
        .zip(bundle.split())
        .map(|(proven, evidence)| (proven.key().clone(), Fact { proven, evidence }))
        .collect();
    if keys.iter().all(|key| facts.contains_key(key)) {
        Ok(facts)
    } else {
        Err(NodeError::Nonsense { what: "facts about something else" })
    }
}

/// All of them, or none: facts of different ages don't make an answer.
fn from_cache(link: &Link, keys: &[RecordKey], cache: &Facts) -> Option<Facts> {
    let now = link.now();
    let young = |fact: &&Fact| fact.proven.time().until(now) <= link.config.max_age;
    let stands = |fact: &&Fact| !link.standing.is_superseded(fact.proven.key(), fact.proven.height());
    keys.iter().map(|key| Some((key.clone(), cache.get(key).filter(young).filter(stands)?.clone()))).collect()
}

/// All of them, when events say that each stands as it was proven.
fn still_standing(link: &Link, keys: &[RecordKey], cache: &Facts) -> Option<Facts> {
    let now = link.now();
    let reuse = link.config.reuse.min(link.config.max_age);
    let young = |fact: &&Fact| fact.proven.time().until(now) < reuse;
    let stands = |fact: &&Fact| link.standing.holds(fact.proven.key(), fact.proven.height());
    keys.iter().map(|key| Some((key.clone(), cache.get(key).filter(young).filter(stands)?.clone()))).collect()
}
