//! Spans to an OpenTelemetry collector: OTLP 1.x over HTTP with protobuf, in batches, from a thread of its own. While the
//! collector is away spans are dropped; no request waits for it.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

use super::TelemetryError;
use crate::outbound;

/// How long the collector may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// The most bytes of its answer.
const LIMIT: usize = 64 * 1024;

/// Where spans go.
#[derive(Debug, Clone)]
pub struct Collector {
    /// The collector's address; without a path it is told at `/v1/traces` (OTLP 1.x, "Endpoint URLs").
    pub endpoint: Url,
    /// What this service is called there.
    pub service: String,
}

impl Collector {
    pub(super) fn provider(&self) -> Result<SdkTracerProvider, TelemetryError> {
        let refused = |reason: String| TelemetryError::Collector { reason };
        if !matches!(self.endpoint.scheme(), "http" | "https") {
            return Err(refused("it is neither http nor https".to_owned()));
        }
        let mut endpoint = self.endpoint.clone();
        if endpoint.path() == "/" {
            endpoint.set_path("/v1/traces");
        }
        let runtime = Handle::try_current().map_err(|error| refused(error.to_string()))?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Outbound { client: outbound::client(PATIENCE), runtime })
            .with_endpoint(endpoint)
            .with_timeout(PATIENCE)
            .build()
            .map_err(|error| refused(error.to_string()))?;
        let resource = Resource::builder_empty()
            .with_service_name(self.service.clone())
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        // Whatever a caller says of its own trace: no stranger decides what operators see.
        let provider = SdkTracerProvider::builder().with_sampler(Sampler::AlwaysOn);
        Ok(provider.with_batch_exporter(exporter).with_resource(resource.build()).build())
    }
}

/// The layer that makes spans of ours the collector's. Places in the source and threads say nothing to an operator.
pub(super) fn layer<S>(provider: &SdkTracerProvider) -> OpenTelemetryLayer<S, SdkTracer>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("huizheng"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
}

/// The services' own HTTP client. Batches are sent from a thread without a runtime, so the request is made in ours.
struct Outbound {
    client: reqwest::Client,
    runtime: Handle,
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbound")
    }
}

#[async_trait]
impl HttpClient for Outbound {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move {
            let (parts, body) = request.into_parts();
            let address = parts.uri.to_string();
            let answer = client.post(address).headers(parts.headers).body(body).send().await?;
            let status = answer.status();
            let mut response = Response::new(Bytes::from(outbound::body(answer, LIMIT).await?));
            *response.status_mut() = status;
            Ok::<_, HttpError>(response)
        });
        sent.await?
    }
}
