//! Evidence: what an anchor alone can check, and that nothing in it can be changed.

use std::time::Duration;

use crate::world::{self, World, block_of, signer, slug};
use proptest::prelude::*;
use registry::build::ValidatorSigner;
use registry::{
    BlockError, Certificate, CertificateError, Evidence, EvidenceBytesError, EvidenceError, Hash32, Proven,
    RecordKey, Slug, UnixMillis, VoteKind, verify, vote_bytes,
};

const MAX_AGE: Duration = Duration::from_secs(600);

/// A world with many records, and a key that has one and a key that has none.
fn populated(organisations: u8) -> (World, RecordKey, RecordKey) {
    let mut world = World::new();
    let dids: Vec<_> = (1..=organisations).map(|n| world.organisation(n).did).collect();
    let present = RecordKey::Did(dids[0].clone());
    (world, present, RecordKey::Trust(dids[0].clone(), slug("digital-id")))
}

fn check(world: &World, bytes: &[u8]) -> Result<Proven, String> {
    let evidence = Evidence::from_bytes(bytes).map_err(|error| error.to_string())?;
    verify(&evidence, &world.genesis.anchor(), world.now(), MAX_AGE).map_err(|error| error.to_string())
}

#[test]
fn presence_and_absence_are_proven() {
    let (world, present, absent) = populated(9);
    let proven = world.proven(&present);
    assert_eq!(proven.record(), world.record(&present).as_ref());
    assert_eq!((proven.key(), proven.time(), proven.height()), (&present, world.now(), 9));
    assert_eq!(world.proven(&absent).record(), None);
}

#[test]
fn any_changed_byte_is_rejected() {
    let (world, present, absent) = populated(9);
    for key in [present, absent, RecordKey::Governance] {
        let bytes = world.evidence(&key).to_bytes();
        check(&world, &bytes).unwrap();
        for at in 0..bytes.len() {
            for change in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
                let mut damaged = bytes.clone();
                damaged[at] ^= change;
                if let Ok(proven) = check(&world, &damaged) {
                    panic!("byte {at} of {} xor {change} still proves {proven:?}", bytes.len());
                }
            }
        }
        for length in 0..bytes.len() {
            assert!(Evidence::from_bytes(&bytes[..length]).is_err(), "cut to {length}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(Evidence::from_bytes(&longer), Err(EvidenceBytesError::Malformed));
    }
}

proptest! {
    #[test]
    fn random_bytes_are_not_evidence(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut versioned = vec![1];
        versioned.extend(bytes);
        let (world, _, _) = populated(1);
        prop_assert!(check(&world, &versioned).is_err());
    }

    #[test]
    fn several_changed_bytes_are_rejected(changes in prop::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 1..6), absence: bool) {
        let (world, present, absent) = populated(3);
        let bytes = world.evidence(if absence { &absent } else { &present }).to_bytes();
        let mut damaged = bytes.clone();
        for (at, change) in changes {
            damaged[at.index(bytes.len())] ^= change;
        }
        prop_assume!(damaged != bytes);
        prop_assert!(check(&world, &damaged).is_err());
    }

    #[test]
    fn evidence_survives_its_encodings(organisations in 1..20_u8) {
        let (world, present, absent) = populated(organisations);
        for key in [present, absent] {
            let evidence = world.evidence(&key);
            prop_assert_eq!(&Evidence::from_bytes(&evidence.to_bytes()).unwrap(), &evidence);
            prop_assert_eq!(&Evidence::from_text(&evidence.to_text()).unwrap(), &evidence);
            let json = serde_json::to_string(&evidence).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Evidence>(&json).unwrap(), &evidence);
        }
    }
}

fn verdict(world: &World, evidence: &Evidence, now: UnixMillis) -> EvidenceError {
    verify(evidence, &world.genesis.anchor(), now, MAX_AGE).unwrap_err()
}

