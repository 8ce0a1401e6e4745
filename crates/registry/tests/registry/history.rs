//! Questions to what is proven.

use std::time::Duration;

use crate::world::{self, World, document, signer, slug, text};
use registry::build::TxSigner;
use registry::history::{
    KeyNotValid, NotGranted, NotNever, PurposeRefusal, StatusUnknown, accredited_at, accredited_in_second,
    key_valid_at, key_valid_in_second, list_has, never_accredited, purpose_allows, status_at,
};
use registry::{
    Action, Ask, LegalBasis, Purpose, PurposeDraft, RecordKey, Slug, Status, StatusChange, StatusListId,
    UnixMillis,
};

#[test]
fn was_this_key_valid_then() {
    let mut world = World::new();
    let org = world.organisation(1);
    let created = world.now();
    let next = signer(2);
    world.act(&org, Action::DidRotate { document: document(&[("key-2", &next)]) }).unwrap();
    let rotated = world.now();
    let did = world.proven(&RecordKey::Did(org.did.clone()));
    let (old, new) = (org.did.key(&slug("key-1")), org.did.key(&slug("key-2")));
    let invoke = Purpose::CapabilityInvocation;
    let before = |t: UnixMillis| UnixMillis(t.0 - 1);

    assert_eq!(key_valid_at(&did, &old, invoke, before(created)), Err(KeyNotValid::NotYet { from: created }));
    let found = key_valid_at(&did, &old, invoke, created).unwrap();
    assert_eq!(
        found.key,
        registry::PublicKey::Ed25519(org.author.public_key()),
        "rotation never breaks what was signed before"
    );
    key_valid_at(&did, &old, invoke, before(rotated)).unwrap();
    assert_eq!(key_valid_at(&did, &old, invoke, rotated), Err(KeyNotValid::Retired { at: rotated }));
    key_valid_at(&did, &new, invoke, rotated).unwrap();
    assert_eq!(key_valid_at(&did, &new, Purpose::AssertionMethod, rotated), Err(KeyNotValid::OtherPurpose));
    assert_eq!(
        key_valid_at(&did, &org.did.key(&slug("key-3")), invoke, rotated),
        Err(KeyNotValid::UnknownKey)
    );

    let past = world.proven(&RecordKey::DidVersion(org.did.clone(), 1));
    assert_eq!(
        key_valid_at(&past, &old, invoke, created),
        Err(KeyNotValid::OtherRecord),
        "a past version cannot know of a later compromise"
    );
    let stranger = world::plan(9).1.did;
    let unknown = world.proven(&RecordKey::Did(stranger.clone()));
    assert_eq!(
        key_valid_at(&unknown, &stranger.key(&slug("key-1")), invoke, rotated),
        Err(KeyNotValid::UnknownDid)
    );
    assert_eq!(key_valid_at(&unknown, &old, invoke, rotated), Err(KeyNotValid::OtherRecord));

    let since = UnixMillis(created.0 + 300);
    let declare = Action::DidDeclareCompromised { fragment: slug("key-1"), since };
    let declare = world.transaction(&org.did, &next, declare);
    world.run(declare).unwrap();
    let did = world.proven(&RecordKey::Did(org.did.clone()));
    let doubted = Err(KeyNotValid::Doubted { since });
    assert_eq!(key_valid_at(&did, &old, invoke, before(since)), doubted, "whoever has it writes any date");
    assert_eq!(key_valid_at(&did, &old, invoke, since), Err(KeyNotValid::Compromised { since }));
    assert_eq!(key_valid_at(&did, &old, invoke, rotated), Err(KeyNotValid::Compromised { since }));

    let deactivate = world.transaction(&org.did, &next, Action::DidDeactivate);
    world.run(deactivate).unwrap();
    let did = world.proven(&RecordKey::Did(org.did.clone()));
    assert_eq!(key_valid_at(&did, &new, invoke, world.now()), Err(KeyNotValid::Retired { at: world.now() }));
    key_valid_at(&did, &new, invoke, before(world.now())).unwrap();
}

#[test]
fn was_this_issuer_never_accredited() {
    let mut world = World::new();
    let org = world.organisation(1);
    let licence = slug("business-licence");
    let key = RecordKey::Trust(org.did.clone(), licence.clone());
    let never = |world: &World| never_accredited(&world.proven(&key), &org.did, &licence);
    assert_eq!(never(&world), Ok(world.now()), "shown up to the block of the proof");
    let other = never_accredited(&world.proven(&key), &org.did, &slug("digital-id"));
    assert_eq!(other, Err(NotNever::OtherRecord), "another_type");
    let elsewhere = never_accredited(&world.proven(&RecordKey::Did(org.did.clone())), &org.did, &licence);
    assert_eq!(elsewhere, Err(NotNever::OtherRecord), "another_record");
    let from = UnixMillis(world.now().0 + 5000);
    world
        .decide(Action::Accredit {
            did: org.did.clone(),
            credential_type: licence.clone(),
            issuer_name: text("Market supervision"),
            valid_from: from,
            valid_until: None,
        })
        .unwrap();
    assert_eq!(never(&world), Err(NotNever::Granted { from }), "granted for later is not never");
    world
        .decide(Action::WithdrawAccreditation { did: org.did.clone(), credential_type: licence.clone() })
        .unwrap();
    assert_eq!(never(&world), Err(NotNever::Granted { from }), "withdrawn is not never");
}

