//! The chain from outside: the engine, its folder after every kind of end, and the node's routes.
#![expect(clippy::unwrap_used, reason = "what a test builds on must hold")]

mod bench;
mod cluster;
mod crash;
mod damage;
mod events;
mod explorer;
mod fixture;
mod follower;
mod http;
mod metrics;
mod network;
mod openapi;
mod running;
mod snapshot;
mod solo;
mod votes;
