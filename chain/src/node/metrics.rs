//! What the node counts and measures, as Prometheus reads it (OpenMetrics text).

mod labels;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use service::metrics::HttpMetrics;
use service::{Problem, clock};
use tokio::sync::watch;

use crate::ledger::{Ledger, Tip};
use crate::node::events::Listeners;
use labels::Error;

/// Everything that is counted. One for each node, so that several in a process do not mix.
pub(super) struct Metrics {
    registry: Registry,
    accepted: Counter,
    refused: Family<Error, Counter>,
    evidence: Counter,
    http: HttpMetrics,
    execution: Histogram,
    writing: Histogram,
    transactions: Counter,
    height: Gauge<i64, AtomicI64>,
    age: Gauge<f64, AtomicU64>,
    waiting: Gauge,
    waiting_bytes: Gauge,
    listeners: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let seconds = || Histogram::new(exponential_buckets(0.000_1, 2.0, 16));
        let mut registry = Registry::with_prefix("huizheng");
        let http = HttpMetrics::registered(&mut registry);
        let mut metrics = Self {
            registry,
            http,
            accepted: Counter::default(),
            refused: Family::default(),
            evidence: Counter::default(),
            execution: seconds(),
            writing: seconds(),
            transactions: Counter::default(),
            height: Gauge::default(),
            age: Gauge::default(),
            waiting: Gauge::default(),
            waiting_bytes: Gauge::default(),
            listeners: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("chain_height", "Height of the newest final block", self.height.clone());
        let age = "How old the newest block's time is";
        r.register_with_unit("chain_tip_age", age, Unit::Seconds, self.age.clone());
        r.register("chain_transactions", "Transactions in blocks since the start", self.transactions.clone());
        r.register("submissions_accepted", "Submitted transactions that became final", self.accepted.clone());
        r.register("submissions_refused", "Submitted transactions refused, by error", self.refused.clone());
        r.register("mempool_transactions", "Transactions that wait for a block", self.waiting.clone());
        r.register_with_unit("mempool", "What they take", Unit::Bytes, self.waiting_bytes.clone());
        let execution = "How long executing a block took";
        r.register_with_unit("block_execution", execution, Unit::Seconds, self.execution.clone());
        let writing = "How long writing and syncing a block took";
        r.register_with_unit("block_sync", writing, Unit::Seconds, self.writing.clone());
        r.register("evidence_served", "Records handed out with evidence", self.evidence.clone());
        r.register("event_listeners", "Who listens to events now", self.listeners.clone());
    }

    /// What became of a submission; an error by its code.
    pub(super) fn submitted(&self, outcome: Result<(), &Problem>) {
        match outcome {
            Ok(()) => _ = self.accepted.inc(),
            Err(problem) => {
                self.refused.get_or_create(&Error { error: problem.code().to_owned() }).inc();
            }
        }
    }

    /// So many records were handed out with evidence.
    pub(super) fn evidence(&self, records: usize) {
        self.evidence.inc_by(records as u64);
    }

    /// Counts every block until the ledger is gone.
    pub(super) async fn watch(self: Arc<Self>, mut tips: watch::Receiver<Arc<Tip>>) {
        let mut told = tips.borrow().header.height;
        while tips.changed().await.is_ok() {
            let tip = Arc::clone(&tips.borrow_and_update());
            let news = tip.news.since(told).unwrap_or_else(|| tip.news.all());
            for block in news {
                self.transactions.inc_by(block.transactions as u64);
                self.execution.observe(block.execution.as_secs_f64());
                self.writing.observe(block.writing.as_secs_f64());
            }
            told = tip.header.height;
        }
    }

    fn render(&self, ledger: &dyn Ledger, listeners: &Listeners) -> Result<Response, Problem> {
        let tip = ledger.tip();
        let waiting = ledger.waiting();
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        self.height.set(i64::try_from(tip.header.height).unwrap_or(i64::MAX));
        self.age.set(tip.header.time.until(clock::now()).as_secs_f64());
        self.waiting.set(count(waiting.transactions));
        self.waiting_bytes.set(count(waiting.bytes));
        self.listeners.set(count(listeners.count()));
        self.http.render(&self.registry)
    }

    /// Counts every answer of the router.
    pub(super) fn count<S: Clone + Send + Sync + 'static>(&self, router: Router<S>) -> Router<S> {
        self.http.count(router)
    }
}

/// `GET /metrics`.
pub(super) async fn metrics(
    State(ledger): State<Arc<dyn Ledger>>,
    State(listeners): State<Listeners>,
    State(metrics): State<Arc<Metrics>>,
) -> Result<Response, Problem> {
    metrics.render(ledger.as_ref(), &listeners)
}
