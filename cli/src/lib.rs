//! The command `huizheng`: the demo, a wallet, the registry, a network of validators, measurements.

pub mod args;
mod audit;
pub mod bench;
pub mod command;
pub mod demo;
mod device;
pub mod fault;
pub mod follow;
pub mod govern;
pub mod issuer;
pub mod judge;
pub mod keyfile;
pub mod network;
#[cfg(feature = "evm")]
pub mod outward;
pub mod phone;
pub mod stack;
mod story;
pub mod term;
pub mod urls;
pub mod vc;
pub mod verifier;
pub mod verify;
pub mod wallet;