#[test]
fn was_this_key_valid_in_that_second() {
    let mut world = World::new();
    let org = world.organisation(1);
    let created = world.now();
    let next = signer(2);
    let rotate = Action::DidRotate { document: document(&[("key-2", &next)]) };
    let rotate = world.transaction(&org.did, &org.author, rotate);
    world.block_after(Duration::from_millis(400), vec![rotate]).remove(0).unwrap();
    let rotated = world.now();
    let did = world.proven(&RecordKey::Did(org.did.clone()));
    let (old, new) = (org.did.key(&slug("key-1")), org.did.key(&slug("key-2")));
    let invoke = Purpose::CapabilityInvocation;
    let in_second = |did, key, from| key_valid_in_second(did, key, invoke, from).map(|_| ());
    let to = |end: UnixMillis| UnixMillis(end.0 - 999);

    assert_eq!(in_second(&did, &new, to(rotated)), Ok(()), "at its last millisecond");
    let later = Err(KeyNotValid::NotYet { from: rotated });
    assert_eq!(in_second(&did, &new, UnixMillis(to(rotated).0 - 1)), later);
    assert_eq!(in_second(&did, &old, UnixMillis(rotated.0 - 1)), Ok(()), "at its first");
    assert_eq!(in_second(&did, &old, rotated), Err(KeyNotValid::Retired { at: rotated }));
    let around = UnixMillis(created.0 - 1);
    assert_eq!(in_second(&did, &old, around), Ok(()), "replaced in the second in which it came");

    let since = UnixMillis(created.0 + 1);
    let declare = Action::DidDeclareCompromised { fragment: slug("key-1"), since };
    let declare = world.transaction(&org.did, &next, declare);
    world.run(declare).unwrap();
    let did = world.proven(&RecordKey::Did(org.did.clone()));
    let doubted = Err(KeyNotValid::Doubted { since });
    assert_eq!(in_second(&did, &old, around), doubted, "what it signed in that second may be from before");
    assert_eq!(in_second(&did, &old, created), doubted);
    assert_eq!(in_second(&did, &old, since), Err(KeyNotValid::Compromised { since }));
}

#[test]
fn was_this_issuer_accredited_in_that_second() {
    let mut world = World::new();
    let org = world.organisation(1);
    let licence = slug("business-licence");
    let (from, until) = (world.now().0 + 5000, world.now().0 + 5500);
    let accredit = Action::Accredit {
        did: org.did.clone(),
        credential_type: licence.clone(),
        issuer_name: text("Market supervision"),
        valid_from: UnixMillis(from),
        valid_until: Some(UnixMillis(until)),
    };
    world.decide(accredit).unwrap();
    let proven = world.proven(&RecordKey::Trust(org.did.clone(), licence.clone()));
    let in_second =
        |from: u64| accredited_in_second(&proven, &org.did, &licence, UnixMillis(from)).map(|_| ());
    assert_eq!(in_second(from - 1000), Err(NotGranted::NotYet { from: UnixMillis(from) }));
    assert_eq!(in_second(from - 999), Ok(()));
    assert_eq!(in_second(from - 300), Ok(()), "neither at its beginning nor at its end, but between");
    assert_eq!(in_second(until - 1), Ok(()));
    assert_eq!(in_second(until), Err(NotGranted::Lapsed { at: UnixMillis(until) }));
}

#[test]
fn was_this_issuer_accredited_then() {
    let mut world = World::new();
    let org = world.organisation(1);
    let licence = slug("business-licence");
    let key = RecordKey::Trust(org.did.clone(), licence.clone());
    let at = |world: &World, t: u64| {
        accredited_at(&world.proven(&key), &org.did, &licence, UnixMillis(t)).map(|_| ())
    };
    assert_eq!(at(&world, world.now().0), Err(NotGranted::Never));
    let accredit = |from: u64, until: Option<u64>| Action::Accredit {
        did: org.did.clone(),
        credential_type: licence.clone(),
        issuer_name: text("Market supervision"),
        valid_from: UnixMillis(from),
        valid_until: until.map(UnixMillis),
    };
    let (from, until) = (world.now().0 + 5000, world.now().0 + 9000);
    world.decide(accredit(from, Some(until))).unwrap();
    assert_eq!(at(&world, from - 1), Err(NotGranted::NotYet { from: UnixMillis(from) }));
    assert_eq!(at(&world, from), Ok(()));
    assert_eq!(at(&world, until - 1), Ok(()));
    assert_eq!(at(&world, until), Err(NotGranted::Lapsed { at: UnixMillis(until) }));
    world.decide(accredit(until + 1000, None)).unwrap();
    assert_eq!(at(&world, until + 999), Err(NotGranted::Lapsed { at: UnixMillis(until) }));
    assert_eq!(at(&world, until + 1000), Ok(()));
    while world.now().0 < until + 2000 {
        world.block(vec![]);
    }
    world
        .decide(Action::WithdrawAccreditation { did: org.did.clone(), credential_type: licence.clone() })
        .unwrap();
    let withdrawn = world.now();
    assert_eq!(at(&world, withdrawn.0), Err(NotGranted::Withdrawn { at: withdrawn }));
    assert_eq!(
        at(&world, withdrawn.0 - 1),
        Ok(()),
        "what was issued before stays issued by an accredited issuer"
    );
    assert_eq!(at(&world, from), Ok(()));

    let proven = world.proven(&key);
    let other = accredited_at(&proven, &org.did, &slug("digital-id"), withdrawn);
    assert_eq!(other.unwrap_err(), NotGranted::OtherRecord, "another_type");
}

