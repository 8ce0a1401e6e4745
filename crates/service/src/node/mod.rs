//! The node's client: everything it hands out was proven against the trust anchor first.

mod batch;
mod error;
mod follow;
mod held;
mod kept;
mod listening;
mod submit;

pub use error::{NodeError, SubmitError};
pub use kept::{Keep, Row};

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use registry::api::{self, HeadResponse, NonceResponse, ProblemView};
use registry::{Anchor, Author, Evidence, LightClient, Proven, RecordKey, UnixMillis};
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot};

use crate::{clock, outbound, trace_context};

/// The largest answer that is read: 64 records with their proofs stay far below.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// Facts that are handed out again for less than this are renewed no more often for it.
const SHORTEST_REUSE: Duration = Duration::from_secs(3);
/// So many blocks' changes wait to be asked for.
const CHANGES: usize = 256;

/// Which node to ask, and what to believe.
#[derive(Clone)]
pub struct NodeConfig {
    /// The node's base URL, without a slash at the end.
    pub url: String,
    /// Other nodes of the chain: the next is asked when one doesn't answer or can't be believed, and from then on.
    pub others: Vec<String>,
    /// The chain that is trusted, pinned at setup.
    pub anchor: Anchor,
    /// How old proven facts may be. An idle chain makes a block every 15 seconds.
    pub max_age: Duration,
    /// How long one answer may take.
    pub timeout: Duration,
    /// How long an anchor may be without confirmation before its validators' hand-overs are not followed any more, see
    /// [`LightClient::follow`]. Unlimited unless told: a service starts from its pinned anchor each time.
    pub trusting: Option<Duration>,
    /// How old facts may be that are handed out again unasked while the node's events say that they stand. Zero asks
    /// every time and listens to nothing.
    pub reuse: Duration,
    /// Where facts are kept beyond the process, if anywhere. Then facts that were asked for lately are renewed unasked, too: so that
    /// when no node answers, what is known is as young as it can be.
    pub keep: Option<Arc<dyn Keep>>,
}

impl fmt::Debug for NodeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeConfig")
            .field("url", &self.url)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

impl NodeConfig {
    /// Facts at most two minutes old, answers within ten seconds.
    pub fn new(url: impl Into<String>, anchor: Anchor) -> Self {
        let (max_age, timeout) = (Duration::from_secs(120), Duration::from_secs(10));
        Self {
            url: url.into(),
            others: Vec::new(),
            anchor,
            max_age,
            timeout,
            trusting: None,
            reuse: Duration::ZERO,
            keep: None,
        }
    }

    /// The same, listening to the node's events: facts at most 30 seconds old are handed out again while they stand.
    #[must_use]
    pub fn listening(self) -> Self {
        Self { reuse: Duration::from_secs(30), ..self }
    }
}

/// A fact with the evidence that shows it, for those who carry evidence along.
#[derive(Debug, Clone)]
pub struct Fact {
    /// What was proven; shared with whoever was handed it too.
    pub proven: Arc<Proven>,
    /// What proves it.
    pub evidence: Evidence,
}

/// What was proven, in the order of the keys that were asked for.
#[derive(Debug, Clone)]
pub struct Told {
    /// The facts.
    pub proven: Vec<Arc<Proven>>,
    /// Whether a node said so just now, or its events say that nothing changed. Where not, no node answers, and this is what was
    /// proven before, within `max_age`.
    pub is_confirmed: bool,
}

/// A node, asked over HTTP. Cloning shares the connections and the cache.
///
/// Callers that ask at the same time share one request. While the node answers, every fact is from after the call
/// began, so a status change that is final is seen by the next question. While it doesn't, facts that are still
/// within `max_age` are handed out again; [`Proven::time`] says how old they are.
///
/// A [listening](NodeConfig::listening) client also hands out again what it has while the node's events, which arrive
/// as blocks become final, say that nothing changed it; its own transactions it sees at once. The node is trusted no
/// further by this: it could always have shown facts as old as `max_age`.
#[derive(Clone)]
pub struct NodeClient {
    inner: Arc<Inner>,
}

struct Inner {
    link: Arc<Link>,
    batcher: batch::Batcher,
    _ears: Option<listening::Ears>,
}

