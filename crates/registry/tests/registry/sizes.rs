//! How long evidence is: a 300-byte record among 100,000 under four validators. Figures for docs/adr are printed with
//! `cargo test -p registry sizes -- --nocapture`.

use crate::world::{World, slug, validators};
use registry::build::TxSigner;
use registry::build::recovery_commitment;
use registry::{
    Did, DidRecord, EvidenceBundle, Hash32, PublicKey, Purpose, Purposes, Record, RecordKey, Service, State,
    UnixMillis, VerificationKey,
};

const RECORDS: u32 = 100_000;
/// The most that evidence has beside what cannot be shorter: version, tags, lengths, bit maps, height, time and round.
const BOOKKEEPING: usize = 26;

/// What no encoding of the same record, tree and votes is without: the record, a hash beside each step of its path, the
/// digest of what else the header says, three signatures of four. `all` are the first bytes of the keys' digests, sorted.
///
/// Beside step n of a path there is something if another key has the same first n bits and another bit n.
fn floor(all: &[u64], record: &Record) -> usize {
    let path = first_bytes(&record.key().hash());
    let is_beside = |step: &u32| {
        let bit = 1_u64 << (63 - step);
        let from = (path ^ bit) & !(bit - 1);
        let at = all.partition_point(|other| *other < from);
        all.get(at).is_some_and(|other| *other <= from | (bit - 1))
    };
    300 + 32 * (0..64).filter(is_beside).count() + 32 + 3 * 64
}

fn first_bytes(hash: &Hash32) -> u64 {
    u64::from_be_bytes(hash.0[..8].try_into().unwrap())
}

/// An organisation's record of exactly 300 bytes.
fn record(n: u32) -> Record {
    let author = crate::world::signer(1);
    let network = slug("anhui");
    let document = registry::build::organisation_document(&author.public_key(), &[], vec![]);
    let mut salt = [0; 16];
    salt[..4].copy_from_slice(&n.to_be_bytes());
    let recovery = recovery_commitment(&author.public_key());
    let did: Did = registry::build::DidPlan { document, salt, recovery_commitment: recovery }.did(&network);
    let key = |fragment: &str| VerificationKey {
        fragment: slug(fragment),
        key: PublicKey::Ed25519(author.public_key()),
        purposes: Purposes::of(&[Purpose::AssertionMethod]),
        from: UnixMillis(2),
        until: None,
        compromised_since: None,
    };
    let service =
        |endpoint: String| Service { fragment: slug("issuer"), kind: "OpenID4VCI".into(), endpoint };
    let of = |length: usize| {
        Record::Did(DidRecord {
            did: did.clone(),
            version: 1,
            created: UnixMillis(2),
            from: UnixMillis(2),
            until: None,
            deactivated: None,
            keys: vec![key("key-1"), key("key-2")],
            services: vec![service("x".repeat(length))],
            recovery_commitment: recovery,
        })
    };
    of(300 - of(0).to_bytes().len())
}

#[test]
fn evidence_among_a_hundred_thousand() {
    let mut world = World::new();
    let samples: Vec<_> = (0..1000).map(record).collect();
    assert!(samples.iter().all(|record| record.to_bytes().len() == 300));
    let filler =
        (1000..RECORDS).map(|n| (Hash32::tagged("filler", &[&n.to_be_bytes()]), n.to_be_bytes().to_vec()));
    let filler: Vec<_> = filler.collect();
    let keys = filler.iter().map(|(key, _)| *key).chain(samples.iter().map(|record| record.key().hash()));
    let mut all: Vec<_> = keys.map(|key| first_bytes(&key)).collect();
    all.sort_unstable();
    world.state = State::empty().with_bytes(filler).with(&samples);
    world.head.state_root = world.state.root();
    world.head.height = 2_000_000;
    let mut floors: Vec<_> = samples.iter().map(|record| floor(&all, record)).collect();
    let mut sizes: Vec<_> =
        samples.iter().map(|record| world.evidence(&record.key()).to_bytes().len()).collect();
    for (size, floor) in sizes.iter().zip(&floors) {
        assert!((*floor..=floor + BOOKKEEPING).contains(size), "{size} bytes where {floor} must be");
    }
    floors.sort_unstable();
    let mean = floors.iter().sum::<usize>() / floors.len();
    println!("floor: mean {mean} B, median {}, 99th percentile {}", floors[500], floors[990]);
    sizes.sort_unstable();
    let mean = sizes.iter().sum::<usize>() / sizes.len();
    let within = sizes.iter().filter(|size| **size <= 1100).count() / 10;
    println!("present: {within} of 100 within 1,100 B");
    println!(
        "present: mean {mean} B, median {}, 99th percentile {}, longest {}",
        sizes[500], sizes[990], sizes[999]
    );
    assert!(mean <= 1100, "the mean is {mean} bytes");
    assert!(sizes[990] <= 1250, "the 99th percentile is {} bytes", sizes[990]);

    let Record::Did(first) = &samples[0] else { panic!() };
    let absent = |n: u32| RecordKey::DidVersion(first.did.clone(), 7 + n);
    let mut sizes: Vec<_> = (0..1000).map(|n| world.evidence(&absent(n)).to_bytes().len()).collect();
    sizes.sort_unstable();
    let mean = sizes.iter().sum::<usize>() / sizes.len();
    println!(
        "absent: mean {mean} B, median {}, 99th percentile {}, longest {}",
        sizes[500], sizes[990], sizes[999]
    );
    assert!(sizes[990] <= 1100, "the 99th percentile of absence is {} bytes", sizes[990]);

    let mut one = None;
    for count in [1, 3, 5, 10] {
        let (mut together, mut apart) = (0, 0);
        for from in (0..100).map(|n| n * 10) {
            let single: Vec<_> =
                samples[from..from + count].iter().map(|r| world.evidence(&r.key())).collect();
            apart += single.iter().map(|one| one.to_bytes().len()).sum::<usize>();
            together += EvidenceBundle::of(&single).unwrap().to_bytes().len();
        }
        println!("{count} records: bundle {} B, single {} B", together / 100, apart / 100);
        let more = together / 100 - one.map_or(0, |one: usize| one);
        one = one.or(Some(together / 100));
        assert!(
            count == 1 || more / (count - 1) <= 750,
            "each further record costs {} bytes",
            more / (count - 1)
        );
    }
    let mut changing = World::new();
    let hand_over = changing.hand_over(&validators(&[(200, 1), (201, 1), (202, 1), (204, 1)]));
    println!("hand-over: {} B", hand_over.to_bytes().len());
}
