//! The solo engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chain::solo::OpenError;
use chain::{Ledger, SoloConfig, SoloLedger, SubmitError};
use registry::build::{SignerError, TxSigner};
use registry::{Action, Author, Ed25519Key, RecordKey, TxError, UnixMillis, Validator, verify};

use crate::fixture::{
    VALIDATOR, config, create, genesis, governance, list, open, signer, transaction, try_open,
};

#[tokio::test]
async fn a_transaction_is_final_and_proven_when_submit_returns() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    assert_eq!(ledger.tip().header.height, 1, "there is a block at once, so that there is evidence");
    let (did, create) = create(1);
    let done = ledger.submit(create.clone()).await.unwrap();
    assert_eq!((done.height, done.index, done.hash), (2, 0, create.hash()));
    let block = ledger.block(2).await.unwrap().unwrap();
    assert_eq!(block.block.transactions, std::slice::from_ref(&create));
    block.verify(&genesis().validators, &genesis().chain_id()).unwrap();
    let tip = ledger.tip();
    let evidence = tip.prove(&RecordKey::Did(did.clone()));
    let proven = verify(&evidence, &genesis().anchor(), tip.header.time, Duration::from_secs(1)).unwrap();
    assert!(proven.record().is_some());
    assert_eq!(tip.nonce(&Author::Did(did)).unwrap(), 1);
    assert_eq!(ledger.submit(create).await, Err(SubmitError::Known(done.clone())));
    assert_eq!(ledger.transaction(&done.hash), Some(done));
    assert!(ledger.block(0).await.unwrap().is_none());
    assert!(ledger.block(3).await.unwrap().is_none());
}

#[tokio::test]
async fn refused_transactions_are_in_no_block() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let (did, _) = create(1);
    let early = ledger.submit(transaction(&did, 1, 0, list(0))).await;
    assert_eq!(early, Err(SubmitError::Refused(TxError::UnknownDid)));
    let mut forged = create(1).1;
    forged.signatures[0].signature[0] ^= 1;
    assert!(matches!(ledger.submit(forged).await, Err(SubmitError::Invalid(_))));
    assert_eq!(ledger.tip().header.height, 1);
}

#[tokio::test]
async fn a_chain_run_alone_keeps_its_validator() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let validators = [VALIDATOR, 5].map(|n| Validator { key: signer(n).public_key(), power: 1 }).to_vec();
    let update = governance(0, Action::UpdateValidators { validators });
    assert_eq!(ledger.submit(update).await, Err(SubmitError::ValidatorsFixed));
    assert_eq!(ledger.tip().state.validators().unwrap().validators, genesis().validators);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_together_is_one_block() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let (did, first) = create(1);
    // Verified before any is queued: what is queued takes no longer than one block does to reach the disk.
    let lists = (0..200).map(|number| transaction(&did, 1, u64::from(number) + 1, list(number)));
    let all: Vec<_> = std::iter::once(first).chain(lists).map(|one| one.verify().unwrap()).collect();
    let pending: Vec<_> = all.into_iter().map(|one| ledger.enqueue(one).unwrap()).collect();
    let mut heights = std::collections::BTreeSet::new();
    for waiting in pending {
        heights.insert(waiting.outcome().await.unwrap().height);
    }
    assert!(heights.len() < 100, "{heights:?}");
    assert_eq!(ledger.tip().nonce(&Author::Did(did)).unwrap(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_transaction_sent_at_once_from_everywhere_is_final_once() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Arc::new(open(folder.path()));
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let ledger = Arc::clone(&ledger);
            tokio::spawn(async move { ledger.submit(create(1).1).await })
        })
        .collect();
    let mut done = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(response) => done.push((true, response)),
            Err(SubmitError::Known(response)) => done.push((false, response)),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(done.iter().filter(|(first, _)| *first).count(), 1);
    assert!(done.iter().all(|(_, response)| *response == done[0].1));
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (root, done) = {
        let ledger = open(folder.path());
        let (did, first) = create(1);
        ledger.submit(first).await.unwrap();
        let done = ledger.submit(transaction(&did, 1, 1, list(4))).await.unwrap();
        ledger.shutdown().await;
        let later = ledger.submit(transaction(&did, 1, 2, list(5))).await;
        assert_eq!(later, Err(SubmitError::Stopped));
        assert!(!ledger.is_ready());
        (ledger.tip().header.state_root, done)
    };
    let again = SoloLedger::open(config(folder.path()), None, Arc::new(signer(VALIDATOR))).unwrap();
    assert_eq!(
        (again.tip().header.state_root, again.tip().header.height),
        (root, 4),
        "one block more, made at start"
    );
    let block = again.block(done.height).await.unwrap().unwrap();
    assert_eq!(block.block.transactions[0].hash(), done.hash);
    assert_eq!(again.tip().nonce(&Author::Did(create(1).0)).unwrap(), 2);
}

