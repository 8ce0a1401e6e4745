//! The node: a ledger, served over HTTP as `registry::api` says.

mod blocks;
mod events;
mod evidence;
mod hand_overs;
mod health;
mod identifiers;
mod metrics;
mod openapi;
mod refusal;
mod shared;
mod snapshot;
mod submit;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::routing::{MethodRouter, get, post};
use registry::api;
use service::server::{BindError, Running, Server, Stopper};
use service::{Layers, Problem};

use crate::explorer;
use crate::ledger::Ledger;
use crate::snapshot::SnapshotConfig;
pub(crate) use openapi::DOCUMENT;
pub(crate) use refusal::of_read as refused_read;
use shared::Shared;

/// How a node is served.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// Where to listen; port 0 takes any free one.
    pub addr: SocketAddr,
    /// Limits of every request.
    pub layers: Layers,
    /// How old the newest block may be while the node counts as ready: several heartbeats.
    pub patience: Duration,
    /// How many may listen to events at once.
    pub max_listeners: usize,
    /// When it makes snapshots for others to begin from; none when it makes none.
    pub snapshots: Option<SnapshotConfig>,
    /// Whether the chain demonstrates with organisations that are made up, which the explorer's pages then say.
    pub demonstration: bool,
}

impl NodeConfig {
    /// The usual limits: bodies of 1 MiB, answers within ten seconds, four heartbeats of 15 seconds, 1,024 listeners; no
    /// snapshots.
    #[must_use]
    pub fn new(addr: SocketAddr) -> Self {
        let (layers, patience) = (Layers::default(), Duration::from_secs(60));
        let max_listeners = events::MAX_LISTENERS;
        Self { addr, layers, patience, max_listeners, snapshots: None, demonstration: false }
    }
}

/// A node that is answering.
pub struct Node {
    running: Running,
    ledger: Arc<dyn Ledger>,
}

impl Node {
    /// Starts answering.
    ///
    /// # Errors
    /// [`BindError`] when the address cannot be had.
    pub async fn bind(config: NodeConfig, ledger: Arc<dyn Ledger>) -> Result<Self, BindError> {
        let shared = Shared::new(Arc::clone(&ledger), &config);
        tokio::spawn(Arc::clone(&shared.metrics).watch(ledger.follow()));
        if let Some(snapshots) = &shared.snapshots {
            tokio::spawn(Arc::clone(snapshots).watch(Arc::downgrade(&ledger), ledger.follow()));
        }
        let router = router(shared, config.layers);
        let running = Server::bind(config.addr, router).await?;
        Ok(Self { running, ledger })
    }

    /// The paths of its API, as patterns: what `openapi.json` describes. The explorer's pages are not among them.
    #[must_use]
    pub fn api_paths() -> Vec<&'static str> {
        api().into_iter().map(|(path, _)| path).collect()
    }

    /// The address it answers on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.running.addr()
    }

    /// `http://host:port`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.running.base_url()
    }

    /// The ledger behind it.
    #[must_use]
    pub fn ledger(&self) -> &Arc<dyn Ledger> {
        &self.ledger
    }

    /// Asks it to stop while something else waits in [`Node::join`].
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.running.stopper()
    }

    /// Waits until it was asked to stop, and then for the ledger to have written everything down.
    pub async fn join(self) {
        self.running.join().await;
        self.ledger.shutdown().await;
    }

    /// Stops: no new connections, requests under way finish, then the ledger writes everything down.
    pub async fn shutdown(self) {
        self.running.stopper().stop();
        self.join().await;
    }
}

fn router(shared: Shared, layers: Layers) -> Router {
    let api = api().into_iter().fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    let router = shared.metrics.count(api.merge(explorer::router()));
    layers.wrap(router.with_state(shared))
}

/// The API's routes; `openapi.json` describes each.
fn api() -> Vec<(&'static str, MethodRouter<Shared>)> {
    vec![
        (api::TRANSACTIONS, post(submit::submit)),
        ("/v1/transactions/{hash}", get(submit::transaction)),
        (api::EVIDENCE, post(evidence::several)),
        ("/v1/evidence/{*key}", get(evidence::one)),
        (api::HAND_OVERS, get(hand_overs::list)),
        (api::SNAPSHOT, get(snapshot::manifest)),
        ("/v1/snapshot/{height}/{chunk}", get(snapshot::chunk)),
        ("/v1/identifiers/{did}", get(identifiers::resolve)),
        (api::BLOCKS, get(blocks::list)),
        ("/v1/blocks/{height}", get(blocks::one)),
        (api::HEAD, get(blocks::head)),
        (api::GENESIS, get(blocks::genesis)),
        (api::ANCHOR, get(blocks::anchor)),
        ("/v1/nonces/{author}", get(blocks::nonce)),
        (api::EVENTS, get(events::listen)),
        (api::METRICS, get(metrics::metrics)),
        (api::OPENAPI, get(openapi::openapi)),
        (api::LIVE, get(health::live)),
        (api::READY, get(health::ready)),
    ]
}

/// A path's or query's part that is not what it should be.
fn malformed(what: &'static str, detail: impl std::fmt::Display) -> Problem {
    Problem::bad_request(what, "The address can't be read").detail(detail.to_string())
}

/// Whether `Accept` names this media type, as programs do that want it and nothing else.
fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').filter_map(|part| part.split(';').next()).any(|kind| kind.trim() == wanted)
}
