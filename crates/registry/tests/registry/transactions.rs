//! The state machine: what each transaction does, and each refusal by its name. A refused transaction changes nothing.

use crate::world::{Organisation, World, document, member, plan, refused, signer, slug, text};
use registry::build::{SoftwareSigner, TxSigner, recovery_commitment};
use registry::{
    Action, Author, Did, Hash32, KeptSignature, Purpose, Purposes, Receipt, Record, RecordKey, SignatureTag,
    Slug, Status, StatusChange, StatusListId, Transaction, TransactionError, UnixMillis,
};

/// Runs it, and checks that it is refused by this name and changed nothing.
fn rejects(world: &mut World, code: &str, transaction: Transaction) {
    let before = world.state.root();
    let receipt = world.run(transaction);
    refused(code, receipt);
    assert_eq!(world.state.root(), before, "{code}: a refused transaction changes nothing");
}

fn did_record(world: &World, did: &Did) -> registry::DidRecord {
    match world.record(&RecordKey::Did(did.clone())) {
        Some(Record::Did(record)) => record,
        other => panic!("{other:?}"),
    }
}

fn create(world: &World, change: impl FnOnce(&mut registry::build::DidPlan)) -> Transaction {
    let (mut plan, org) = plan(7);
    change(&mut plan);
    let did = plan.did(&slug("anhui"));
    world.transaction(&did, &org.author, plan.into_action())
}

#[test]
fn transactions_that_cannot_be_looked_at() {
    let world = World::new();
    let good = create(&world, |_| ());
    assert_eq!(Transaction::from_bytes(&good.to_bytes()), Ok(good.clone()));
    assert_eq!(Transaction::from_bytes(&vec![0; 65_537]), Err(TransactionError::TooLong));
    assert_eq!(Transaction::from_bytes(&good.to_bytes()[1..]), Err(TransactionError::Malformed));
    let trailing = [good.to_bytes(), vec![0]].concat();
    assert_eq!(Transaction::from_bytes(&trailing), Err(TransactionError::Malformed));
    let mut unsigned = good.clone();
    unsigned.signatures.clear();
    assert_eq!(unsigned.verify().unwrap_err(), TransactionError::SignatureCount);
    let mut crowded = good.clone();
    crowded.signatures = vec![good.signatures[0].clone(); 65];
    assert_eq!(crowded.verify().unwrap_err(), TransactionError::SignatureCount);
    let long = "x".repeat(70_000);
    let action = Action::RegisterSchema {
        credential_type: slug("a"),
        name: text("A"),
        digest: Hash32::ZERO,
        url: long,
    };
    assert_eq!(world.governance(action, &[0, 1]).verify().unwrap_err(), TransactionError::TooLong);
}

#[test]
fn a_signature_covers_everything() {
    let world = World::new();
    let good = create(&world, |_| ());
    let hash = good.hash();
    for change in [
        (|t| t.chain_id = Hash32::of(b"other")) as fn(&mut Transaction),
        |t| t.author = Author::Governance,
        |t| t.nonce = 1,
        |t| t.action = Action::DidDeactivate,
        |t| t.signatures[0].key = signer(9).public_key(),
        |t| t.signatures[0].signature[63] ^= 1,
    ] {
        let mut changed = good.clone();
        change(&mut changed);
        assert_ne!(changed.hash(), hash);
        assert_eq!(changed.verify().unwrap_err(), TransactionError::Signature(0));
    }
}

#[test]
fn chain_nonce_and_author() {
    let mut world = World::new();
    let mut other = World::new();
    other.genesis.time = UnixMillis(1);
    let foreign = create(&other, |_| ());
    rejects(&mut world, "wrong-chain", foreign);

    let org = world.organisation(1);
    let author = Author::Did(org.did.clone());
    let rotate = Action::DidRotate { document: document(&[("key-1", &org.author)]) };
    let with_nonce = |nonce| {
        Transaction::unsigned(world.genesis.chain_id(), author.clone(), nonce, rotate.clone())
            .signed_by(&org.author)
            .unwrap()
    };
    let (replayed, ahead) = (with_nonce(0), with_nonce(2));
    rejects(&mut world, "nonce-used", replayed);
    rejects(&mut world, "nonce-ahead", ahead);
    assert_eq!(world.nonce(&author), 1);

    let withdraw =
        Action::WithdrawAccreditation { did: org.did.clone(), credential_type: slug("digital-id") };
    let by_did = world.transaction(&org.did, &org.author, withdraw);
    rejects(&mut world, "wrong-author", by_did);
    let by_governance = world.governance(Action::DidDeactivate, &[0, 1]);
    rejects(&mut world, "wrong-author", by_governance);
}

