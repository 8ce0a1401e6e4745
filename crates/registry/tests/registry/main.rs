//! The registry from outside: one file for each thing it promises.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test builds on must hold")]

mod evidence;
mod forms;
mod history;
mod invariants;
mod transactions;
mod tree;
mod validators;
mod world;
