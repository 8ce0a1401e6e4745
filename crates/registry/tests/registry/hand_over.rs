//! Following the validators: only hand-overs that those before them signed lead anywhere.

use std::time::Duration;

use crate::world::{World, validators};
use registry::{
    Anchor, CertificateError, EvidenceError, HandOver, HandOverError, LightClient, RecordKey, UnixMillis,
    ValidatorSet,
};

const MAX_AGE: Duration = Duration::from_secs(600);

/// Sets of which each may follow the one before: one joins, one leaves, one is replaced.
fn sets() -> Vec<ValidatorSet> {
    vec![
        validators(&[(200, 1), (201, 1), (202, 1), (203, 1), (204, 1)]),
        validators(&[(201, 1), (202, 1), (203, 1), (204, 1)]),
        validators(&[(201, 1), (205, 1), (203, 1), (204, 1)]),
    ]
}

/// A chain that went through them, with blocks between, and its hand-overs.
pub(crate) fn changed() -> (World, Vec<HandOver>) {
    let mut world = World::new();
    let mut hand_overs = Vec::new();
    for set in &sets() {
        world.block(vec![]);
        hand_overs.push(world.hand_over(set));
    }
    world.organisation(1);
    (world, hand_overs)
}

fn advanced(world: &World, hand_overs: &[HandOver]) -> Result<Anchor, HandOverError> {
    let through_bytes = hand_overs.iter().map(|one| HandOver::from_bytes(&one.to_bytes()).unwrap());
    world.genesis.anchor().advance(&through_bytes.collect::<Vec<_>>())
}

#[test]
fn hand_overs_lead_to_those_who_sign_now() {
    let (world, hand_overs) = changed();
    let anchor = advanced(&world, &hand_overs).unwrap();
    assert_eq!((anchor.height, &anchor.validators), (6, &sets()[2]));
    assert_eq!(anchor.chain_id, world.genesis.chain_id());
    assert_eq!(advanced(&world, &[]), Ok(world.genesis.anchor()));
    let evidence = world.evidence(&RecordKey::Validators);
    let verify = |anchor: &Anchor| registry::verify(&evidence, anchor, world.now(), MAX_AGE);
    assert_eq!(verify(&world.genesis.anchor()), Err(EvidenceError::OtherValidators));
    assert!(verify(&anchor).is_ok());
    for one in &hand_overs {
        let json = serde_json::to_string(one).unwrap();
        assert_eq!(&serde_json::from_str::<HandOver>(&json).unwrap(), one);
        assert_eq!(&borsh::from_slice::<HandOver>(&borsh::to_vec(one).unwrap()).unwrap(), one);
    }
}

#[test]
fn refused_by_name() {
    let (world, all) = changed();
    let refused = |hand_overs: &[HandOver]| advanced(&world, hand_overs).unwrap_err();
    let missing = refused(&[all[0].clone(), all[2].clone()]);
    assert_eq!(missing, HandOverError::NotLinked { height: 6, after: 2 }, "one_missing");
    assert_eq!(refused(&all[1..]), HandOverError::NotLinked { height: 4, after: 0 }, "first_missing");
    let swapped = refused(&[all[0].clone(), all[2].clone(), all[1].clone()]);
    assert_eq!(swapped, HandOverError::NotLinked { height: 6, after: 2 }, "swapped");
    let twice = refused(&[all[0].clone(), all[0].clone()]);
    assert_eq!(twice, HandOverError::OutOfOrder { height: 2, after: 2 }, "twice");
    let mut late = world.genesis.anchor();
    late.height = 2;
    assert_eq!(
        late.advance(&all),
        Err(HandOverError::OutOfOrder { height: 2, after: 2 }),
        "before_the_anchor"
    );

    let mut genesis = world.genesis.clone();
    genesis.time = UnixMillis(5);
    let elsewhere = genesis.anchor().advance(&all);
    assert_eq!(elsewhere, Err(HandOverError::WrongChain { height: 2 }), "another_chain");
}

