//! Policies as data: what a purpose asks for, what every answer to it must meet beyond the usual checks, and how the files
//! are read again while the verifier runs.

mod book;
mod config;
mod period;
mod query;
mod rules;
mod watch;

pub(crate) use book::Policies;
pub use config::{AskConfig, KeepConfig, MandateConfig, PurposeConfig, PurposeError, UnknownMeans};
pub use period::{NoPeriod, Period};
pub(crate) use query::Purpose;
pub(crate) use rules::{AskRule, MandateRule, Rules};
pub(crate) use watch::Watcher;
