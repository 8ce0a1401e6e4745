//! Where blocks come from: fetched in rows while behind, then one by one as the node tells of them.

use std::time::Duration;

use registry::api::{self, GENESIS, MAX_BLOCKS, unframe_blocks};
use registry::{CertifiedBlock, Genesis};
use service::outbound;
use service::sse::Events;

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The largest answer that is read: the heaviest block a log holds, and a few light ones.
const MAX_ANSWER: usize = 72 * 1024 * 1024;
/// How long the node may be silent: it sends a comment every ten seconds.
const SILENCE: Duration = Duration::from_secs(30);
/// How long to wait before asking again, at first and at most.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Why a node gives nothing that can be looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Nobody answers there. Wait, or check the address.
    #[error("{url} doesn't answer")]
    Unreachable {
        /// Who was asked.
        url: String,
    },
    /// It began from a snapshot and never had the next block: begin from its snapshot too, or follow another.
    #[error(
        "{url} has no block {next}, only later ones: begin again from its snapshot, or follow another node"
    )]
    Pruned {
        /// Who was asked.
        url: String,
        /// The block that was asked for.
        next: u64,
    },
    /// The answer is not what a node answers. Check the address.
    #[error("{url} doesn't answer as a node of this version does ({status})")]
    Nonsense {
        /// Who was asked.
        url: String,
        /// The HTTP status.
        status: u16,
    },
}

/// The genesis that a node claims. Compare it with a pinned anchor ([`is_of`](super::is_of)) before using it.
///
/// # Errors
/// [`FetchError`].
pub async fn genesis(url: &str) -> Result<Genesis, FetchError> {
    let (status, body) = fetch(&outbound::client(TIMEOUT), url, GENESIS).await?;
    serde_json::from_slice(&body).map_err(|_| FetchError::Nonsense { url: url.to_owned(), status })
}

pub(super) struct Upstream {
    url: String,
    http: reqwest::Client,
    events: Option<Events>,
    pause: Duration,
}

impl Upstream {
    pub(super) fn new(url: String) -> Self {
        Self { url, http: outbound::client(TIMEOUT), events: None, pause: PAUSE }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Blocks from `next` on, as soon as there are any; unchecked.
    pub(super) async fn blocks(&mut self, next: u64) -> Vec<CertifiedBlock> {
        loop {
            match self.fetch(next).await {
                Ok(blocks) if !blocks.is_empty() => {
                    self.pause = PAUSE;
                    return blocks;
                }
                Ok(_) => self.wait().await,
                Err(error) => {
                    tracing::warn!(%error, "no blocks can be had just now");
                    self.rest().await;
                }
            }
        }
    }

    async fn fetch(&self, next: u64) -> Result<Vec<CertifiedBlock>, FetchError> {
        let (status, body) = fetch(&self.http, &self.url, &api::block_range_path(next, MAX_BLOCKS)).await?;
        if status == 404 {
            return Ok(Vec::new());
        }
        if status == 410 {
            return Err(FetchError::Pruned { url: self.url.clone(), next });
        }
        let nonsense = || FetchError::Nonsense { url: self.url.clone(), status };
        if status != 200 {
            return Err(nonsense());
        }
        unframe_blocks(&body).map_err(|_| nonsense())
    }

    /// Until the node tells something, or it is time to look anyway.
    async fn wait(&mut self) {
        let Some(events) = &mut self.events else {
            match Events::open(&format!("{}{}", self.url, api::EVENTS), None, SILENCE).await {
                // What came before it listened is asked for first.
                Ok(events) => self.events = Some(events),
                Err(error) => {
                    tracing::warn!(%error, "the node's events can't be listened to");
                    self.rest().await;
                }
            }
            return;
        };
        loop {
            match events.next().await {
                Ok(told) if told.is_empty() => {}
                Ok(_) => return,
                Err(error) => {
                    tracing::debug!(%error, "the node's events broke off");
                    self.events = None;
                    return;
                }
            }
        }
    }

    async fn rest(&mut self) {
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}

async fn fetch(http: &reqwest::Client, url: &str, path: &str) -> Result<(u16, Vec<u8>), FetchError> {
    let unreachable = || FetchError::Unreachable { url: url.to_owned() };
    let answer = http.get(format!("{url}{path}")).send().await.map_err(|_| unreachable())?;
    let status = answer.status().as_u16();
    let body = outbound::body(answer, MAX_ANSWER).await.map_err(|_| unreachable())?;
    Ok((status, body))
}