#[test]
fn a_transaction_runs_once() {
    let mut world = World::new();
    let transaction = create(&world, |_| ());
    let receipts = world.block(vec![transaction.clone(), transaction.clone()]);
    assert_eq!(receipts[0], Ok(()));
    refused("nonce-used", receipts[1].clone());
    rejects(&mut world, "nonce-used", transaction);
}

#[test]
fn later_transactions_of_a_block_see_the_earlier() {
    let mut world = World::new();
    let (plan, org) = plan(1);
    let first = world.transaction(&org.did, &org.author, plan.into_action());
    let list = Action::StatusListCreate { number: 0, length: 131_072 };
    let second = Transaction::unsigned(world.genesis.chain_id(), Author::Did(org.did.clone()), 1, list)
        .signed_by(&org.author)
        .unwrap();
    assert_eq!(world.block(vec![first, second]), vec![Ok(()), Ok(())]);
    assert_eq!(world.nonce(&Author::Did(org.did)), 2);
}

#[test]
fn creating_a_did() {
    let mut world = World::new();
    let org = world.organisation(1);
    let record = did_record(&world, &org.did);
    assert_eq!(
        (record.version, record.from, record.created, record.until),
        (1, world.now(), world.now(), None)
    );
    assert_eq!(record.current_keys().count(), 1);

    let (again, _) = plan(1);
    let again =
        Transaction::unsigned(world.genesis.chain_id(), Author::Did(org.did.clone()), 1, again.into_action())
            .signed_by(&org.author)
            .unwrap();
    rejects(&mut world, "did-exists", again);
    let stolen = world.transaction(&org.did, &signer(7), plan(7).0.into_action());
    rejects(&mut world, "did-mismatch", stolen);
    let (mine, thief) = plan(7);
    let (other, _) = plan(8);
    let squatted = world.transaction(&other.did(&slug("anhui")), &thief.author, mine.into_action());
    rejects(&mut world, "did-mismatch", squatted);
    let elsewhere = plan(7).0;
    let elsewhere = world.transaction(&elsewhere.did(&slug("hubei")), &thief.author, elsewhere.into_action());
    rejects(&mut world, "wrong-network", elsewhere);
    let (unsigned_by_it, org) = plan(7);
    let by_stranger = world.transaction(&org.did, &signer(99), unsigned_by_it.into_action());
    rejects(&mut world, "not-authorised", by_stranger);
    let both = create(&world, |_| ()).signed_by(&signer(99)).unwrap();
    rejects(&mut world, "not-authorised", both);
}

#[test]
fn documents_refused_by_name() {
    let mut world = World::new();
    let invoke = document(&[("key-1", &signer(7))]).keys[0].clone();
    let p256 = registry::PublicKey::p256(&[2; 33]).unwrap();
    let asserts = Purposes::of(&[Purpose::AssertionMethod]);
    let service = |kind: &str, endpoint: &str| registry::Service {
        fragment: slug("svc"),
        kind: kind.into(),
        endpoint: endpoint.into(),
    };
    type Change = Box<dyn Fn(&mut registry::DidDocument)>;
    let flaws: Vec<(&str, Change)> = vec![
        ("document-size", Box::new(|d| d.keys.clear())),
        ("document-size", Box::new(|d| d.keys = vec![d.keys[0].clone(); 17])),
        ("document-size", {
            let s = service("A", "https://a");
            Box::new(move |d| d.services = vec![s.clone(); 17])
        }),
        ("duplicate-in-document", Box::new(|d| d.keys = vec![d.keys[0].clone(); 2])),
        ("duplicate-in-document", {
            let mut twin = invoke.clone();
            twin.fragment = slug("key-2");
            Box::new(move |d| d.keys.push(twin.clone()))
        }),
        ("duplicate-in-document", {
            let mut s = service("A", "https://a");
            s.fragment = slug("key-1");
            Box::new(move |d| d.services.push(s.clone()))
        }),
        ("key-purpose", Box::new(|d| d.keys[0].purposes = Purposes::default())),
        ("key-purpose", Box::new(move |d| d.keys[0].key = p256)),
        ("no-invocation-key", Box::new(move |d| d.keys[0].purposes = asserts)),
        ("text", {
            let s = service("", "https://a");
            Box::new(move |d| d.services.push(s.clone()))
        }),
        ("text", {
            let s = service("A", "javascript:alert(1)");
            Box::new(move |d| d.services.push(s.clone()))
        }),
    ];
    for (code, change) in flaws {
        let flawed = create(&world, |plan| change(&mut plan.document));
        rejects(&mut world, code, flawed);
    }
}

