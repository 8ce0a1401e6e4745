//! Strict reading and canonical writing of JSON.
//!
//! Signed JSON must mean the same to everyone who reads it. So [`parse`] refuses what two parsers could see
//! differently: duplicate names, numbers that no IEEE double holds, lone surrogates, deep nesting. [`canonical`] is
//! RFC 8785 (JCS), exact.

mod jcs;
mod strict;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

pub(crate) use jcs::canonical_without;
pub use jcs::{canonical, canonical_into};
pub use strict::{Error, MAX_BYTES, MAX_DEPTH, parse};

/// A value, or an object, that was read already, as a `T`.
///
/// By way of its text: with one way to read each type, half as much of that is compiled, and on a phone every byte counts.
pub(crate) fn typed<T: DeserializeOwned>(value: &impl Serialize) -> serde_json::Result<T> {
    let text = Zeroizing::new(serde_json::to_vec(value)?);
    objects::from_slice(&text)
}