#[tokio::test]
async fn an_idle_chain_keeps_its_evidence_fresh() {
    let folder = tempfile::tempdir().unwrap();
    let ledger =
        try_open(SoloConfig { heartbeat: Duration::from_millis(20), ..config(folder.path()) }).unwrap();
    let mut tips = ledger.follow();
    for _ in 0..3 {
        tips.changed().await.unwrap();
    }
    let tip = tips.borrow().clone();
    assert!(tip.header.height >= 4);
    assert_eq!(tip.header.state_root, genesis().header().state_root);
}

#[tokio::test]
async fn time_goes_on_when_the_clock_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(AtomicU64::new(2_000_000_000_000));
    let reads = Arc::clone(&clock);
    let clocked = SoloConfig {
        clock: Arc::new(move || UnixMillis(reads.load(Ordering::SeqCst))),
        ..config(folder.path())
    };
    let ledger = try_open(clocked).unwrap();
    let first = ledger.tip().header.time;
    clock.store(1_000, Ordering::SeqCst);
    ledger.submit(create(1).1).await.unwrap();
    assert_eq!(ledger.tip().header.time, UnixMillis(first.0 + 1));
    clock.store(2_000_000_500_000, Ordering::SeqCst);
    ledger.submit(create(2).1).await.unwrap();
    assert_eq!(ledger.tip().header.time, UnixMillis(2_000_000_500_000));
}

/// A signer that is slow, so that the queue fills, and that can fail.
struct Faulty {
    delay: Duration,
    works: AtomicU64,
}

impl TxSigner for Faulty {
    fn public_key(&self) -> Ed25519Key {
        signer(VALIDATOR).public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        std::thread::sleep(self.delay);
        match self.works.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => signer(VALIDATOR).sign(message),
            Err(_) => Err(SignerError("unplugged".into())),
        }
    }
}

#[tokio::test]
async fn a_full_queue_says_busy_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let slow = Faulty { delay: Duration::from_millis(300), works: AtomicU64::new(1000) };
    let narrow = SoloConfig { max_pending: 5, max_block: 2, ..config(folder.path()) };
    let ledger = SoloLedger::open(narrow, Some(genesis()), Arc::new(slow)).unwrap();
    let verified: Vec<_> = (1..=20).map(|n| create(n).1.verify().unwrap()).collect();
    let queued: Vec<_> = verified.into_iter().map(|transaction| ledger.enqueue(transaction)).collect();
    let busy = queued.iter().filter(|outcome| matches!(outcome, Err(SubmitError::Busy))).count();
    assert!((10..=15).contains(&busy), "{busy}");
    for pending in queued.into_iter().flatten() {
        pending.outcome().await.unwrap();
    }
    let small = SoloConfig { max_pending_bytes: 100, ..config(tempfile::tempdir().unwrap().path()) };
    let ledger = try_open(small).unwrap();
    assert_eq!(ledger.submit(create(1).1).await, Err(SubmitError::Busy), "bytes are bounded too");
}

#[tokio::test]
async fn an_engine_that_cannot_sign_stops_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let failing = Faulty { delay: Duration::ZERO, works: AtomicU64::new(2) };
    let ledger = SoloLedger::open(config(folder.path()), Some(genesis()), Arc::new(failing)).unwrap();
    ledger.submit(create(1).1).await.unwrap();
    assert_eq!(ledger.submit(create(2).1).await, Err(SubmitError::Unknown));
    assert_eq!(ledger.submit(create(3).1).await, Err(SubmitError::Stopped));
    assert!(!ledger.is_ready());
    drop(ledger);
    let again = open(folder.path());
    assert!(again.transaction(&create(1).1.hash()).is_some());
    again.submit(create(2).1).await.unwrap();
}

#[test]
fn openings_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let key = || Arc::new(signer(VALIDATOR));
    let none = SoloLedger::open(config(folder.path()), None, key());
    assert!(matches!(none, Err(OpenError::NoGenesis { .. })));
    let stranger = SoloLedger::open(config(folder.path()), Some(genesis()), Arc::new(signer(5)));
    assert!(matches!(stranger, Err(OpenError::NotTheValidator)));
    let mut broken = genesis();
    broken.governance.threshold = 9;
    let fresh = tempfile::tempdir().unwrap();
    let broken = SoloLedger::open(config(fresh.path()), Some(broken), key());
    assert!(matches!(broken, Err(OpenError::Genesis(_))));

    let ledger = open(folder.path());
    assert!(matches!(try_open(config(folder.path())), Err(OpenError::Log(chain::solo::LogError::InUse))));
    drop(ledger);
    let mut other = genesis();
    other.time = UnixMillis(1);
    let other = SoloLedger::open(config(folder.path()), Some(other), key());
    assert!(matches!(other, Err(OpenError::OtherGenesis)));
    std::fs::write(folder.path().join("genesis.json"), "{}").unwrap();
    assert!(matches!(try_open(config(folder.path())), Err(OpenError::GenesisMalformed { .. })));
}
