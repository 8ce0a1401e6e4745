//! Proofs of several keys in one: the part of the tree above them, each hash once.
//!
//! As bytes, the shape is what a walk from the root meets, left before right, with a bit where it has a choice:
//!
//! ```text
//! below which keys are asked for:   1 a branch | 0 the end of their paths
//! at an end where none has a value: 1 another key's leaf | 0 nothing
//! a branch's side without any:      1 its hash | 0 empty
//! ```
//! The hashes follow in the same order. Where one of the keys has a value, the end is its leaf.

use crate::evidence::EvidenceBytesError::{self, Malformed};
use crate::evidence::bytes::{Bits, Input, put_bits, put_number};
use crate::hash::Hash32;
use crate::proof::{CompactProof, MAX_DEPTH, PathEnd, bit, common_bits, leaf_hash, link_hash, node_hash};

/// A key asked for, and the digest of its value when it has one. Always sorted and distinct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) key_hash: Hash32,
    pub(super) value_hash: Option<Hash32>,
}

/// Every place, shown to have its value or none. Only made for the places it is asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MultiProof(Node);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Branch(Box<[Node; 2]>),
    /// A side without any place; none when it is empty.
    Beside(Option<Hash32>),
    /// The leaf of the one place here that has a value.
    Own,
    /// Nothing; no place here has a value.
    Nothing,
    /// Another key's leaf; no place here has a value.
    Other {
        key_hash: Hash32,
        value_hash: Hash32,
    },
}

fn divide(places: &[Place], depth: usize) -> (&[Place], &[Place]) {
    places.split_at(places.partition_point(|place| !bit(&place.key_hash, depth)))
}

/// The places below a node whose paths end there: the one that has a value, if one has. Err when two have.
fn at_end(places: &[Place]) -> Result<Option<&Place>, EvidenceBytesError> {
    let mut valued = places.iter().filter(|place| place.value_hash.is_some());
    match (valued.next(), valued.next()) {
        (_, Some(_)) => Err(Malformed),
        (one, None) => Ok(one),
    }
}

impl MultiProof {
    /// The union of single proofs, sorted by key; none when there is none or they contradict each other in shape.
    pub(super) fn of(proofs: &[(Place, &CompactProof)]) -> Option<Self> {
        if proofs.is_empty() { None } else { joined(proofs, 0).map(Self) }
    }

    /// The root of the tree in which this shows what it is asked with.
    pub(super) fn root(&self, places: &[Place]) -> Hash32 {
        link_hash(hashed(&self.0, places, 0, &mut Vec::new()).as_ref())
    }

    /// The single proofs, in the order of the places.
    pub(super) fn split(&self, places: &[Place]) -> Vec<CompactProof> {
        let mut found = Vec::with_capacity(places.len());
        hashed(&self.0, places, 0, &mut found);
        for proof in &mut found {
            proof.siblings.reverse();
        }
        found
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let (mut shape, mut hashes) = (Vec::new(), Vec::new());
        write(&self.0, &mut shape, &mut hashes);
        put_number(out, shape.len().div_ceil(8) as u64);
        put_bits(out, &shape);
        out.extend(hashes.iter().flat_map(|hash| hash.0));
    }

    /// Reads [`MultiProof::put`] for these places. What it accepts it would write the same.
    pub(super) fn read(input: &mut Input<'_>, places: &[Place]) -> Result<Self, EvidenceBytesError> {
        let shape = input.bytes(places.len() * MAX_DEPTH)?;
        let mut shape = Bits::new(shape);
        let root = read(input, &mut shape, places, 0)?;
        shape.end()?;
        Ok(Self(root))
    }
}

