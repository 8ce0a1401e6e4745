//! The registry from outside: one file for each thing it promises.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test builds on must hold")]

mod bundle;
mod evidence;
mod forms;
mod fuzz;
mod hand_over;
mod history;
mod invariants;
mod sizes;
mod snapshot;
mod transactions;
mod tree;
mod validators;
mod world;
