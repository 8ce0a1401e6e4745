//! The verifier from outside: a real chain, real signatures, real HTTP.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test builds on must hold")]

mod answers;
mod api;
mod haip;
mod health;
mod mdoc;
mod object;
mod offline;
mod pages;
mod policy;
mod refusals;
mod response;
mod settings;
mod stack;
mod start;
mod tenants;
mod vc_api;
mod verify;