fn joined(proofs: &[(Place, &CompactProof)], depth: usize) -> Option<Node> {
    let (_, one) = proofs.first()?;
    let ended = |(_, proof): &&(Place, &CompactProof)| proof.siblings.len() == depth;
    if proofs.iter().any(|at| ended(&at)) {
        if depth > MAX_DEPTH || !proofs.iter().all(|at| ended(&at)) {
            return None;
        }
        let places: Vec<_> = proofs.iter().map(|(place, _)| *place).collect();
        return match (at_end(&places).ok()?, one.end) {
            (Some(_), _) => Some(Node::Own),
            (None, PathEnd::Empty) => Some(Node::Nothing),
            (None, PathEnd::Other { key_hash, value_hash }) => {
                is_beside(&key_hash, &places, depth).then_some(Node::Other { key_hash, value_hash })
            }
            (None, PathEnd::Found) => None,
        };
    }
    let sides = proofs.split_at(proofs.partition_point(|(place, _)| !bit(&place.key_hash, depth)));
    let beside = Node::Beside(*one.siblings.get(depth)?);
    let sides = match sides {
        ([], right) => [beside, joined(right, depth + 1)?],
        (left, []) => [joined(left, depth + 1)?, beside],
        (left, right) => [joined(left, depth + 1)?, joined(right, depth + 1)?],
    };
    Some(Node::Branch(Box::new(sides)))
}

/// Whether the leaf of this key can end the paths of these places, which agree in `depth` bits, and is none of theirs.
fn is_beside(key_hash: &Hash32, places: &[Place], depth: usize) -> bool {
    places.iter().all(|place| place.key_hash != *key_hash && common_bits(&place.key_hash, key_hash) >= depth)
}

/// The hash of a subtree; none when it is empty. Adds the places' proofs, with their siblings from the leaf upwards.
fn hashed(node: &Node, places: &[Place], depth: usize, found: &mut Vec<CompactProof>) -> Option<Hash32> {
    let valued = || places.iter().find_map(|place| Some((place.key_hash, place.value_hash?)));
    match node {
        Node::Beside(hash) => *hash,
        Node::Branch(sides) => {
            let [left, right] = &**sides;
            let (to_left, to_right) = divide(places, depth);
            let begin = found.len();
            let left = hashed(left, to_left, depth + 1, found);
            let middle = found.len();
            let right = hashed(right, to_right, depth + 1, found);
            for (at, proof) in found.iter_mut().enumerate().skip(begin) {
                proof.siblings.push(if at < middle { right } else { left });
            }
            Some(node_hash(&link_hash(left.as_ref()), &link_hash(right.as_ref())))
        }
        Node::Nothing => {
            found.extend(places.iter().map(|_| CompactProof { siblings: Vec::new(), end: PathEnd::Empty }));
            None
        }
        Node::Own | Node::Other { .. } => {
            let (key_hash, value_hash) = match node {
                Node::Other { key_hash, value_hash } => (*key_hash, *value_hash),
                _ => valued()?,
            };
            let end = |place: &Place| match place.value_hash {
                Some(_) => PathEnd::Found,
                None => PathEnd::Other { key_hash, value_hash },
            };
            found.extend(places.iter().map(|at| CompactProof { siblings: Vec::new(), end: end(at) }));
            Some(leaf_hash(&key_hash, &value_hash))
        }
    }
}

fn write(node: &Node, shape: &mut Vec<bool>, hashes: &mut Vec<Hash32>) {
    match node {
        Node::Beside(hash) => {
            shape.push(hash.is_some());
            hashes.extend(hash);
        }
        Node::Branch(sides) => {
            shape.push(true);
            sides.iter().for_each(|side| write(side, shape, hashes));
        }
        Node::Own => shape.push(false),
        Node::Nothing => shape.extend([false, false]),
        Node::Other { key_hash, value_hash } => {
            shape.extend([false, true]);
            hashes.extend([key_hash, value_hash]);
        }
    }
}

fn read(
    input: &mut Input<'_>,
    shape: &mut Bits<'_>,
    places: &[Place],
    depth: usize,
) -> Result<Node, EvidenceBytesError> {
    if places.is_empty() {
        return Ok(Node::Beside(if shape.next()? { Some(input.sibling()?) } else { None }));
    }
    if shape.next()? {
        if depth == MAX_DEPTH {
            return Err(Malformed);
        }
        let (left, right) = divide(places, depth);
        let left = read(input, shape, left, depth + 1)?;
        let right = read(input, shape, right, depth + 1)?;
        return Ok(Node::Branch(Box::new([left, right])));
    }
    if at_end(places)?.is_some() {
        return Ok(Node::Own);
    }
    if !shape.next()? {
        return Ok(Node::Nothing);
    }
    let (key_hash, value_hash) = (input.hash()?, input.hash()?);
    if is_beside(&key_hash, places, depth) {
        Ok(Node::Other { key_hash, value_hash })
    } else {
        Err(Malformed)
    }
}
