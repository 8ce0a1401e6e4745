//! RDF datasets and their canonical form: RDF Dataset Canonicalization 1.0 (RDFC-1.0).
//!
//! A [`Dataset`] keeps each term as the text that it has in canonical N-Quads, written once; blank nodes are numbers
//! until canonicalisation names them. [`Dataset::canonicalize`] is bounded by [`Work`]: graphs that were made to
//! take forever end in [`TooMuchWork`], after milliseconds.

mod dataset;
mod degree;
mod hash;
mod nquads;
mod rdfc;

pub use dataset::{Dataset, Node};
pub use hash::HashAlgorithm;
pub use rdfc::{Canonical, TooMuchWork, Work};