/// How the node is reached; shared with the task that collects questions.
pub(crate) struct Link {
    http: reqwest::Client,
    config: NodeConfig,
    /// Which of the nodes is asked.
    place: AtomicUsize,
    /// The validators as far as they were followed.
    light: RwLock<LightClient>,
    standing: Arc<listening::Standing>,
    /// The time of the newest block that was proven, in milliseconds since 1970; zero before the first.
    newest: AtomicU64,
}

impl fmt::Debug for NodeClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeClient").field("url", &self.inner.link.config.url).finish_non_exhaustive()
    }
}

impl NodeClient {
    /// A client; starts a task on the current tokio runtime that ends with the last clone.
    pub fn new(config: NodeConfig) -> Self {
        let light = RwLock::new(LightClient::new(config.anchor.clone()));
        let standing = Arc::<listening::Standing>::default();
        let http = outbound::client(config.timeout);
        let (place, newest) = (AtomicUsize::new(0), AtomicU64::new(0));
        let link = Arc::new(Link { http, config, place, light, standing, newest });
        let (tell, changed) = mpsc::channel(CHANGES);
        let listens = !link.config.reuse.is_zero();
        let ears = listens.then(|| listening::Ears::open(link.clone(), tell));
        let batcher = batch::Batcher::start(link.clone(), changed);
        Self { inner: Arc::new(Inner { link, batcher, _ears: ears }) }
    }

    /// What is trusted: the anchor that was pinned, however far its validators were followed since.
    pub fn anchor(&self) -> &Anchor {
        &self.inner.link.config.anchor
    }

    /// The time of the newest block that anything was proven by; none before the first.
    #[must_use]
    pub fn newest(&self) -> Option<UnixMillis> {
        let newest = self.inner.link.newest.load(Ordering::Relaxed);
        (newest > 0).then_some(UnixMillis(newest))
    }

    /// What is trusted by now: the anchor, and its validators as far as they were followed.
    pub fn followed(&self) -> LightClient {
        self.inner.link.light()
    }

    /// What the chain says at these keys, in their order; nothing unproven comes out. Facts asked for together are of
    /// one block when there are at most 64 of them and the node answers.
    ///
    /// # Errors
    /// [`NodeError`]; the variants say who has to do something.
    pub async fn proven(&self, keys: &[RecordKey]) -> Result<Vec<Arc<Proven>>, NodeError> {
        Ok(self.told(keys).await?.proven)
    }

    /// The same, and whether a node confirmed it just now.
    ///
    /// # Errors
    /// As [`NodeClient::proven`].
    pub async fn told(&self, keys: &[RecordKey]) -> Result<Told, NodeError> {
        let (facts, is_confirmed) = self.shared(keys).await?;
        Ok(Told { proven: facts.into_iter().map(|fact| fact.proven.clone()).collect(), is_confirmed })
    }

    /// What the chain says at one key.
    ///
    /// # Errors
    /// As [`NodeClient::proven`].
    pub async fn proven_one(&self, key: RecordKey) -> Result<Arc<Proven>, NodeError> {
        self.proven(&[key]).await?.pop().ok_or(NodeError::Nonsense { what: "no fact for the key" })
    }

    /// Facts with the evidence that shows them.
    ///
    /// # Errors
    /// As [`NodeClient::proven`].
    pub async fn facts(&self, keys: &[RecordKey]) -> Result<Vec<Fact>, NodeError> {
        Ok(self.shared(keys).await?.0.into_iter().map(Arc::unwrap_or_clone).collect())
    }

    /// What was proven of these keys at most `max_age` ago, of those of which anything was: no node is asked, and none is waited
    /// for. What is known to have changed since is not among it. For whoever is brought evidence that may say less than is known
    /// here; what is [kept](NodeConfig::keep) comes back after a restart for a week.
    pub async fn known(&self, keys: &[RecordKey], max_age: Duration) -> Vec<Arc<Proven>> {
        self.inner.batcher.known(keys, max_age).await
    }