#[test]
fn rotating_keeps_history() {
    let mut world = World::new();
    let org = world.organisation(1);
    let created = world.now();
    let next = signer(2);
    let both = document(&[("key-1", &org.author), ("key-2", &next)]);
    world.act(&org, Action::DidRotate { document: both }).unwrap();
    let added = world.now();
    let only = document(&[("key-2", &next)]);
    world.act(&org, Action::DidRotate { document: only.clone() }).unwrap();
    let removed = world.now();

    let record = did_record(&world, &org.did);
    assert_eq!(record.version, 3);
    let spans: Vec<_> = record.keys.iter().map(|k| (k.fragment.as_str(), k.from, k.until)).collect();
    assert_eq!(spans, [("key-2", added, None), ("key-1", created, Some(removed))]);
    for (version, from, until) in [(1, created, added), (2, added, removed)] {
        let Some(Record::Did(past)) = world.record(&RecordKey::DidVersion(org.did.clone(), version)) else {
            panic!()
        };
        assert_eq!((past.from, past.until, past.version), (from, Some(until), version));
    }
    assert_eq!(world.record(&RecordKey::DidVersion(org.did.clone(), 3)), None);

    let by_retired = world.transaction(&org.did, &org.author, Action::DidRotate { document: only });
    rejects(&mut world, "not-authorised", by_retired);
    let next_org = Organisation { author: next, ..org };
    let act = |world: &World, keys: &[(&str, &SoftwareSigner)]| {
        world.transaction(&next_org.did, &next_org.author, Action::DidRotate { document: document(keys) })
    };
    let revived = act(&world, &[("key-2", &next_org.author), ("key-9", &signer(1))]);
    rejects(&mut world, "key-retired", revived);
    let reused = act(&world, &[("key-2", &next_org.author), ("key-1", &signer(3))]);
    rejects(&mut world, "fragment-used", reused);
    let renamed = act(&world, &[("key-3", &next_org.author)]);
    rejects(&mut world, "fragment-used", renamed);
    let mut repurposed = document(&[("key-2", &next_org.author)]);
    repurposed.keys[0].purposes = Purposes::of(&Purpose::ALL);
    let repurposed =
        world.transaction(&next_org.did, &next_org.author, Action::DidRotate { document: repurposed });
    rejects(&mut world, "fragment-used", repurposed);
}

#[test]
fn a_did_remembers_at_most_64_keys() {
    let mut world = World::new();
    let mut org = world.organisation(1);
    for n in 0..70_u8 {
        let next = SoftwareSigner::from_seed(&[[n; 16], [77; 16]].concat().try_into().unwrap()).unwrap();
        let fragment = format!("year-{n}");
        world.act(&org, Action::DidRotate { document: document(&[(&fragment, &next)]) }).unwrap();
        org.author = next;
    }
    let record = did_record(&world, &org.did);
    assert_eq!((record.version, record.keys.len()), (71, 64));
    assert_eq!(record.keys[0].fragment, slug("year-69"));
    assert_eq!(record.keys[1].fragment, slug("year-68"), "newest first, the oldest drop out");
}

