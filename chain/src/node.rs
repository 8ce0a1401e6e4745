//! The node: a ledger, served over HTTP as `registry::api` says.

mod blocks;
mod evidence;
mod hand_overs;
mod health;
mod identifiers;
mod refusal;
mod submit;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::routing::{get, post};
use registry::api;
use service::server::{BindError, Running, Server, Stopper};
use service::{Layers, Problem};

use crate::ledger::Ledger;

/// How a node is served.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// Where to listen; port 0 takes any free one.
    pub addr: SocketAddr,
    /// Limits of every request.
    pub layers: Layers,
}

impl NodeConfig {
    /// The usual limits: bodies of 1 MiB, answers within ten seconds.
    #[must_use]
    pub fn new(addr: SocketAddr) -> Self {
        Self { addr, layers: Layers { pages: false, ..Layers::default() } }
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
        let router = router(Arc::clone(&ledger), config.layers);
        let running = Server::bind(config.addr, router).await?;
        Ok(Self { running, ledger })
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

fn router(ledger: Arc<dyn Ledger>, layers: Layers) -> Router {
    let router = Router::new()
        .route(api::TRANSACTIONS, post(submit::submit))
        .route("/v1/transactions/{hash}", get(submit::transaction))
        .route(api::EVIDENCE, post(evidence::several))
        .route("/v1/evidence/{*key}", get(evidence::one))
        .route(api::HAND_OVERS, get(hand_overs::list))
        .route("/v1/identifiers/{did}", get(identifiers::resolve))
        .route(api::BLOCKS, get(blocks::list))
        .route("/v1/blocks/{height}", get(blocks::one))
        .route(api::HEAD, get(blocks::head))
        .route(api::GENESIS, get(blocks::genesis))
        .route(api::ANCHOR, get(blocks::anchor))
        .route("/v1/nonces/{author}", get(blocks::nonce))
        .route(api::LIVE, get(health::live))
        .route(api::READY, get(health::ready))
        .with_state(ledger);
    layers.wrap(router)
}

/// Whether the request's `Accept` names this media type.
fn wants(headers: &HeaderMap, kind: &str) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').filter_map(|part| part.split(';').next()).any(|named| named.trim() == kind)
}

/// A path's or query's part that is not what it should be.
fn malformed(what: &'static str, detail: impl std::fmt::Display) -> Problem {
    Problem::bad_request(what, "The address can't be read").detail(detail.to_string())
}