    async fn shared(&self, keys: &[RecordKey]) -> Result<(Vec<Arc<Fact>>, bool), NodeError> {
        let (mut facts, mut is_confirmed) = (Vec::with_capacity(keys.len()), true);
        for keys in keys.chunks(api::MAX_KEYS) {
            let (answer, answered) = oneshot::channel();
            let trace = trace_context::current();
            let question = batch::Question { keys: keys.to_vec(), trace, answer };
            self.inner.batcher.ask(question).await?;
            let answer = answered.await.map_err(|_| self.inner.link.unreachable())??;
            facts.extend(answer.facts);
            is_confirmed &= answer.is_confirmed;
        }
        Ok((facts, is_confirmed))
    }

    /// Where the chain is, as the node says: for people, not for decisions.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn head(&self) -> Result<HeadResponse, NodeError> {
        self.inner.link.get(api::HEAD).await
    }

    /// What the node answers at a path of its API, as it says: unproven.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, NodeError> {
        self.inner.link.get(path).await
    }

    /// The nonce that this author's next transaction must carry.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn next_nonce(&self, author: &Author) -> Result<u64, NodeError> {
        let answer: NonceResponse = self.inner.link.get(&api::nonce_path(author)).await?;
        Ok(answer.next)
    }
}

/// Asks a node for its trust anchor. Do this once, at setup, from a node you run yourself, and keep the answer:
/// whoever answers here decides what will be believed.
///
/// # Errors
/// [`NodeError`].
pub async fn fetch_anchor(url: &str) -> Result<Anchor, NodeError> {
    let http = outbound::client(Duration::from_secs(10));
    get(&http, url, api::ANCHOR).await
}

impl Link {
    fn now(&self) -> UnixMillis {
        clock::now()
    }

    fn nodes(&self) -> usize {
        1 + self.config.others.len()
    }

    fn place(&self) -> usize {
        self.place.load(Ordering::Relaxed)
    }

    /// The node that is asked.
    fn url(&self) -> &str {
        let other = self.place().checked_sub(1).and_then(|place| self.config.others.get(place));
        other.unwrap_or(&self.config.url)
    }

    /// Goes on to the next node, unless somebody did meanwhile.
    fn turn_from(&self, place: usize, error: &NodeError) {
        let next = (place + 1) % self.nodes();
        let turned = self.place.compare_exchange(place, next, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if turned && next != place {
            tracing::warn!(%error, next = self.url(), "another node is asked from now on");
        }
    }

    fn unreachable(&self) -> NodeError {
        NodeError::Unreachable { url: self.url().to_owned() }
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, NodeError> {
        let asked = self.place();
        let answer = get(&self.http, self.url(), path).await;
        if let Err(error @ NodeError::Unreachable { .. }) = &answer {
            self.turn_from(asked, error);
        }
        answer
    }
}

async fn get<T: DeserializeOwned>(http: &reqwest::Client, url: &str, path: &str) -> Result<T, NodeError> {
    let request = http.get(format!("{url}{path}")).header(http::header::ACCEPT, "application/json");
    let bytes = send(request, url).await?;
    serde_json::from_slice(&bytes).map_err(|_| NodeError::Nonsense { what: "JSON of another shape" })
}

/// Sends a request; the body of a 2xx answer, or the error that the answer means.
async fn send(request: reqwest::RequestBuilder, url: &str) -> Result<Vec<u8>, NodeError> {
    let answer = trace_context::pass_on(request)
        .send()
        .await
        .map_err(|_| NodeError::Unreachable { url: url.to_owned() })?;
    let status = answer.status();
    let bytes = outbound::body(answer, MAX_ANSWER).await.map_err(|error| match error {
        outbound::OutboundError::Unreachable { .. } => NodeError::Unreachable { url: url.to_owned() },
        outbound::OutboundError::TooLarge { .. } => {
            NodeError::Nonsense { what: "an answer beyond all bounds" }
        }
    })?;
    if status.is_success() {
        return Ok(bytes);
    }
    match serde_json::from_slice::<ProblemView>(&bytes) {
        Ok(problem) => Err(NodeError::Refused { problem: Box::new(problem) }),
        Err(_) if status.is_server_error() => Err(NodeError::Unreachable { url: url.to_owned() }),
        Err(_) => Err(NodeError::Nonsense { what: "an error that is no problem document" }),
    }
}
