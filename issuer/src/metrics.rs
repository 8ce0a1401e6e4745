//! What an operator watches, as Prometheus reads it: answers by route, and what waits.

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use service::Problem;
use service::metrics::HttpMetrics;
use store::{Range, Store};

use crate::tables::{LISTS, PENDING};

/// Rows counted at most: a gauge that stands there says "many".
const COUNTED: usize = 10_000;

/// Everything that is counted. One for each issuer, so that several in a process do not mix.
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) http: HttpMetrics,
    pending: Gauge,
    list_entries: Gauge,
    list_used: Gauge,
    chain_age: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("huizheng");
        let http = HttpMetrics::registered(&mut registry);
        let (pending, list_entries, list_used) = (Gauge::default(), Gauge::default(), Gauge::default());
        let chain_age = Gauge::default();
        let name = "issuer_status_changes_pending";
        registry.register(name, "Status changes that are not final on the chain", pending.clone());
        let name = "issuer_status_list_entries";
        registry.register(name, "Entries of the newest status list", list_entries.clone());
        let name = "issuer_status_list_used";
        registry.register(name, "Entries of it that are given out", list_used.clone());
        let name = "issuer_chain_age_seconds";
        let help =
            "Seconds since the chain was last heard to say what is accredited; -1 before the first time";
        registry.register(name, help, chain_age.clone());
        Self { registry, http, pending, list_entries, list_used, chain_age }
    }

    /// The answer to `GET /metrics`; `chain_age` are the seconds since the chain was last heard.
    pub(crate) fn render(
        &self,
        store: &Store,
        chain_age: Option<i64>,
    ) -> Result<axum::response::Response, Problem> {
        self.chain_age.set(chain_age.unwrap_or(-1));
        let waiting = store.read(|view| {
            Ok::<_, store::StoreError>((
                view.page(&PENDING, &Range::all(), COUNTED)?.len(),
                view.page(&LISTS, &Range::all().reversed(), 1)?.into_iter().next(),
            ))
        });
        let (pending, newest) = waiting.map_err(Problem::internal)?;
        self.pending.set(i64::try_from(pending).unwrap_or(i64::MAX));
        if let Some((_, fill)) = newest {
            self.list_entries.set(fill.length.into());
            self.list_used.set(fill.used.into());
        }
        self.http.render(&self.registry)
    }
}
