//! Damaged and invented bytes at every door: nothing panics, and what is accepted is written the same again.
//!
//! A short run in every test; with `HUIZHENG_LONG=1` a minute a door. A run is repeatable: the same rounds see the same
//! bytes.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::hand_over;
use crate::world::{World, block_of};
use registry::snapshot::{Manifest, SnapshotReader, SnapshotWriter};
use registry::{
    CertifiedBlock, Evidence, EvidenceBundle, Genesis, HandOver, LightClient, Record, RecordKey, Transaction,
};
use testkit::Dice;

const SHORT: u64 = 4_000;
const LONG: Duration = Duration::from_secs(60);

/// Every damaged input, and the seeds themselves: what `door` gives back is what it writes of what it accepted.
fn fuzz(name: &str, seeds: &[Vec<u8>], door: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    fuzz_slow(name, 1, seeds, door);
}

/// [`fuzz`] of a door that takes `times` as long as the others.
#[expect(clippy::disallowed_methods, reason = "how long to go on, not what is tested")]
fn fuzz_slow(name: &str, times: u64, seeds: &[Vec<u8>], door: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    for seed in seeds {
        assert_eq!(door(seed).as_ref(), Some(seed), "{name}: a sound one comes back");
    }
    let long = std::env::var_os("HUIZHENG_LONG").is_some();
    let (began, mut rounds) = (Instant::now(), SHORT / times);
    let mut dice = Dice::named(name);
    let mut round = 0;
    while round < rounds {
        let bytes = dice.damage(seeds);
        if let Some(written) = door(&bytes) {
            assert_eq!(written, bytes, "{name}: round {round} is accepted in a second form");
        }
        round += 1;
        rounds += u64::from(long && round == rounds && began.elapsed() < LONG);
    }
    println!("{name}: {round} rounds");
}

/// A small chain that changed its validators, and what can be had of it.
fn chain() -> &'static (World, Vec<HandOver>) {
    static CHAIN: OnceLock<(World, Vec<HandOver>)> = OnceLock::new();
    CHAIN.get_or_init(hand_over::changed)
}

fn keys(world: &World) -> Vec<RecordKey> {
    let org = crate::world::plan(1).1.did;
    assert!(world.record(&RecordKey::Did(org.clone())).is_some());
    let absent = RecordKey::Trust(org.clone(), crate::world::slug("digital-id"));
    vec![RecordKey::Did(org), absent, RecordKey::Governance, RecordKey::Validators]
}

fn transactions(world: &World) -> Vec<Transaction> {
    let (plan, org) = crate::world::plan(9);
    let create = world.transaction(&org.did, &org.author, plan.into_action());
    let set = crate::world::validators(&[(201, 3), (205, 1)]);
    let update = registry::Action::UpdateValidators { validators: set.as_slice().to_vec() };
    vec![create, world.governance(update, &[0, 1])]
}

#[test]
fn fuzz_transactions() {
    let seeds: Vec<_> = transactions(&chain().0).iter().map(Transaction::to_bytes).collect();
    fuzz("transaction", &seeds, |bytes| Transaction::from_bytes(bytes).ok().map(|it| it.to_bytes()));
}

#[test]
fn fuzz_blocks() {
    let world = &chain().0;
    let block = block_of(world, transactions(world));
    let block = CertifiedBlock { block, certificate: world.certificate(&[0, 1, 2]) };
    let seeds = [borsh::to_vec(&block).unwrap()];
    fuzz("block", &seeds, |bytes| {
        borsh::from_slice::<CertifiedBlock>(bytes).ok().map(|it| borsh::to_vec(&it).unwrap())
    });
    let seeds = [borsh::to_vec(&world.genesis).unwrap()];
    fuzz("genesis", &seeds, |bytes| {
        borsh::from_slice::<Genesis>(bytes).ok().map(|it| borsh::to_vec(&it).unwrap())
    });
}

#[test]
fn fuzz_records() {
    let world = &chain().0;
    let seeds: Vec<_> = world.state.all_bytes().map(<[u8]>::to_vec).collect();
    fuzz("record", &seeds, |bytes| Record::from_bytes(bytes).ok().map(|it| it.to_bytes()));
}

#[test]
fn fuzz_evidence() {
    let world = &chain().0;
    let seeds: Vec<_> = keys(world).iter().map(|key| world.evidence(key).to_bytes()).collect();
    fuzz("evidence", &seeds, |bytes| Evidence::from_bytes(bytes).ok().map(|it| it.to_bytes()));
}

#[test]
fn fuzz_bundles() {
    let world = &chain().0;
    let keys = keys(world);
    let seeds = [
        world.bundle(&keys).to_bytes(),
        world.bundle(&keys[..1]).to_bytes(),
        world.bundle(&keys[1..3]).to_bytes(),
    ];
    fuzz("bundle", &seeds, |bytes| {
        let bundle = EvidenceBundle::from_bytes(bytes).ok()?;
        // Whatever is in it, it can be taken apart; a sound one also put together again.
        let pieces = bundle.split();
        assert_eq!(pieces.len(), bundle.keys().count());
        Some(bundle.to_bytes())
    });
}

#[test]
fn fuzz_hand_overs() {
    let seeds: Vec<_> = chain().1.iter().map(HandOver::to_bytes).collect();
    fuzz("hand-over", &seeds, |bytes| HandOver::from_bytes(bytes).ok().map(|it| it.to_bytes()));
    let mut light = LightClient::new(chain().0.genesis.anchor());
    light.follow(&chain().1, chain().0.now(), None).unwrap();
    let seeds = [borsh::to_vec(&light).unwrap()];
    fuzz("light client", &seeds, |bytes| {
        borsh::from_slice::<LightClient>(bytes).ok().map(|it| borsh::to_vec(&it).unwrap())
    });
}

#[test]
fn fuzz_snapshots() {
    let (world, hand_overs) = chain();
    let mut writer = SnapshotWriter::new(&world.state);
    let chunks: Vec<_> = writer.by_ref().collect();
    let manifest =
        writer.finish(world.head.clone(), world.certificate(&[0, 1, 2]), hand_overs.clone()).unwrap();
    let seeds = [manifest.to_bytes()];
    fuzz("manifest", &seeds, |bytes| Manifest::from_bytes(bytes).ok().map(|it| it.to_bytes()));
    let max_age = std::time::Duration::from_secs(60);
    let anchor = world.genesis.anchor().advance(hand_overs).unwrap();
    fuzz_slow("chunk", 20, &chunks, |bytes| {
        // The digest is put right, so that the records themselves are reached.
        let digest = registry::Hash32::tagged("huizheng/snapshot-chunk/1", &[bytes]);
        let manifest = Manifest { chunks: vec![digest], ..manifest.clone() };
        let mut reader = SnapshotReader::open(manifest, &anchor, world.now(), max_age).unwrap();
        reader.take(bytes).ok()?;
        let (_, _, state) = reader.finish().ok()?;
        Some(SnapshotWriter::new(&state).flatten().collect())
    });
}