#[test]
fn may_this_verifier_ask_this() {
    let mut world = World::new();
    let org = world.organisation(1);
    let purpose = slug("open-account");
    let key = RecordKey::Purpose(org.did.clone(), purpose.clone());
    let asks = |claims: &[&str]| {
        vec![(slug("business-licence"), claims.iter().map(ToString::to_string).collect::<Vec<_>>())]
    };
    let allows = |world: &World, asked: &[(Slug, Vec<String>)]| {
        purpose_allows(&world.proven(&key), &org.did, &purpose, asked, world.now()).map(|_| ())
    };
    assert_eq!(allows(&world, &asks(&["name"])), Err(PurposeRefusal::NotRegistered(NotGranted::Never)));
    let draft = PurposeDraft {
        did: org.did.clone(),
        purpose: purpose.clone(),
        verifier_name: text("Bank"),
        purpose_name: text("Open an account"),
        legal_basis: LegalBasis::Consent,
        legal_text: text("Account rules"),
        asks: vec![Ask {
            credential_type: slug("business-licence"),
            claims: vec!["name".into(), "creditCode".into()],
        }],
        retention_days: 0,
        valid_from: UnixMillis(0),
        valid_until: None,
    };
    world.decide(Action::RegisterPurpose(draft)).unwrap();
    assert_eq!(allows(&world, &asks(&["creditCode", "name"])), Ok(()));
    assert_eq!(allows(&world, &[]), Ok(()));
    let too_much = |credential_type: &str, claims: &[&str]| {
        Err(PurposeRefusal::AsksTooMuch {
            credential_type: slug(credential_type),
            claims: claims.iter().map(ToString::to_string).collect(),
        })
    };
    assert_eq!(
        allows(&world, &asks(&["name", "registeredCapital"])),
        too_much("business-licence", &["registeredCapital"])
    );
    assert_eq!(
        allows(&world, &[(slug("digital-id"), vec!["name".into()])]),
        too_much("digital-id", &["name"])
    );
    assert_eq!(
        allows(&world, &[(slug("digital-id"), vec![])]),
        too_much("digital-id", &[]),
        "even without claims, holding one is a fact"
    );
    world.decide(Action::WithdrawPurpose { did: org.did.clone(), purpose: purpose.clone() }).unwrap();
    let refusal = allows(&world, &asks(&["name"]));
    assert_eq!(refusal, Err(PurposeRefusal::NotRegistered(NotGranted::Withdrawn { at: world.now() })));
}

#[test]
fn what_is_its_status() {
    let mut world = World::new();
    let org = world.organisation(1);
    let list = StatusListId { owner: org.did.clone(), number: 2 };
    let of =
        |world: &World, index| status_at(&world.proven(&RecordKey::chunk_of(&list, index)), &list, index);
    let has =
        |world: &World, index| list_has(&world.proven(&RecordKey::StatusList(list.clone())), &list, index);
    assert_eq!(has(&world, 0), Err(StatusUnknown::UnknownList));
    world.act(&org, Action::StatusListCreate { number: 2, length: 131_072 }).unwrap();
    assert_eq!((has(&world, 131_071), has(&world, 131_072)), (Ok(()), Err(StatusUnknown::OutOfRange)));
    assert_eq!(
        of(&world, 4100),
        Ok(Status::Valid),
        "a chunk nothing was ever changed in is shown to be absent"
    );
    let changes = vec![
        StatusChange { index: 4100, status: Status::Suspended },
        StatusChange { index: 1, status: Status::Revoked },
    ];
    world.act(&org, Action::StatusUpdate { number: 2, changes }).unwrap();
    assert_eq!(
        [4100, 1, 0].map(|index| of(&world, index)),
        [Ok(Status::Suspended), Ok(Status::Revoked), Ok(Status::Valid)]
    );
    let elsewhere = world.proven(&RecordKey::StatusChunk(list.clone(), 0));
    assert_eq!(status_at(&elsewhere, &list, 4100), Err(StatusUnknown::OtherRecord), "another_chunk");
    let other = StatusListId { number: 3, ..list.clone() };
    assert_eq!(status_at(&elsewhere, &other, 1), Err(StatusUnknown::OtherRecord), "another_list");
}