#[test]
fn recovering() {
    let mut world = World::new();
    let org = world.organisation(1);
    let (fresh, second_recovery) = (signer(30), signer(31));
    let recover = |key: &SoftwareSigner, keys: &[(&str, &SoftwareSigner)]| Action::DidRecover {
        recovery_key: key.public_key(),
        document: document(keys),
        recovery_commitment: recovery_commitment(&second_recovery.public_key()),
    };
    let wrong = world.transaction(&org.did, &signer(60), recover(&signer(60), &[("new", &fresh)]));
    rejects(&mut world, "wrong-recovery-key", wrong);
    let by_author = world.transaction(&org.did, &org.author, recover(&org.recovery, &[("new", &fresh)]));
    rejects(&mut world, "not-authorised", by_author);
    let keeps_old =
        world.transaction(&org.did, &org.recovery, recover(&org.recovery, &[("key-1", &org.author)]));
    rejects(&mut world, "key-retired", keeps_old);
    let good = world.transaction(&org.did, &org.recovery, recover(&org.recovery, &[("new", &fresh)]));
    world.run(good).unwrap();
    let record = did_record(&world, &org.did);
    assert_eq!(record.current_keys().map(|k| k.fragment.as_str()).collect::<Vec<_>>(), ["new"]);
    let used_up =
        world.transaction(&org.did, &org.recovery, recover(&org.recovery, &[("newer", &signer(32))]));
    rejects(&mut world, "wrong-recovery-key", used_up);
}

#[test]
fn declaring_a_compromise() {
    let mut world = World::new();
    let org = world.organisation(1);
    let created = world.now();
    let declare = |fragment: &str, since| Action::DidDeclareCompromised { fragment: slug(fragment), since };
    let last = world.transaction(&org.did, &org.author, declare("key-1", created));
    rejects(&mut world, "no-invocation-key", last);
    let next = signer(2);
    world
        .act(&org, Action::DidRotate { document: document(&[("key-1", &org.author), ("key-2", &next)]) })
        .unwrap();
    for since in [UnixMillis(created.0 - 1), UnixMillis(world.now().0 + 60_000)] {
        let dated = world.transaction(&org.did, &next, declare("key-1", since));
        rejects(&mut world, "compromise-date", dated);
    }
    let unknown = world.transaction(&org.did, &next, declare("key-3", created));
    rejects(&mut world, "unknown-key", unknown);
    let since = UnixMillis(created.0 + 500);
    let good = world.transaction(&org.did, &next, declare("key-1", since));
    world.run(good).unwrap();
    let record = did_record(&world, &org.did);
    let key = record.key(&slug("key-1")).unwrap();
    assert_eq!((key.compromised_since, key.until), (Some(since), Some(world.now())));
    let later = world.transaction(&org.did, &next, declare("key-1", UnixMillis(since.0 + 1)));
    rejects(&mut world, "compromise-date", later);
    let earlier = world.transaction(&org.did, &next, declare("key-1", created));
    world.run(earlier).unwrap();
    assert_eq!(did_record(&world, &org.did).key(&slug("key-1")).unwrap().compromised_since, Some(created));
}

#[test]
fn deactivating_is_final() {
    let mut world = World::new();
    let org = world.organisation(1);
    world.act(&org, Action::DidDeactivate).unwrap();
    let record = did_record(&world, &org.did);
    assert_eq!((record.deactivated, record.current_keys().count()), (Some(world.now()), 0));
    let rotate = world.transaction(
        &org.did,
        &org.author,
        Action::DidRotate { document: document(&[("a", &signer(9))]) },
    );
    rejects(&mut world, "deactivated", rotate);
    let recover = Action::DidRecover {
        recovery_key: org.recovery.public_key(),
        document: document(&[("a", &signer(9))]),
        recovery_commitment: Hash32::ZERO,
    };
    let recover = world.transaction(&org.did, &org.recovery, recover);
    rejects(&mut world, "deactivated", recover);
    let accredit = world.governance(accreditation(&org.did, UnixMillis(0), None), &[0, 1]);
    rejects(&mut world, "deactivated", accredit);
    let stranger = world.transaction(&plan(9).1.did, &signer(9), Action::DidDeactivate);
    rejects(&mut world, "unknown-did", stranger);
}

