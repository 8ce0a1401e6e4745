//! The chain's node: an engine that decides blocks, and the HTTP API in front of it.
//!
//! [`Ledger`] is what an engine offers; nothing above can tell which one it talks to. [`solo`] is the embedded one: a
//! single validator, a block log on disk. [`network`] is several validators that decide together. [`follower`] keeps a
//! checked copy of another node's chain. [`Node`] serves a ledger over HTTP, as `registry::api` describes it.

pub mod bench;
mod book;
mod explorer;
pub mod follower;
pub mod keys;
mod ledger;
pub mod network;
pub mod news;
mod node;
pub mod notary;
pub mod snapshot;
pub mod solo;

pub use follower::{FollowerConfig, FollowerLedger};
pub use ledger::{BlockReadError, Ledger, SubmitError, Tip, Waiting};
pub use network::{NetworkConfig, NetworkLedger};
pub use node::{Node, NodeConfig};
pub use solo::{SoloConfig, SoloLedger};
