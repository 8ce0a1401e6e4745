//! Logs: to standard error, quiet by default, without query strings and without personal values.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

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
    /// Logging was started before.
    #[error("logging was already started")]
    AlreadyStarted,
}

/// Starts logging what `filter` says (`warn`, `info,chain=debug`).
///
/// # Errors
/// [`TelemetryError`].
pub fn init(format: Format, filter: &str) -> Result<(), TelemetryError> {
    let parsed = EnvFilter::try_new(filter)
        .map_err(|error| TelemetryError::Filter { filter: filter.to_owned(), reason: error.to_string() })?;
    let builder = tracing_subscriber::fmt().with_env_filter(parsed).with_writer(std::io::stderr);
    match format {
        Format::Human => builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
        Format::Json => builder.json().try_init(),
    }
    .map_err(|_| TelemetryError::AlreadyStarted)
}
