//! What every service counts, as Prometheus reads it (OpenMetrics text).

mod process;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::{Method, header};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::time::Instant;

use crate::Problem;

const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers, how long they took, and the memory in use. Clones share the counts.
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    requests: Family<Answered, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
    memory: Gauge,
}

/// A route's pattern, a method, a status.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: String,
    method: &'static str,
    status: u16,
}

/// A route's pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

impl HttpMetrics {
    /// Counts that appear in this registry.
    #[must_use]
    pub fn registered(registry: &mut Registry) -> Self {
        let seconds: fn() -> Histogram = || Histogram::new(exponential_buckets(0.000_5, 2.0, 16));
        let metrics = Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(seconds),
            memory: Gauge::default(),
        };
        registry.register("http_requests", "Answers, by route, method and status", metrics.requests.clone());
        let durations = "How long an answer took to begin, by route";
        registry.register_with_unit(
            "http_request_duration",
            durations,
            Unit::Seconds,
            metrics.durations.clone(),
        );
        registry.register_with_unit("process_resident", "Memory in use", Unit::Bytes, metrics.memory.clone());
        metrics
    }

    /// Counts every answer of the router under its route's pattern: what stands in its places never becomes a label.
    pub fn count<S: Clone + Send + Sync + 'static>(&self, router: Router<S>) -> Router<S> {
        router.route_layer(from_fn_with_state(self.clone(), count))
    }

    /// The answer to `GET /metrics`: everything in the registry, with the memory as it is now.
    ///
    /// # Errors
    /// [`Problem`] if the registry can't be written as text.
    pub fn render(&self, registry: &Registry) -> Result<Response, Problem> {
        let bytes = process::resident_bytes().and_then(|bytes| i64::try_from(bytes).ok());
        self.memory.set(bytes.unwrap_or_default());
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, registry).map_err(Problem::internal)?;
        Ok(([(header::CONTENT_TYPE, TEXT)], text).into_response())
    }
}

async fn count(State(metrics): State<HttpMetrics>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let method = method(request.method());
    let started = Instant::now();
    let response = next.run(request).await;
    metrics.durations.get_or_create(&Route { route: route.clone() }).observe(started.elapsed().as_secs_f64());
    let status = response.status().as_u16();
    metrics.requests.get_or_create(&Answered { route, method, status }).inc();
    response
}

/// Methods beyond those that routes take count as one.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
