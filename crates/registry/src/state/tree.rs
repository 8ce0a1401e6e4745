//! A persistent binary Merkle tree: an update copies the paths it touches and shares the rest.
//!
//! Invariant: a subtree with one leaf is that leaf, with none it is absent; so the shape follows from the keys alone,
//! and the root from keys and values alone. Records are never removed, so nothing here removes.

use std::sync::Arc;

use crate::hash::Hash32;
use crate::proof::{CompactProof, PathEnd, bit, leaf_hash, link_hash, node_hash};

#[derive(Clone, Default)]
pub(super) struct Tree(Link);

type Link = Option<Arc<Node>>;
type Value = Arc<[u8]>;

struct Node {
    hash: Hash32,
    kind: Kind,
}

enum Kind {
    Leaf { key_hash: Hash32, value: Value },
    Branch { left: Link, right: Link },
}

impl Tree {
    /// The tree with these values put at their key digests; of two for one key the later holds.
    pub(super) fn with(&self, mut updates: Vec<(Hash32, Value)>) -> Self {
        updates.sort_by_key(|(key, _)| *key);
        updates.reverse();
        updates.dedup_by_key(|(key, _)| *key);
        updates.reverse();
        Self(updated(self.0.as_ref(), 0, &updates))
    }

    pub(super) fn root(&self) -> Hash32 {
        link_hash(self.0.as_ref().map(|node| &node.hash))
    }

    pub(super) fn value(&self, key: &Hash32) -> Option<&[u8]> {
        match self.walk(key, |_| ()) {
            Some(Kind::Leaf { key_hash, value }) if key_hash == key => Some(value),
            _ => None,
        }
    }

    pub(super) fn prove(&self, key: &Hash32) -> CompactProof {
        let mut siblings = Vec::new();
        let end = match self.walk(key, |sibling| siblings.push(sibling.map(|node| node.hash))) {
            Some(Kind::Leaf { key_hash, .. }) if key_hash == key => PathEnd::Found,
            Some(Kind::Leaf { key_hash, value }) => {
                PathEnd::Other { key_hash: *key_hash, value_hash: Hash32::of(value) }
            }
            Some(Kind::Branch { .. }) | None => PathEnd::Empty,
        };
        CompactProof { siblings, end }
    }

    /// Every leaf, in order of key digests.
    pub(super) fn leaves(&self) -> impl Iterator<Item = (&Hash32, &[u8])> {
        let mut stack: Vec<&Node> = self.0.as_deref().into_iter().collect();
        std::iter::from_fn(move || {
            loop {
                match &stack.pop()?.kind {
                    Kind::Leaf { key_hash, value } => return Some((key_hash, &**value)),
                    Kind::Branch { left, right } => {
                        stack.extend(right.as_deref().into_iter().chain(left.as_deref()));
                    }
                }
            }
        })
    }

    /// Goes down a key's path, showing each sibling, to the leaf or absence at its end.
    fn walk(&self, key: &Hash32, mut beside: impl FnMut(Option<&Arc<Node>>)) -> Option<&Kind> {
        let mut at = self.0.as_deref()?;
        for depth in 0.. {
            let Kind::Branch { left, right } = &at.kind else { break };
            let (on, off) = if bit(key, depth) { (right, left) } else { (left, right) };
            beside(off.as_ref());
            at = on.as_deref()?;
        }
        Some(&at.kind)
    }
}

/// The subtree after `updates`, which are sorted, distinct and all below it.
fn updated(link: Option<&Arc<Node>>, depth: usize, updates: &[(Hash32, Value)]) -> Link {
    if updates.is_empty() {
        return link.cloned();
    }
    let Some(Kind::Branch { left, right }) = link.map(|node| &node.kind) else {
        return grown(&leaves_after(link, updates), depth);
    };
    let (to_left, to_right) = split(updates, |(key, _)| key, depth);
    branch(updated(left.as_ref(), depth + 1, to_left), updated(right.as_ref(), depth + 1, to_right))
}

/// The leaves of a subtree of at most one leaf, after `updates`.
fn leaves_after(link: Option<&Arc<Node>>, updates: &[(Hash32, Value)]) -> Vec<(Hash32, Arc<Node>)> {
    let mut leaves: Vec<_> =
        updates.iter().map(|(key, value)| (*key, leaf(*key, Arc::clone(value)))).collect();
    if let Some((node, Kind::Leaf { key_hash, .. })) = link.map(|node| (node, &node.kind))
        && let Err(at) = leaves.binary_search_by_key(key_hash, |(key, _)| *key)
    {
        leaves.insert(at, (*key_hash, Arc::clone(node)));
    }
    leaves
}

/// A subtree of these leaves, sorted and distinct.
fn grown(leaves: &[(Hash32, Arc<Node>)], depth: usize) -> Link {
    match leaves {
        [] => None,
        [(_, only)] => Some(Arc::clone(only)),
        _ => {
            let (left, right) = split(leaves, |(key, _)| key, depth);
            branch(grown(left, depth + 1), grown(right, depth + 1))
        }
    }
}

/// A subtree of at least two leaves.
fn branch(left: Link, right: Link) -> Link {
    let hash_of = |link: &Link| link_hash(link.as_ref().map(|node| &node.hash));
    let hash = node_hash(&hash_of(&left), &hash_of(&right));
    Some(Arc::new(Node { hash, kind: Kind::Branch { left, right } }))
}

fn leaf(key_hash: Hash32, value: Value) -> Arc<Node> {
    let hash = leaf_hash(&key_hash, &Hash32::of(&value));
    Arc::new(Node { hash, kind: Kind::Leaf { key_hash, value } })
}

fn split<T>(sorted: &[T], key: impl Fn(&T) -> &Hash32, depth: usize) -> (&[T], &[T]) {
    sorted.split_at(sorted.partition_point(|item| !bit(key(item), depth)))
}