fn accreditation(did: &Did, valid_from: UnixMillis, valid_until: Option<UnixMillis>) -> Action {
    Action::Accredit {
        did: did.clone(),
        credential_type: slug("business-licence"),
        issuer_name: text("Market supervision"),
        valid_from,
        valid_until,
    }
}

#[test]
fn the_threshold_counts_members_not_signatures() {
    let mut world = World::new();
    let org = world.organisation(1);
    let action = || accreditation(&org.did, UnixMillis(0), None);
    let one = world.governance(action(), &[1]);
    rejects(&mut world, "below-threshold", one);
    let twice = world.governance(action(), &[1, 1, 1]);
    rejects(&mut world, "below-threshold", twice);
    let with_stranger = world.governance(action(), &[0, 1]).signed_by(&signer(9)).unwrap();
    rejects(&mut world, "not-authorised", with_stranger);
    let three_of_two = world.governance(action(), &[2, 0, 2]);
    world.run(three_of_two).unwrap();
}

#[test]
fn accrediting_and_withdrawing() {
    let mut world = World::new();
    let org = world.organisation(1);
    let key = RecordKey::Trust(org.did.clone(), slug("business-licence"));
    let withdraw =
        Action::WithdrawAccreditation { did: org.did.clone(), credential_type: slug("business-licence") };
    let nothing = world.governance(withdraw.clone(), &[0, 1]);
    rejects(&mut world, "nothing-granted", nothing);
    world.decide(accreditation(&org.did, UnixMillis(0), None)).unwrap();
    let granted = world.now();
    let Some(Record::Trust(record)) = world.record(&key) else { panic!() };
    assert_eq!(record.intervals[0].from, granted, "a grant never reaches back before its block");
    let twice = world.governance(accreditation(&org.did, UnixMillis(0), None), &[0, 1]);
    rejects(&mut world, "already-granted", twice);
    world.decide(withdraw.clone()).unwrap();
    let withdrawn = world.now();
    let again = world.governance(withdraw, &[0, 1]);
    rejects(&mut world, "nothing-granted", again);
    let until = UnixMillis(world.now().0 + 10_000);
    world.decide(accreditation(&org.did, UnixMillis(0), Some(until))).unwrap();
    let Some(Record::Trust(record)) = world.record(&key) else { panic!() };
    assert_eq!(record.intervals.len(), 2);
    assert!(record.intervals[0].covers(granted) && !record.intervals[0].covers(withdrawn));
    let renewal = UnixMillis(until.0 + 1);
    world.decide(accreditation(&org.did, renewal, None)).unwrap();
    let backwards =
        world.governance(accreditation(&org.did, UnixMillis(renewal.0 + 5), Some(renewal)), &[0, 1]);
    rejects(&mut world, "ends-before-start", backwards);
    let unknown = world.governance(accreditation(&plan(9).1.did, UnixMillis(0), None), &[0, 1]);
    rejects(&mut world, "unknown-did", unknown);
    let mut nameless = accreditation(&org.did, UnixMillis(0), None);
    if let Action::Accredit { issuer_name, .. } = &mut nameless {
        issuer_name.zh = " ".into();
    }
    let nameless = world.governance(nameless, &[0, 1]);
    rejects(&mut world, "text", nameless);
}

#[test]
fn a_full_history_can_still_be_withdrawn() {
    let mut world = World::new();
    let org = world.organisation(1);
    let withdraw =
        Action::WithdrawAccreditation { did: org.did.clone(), credential_type: slug("business-licence") };
    for _ in 0..128 {
        world.decide(accreditation(&org.did, UnixMillis(0), None)).unwrap();
        world.decide(withdraw.clone()).unwrap();
    }
    let one_more = world.governance(accreditation(&org.did, UnixMillis(0), None), &[0, 1]);
    rejects(&mut world, "history-full", one_more);
}

