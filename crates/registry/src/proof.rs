//! Merkle proofs, compact: one hash for each non-empty sibling, one bit for each empty one.
//!
//! The tree is the Jellyfish Merkle Tree's binary view with SHA-256: an inner node hashes its two children, a subtree
//! with a single leaf is that leaf, an empty one a fixed placeholder. The hashes are those of the `jmt` crate, which
//! the tests hold this against; its own proofs carry both children of each sibling and are twice as long.

use sha2::{Digest, Sha256};

use crate::hash::Hash32;

/// The most levels a proof has. Paths are SHA-256 digests, so two that agree in as many bits cannot be found.
pub(crate) const MAX_DEPTH: usize = 255;

/// The hash of an empty subtree.
pub(crate) const EMPTY: Hash32 = Hash32(*b"SPARSE_MERKLE_PLACEHOLDER_HASH__");

/// That a key has a value, or has none, in the tree with some root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompactProof {
    /// The hashes beside the path, from the root down; none where the sibling is empty.
    pub(crate) siblings: Vec<Option<Hash32>>,
    /// What stands where the key's path ends.
    pub(crate) end: PathEnd,
}

/// What stands where a key's path ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathEnd {
    /// The key's own leaf: it has the value.
    Found,
    /// Nothing: it has none.
    Empty,
    /// Another key's leaf, the only one below: it has none.
    Other {
        /// Digest of the other key.
        key_hash: Hash32,
        /// Digest of the other value.
        value_hash: Hash32,
    },
}

/// The proof does not show what it is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// More levels than a tree has.
    #[error("the proof has more levels than a tree")]
    TooDeep,
    /// It shows a value where none was given, or none where one was.
    #[error("the proof shows a value where none is claimed, or none where one is")]
    Kind,
    /// The other leaf is not where the key would be.
    #[error("the leaf in the proof of absence is not on the key's path")]
    OtherPath,
}

impl CompactProof {
    /// The proof for the path `key_hash` from a proof in the usual form: the siblings from the root down, and the key
    /// and value digests of the leaf at the path's end.
    #[must_use]
    pub fn from_parts(
        siblings: Vec<Option<Hash32>>,
        leaf: Option<(&Hash32, &Hash32)>,
        key_hash: &Hash32,
    ) -> Self {
        let end = match leaf {
            None => PathEnd::Empty,
            Some((found, _)) if found == key_hash => PathEnd::Found,
            Some((other, value)) => PathEnd::Other { key_hash: *other, value_hash: *value },
        };
        Self { siblings, end }
    }

    /// Whether it shows that the key has a value, rather than none.
    #[must_use]
    pub fn is_membership(&self) -> bool {
        matches!(self.end, PathEnd::Found)
    }

    /// The root of the tree in which this shows that the key with digest `key_hash` has `value`, or none.
    ///
    /// # Errors
    /// [`ProofError`] when it can show that in no tree.
    pub fn root(&self, key_hash: &Hash32, value: Option<&[u8]>) -> Result<Hash32, ProofError> {
        if self.siblings.len() > MAX_DEPTH {
            return Err(ProofError::TooDeep);
        }
        let bottom = match (self.end, value) {
            (PathEnd::Found, Some(value)) => leaf_hash(key_hash, &Hash32::of(value)),
            (PathEnd::Empty, None) => EMPTY,
            (PathEnd::Other { key_hash: other, value_hash }, None) => {
                if other == *key_hash || common_bits(&other, key_hash) < self.siblings.len() {
                    return Err(ProofError::OtherPath);
                }
                leaf_hash(&other, &value_hash)
            }
            (PathEnd::Found, None) | (PathEnd::Empty | PathEnd::Other { .. }, Some(_)) => {
                return Err(ProofError::Kind);
            }
        };
        let up = self.siblings.iter().enumerate().rev();
        Ok(up.fold(bottom, |hash, (depth, sibling)| {
            let sibling = sibling.unwrap_or(EMPTY);
            if bit(key_hash, depth) { node_hash(&sibling, &hash) } else { node_hash(&hash, &sibling) }
        }))
    }
}

/// The hash of a possibly empty subtree.
pub(crate) fn link_hash(hash: Option<&Hash32>) -> Hash32 {
    hash.copied().unwrap_or(EMPTY)
}

pub(crate) fn leaf_hash(key_hash: &Hash32, value_hash: &Hash32) -> Hash32 {
    digest(b"JMT::LeafNode", key_hash, value_hash)
}

pub(crate) fn node_hash(left: &Hash32, right: &Hash32) -> Hash32 {
    digest(b"JMT::IntrnalNode", left, right)
}

/// Bit `depth` of a path, from the most significant; true goes right.
pub(crate) fn bit(path: &Hash32, depth: usize) -> bool {
    path.0.get(depth / 8).is_some_and(|byte| byte >> (7 - depth % 8) & 1 == 1)
}

pub(crate) fn common_bits(a: &Hash32, b: &Hash32) -> usize {
    let same = a.0.iter().zip(&b.0).take_while(|(a, b)| a == b).count();
    match (a.0.get(same), b.0.get(same)) {
        (Some(a), Some(b)) => same * 8 + usize::from((a ^ b).leading_zeros() as u8),
        _ => same * 8,
    }
}

fn digest(domain: &[u8], left: &Hash32, right: &Hash32) -> Hash32 {
    let mut hasher = Sha256::new();
    hasher.update(domain);
    hasher.update(left.0);
    hasher.update(right.0);
    Hash32(hasher.finalize().into())
}
