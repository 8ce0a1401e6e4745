//! Deciding as people run it: a verifier by its own settings as a process of its own, `huizheng verify`, files and exit codes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unused_imports,
    reason = "what a test builds on must hold; the helpers serve other tests too"
)]

#[path = "../../../verifier/tests/verifier/stack/mod.rs"]
mod stack;

mod clocks;
mod journal;
mod kills;
mod process;
mod verify;