fn purpose(did: &Did) -> registry::PurposeDraft {
    registry::PurposeDraft {
        did: did.clone(),
        purpose: slug("open-account"),
        verifier_name: text("Bank"),
        purpose_name: text("Open a company account"),
        legal_basis: registry::LegalBasis::Consent,
        legal_text: text("Account rules, article 12"),
        asks: vec![registry::Ask {
            credential_type: slug("business-licence"),
            claims: vec!["name".into(), "creditCode".into()],
        }],
        retention_days: 30,
        valid_from: UnixMillis(0),
        valid_until: None,
    }
}

#[test]
fn registering_a_purpose() {
    let mut world = World::new();
    let org = world.organisation(1);
    world.decide(Action::RegisterPurpose(purpose(&org.did))).unwrap();
    let twice = world.governance(Action::RegisterPurpose(purpose(&org.did)), &[0, 1]);
    rejects(&mut world, "already-granted", twice);
    let key = RecordKey::Purpose(org.did.clone(), slug("open-account"));
    assert!(
        matches!(world.record(&key), Some(Record::Purpose(record)) if record.asks == purpose(&org.did).asks)
    );
    let withdraw = Action::WithdrawPurpose { did: org.did.clone(), purpose: slug("open-account") };
    world.decide(withdraw.clone()).unwrap();
    let again = world.governance(withdraw, &[0, 1]);
    rejects(&mut world, "nothing-granted", again);

    type Change = fn(&mut registry::PurposeDraft);
    let flaws: [(&str, Change); 9] = [
        ("asks", |p| p.asks.clear()),
        ("asks", |p| p.asks[0].claims.clear()),
        ("asks", |p| p.asks = vec![p.asks[0].clone(); 2]),
        ("asks", |p| p.asks[0].claims = vec!["name".into(); 2]),
        ("text", |p| p.asks[0].claims = vec!["na me".into()]),
        ("text", |p| p.purpose_name.en = String::new()),
        ("text", |p| p.legal_text.zh = "长".repeat(601)),
        ("text", |p| p.verifier_name.en = "line\nbreak".into()),
        ("unknown-did", |p| p.did = plan(9).1.did),
    ];
    for (code, change) in flaws {
        let mut flawed = purpose(&org.did);
        change(&mut flawed);
        let flawed = world.governance(Action::RegisterPurpose(flawed), &[0, 1]);
        rejects(&mut world, code, flawed);
    }
}

#[test]
fn schemas_and_governance() {
    let mut world = World::new();
    let schema = |url: &str| Action::RegisterSchema {
        credential_type: slug("digital-id"),
        name: text("Digital ID"),
        digest: Hash32::of(b"schema"),
        url: url.into(),
    };
    world.decide(schema("https://schema.example/1")).unwrap();
    world.decide(schema("https://schema.example/2")).unwrap();
    assert!(
        matches!(world.record(&RecordKey::Schema(slug("digital-id"))), Some(Record::Schema(s)) if s.version == 2)
    );
    let local = world.governance(schema("file:///etc/passwd"), &[0, 1]);
    rejects(&mut world, "text", local);

    let newcomer = signer(110);
    let members =
        |keys: &[&SoftwareSigner]| keys.iter().map(|key| member(key, "Department")).collect::<Vec<_>>();
    let update = |members, threshold| Action::UpdateGovernance { members, threshold };
    for (members, threshold) in [
        (vec![], 1),
        (members(&[&newcomer]), 0),
        (members(&[&newcomer]), 2),
        (members(&[&newcomer, &newcomer]), 1),
    ] {
        let flawed = world.governance(update(members, threshold), &[0, 1]);
        rejects(&mut world, "governance-shape", flawed);
    }
    world.decide(update(members(&[&newcomer]), 1)).unwrap();
    let by_former = world.governance(schema("https://schema.example/3"), &[0, 1]);
    rejects(&mut world, "not-authorised", by_former);
    world.departments = vec![newcomer];
    let by_new = world.governance(schema("https://schema.example/3"), &[0]);
    world.run(by_new).unwrap();
}

fn set(index: u32, status: Status) -> StatusChange {
    StatusChange { index, status }
}

fn update(world: &mut World, org: &Organisation, changes: Vec<StatusChange>) -> Receipt {
    world.act(org, Action::StatusUpdate { number: 3, changes })
}

