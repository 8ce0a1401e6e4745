//! What an operator watches, as Prometheus reads it: answers by route, requests, decisions, how old the chain's facts are.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use registry::Slug;
use service::metrics::HttpMetrics;
use service::{NodeClient, Problem, clock};

use crate::decision::Verdict;
use crate::journal::Entry;

/// Everything that is counted. One for each verifier, so that several in a process do not mix.
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) http: HttpMetrics,
    asked: Family<Of, Counter>,
    decided: Family<Decided, Counter>,
    refused: Family<Refused, Counter>,
    without_node: Family<Of, Counter>,
    rechecked: Family<Found, Counter>,
    waiting: Family<Of, Gauge>,
    age: Gauge,
}

/// A tenant, by its name in the settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    tenant: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Decided {
    tenant: String,
    decision: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    tenant: String,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Found {
    tenant: String,
    found: &'static str,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("huizheng");
        let http = HttpMetrics::registered(&mut registry);
        let (asked, decided, refused) = (Family::default(), Family::default(), Family::default());
        let (without_node, rechecked, waiting) = (Family::default(), Family::default(), Family::default());
        let age = Gauge::default();
        registry.register("verifier_requests_asked", "Requests that were asked", asked.clone());
        registry.register("verifier_decisions", "Decisions, by how they came out", decided.clone());
        registry.register("verifier_answers_refused", "Answers that were not taken, by why", refused.clone());
        let name = "verifier_offline_decisions";
        registry.register(name, "Decisions made without the node", without_node.clone());
        let name = "verifier_offline_rechecked";
        registry.register(
            name,
            "Such decisions that were checked again, by what was found",
            rechecked.clone(),
        );
        let name = "verifier_offline_waiting_seconds";
        let help = "How long the oldest such decision waits to be checked again; 0 when none does";
        registry.register(name, help, waiting.clone());
        let name = "verifier_chain_age_seconds";
        registry.register(
            name,
            "How old the newest block is that was proven; -1 before the first",
            age.clone(),
        );
        Self { registry, http, asked, decided, refused, without_node, rechecked, waiting, age }
    }

    pub(crate) fn asked(&self, tenant: &Slug) {
        self.asked.get_or_create(&Of { tenant: tenant.to_string() }).inc();
    }

    pub(crate) fn decided(&self, tenant: &Slug, verdict: Verdict) {
        let decision = match verdict {
            Verdict::Accepted => "accepted",
            Verdict::Refused => "refused",
            Verdict::CannotTell => "cannot_tell",
        };
        self.decided.get_or_create(&Decided { tenant: tenant.to_string(), decision }).inc();
    }

    pub(crate) fn refused(&self, tenant: &Slug, reason: &'static str) {
        self.refused.get_or_create(&Refused { tenant: tenant.to_string(), reason }).inc();
    }

    pub(crate) fn without_node(&self, tenant: &Slug) {
        self.without_node.get_or_create(&Of { tenant: tenant.to_string() }).inc();
    }

    pub(crate) fn rechecked(&self, tenant: &Slug, entry: &Entry) {
        if let Some(finding) = entry.finding() {
            let found = Found { tenant: tenant.to_string(), found: finding.id() };
            self.rechecked.get_or_create(&found).inc();
        }
    }

    pub(crate) fn waiting(&self, tenant: &Slug, longest: Option<Duration>) {
        let seconds = longest.and_then(|time| i64::try_from(time.as_secs()).ok()).unwrap_or_default();
        self.waiting.get_or_create(&Of { tenant: tenant.to_string() }).set(seconds);
    }

    /// The answer to `GET /metrics`.
    pub(crate) fn render(&self, node: &NodeClient) -> Result<axum::response::Response, Problem> {
        let age = node.newest().map(|time| time.until(clock::now()).as_secs());
        self.age.set(age.and_then(|seconds| i64::try_from(seconds).ok()).unwrap_or(-1));
        self.http.render(&self.registry)
    }
}
