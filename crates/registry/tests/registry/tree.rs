//! The tree and its proofs against an independent implementation of the same tree.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use jmt::mock::MockTreeStore;
use jmt::proof::SparseMerkleProof;
use jmt::{KeyHash, RootHash, Sha256Jmt};
use proptest::prelude::*;
use registry::{Hash32, State};
use sha2::Sha256;

/// The other implementation's proof, as its borsh encoding has it: siblings from the leaf upwards, each with its content.
#[derive(BorshDeserialize, BorshSerialize)]
struct TheirProof {
    leaf: Option<([u8; 32], [u8; 32])>,
    siblings: Vec<TheirNode>,
}

#[derive(BorshDeserialize, BorshSerialize)]
enum TheirNode {
    Null,
    Internal([u8; 32], [u8; 32]),
    Leaf([u8; 32], [u8; 32]),
}

type Values = BTreeMap<[u8; 32], Vec<u8>>;

fn theirs(values: &Values) -> (MockTreeStore, RootHash) {
    let store = MockTreeStore::default();
    let set = values.iter().map(|(key, value)| (KeyHash(*key), Some(value.clone())));
    let (root, batch) = Sha256Jmt::new(&store).put_value_set(set, 0).unwrap();
    store.write_tree_update_batch(batch).unwrap();
    (store, root)
}

/// Keys that share long prefixes, so that deep paths, chains of empty siblings and absent neighbours all occur.
fn key() -> impl Strategy<Value = [u8; 32]> {
    (prop_oneof![Just(0_u8), Just(0x80), any::<u8>()], 0..3_u8, any::<u8>(), any::<[u8; 8]>()).prop_map(
        |(first, second, third, rest)| {
            let mut key = [0; 32];
            key[0] = first;
            key[1] = second;
            key[2] = third & 0x0f;
            key[24..].copy_from_slice(&rest);
            key
        },
    )
}

fn values(max: usize) -> impl Strategy<Value = Values> {
    prop::collection::btree_map(key(), prop::collection::vec(any::<u8>(), 1..40), 1..max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn same_root_and_same_proofs(values in values(60), absent in prop::collection::vec(key(), 1..10)) {
        let (store, root) = theirs(&values);
        let state = State::empty().with_bytes(values.iter().map(|(k, v)| (Hash32(*k), v.clone())));
        prop_assert_eq!(state.root().0, root.0);
        for key in values.keys().chain(&absent) {
            let (value, proof) = Sha256Jmt::new(&store).get_with_proof(KeyHash(*key), 0).unwrap();
            proof.verify(root, KeyHash(*key), value.as_ref()).unwrap();
            let ours = state.prove_hash(&Hash32(*key));
            prop_assert_eq!(ours.is_membership(), value.is_some());
            prop_assert_eq!(ours.root(&Hash32(*key), value.as_deref()).unwrap().0, root.0);
            prop_assert_eq!(ours, compact(&proof, key));
        }
    }

    /// What one verifier says of a damaged proof, the other says too.
    #[test]
    fn same_verdict_on_damaged_proofs(values in values(40), at in any::<prop::sample::Index>(), bit in 0..8_u8, pick in any::<prop::sample::Index>(), other in key(), absent: bool) {
        let (store, root) = theirs(&values);
        let present: Vec<_> = values.keys().collect();
        let key = if absent { other } else { **pick.get(&present) };
        let (value, proof) = Sha256Jmt::new(&store).get_with_proof(KeyHash(key), 0).unwrap();
        let mut bytes = borsh::to_vec(&proof).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let Ok(damaged) = borsh::from_slice::<SparseMerkleProof<Sha256>>(&bytes) else { return Ok(()) };
        let theirs = damaged.verify(root, KeyHash(key), value.as_ref()).is_ok();
        // They allow a proof of presence to name its leaf: ours cannot name another.
        let named = damaged.leaf().is_some_and(|leaf| borsh::to_vec(&leaf).unwrap() != borsh::to_vec(&proof.leaf()).unwrap());
        if !(named && value.is_some()) {
            let ours = compact(&damaged, &key).root(&Hash32(key), value.as_deref());
            prop_assert_eq!(ours.is_ok_and(|ours| ours.0 == root.0), theirs);
        }
        prop_assert!(!theirs || bytes == borsh::to_vec(&proof).unwrap() || compact(&damaged, &key) == compact(&proof, &key));
    }

    /// However a state came about, the same records give the same root.
    #[test]
    fn the_root_follows_from_the_records_alone(values in values(40), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5)) {
        let all: Vec<_> = values.iter().map(|(k, v)| (Hash32(*k), v.clone())).collect();
        let at_once = State::empty().with_bytes(all.clone());
        let mut bit_by_bit = State::empty();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(all.len())).chain([0, all.len()]).collect();
        cuts.sort_unstable();
        for cut in cuts.windows(2) {
            let old = bit_by_bit.clone();
            let root = old.root();
            let scratch = all[cut[0]..cut[1]].iter().map(|(k, _)| (*k, b"overwritten".to_vec()));
            bit_by_bit = bit_by_bit.with_bytes(scratch).with_bytes(all[cut[0]..cut[1]].iter().cloned());
            prop_assert_eq!(old.root(), root, "a state that was cloned never changes");
        }
        prop_assert_eq!(bit_by_bit.root(), at_once.root());
        let listed: Vec<_> = at_once.all_bytes().collect();
        prop_assert_eq!(listed, values.values().collect::<Vec<_>>());
    }
}

#[test]
fn the_empty_tree() {
    let state = State::empty();
    let key = Hash32::of(b"anything");
    assert_eq!(state.prove_hash(&key).root(&key, None), Ok(state.root()));
    assert!(state.prove_hash(&key).root(&key, Some(b"value")).is_err());
}

/// The other implementation's proof in our form.
fn compact(proof: &SparseMerkleProof<Sha256>, key: &[u8; 32]) -> registry::CompactProof {
    let theirs: TheirProof = borsh::from_slice(&borsh::to_vec(proof).unwrap()).unwrap();
    let hash = |domain: &[u8], a: &[u8], b: &[u8]| Hash32::of(&[domain, a, b].concat());
    let siblings = theirs.siblings.iter().rev().map(|node| match node {
        TheirNode::Null => None,
        TheirNode::Internal(left, right) => Some(hash(b"JMT::IntrnalNode", left, right)),
        TheirNode::Leaf(key, value) => Some(hash(b"JMT::LeafNode", key, value)),
    });
    let other = theirs.leaf.map(|(key, value)| (Hash32(key), Hash32(value)));
    registry::CompactProof::from_parts(siblings.collect(), other.as_ref().map(|(k, v)| (k, v)), &Hash32(*key))
}