#[test]
fn certificates_refused_by_name() {
    let mut world = World::new();
    let set = &sets()[0];
    world.hand_over(set);
    let by = |signers: &[usize]| {
        let one = HandOver::of(&world.head, world.certificate(signers), set).unwrap();
        match world.genesis.anchor().advance(&[one]) {
            Err(HandOverError::Certificate { height: 1, error }) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(by(&[0, 3]), CertificateError::QuorumTooSmall { have: 2, total: 4 }, "quorum_too_small");
    assert_eq!(by(&[0, 1, 1]), CertificateError::RepeatedSigner(1), "repeated_signer");
    let with = |change: &dyn Fn(&mut registry::Certificate)| {
        let mut certificate = world.certificate(&[0, 1, 2]);
        change(&mut certificate);
        let one = HandOver::of(&world.head, certificate, set).unwrap();
        match world.genesis.anchor().advance(&[one]) {
            Err(HandOverError::Certificate { error, .. }) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        with(&|c| c.signatures[2].validator = 4),
        CertificateError::UnknownSigner(4),
        "unknown_signer"
    );
    assert_eq!(
        with(&|c| c.signatures[1].signature[0] ^= 1),
        CertificateError::Signature(1),
        "forged_signature"
    );
    let forged = HandOver::of(&world.head, world.certificate(&[0, 1, 2]), &sets()[1]).unwrap();
    let forged = world.genesis.anchor().advance(&[forged]);
    let error = CertificateError::Signature(0);
    assert_eq!(forged, Err(HandOverError::Certificate { height: 1, error }), "other_validators_put_in");
    let unchanged = HandOver::of(&world.head, world.certificate(&[0, 1, 2]), &world.validators).unwrap();
    let unchanged = world.genesis.anchor().advance(&[unchanged]);
    assert_eq!(unchanged, Err(HandOverError::Unchanged { height: 1 }), "to_themselves");
    world.block(vec![]);
    assert_eq!(
        HandOver::of(&world.head, world.certificate(&[0, 1, 2, 3]), set),
        None,
        "no change, no hand-over"
    );
}

#[test]
fn any_changed_byte_is_rejected() {
    let mut world = World::new();
    let bytes = world.hand_over(&sets()[0]).to_bytes();
    let led = |bytes: &[u8]| {
        let one = HandOver::from_bytes(bytes).ok()?;
        assert_eq!(one.to_bytes(), bytes);
        world.genesis.anchor().advance(&[one]).ok()
    };
    assert!(led(&bytes).is_some());
    for at in 0..bytes.len() {
        for change in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
            let mut damaged = bytes.clone();
            damaged[at] ^= change;
            assert_eq!(led(&damaged), None, "byte {at} xor {change}");
        }
    }
    for length in 0..bytes.len() {
        assert!(HandOver::from_bytes(&bytes[..length]).is_err(), "cut to {length}");
    }
    assert!(HandOver::from_bytes(&[bytes.as_slice(), &[0]].concat()).is_err());
}

#[test]
fn a_light_client_checks_evidence_of_every_time() {
    let mut world = World::new();
    world.block(vec![]);
    let mut evidence = vec![world.evidence(&RecordKey::Governance)];
    let mut hand_overs = Vec::new();
    for set in &sets() {
        hand_overs.push(world.hand_over(set));
        evidence.push(world.evidence(&RecordKey::Governance));
        world.block(vec![]);
        evidence.push(world.evidence(&RecordKey::Governance));
    }
    let mut light = LightClient::new(world.genesis.anchor());
    let newest = evidence.last().unwrap();
    assert_eq!(light.verify(newest, world.now(), MAX_AGE), Err(EvidenceError::OtherValidators));
    light.follow(&hand_overs[..1], world.now(), None).unwrap();
    light.follow(&hand_overs[1..], world.now(), None).unwrap();
    assert_eq!((light.height(), light.anchor()), (6, &advanced(&world, &hand_overs).unwrap()));
    let kept: LightClient = serde_json::from_str(&serde_json::to_string(&light).unwrap()).unwrap();
    assert_eq!(borsh::from_slice::<LightClient>(&borsh::to_vec(&kept).unwrap()).unwrap(), light);
    assert!(kept.is_from(&world.genesis.anchor()) && !kept.is_from(kept.anchor()));
    for one in &evidence {
        assert!(kept.verify(one, world.now(), MAX_AGE).is_ok(), "{one:?}");
    }
    let bundle = world.bundle(&[RecordKey::Governance, RecordKey::Validators]);
    assert_eq!(kept.verify_bundle(&bundle, world.now(), MAX_AGE).unwrap().len(), 2);
    let refused = light.clone().follow(&hand_overs, world.now(), None);
    assert_eq!(refused, Err(HandOverError::OutOfOrder { height: 2, after: 6 }));
}

#[test]
fn former_validators_show_nothing_of_a_later_time() {
    let (world, hand_overs) = changed();
    let mut light = LightClient::new(world.genesis.anchor());
    light.follow(&hand_overs, world.now(), None).unwrap();
    // Those of the genesis sign once more at a height that was theirs, dated today.
    let mut forged = World::new();
    forged.block(vec![]);
    forged.head.time = world.now();
    let evidence = forged.evidence(&RecordKey::Governance);
    assert_eq!(light.verify(&evidence, world.now(), MAX_AGE), Err(EvidenceError::AfterHandOver));
    forged.head.height = 99;
    let evidence = forged.evidence(&RecordKey::Governance);
    assert_eq!(light.verify(&evidence, world.now(), MAX_AGE), Err(EvidenceError::OtherValidators));
}

#[test]
fn a_trusting_period_counts_from_the_last_sighting() {
    let day = Duration::from_secs(86_400);
    let (world, hand_overs) = changed();
    let light = LightClient::new(world.genesis.anchor());
    let late = world.genesis.time.after(day).after(Duration::from_millis(1));
    let time = world.genesis.time;
    let old = light.clone().follow(&hand_overs, late, Some(day));
    assert_eq!(old, Err(HandOverError::AnchorTooOld { time }), "anchor_too_old");
    light.clone().follow(&hand_overs, time.after(day), Some(day)).unwrap();
    light.clone().follow(&hand_overs, late, None).unwrap();

    let mut before = World::new();
    before.block(vec![]);
    let mut light = light;
    let seen = light.verify(&before.evidence(&RecordKey::Governance), before.now(), MAX_AGE).unwrap();
    assert!(light.is_news(&seen, Duration::from_secs(1)) && !light.is_news(&seen, Duration::from_secs(2)));
    light.note(&seen);
    light.follow(&hand_overs, late, Some(day)).unwrap();
    let early = UnixMillis(world.genesis.time.0 - 200_000);
    let mut light = LightClient::new(world.genesis.anchor());
    let future = light.follow(&hand_overs, early, None).unwrap_err();
    assert!(matches!(future, HandOverError::FromTheFuture { .. }), "{future}");
    assert_eq!(light, LightClient::new(world.genesis.anchor()), "nothing was followed");
}
