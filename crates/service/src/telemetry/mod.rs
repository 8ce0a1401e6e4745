//! Logs: to standard error, quiet by default, without query strings and without personal values. And, for those who name a
//! collector, what is done with each request, by OpenTelemetry's protocol.
//!
//! Every line that a request causes carries the request's id, whichever level is shown.

mod collector;

use std::io::IsTerminal;

use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

pub use collector::Collector;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For a person; colour only on a terminal.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// What is logged, how, and who is told of requests.
#[derive(Debug, Clone)]
pub struct Logging {
    /// How lines look.
    pub format: Format,
    /// What is logged: `warn`, `info,chain=debug`.
    pub filter: String,
    /// Where spans go, if anywhere.
    pub collector: Option<Collector>,
}

/// Why logging didn't start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter can't be read.
    #[error("the log filter {filter:?} can't be read: {reason}; try \"info\" or \"warn,issuer=debug\"")]
    Filter {
        /// What was given.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The collector's address can't be used.
    #[error("the collector's address can't be used: {reason}; give it as http://127.0.0.1:4318")]
    Collector {
        /// What is wrong with it.
        reason: String,
    },
    /// Logging was started before.
    #[error("logging was already started")]
    AlreadyStarted,
}

/// What runs beside the program; flush it at the end.
#[derive(Debug, Default)]
#[must_use = "spans that were not sent yet are lost without `flush`"]
pub struct Telemetry(Option<SdkTracerProvider>);

impl Telemetry {
    /// Sends what was not sent yet. Waits for the collector, five seconds at most: not on a thread that others need.
    pub fn flush(self) {
        if let Some(provider) = self.0
            && let Err(error) = provider.shutdown_with_timeout(collector::PATIENCE)
        {
            tracing::warn!(%error, "the collector did not take the last spans");
        }
    }
}

/// Starts logging, and sending spans if a collector is named; for that it must be called inside a runtime.
///
/// # Errors
/// [`TelemetryError`].
pub fn start(logging: &Logging) -> Result<Telemetry, TelemetryError> {
    let (subscriber, telemetry) = subscriber(logging, std::io::stderr, std::io::stderr().is_terminal())?;
    subscriber.try_init().map_err(|_| TelemetryError::AlreadyStarted)?;
    Ok(telemetry)
}

/// What [`start`] starts, writing elsewhere: for tests.
///
/// # Errors
/// [`TelemetryError`].
pub fn subscriber<W>(
    logging: &Logging,
    writer: W,
    colours: bool,
) -> Result<(impl Subscriber + Send + Sync + use<W>, Telemetry), TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&logging.filter).map_err(|error| TelemetryError::Filter {
        filter: logging.filter.clone(),
        reason: error.to_string(),
    })?;
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines = match logging.format {
        Format::Human => lines.with_ansi(colours).with_target(false).boxed(),
        Format::Json => lines.with_ansi(false).json().with_span_list(false).boxed(),
    };
    let provider = logging.collector.as_ref().map(Collector::provider).transpose()?;
    let spans = provider.as_ref().map(|provider| collector::layer(provider).with_filter(ours()));
    Ok((Registry::default().with(lines.with_filter(filter)).with(spans), Telemetry(provider)))
}

/// What a collector is told of: our own crates' requests and what they say of themselves at `info`, whatever is logged here.
fn ours() -> Targets {
    let crates = ["service", "issuer", "verifier", "chain", "store", "cli"];
    crates.into_iter().fold(Targets::new(), |targets, name| targets.with_target(name, LevelFilter::INFO))
}
