//! Several records under one header, with one certificate and each hash once.
//!
//! ```text
//! version 1 | chain tag 2 | validators tag 2
//! records: number | each as in evidence, strictly ascending by the digests of their keys
//! tree:    bytes of shape number | shape | hashes 32 each; see the tree's module
//! block:   as in evidence
//! signed:  as in evidence
//! ```

use std::time::Duration;

use crate::api::MAX_KEYS;
use crate::evidence::EvidenceBytesError::Malformed;
use crate::evidence::bytes::{Input, put_number, put_seal};
use crate::evidence::multi::{MultiProof, Place};
use crate::evidence::wire::{put_item, read_item};
use crate::evidence::{CheckedBlocks, Evidence, EvidenceBytesError, EvidenceError, Proven, Seal};
use crate::genesis::Anchor;
use crate::hash::Hash32;
use crate::proof::CompactProof;
use crate::record::{Record, RecordKey};
use crate::time::UnixMillis;

const VERSION: u8 = 1;

/// Evidence of 1 to [`MAX_KEYS`] records, or of their absence, all in the state of one block. Unchecked;
/// [`verify_bundle`] makes it facts, [`EvidenceBundle::split`] single pieces that can be carried apart.
#[derive(Clone, PartialEq, Eq)]
pub struct EvidenceBundle {
    items: Vec<Item>,
    tree: MultiProof,
    seal: Seal,
}

#[derive(Clone, PartialEq, Eq)]
struct Item {
    key: RecordKey,
    key_hash: Hash32,
    record: Option<(Vec<u8>, Record)>,
}

impl Item {
    fn place(&self) -> Place {
        let value_hash = self.record.as_ref().map(|(bytes, _)| Hash32::of(bytes));
        Place { key_hash: self.key_hash, value_hash }
    }
}

impl EvidenceBundle {
    /// The bundle of these pieces, which must be of one block; a key that occurs twice is in it once.
    ///
    /// None when they are not of one block, are none or more than [`MAX_KEYS`], contradict each other, or one of them is
    /// no evidence of anything.
    #[must_use]
    pub fn of(evidence: &[Evidence]) -> Option<Self> {
        let seal = evidence.first()?.seal.clone();
        // In the order of their keys' digests.
        let mut pieces: Vec<(Item, &CompactProof)> = Vec::with_capacity(evidence.len().min(MAX_KEYS));
        for one in evidence {
            let record = match &one.record {
                Some(bytes) => Some((bytes.clone(), Record::from_bytes(bytes).ok()?)),
                None => None,
            };
            let item = Item { key: one.key.clone(), key_hash: one.key.hash(), record };
            if one.seal != seal || item.record.as_ref().is_some_and(|(_, record)| record.key() != item.key) {
                return None;
            }
            if let Err(place) = pieces.binary_search_by_key(&item.key_hash, |(other, _)| other.key_hash) {
                if pieces.len() == MAX_KEYS {
                    return None;
                }
                pieces.insert(place, (item, &one.proof));
            }
        }
        let proofs: Vec<_> = pieces.iter().map(|(item, proof)| (item.place(), *proof)).collect();
        let tree = MultiProof::of(&proofs)?;
        let items: Vec<_> = pieces.into_iter().map(|(item, _)| item).collect();
        Some(Self { items, tree, seal })
    }

    /// What it is evidence of, in the order of the keys' digests. Unchecked.
    pub fn keys(&self) -> impl Iterator<Item = &RecordKey> {
        self.items.iter().map(|item| &item.key)
    }

    /// The same as single pieces of evidence, in the same order. Each is worth what the bundle is: verify one of the two.
    #[must_use]
    pub fn split(&self) -> Vec<Evidence> {
        let proofs = self.tree.split(&self.places()).into_iter();
        let single = |(item, proof): (&Item, _)| Evidence {
            key: item.key.clone(),
            record: item.record.as_ref().map(|(bytes, _)| bytes.clone()),
            decoded: item.record.as_ref().map(|(_, record)| record.clone()),
            proof,
            seal: self.seal.clone(),
        };
        self.items.iter().zip(proofs).map(single).collect()
    }

    /// The bytes that are sent.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.extend(self.seal.chain_tag);
        out.extend(self.seal.validators_tag);
        put_number(&mut out, self.items.len() as u64);
        for item in &self.items {
            put_item(&mut out, &item.key, item.record.as_ref().map(|(bytes, _)| bytes.as_slice()));
        }
        self.tree.put(&mut out);
        put_seal(&mut out, &self.seal);
        out
    }

    /// Reads [`EvidenceBundle::to_bytes`].
    ///
    /// # Errors
    /// [`EvidenceBytesError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EvidenceBytesError> {
        let mut input = Input(bytes);
        if input.byte()? != VERSION {
            return Err(EvidenceBytesError::Version);
        }
        let (chain_tag, validators_tag) = (input.array()?, input.array()?);
        let count = usize::try_from(input.number()?).map_err(|_| Malformed)?;
        if !(1..=MAX_KEYS).contains(&count) {
            return Err(Malformed);
        }
        let mut items: Vec<Item> = Vec::with_capacity(count);
        for _ in 0..count {
            let (key, bytes, record) = read_item(&mut input)?;
            let key_hash = key.hash();
            if items.last().is_some_and(|last| last.key_hash >= key_hash) {
                return Err(Malformed);
            }
            items.push(Item { key, key_hash, record: bytes.zip(record) });
        }
        let places: Vec<_> = items.iter().map(Item::place).collect();
        let tree = MultiProof::read(&mut input, &places)?;
        let seal = input.seal(chain_tag, validators_tag)?;
        input.end(Self { items, tree, seal })
    }

    /// The height of the block it is from. Unchecked.
    #[must_use]
    pub fn claimed_height(&self) -> u64 {
        self.seal.height
    }

    pub(crate) fn claimed_time(&self) -> UnixMillis {
        self.seal.time
    }

    fn places(&self) -> Vec<Place> {
        self.items.iter().map(Item::place).collect()
    }
}

impl std::fmt::Debug for EvidenceBundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keys: Vec<_> = self.keys().collect();
        let mut out = f.debug_struct("EvidenceBundle");
        out.field("keys", &keys).field("height", &self.seal.height).field("time", &self.seal.time);
        out.finish_non_exhaustive()
    }
}

/// Checks all of a bundle, as [`verify`](crate::verify) does one piece of evidence: the signatures once for all. The
/// facts are in the bundle's order.
///
/// # Errors
/// [`EvidenceError`]; then nothing in it is shown.
pub fn verify_bundle(
    bundle: &EvidenceBundle,
    anchor: &Anchor,
    now: UnixMillis,
    max_age: Duration,
) -> Result<Vec<Proven>, EvidenceError> {
    let seal = &bundle.seal;
    let signed_by = anchor.validators.hash();
    seal.check_place(anchor, &signed_by, now, max_age)?;
    let state_root = bundle.tree.root(&bundle.places());
    let next = seal.next_validators_hash.unwrap_or(signed_by);
    seal.check_signed(
        &anchor.chain_id,
        &anchor.validators,
        &state_root,
        next,
        &mut CheckedBlocks::default(),
    )?;
    let proven = |item: &Item| Proven {
        key: item.key.clone(),
        record: item.record.as_ref().map(|(_, record)| record.clone()),
        time: seal.time,
        height: seal.height,
        signed_by,
    };
    Ok(bundle.items.iter().map(proven).collect())
}
