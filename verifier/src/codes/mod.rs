//! Asking and answering by QR codes, where phone and counter have no network between them (docs/offline-qr.md).
//!
//! The same requests as over the network, answered once whichever way: the challenge in the codes is the request's nonce. *Two-way*, the
//! counter shows its request and reads the phone's answer; *one-way*, the request was printed for a place, and the counter only reads.

mod ask;
mod collect;
mod printed;
mod spent;
mod staples;
mod take;

pub(crate) use ask::challenge_ends;
pub(crate) use collect::{Codes, collect};
pub(crate) use printed::{Place, Printed};
pub(crate) use spent::OneWay;
pub(crate) use staples::Keeper;
