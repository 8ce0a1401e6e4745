//! Strict reading and deterministic writing of CBOR (RFC 8949).
//!
//! Signed CBOR must mean the same to everyone who reads it, and cost no more than its length. So [`parse`] takes every
//! item in its one shortest spelling only: definite lengths, no leading zeros, no key twice, nothing after the end.
//! The order of a map's entries is the sender's, for the formats here ask for none; [`Map::sorted`] writes the one of
//! RFC 8949 §4.2.1. What no format here has is refused: floating point, `undefined`, simple values.

mod json;
mod read;
mod value;
mod write;

pub use read::{Error, MAX_BYTES, MAX_DEPTH, MAX_ITEMS, parse};
pub use value::{Map, Value};
pub use write::encode;

/// Bytes that hold CBOR (RFC 8949 §3.4.5.1).
pub const TAG_ENCODED: u64 = 24;
