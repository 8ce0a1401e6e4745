//! The chain from outside: the engine, its folder after every kind of end, and the node's routes.
#![expect(clippy::unwrap_used, reason = "what a test builds on must hold")]

mod bench;
mod cluster;
mod crash;
mod damage;
mod fixture;
mod http;
mod network;
mod solo;