#[test]
fn refusals_by_name() {
    let (world, key, _) = populated(4);
    let evidence = world.evidence(&key);
    let time = world.now();
    let late = time.after(MAX_AGE).after(Duration::from_millis(1));
    assert_eq!(verdict(&world, &evidence, late), EvidenceError::TooOld { time });
    verify(&evidence, &world.genesis.anchor(), time.after(MAX_AGE), MAX_AGE).unwrap();
    let early = UnixMillis(time.0 - 120_001);
    assert_eq!(verdict(&world, &evidence, early), EvidenceError::FromTheFuture { time });

    let mut anchor = world.genesis.anchor();
    anchor.height = world.head.height;
    assert_eq!(verify(&evidence, &anchor, time, MAX_AGE), Err(EvidenceError::BeforeAnchor));

    let mut genesis = world.genesis.clone();
    genesis.time = UnixMillis(5);
    assert_eq!(verify(&evidence, &genesis.anchor(), time, MAX_AGE), Err(EvidenceError::WrongChain));

    let mut anchor = world.genesis.anchor();
    let fewer = anchor.validators.as_slice()[1..].to_vec();
    anchor.validators = registry::ValidatorSet::new(fewer).unwrap();
    assert_eq!(verify(&evidence, &anchor, time, MAX_AGE), Err(EvidenceError::OtherValidators));
}

#[test]
fn evidence_of_one_key_shows_nothing_of_another() {
    let (world, present, absent) = populated(4);
    let bytes = world.state.bytes(&present).unwrap().to_vec();
    let certificate = || world.certificate(&[0, 1, 2]);
    let make = |key: &RecordKey, record, from: &RecordKey| {
        Evidence::new(key.clone(), record, world.state.prove(from), &world.head, certificate())
    };
    let verdict = |evidence| verify(&evidence, &world.genesis.anchor(), world.now(), MAX_AGE).unwrap_err();
    assert_eq!(
        verdict(make(&absent, Some(bytes.clone()), &present)),
        EvidenceError::Record,
        "record_of_another_key"
    );
    let hidden = verdict(make(&present, None, &present));
    assert!(matches!(hidden, EvidenceError::Proof(_)), "record_hidden: {hidden}");
    let elsewhere = verdict(make(&present, None, &absent));
    assert!(
        matches!(elsewhere, EvidenceError::Proof(_) | EvidenceError::Certificate(_)),
        "absence_of_another: {elsewhere}"
    );
    let invented = verdict(make(&absent, None, &present));
    assert!(matches!(invented, EvidenceError::Proof(_)), "absence_by_presence: {invented}");
}

#[test]
fn certificates_refused_by_name() {
    let (world, key, _) = populated(2);
    let validators = &world.genesis.validators;
    let chain_id = world.genesis.chain_id();
    let with = |certificate: Certificate| certificate.verify(validators, &chain_id);
    let good = world.certificate(&[0, 1, 3]);
    assert_eq!(with(good.clone()), Ok(()));
    assert_eq!(with(world.certificate(&[0, 1])), Err(CertificateError::QuorumTooSmall { have: 2, total: 4 }));
    assert_eq!(with(world.certificate(&[0, 1, 1])), Err(CertificateError::RepeatedSigner(1)));
    assert_eq!(with(world.certificate(&[2, 1, 0])), Err(CertificateError::RepeatedSigner(1)), "out_of_order");
    let mut unknown = good.clone();
    unknown.signatures[2].validator = 4;
    assert_eq!(with(unknown), Err(CertificateError::UnknownSigner(4)));
    let mut borrowed = good.clone();
    borrowed.signatures[2].validator = 2;
    assert_eq!(with(borrowed), Err(CertificateError::Signature(2)), "another_validators_signature");
    let mut round = good.clone();
    round.round = 1;
    assert_eq!(with(round), Err(CertificateError::Signature(0)), "another_round");
    assert_eq!(good.verify(validators, &Hash32::ZERO), Err(CertificateError::Signature(0)), "another_chain");

    let evidence = |certificate: Certificate| {
        let record = world.state.bytes(&key).map(<[u8]>::to_vec);
        let evidence = Evidence::new(key.clone(), record, world.state.prove(&key), &world.head, certificate);
        match verdict(&world, &evidence, world.now()) {
            EvidenceError::Certificate(error) => error,
            other => panic!("{other:?}"),
        }
    };
    let unknown = |at: usize, validator: u8| {
        let mut certificate = good.clone();
        certificate.signatures[at].validator = validator;
        certificate
    };
    let small = CertificateError::QuorumTooSmall { have: 2, total: 4 };
    assert_eq!(evidence(world.certificate(&[0, 1])), small, "quorum_too_small");
    assert_eq!(
        evidence(world.certificate(&[0, 1, 1])),
        CertificateError::RepeatedSigner(1),
        "repeated_signer"
    );
    assert_eq!(evidence(unknown(2, 4)), CertificateError::UnknownSigner(4), "unknown_signer");
    assert_eq!(evidence(unknown(2, 2)), CertificateError::Signature(2), "another_validators_signature");
    let mut other_block = good.clone();
    other_block.signatures[0].signature = world.certificate(&[1]).signatures[0].signature;
    assert_eq!(evidence(other_block), CertificateError::Signature(0), "borrowed_signature");
}