#[test]
fn status_lists() {
    let mut world = World::new();
    let org = world.organisation(1);
    let open = |number, length| Action::StatusListCreate { number, length };
    for length in [0, 2048, 131_073, (1 << 20) + 2048] {
        let flawed = world.transaction(&org.did, &org.author, open(3, length));
        rejects(&mut world, "list-length", flawed);
    }
    let early = world.transaction(
        &org.did,
        &org.author,
        Action::StatusUpdate { number: 3, changes: vec![set(0, Status::Revoked)] },
    );
    rejects(&mut world, "unknown-list", early);
    world.act(&org, open(3, 131_072)).unwrap();
    let again = world.transaction(&org.did, &org.author, open(3, 131_072));
    rejects(&mut world, "list-exists", again);

    let flaws = [
        ("change-count", vec![]),
        ("change-count", (0..4097).map(|i| set(i, Status::Suspended)).collect()),
        ("index-out-of-range", vec![set(5, Status::Revoked), set(131_072, Status::Revoked)]),
        ("duplicate-index", vec![set(5, Status::Revoked), set(5, Status::Revoked)]),
    ];
    for (code, changes) in flaws {
        let flawed = world.transaction(&org.did, &org.author, Action::StatusUpdate { number: 3, changes });
        rejects(&mut world, code, flawed);
    }
    let by_other = signer(9);
    let foreign = world.transaction(
        &org.did,
        &by_other,
        Action::StatusUpdate { number: 3, changes: vec![set(5, Status::Revoked)] },
    );
    rejects(&mut world, "not-authorised", foreign);

    let list = StatusListId { owner: org.did.clone(), number: 3 };
    let status = |world: &World, index| match world.record(&RecordKey::chunk_of(&list, index)) {
        Some(Record::StatusChunk(chunk)) => chunk.status(index),
        _ => None,
    };
    update(
        &mut world,
        &org,
        vec![set(7, Status::Suspended), set(131_071, Status::Revoked), set(8, Status::Revoked)],
    )
    .unwrap();
    assert_eq!(
        [7, 8, 9, 131_071].map(|at| status(&world, at).unwrap()),
        [Status::Suspended, Status::Revoked, Status::Valid, Status::Revoked]
    );
    update(&mut world, &org, vec![set(7, Status::Valid)]).unwrap();
    assert_eq!(status(&world, 7), Some(Status::Valid), "suspension is lifted");
    for undo in [Status::Valid, Status::Suspended] {
        let undone = world.transaction(
            &org.did,
            &org.author,
            Action::StatusUpdate { number: 3, changes: vec![set(9, Status::Revoked), set(8, undo)] },
        );
        rejects(&mut world, "revocation-final", undone);
    }
    update(&mut world, &org, vec![set(8, Status::Revoked)]).unwrap();
}

#[test]
fn an_anchored_log_only_grows() {
    let mut world = World::new();
    let org = world.organisation(1);
    let anchor =
        |entries, head: u8| Action::AnchorLog { log: slug("audit"), entries, head: Hash32([head; 32]) };
    let empty = world.transaction(&org.did, &org.author, anchor(0, 1));
    rejects(&mut world, "log-shorter", empty);
    let stranger = world.transaction(&org.did, &signer(9), anchor(7, 1));
    rejects(&mut world, "not-authorised", stranger);
    let by_governance = world.governance(anchor(7, 1), &[0, 1]);
    rejects(&mut world, "wrong-author", by_governance);
    world.act(&org, anchor(7, 1)).unwrap();
    for (entries, head) in [(7, 2), (7, 1), (6, 1), (0, 1)] {
        let rewritten = world.transaction(&org.did, &org.author, anchor(entries, head));
        rejects(&mut world, "log-shorter", rewritten);
    }
    world.act(&org, anchor(8, 3)).unwrap();
    let key = RecordKey::LogAnchor(org.did.clone(), slug("audit"));
    let record = world.record(&key).unwrap();
    assert_eq!(record.key(), key);
    let Record::LogAnchor(found) = &record else { panic!("{record:?}") };
    assert_eq!((found.entries, found.head, found.at), (8, Hash32([3; 32]), world.now()));
    assert_eq!(Record::from_bytes(&record.to_bytes()).as_ref(), Ok(&record));
    let other = Action::AnchorLog { log: slug("bulk"), entries: 1, head: Hash32::ZERO };
    world.act(&org, other).unwrap();
    assert_eq!(world.record(&key), Some(record), "each log by itself");
}

