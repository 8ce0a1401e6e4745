//! Bundles: several records under one header, worth exactly what their single pieces are.

use std::time::Duration;

use crate::world::{World, slug};
use proptest::prelude::*;
use registry::api::MAX_KEYS;
use registry::{
    Did, Evidence, EvidenceBundle, EvidenceBytesError, EvidenceError, Proven, RecordKey, UnixMillis, verify,
    verify_bundle,
};

const MAX_AGE: Duration = Duration::from_secs(600);

fn populated(organisations: u8) -> (World, Vec<Did>) {
    let mut world = World::new();
    let dids = (1..=organisations).map(|n| world.organisation(n).did).collect();
    (world, dids)
}

/// Keys that have a record and keys that have none.
fn keys(dids: &[Did]) -> Vec<RecordKey> {
    let of = |did: &Did| {
        [
            RecordKey::Did(did.clone()),
            RecordKey::Trust(did.clone(), slug("digital-id")),
            RecordKey::DidVersion(did.clone(), 7),
        ]
    };
    dids.iter().flat_map(of).chain([RecordKey::Governance, RecordKey::Validators]).collect()
}

fn shown(world: &World, bytes: &[u8]) -> Result<Vec<Proven>, String> {
    let bundle = EvidenceBundle::from_bytes(bytes).map_err(|error| error.to_string())?;
    assert_eq!(bundle.to_bytes(), bytes, "one form only");
    verify_bundle(&bundle, &world.genesis.anchor(), world.now(), MAX_AGE).map_err(|error| error.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is asked for together: the same facts, the same single pieces, and the same bytes.
    #[test]
    fn a_bundle_shows_what_its_pieces_show(organisations in 1..12_u8, picks in prop::collection::vec(any::<prop::sample::Index>(), 1..30)) {
        let (world, dids) = populated(organisations);
        let all = keys(&dids);
        let asked: Vec<_> = picks.iter().map(|pick| pick.get(&all).clone()).collect();
        let bundle = world.bundle(&asked);
        let back = EvidenceBundle::from_bytes(&bundle.to_bytes()).unwrap();
        prop_assert_eq!(&back, &bundle);
        let proven = verify_bundle(&back, &world.genesis.anchor(), world.now(), MAX_AGE).unwrap();
        prop_assert_eq!(proven.iter().map(Proven::key).collect::<Vec<_>>(), back.keys().collect::<Vec<_>>());
        for key in &asked {
            prop_assert_eq!(proven.iter().filter(|one| one.key() == key).count(), 1);
        }
        let pieces = back.split();
        prop_assert_eq!(pieces.len(), proven.len());
        for (piece, proven) in pieces.iter().zip(&proven) {
            prop_assert_eq!(piece, &world.evidence(proven.key()));
            prop_assert_eq!(piece.to_bytes(), world.evidence(proven.key()).to_bytes());
            let single = verify(piece, &world.genesis.anchor(), world.now(), MAX_AGE).unwrap();
            prop_assert_eq!(&single, proven);
        }
        prop_assert_eq!(EvidenceBundle::of(&pieces).unwrap(), bundle, "and back");
    }

    #[test]
    fn several_changed_bytes_are_rejected(organisations in 1..6_u8, changes in prop::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 1..6)) {
        let (world, dids) = populated(organisations);
        let bytes = world.bundle(&keys(&dids)).to_bytes();
        let mut damaged = bytes.clone();
        for (at, change) in changes {
            damaged[at.index(bytes.len())] ^= change;
        }
        prop_assume!(damaged != bytes);
        prop_assert!(shown(&world, &damaged).is_err());
    }
}

#[test]
fn any_changed_byte_is_rejected() {
    let (world, dids) = populated(4);
    let bytes = world.bundle(&keys(&dids[..2])).to_bytes();
    shown(&world, &bytes).unwrap();
    for at in 0..bytes.len() {
        for change in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
            let mut damaged = bytes.clone();
            damaged[at] ^= change;
            assert!(shown(&world, &damaged).is_err(), "byte {at} of {} xor {change}", bytes.len());
        }
    }
    for length in 0..bytes.len() {
        assert!(EvidenceBundle::from_bytes(&bytes[..length]).is_err(), "cut to {length}");
    }
    let longer = EvidenceBundle::from_bytes(&[bytes.as_slice(), &[0]].concat());
    assert_eq!(longer, Err(EvidenceBytesError::Malformed));
    let mut other = bytes;
    other[0] = 2;
    assert_eq!(EvidenceBundle::from_bytes(&other), Err(EvidenceBytesError::Version));
}

#[test]
fn refusals_by_name() {
    let (world, dids) = populated(3);
    let bundle = world.bundle(&keys(&dids));
    let (anchor, time) = (world.genesis.anchor(), world.now());
    let late = time.after(MAX_AGE).after(Duration::from_millis(1));
    assert_eq!(verify_bundle(&bundle, &anchor, late, MAX_AGE), Err(EvidenceError::TooOld { time }));
    let early = UnixMillis(time.0 - 120_001);
    assert_eq!(verify_bundle(&bundle, &anchor, early, MAX_AGE), Err(EvidenceError::FromTheFuture { time }));
    let mut newer = anchor.clone();
    newer.height = world.head.height;
    assert_eq!(verify_bundle(&bundle, &newer, time, MAX_AGE), Err(EvidenceError::BeforeAnchor));
    let mut genesis = world.genesis.clone();
    genesis.time = UnixMillis(5);
    assert_eq!(verify_bundle(&bundle, &genesis.anchor(), time, MAX_AGE), Err(EvidenceError::WrongChain));
    let mut others = anchor;
    others.validators = crate::world::validators(&[(210, 1)]);
    assert_eq!(verify_bundle(&bundle, &others, time, MAX_AGE), Err(EvidenceError::OtherValidators));
}

#[test]
fn what_makes_no_bundle() {
    let (mut world, dids) = populated(9);
    let all = keys(&dids);
    let first = world.evidence(&all[0]);
    assert!(EvidenceBundle::of(&[]).is_none(), "of_nothing");
    assert_eq!(
        EvidenceBundle::of(&[first.clone(), first.clone()]).unwrap().keys().count(),
        1,
        "the same twice"
    );
    let many: Vec<_> = (0..=MAX_KEYS as u32)
        .map(|n| world.evidence(&RecordKey::DidVersion(dids[0].clone(), 100 + n)))
        .collect();
    assert!(EvidenceBundle::of(&many).is_none(), "too_many");
    assert!(EvidenceBundle::of(&many[1..]).is_some());
    let mislabelled = Evidence::new(
        all[1].clone(),
        world.state.bytes(&all[0]).map(<[u8]>::to_vec),
        world.state.prove(&all[0]),
        &world.head,
        world.certificate(&[0, 1, 2]),
    );
    assert!(EvidenceBundle::of(&[mislabelled]).is_none(), "record_of_another_key");
    world.block(vec![]);
    assert!(EvidenceBundle::of(&[first, world.evidence(&all[0])]).is_none(), "two_blocks");
}
