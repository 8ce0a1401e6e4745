//! Strict reading and canonical writing of JSON.
//!
//! Signed JSON must mean the same to everyone who reads it. So [`parse`] refuses what two parsers could see
//! differently: duplicate names, numbers that no IEEE double holds, lone surrogates, deep nesting. [`canonical`] is
//! RFC 8785 (JCS), exact.

mod jcs;
mod strict;

pub(crate) use jcs::canonical_without;
pub use jcs::{canonical, canonical_into};
pub use strict::{Error, MAX_BYTES, MAX_DEPTH, parse};
