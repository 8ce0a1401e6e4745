//! The command `huizheng`: the demo, a wallet, the registry, measurements.

pub mod args;
pub mod fault;
mod files;
pub mod govern;
pub mod term;
pub mod urls;