#[test]
fn another_chain_is_refused_behind_equal_tags_too() {
    // The tags in evidence are two bytes that only choose the better error: what binds it to its chain is signed.
    let (world, key, _) = populated(2);
    let evidence = world.evidence(&key);
    let mut anchor = world.genesis.anchor();
    let mut like = anchor.chain_id.0;
    like[31] ^= 1;
    anchor.chain_id = Hash32(like);
    let refused = verify(&evidence, &anchor, world.now(), MAX_AGE);
    assert_eq!(refused, Err(EvidenceError::Certificate(CertificateError::Signature(0))));
}

#[test]
fn a_prevote_is_no_precommit() {
    let (world, _, _) = populated(1);
    let id = world.head.id();
    let votes = [VoteKind::Prevote, VoteKind::Precommit]
        .map(|kind| vote_bytes(kind, &world.head.chain_id, 1, 0, Some(&id)));
    assert_ne!(votes[0], votes[1]);
    assert_ne!(
        vote_bytes(VoteKind::Precommit, &id, 1, 0, None),
        vote_bytes(VoteKind::Precommit, &id, 1, 0, Some(&Hash32::ZERO))
    );
}

#[test]
fn trimming_keeps_a_quorum_and_no_more() {
    let (world, _, _) = populated(1);
    let trimmed = world.certificate(&[0, 1, 2, 3]).trimmed(&world.genesis.validators);
    assert_eq!(trimmed.signatures.len(), 3);
    assert_eq!(trimmed.verify(&world.genesis.validators, &world.genesis.chain_id()), Ok(()));
}

#[test]
fn blocks_refused_by_name() {
    let (mut world, _, _) = populated(1);
    let (plan, org) = world::plan(2);
    let transaction = world.transaction(&org.did, &org.author, plan.into_action());
    world.run(transaction.clone()).unwrap();
    let block = block_of(&world, vec![transaction]);
    let good = registry::CertifiedBlock { block, certificate: world.certificate(&[0, 1, 2]) };
    let chain_id = world.genesis.chain_id();
    let validators = &world.genesis.validators;
    assert_eq!(good.verify(validators, &chain_id), Ok(()));
    let changed = |change: &dyn Fn(&mut registry::CertifiedBlock)| {
        let mut block = good.clone();
        change(&mut block);
        block.verify(validators, &chain_id).unwrap_err()
    };
    assert_eq!(changed(&|b| b.block.header.chain_id = Hash32::ZERO), BlockError::WrongChain);
    assert_eq!(changed(&|b| b.block.header.time = UnixMillis(1)), BlockError::OtherBlock);
    assert_eq!(changed(&|b| b.certificate.height = 9), BlockError::OtherBlock);
    assert_eq!(changed(&|b| b.block.transactions.clear()), BlockError::Transactions);
    assert_eq!(changed(&|b| b.block.transactions[0].nonce = 7), BlockError::Transactions);
    let one = signer(9).certify(good.block.clone()).unwrap();
    assert!(matches!(one.verify(validators, &chain_id), Err(BlockError::Certificate(_))));
}

#[test]
fn the_chain_id_covers_the_genesis() {
    let world = World::new();
    let id = world.genesis.chain_id();
    let mut other = world.genesis.clone();
    other.network = Slug::new("hubei").unwrap();
    assert_ne!(other.chain_id(), id);
    let mut other = world.genesis.clone();
    other.governance.threshold = 1;
    assert_ne!(other.chain_id(), id);
    let json = serde_json::to_string(&world.genesis).unwrap();
    let back: registry::Genesis = serde_json::from_str(&json).unwrap();
    assert_eq!(back.chain_id(), id, "a genesis keeps its id through JSON");
    let anchor: registry::Anchor =
        serde_json::from_str(&serde_json::to_string(&world.genesis.anchor()).unwrap()).unwrap();
    assert_eq!(anchor, world.genesis.anchor());
}
