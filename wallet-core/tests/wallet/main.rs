//! The wallet against a town of its own: a chain, an issuer and a verifier made of the real crates, behind the HTTP
//! port.

#![expect(clippy::unwrap_used, clippy::panic, reason = "this is test code")]

mod backup;
mod biometrics;
mod cards;
mod crash;
mod earlier;
mod follow;
mod fuzz;
mod given_up;
mod haip;
mod holders;
mod later;
mod log;
mod mdoc;
mod offline;
mod present;
mod receive;
mod requests;
mod safe;
mod town;
mod web;