#[test]
fn kept_signatures_only_grow_and_are_their_owners_to_keep() {
    let mut world = World::new();
    let org = world.organisation(1);
    let keep = |index: u32, tag: u8| KeptSignature { index, tag: SignatureTag([tag; 16]) };
    let action = |kept: Vec<KeptSignature>| Action::KeepSigned { number: 0, kept };
    let too_soon = world.transaction(&org.did, &org.author, action(vec![keep(7, 1)]));
    rejects(&mut world, "unknown-list", too_soon);
    world.act(&org, Action::StatusListCreate { number: 0, length: 131_072 }).unwrap();
    for (code, kept) in [
        ("change-count", vec![]),
        ("change-count", vec![keep(7, 1); 1025]),
        ("index-out-of-range", vec![keep(7, 1), keep(131_072, 1)]),
    ] {
        let refused = world.transaction(&org.did, &org.author, action(kept));
        rejects(&mut world, code, refused);
    }
    let stranger = world.transaction(&org.did, &signer(9), action(vec![keep(7, 1)]));
    rejects(&mut world, "not-authorised", stranger);
    let by_governance = world.governance(action(vec![keep(7, 1)]), &[0, 1]);
    rejects(&mut world, "wrong-author", by_governance);

    world.act(&org, action(vec![keep(70, 3), keep(7, 2), keep(7, 1), keep(7, 2)])).unwrap();
    world.act(&org, action(vec![keep(8, 4)])).unwrap();
    let list = StatusListId { owner: org.did.clone(), number: 0 };
    let at = |index| RecordKey::kept_of(&list, index);
    let record = world.record(&at(7)).unwrap();
    let Record::Kept(found) = &record else { panic!("{record:?}") };
    assert_eq!(found.kept, [keep(7, 1), keep(7, 2), keep(8, 4)]);
    assert_eq!((record.key(), at(63), at(64)), (at(7), at(7), RecordKey::Kept(list.clone(), 1)));
    assert_eq!(Record::from_bytes(&record.to_bytes()).as_ref(), Ok(&record));
    let full: Vec<_> = (0..=255).flat_map(|tag| [keep(0, tag), keep(1, tag)]).collect();
    let over = world.transaction(&org.did, &org.author, action(full));
    rejects(&mut world, "change-count", over);
    assert_eq!(world.record(&at(7)), Some(record), "all or none");
}

/// Bits as a Token Status List of two bits has them: the draft's example has `[1,2,0,3,0,1,0,1,1,2,3,3]` as `c9 44 f9`.
#[test]
fn chunk_bits_are_those_of_a_token_status_list() {
    let mut world = World::new();
    let org = world.organisation(1);
    world.act(&org, Action::StatusListCreate { number: 3, length: 131_072 }).unwrap();
    let example = [1, 2, 0, 0, 0, 1, 0, 1, 1, 2];
    let changes = example.iter().zip(0..).filter_map(|(bits, index)| match bits {
        1 => Some(set(index, Status::Revoked)),
        2 => Some(set(index, Status::Suspended)),
        _ => None,
    });
    update(&mut world, &org, changes.collect()).unwrap();
    let list = StatusListId { owner: org.did, number: 3 };
    let Some(Record::StatusChunk(chunk)) = world.record(&RecordKey::StatusChunk(list, 0)) else { panic!() };
    assert_eq!(chunk.bits[..3], [0x09, 0x44, 0x09]);
}

#[test]
fn slugs_are_what_they_say() {
    for bad in ["", "A", "1a", "-a", "a_b", "a/b", "ü", &"a".repeat(41)] {
        assert!(Slug::new(bad).is_err(), "{bad}");
    }
    assert!(Slug::new(&"a".repeat(40)).is_ok());
}
