//! The network engine, with its validators in this process.

use std::time::Duration;

use chain::{Ledger, SubmitError};
use registry::build::TxSigner;
use registry::{Action, Author, RecordKey, TxError, Validator, ValidatorSet, verify};

use crate::cluster::Cluster;
use crate::fixture::{DEPARTMENT, VALIDATOR, list, signed, signer};

pub(crate) fn create(cluster: &Cluster, n: u64) -> (registry::Did, registry::Transaction) {
    use registry::build::{DidPlan, organisation_document, recovery_commitment};
    let key = signer(n).public_key();
    let document = organisation_document(&key, &[], vec![]);
    let plan = DidPlan { document, salt: [1; 16], recovery_commitment: recovery_commitment(&key) };
    let did = plan.did(&cluster.genesis.network);
    let author = Author::Did(did.clone());
    (did, signed(cluster.genesis.chain_id(), author, 0, plan.into_action(), &[n]))
}

fn opens_list(cluster: &Cluster, did: &registry::Did, n: u64, nonce: u64) -> registry::Transaction {
    let number = u32::try_from(nonce).unwrap();
    signed(cluster.genesis.chain_id(), Author::Did(did.clone()), nonce, list(number), &[n])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_validators_decide_and_a_phone_can_verify_it() {
    let cluster = Cluster::running(4).await;
    let (did, first) = create(&cluster, 1);
    let done = cluster.node(0).submit(first.clone()).await.unwrap();
    assert_eq!((done.index, done.hash), (0, first.hash()));
    for n in 0..4 {
        cluster.reaches(n, done.height).await;
        let tip = cluster.node(n).tip();
        let evidence = tip.prove(&RecordKey::Did(did.clone()));
        let anchor = cluster.genesis.anchor();
        let proven = verify(&evidence, &anchor, tip.header.time, Duration::from_secs(1)).unwrap();
        assert!(proven.record().is_some());
        assert_eq!(tip.certificate.signatures.len(), 3, "no more signatures than a quorum");
    }
    let again = cluster.node(0).submit(first.clone()).await;
    assert_eq!(again, Err(SubmitError::Known(done)));
    let taken = cluster.node(2).submit(opens_list(&cluster, &did, 1, 0)).await;
    assert_eq!(taken, Err(SubmitError::Refused(TxError::NonceUsed { next: 1 })));
    let early = cluster.node(2).submit(opens_list(&cluster, &did, 1, 50)).await;
    assert_eq!(early, Err(SubmitError::Refused(TxError::NonceAhead { next: 1 })));
    let stranger = signed(cluster.genesis.chain_id(), Author::Did(did.clone()), 1, list(1), &[7]);
    let refused = cluster.node(3).submit(stranger).await;
    assert_eq!(refused, Err(SubmitError::Refused(TxError::NotAuthorised { signature: 0 })));
    for nonce in 1..6 {
        let next = opens_list(&cluster, &did, 1, nonce);
        cluster.node(usize::try_from(nonce % 4).unwrap()).submit(next).await.unwrap();
    }
    cluster.agree().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_refused_for_coming_too_early_never_becomes_final() {
    let cluster = Cluster::running(4).await;
    let (did, first) = create(&cluster, 1);
    cluster.node(0).submit(first).await.unwrap();
    let (early, next) = (opens_list(&cluster, &did, 1, 2), opens_list(&cluster, &did, 1, 1));
    cluster.reaches(2, 2).await;
    let waits = cluster.node(2).enqueue(early.clone().verify().unwrap()).unwrap();
    // What is submitted after it is sent after it: when this is final, whatever went before has arrived.
    cluster.node(2).submit(create(&cluster, 3).1).await.unwrap();
    for n in [0, 1, 3] {
        // Whoever is answered has no more of the blocks before to take.
        cluster.node(n).submit(create(&cluster, 20 + n as u64).1).await.unwrap();
        assert_eq!(cluster.node(n).waiting().transactions, 0, "validator {n} was sent it");
    }
    assert_eq!(waits.outcome().await, Err(SubmitError::Refused(TxError::NonceAhead { next: 1 })));
    cluster.node(0).submit(next).await.unwrap();
    for n in 0..4 {
        cluster.node(n).submit(create(&cluster, 10 + n as u64).1).await.unwrap();
    }
    cluster.agree().await;
    assert!((0..4).all(|n| cluster.node(n).transaction(&early.hash()).is_none()));
    // Sent again, it has its turn; and one that waits is sent as soon as the one before it is final, wherever that was.
    cluster.node(3).submit(early).await.unwrap();
    let later = opens_list(&cluster, &did, 1, 4).verify().unwrap();
    let later = cluster.node(1).enqueue(later).unwrap();
    cluster.node(2).submit(opens_list(&cluster, &did, 1, 3)).await.unwrap();
    match later.outcome().await {
        // On a machine so busy that the one before took longer than a transaction waits for its turn.
        Err(SubmitError::Refused(TxError::NonceAhead { .. })) => {
            cluster.node(1).submit(opens_list(&cluster, &did, 1, 4)).await.unwrap();
        }
        outcome => {
            outcome.unwrap();
        }
    }
    cluster.agree().await;
}

/// Alone, a validator can decide nothing: what is submitted to it waits, survives its end, and becomes final when the others are
/// there, without being submitted again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_taken_up_after_a_restart_and_becomes_final() {
    let mut cluster = Cluster::new(4);
    cluster.start(0).await;
    let (did, first) = create(&cluster, 1);
    let waiting = [first, opens_list(&cluster, &did, 1, 1), create(&cluster, 2).1];
    let mut answers = Vec::new();
    for transaction in &waiting {
        answers.push(cluster.node(0).enqueue(transaction.clone().verify().unwrap()).unwrap());
    }
    cluster.stop(0).await;
    for answer in answers {
        assert_eq!(answer.outcome().await, Err(SubmitError::Unknown), "nobody is told what is not known");
    }
    // The last record was not written whole.
    let log = cluster.folder.path().join("n0/waiting.log");
    let file = std::fs::OpenOptions::new().write(true).open(&log).unwrap();
    file.set_len(file.metadata().unwrap().len() - 1).unwrap();

    for n in 0..4 {
        cluster.start(n).await;
    }
    let mut tips = cluster.node(3).follow();
    let [done @ .., torn] = &waiting;
    for transaction in done {
        let is_final = || cluster.node(3).transaction(&transaction.hash()).is_some();
        let seen = tips.wait_for(|_| is_final());
        tokio::time::timeout(Duration::from_secs(60), seen).await.unwrap().unwrap();
    }
    cluster.agree().await;
    assert!(cluster.node(0).transaction(&torn.hash()).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_four_may_be_gone_and_catches_up() {
    let mut cluster = Cluster::running(4).await;
    let (did, first) = create(&cluster, 1);
    cluster.node(1).submit(first).await.unwrap();
    cluster.stop(3).await;
    for nonce in 1..20 {
        cluster.node(0).submit(opens_list(&cluster, &did, 1, nonce)).await.unwrap();
    }
    cluster.start(3).await;
    cluster.agree().await;
    cluster.node(3).submit(opens_list(&cluster, &did, 1, 20)).await.unwrap();
    cluster.agree().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fifth_validator_joins_and_a_key_is_replaced() {
    let mut cluster = Cluster::with_others(4, 5);
    for n in 0..4 {
        cluster.start(n).await;
    }
    let (did, first) = create(&cluster, 1);
    cluster.node(0).submit(first).await.unwrap();
    cluster.start(4).await;
    cluster.agree().await;
    let keys = |numbers: &[u64]| -> Vec<Validator> {
        let keys = numbers.iter().map(|n| signer(VALIDATOR + n).public_key());
        keys.map(|key| Validator { key, power: 1 }).collect()
    };
    // The second set has a key that nobody has yet in place of the fourth validator's.
    let sets = [keys(&[0, 1, 2, 3, 4]), keys(&[0, 1, 2, 77, 4])];
    let mut nonce = 1;
    for (set, at) in sets.iter().zip(0..) {
        let action = Action::UpdateValidators { validators: set.clone() };
        let governance = [DEPARTMENT, DEPARTMENT + 1];
        let update = signed(cluster.genesis.chain_id(), Author::Governance, at, action, &governance);
        let done = cluster.node(1).submit(update).await.unwrap();
        for n in 0..6 {
            cluster.node(n % 3).submit(opens_list(&cluster, &did, 1, nonce)).await.unwrap();
            nonce += 1;
        }
        cluster.agree().await;
        let block = cluster.node(4).block(done.height + 1).await.unwrap().unwrap();
        let set = ValidatorSet::new(set.clone()).unwrap();
        block.verify(&set, &cluster.genesis.chain_id()).unwrap();
    }
    // Each node keeps the signatures that it saw first, so hand-overs differ in those.
    let handed = |found: Vec<registry::HandOver>| -> Vec<_> {
        found.iter().map(|h| (h.claimed_height(), h.claimed_validators().clone())).collect()
    };
    let before = handed(cluster.node(0).hand_overs(0, 10).await.unwrap());
    assert_eq!(before.len(), 2);
    // What a node that was stopped reads again is followed through both sets.
    cluster.stop(4).await;
    std::fs::remove_dir_all(cluster.folder.path().join("n4/index")).unwrap();
    cluster.start(4).await;
    cluster.agree().await;
    assert_eq!(handed(cluster.node(4).hand_overs(0, 10).await.unwrap()), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_network_keeps_its_evidence_fresh_and_makes_no_other_blocks() {
    let cluster = Cluster::running(4).await;
    let began = cluster.node(0).tip().header.clone();
    cluster.reaches(0, began.height + 3).await;
    let now = cluster.node(0).tip().header.clone();
    let per_block = began.time.until(now.time) / u32::try_from(now.height - began.height).unwrap();
    assert!(per_block >= Duration::from_millis(1_000), "one each {per_block:?}");
    assert_eq!(now.state_root, cluster.genesis.header().state_root);
}
