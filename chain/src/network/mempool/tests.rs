//! What one author may take of the room, and what a restart finds again.

use std::path::Path;
use std::sync::Arc;

use registry::{Action, Transaction};
use tokio::sync::oneshot;

use super::{Limits, Mempool};
use crate::ledger::{Clock, SubmitError};
use crate::network::flaws::{NOW, create, genesis, signer, tip};

const PLENTY: Limits = Limits { count: 1000, bytes: 1 << 20 };

fn open(folder: &Path, limits: Limits) -> (Mempool, Vec<Transaction>) {
    let clock: Clock = Arc::new(|| NOW);
    Mempool::open(folder, limits, (genesis().network, clock), Arc::new(tip()), || ()).unwrap()
}

fn submit(pool: &Mempool, transaction: &Transaction) -> Result<(), SubmitError> {
    pool.submit(transaction.clone().verify().unwrap(), oneshot::channel().0)
}

/// What organisation `n` does after it was created; all are equally long.
fn following(n: u8, nonce: u64) -> Transaction {
    let author = create(n).author;
    let number = u32::try_from(nonce).unwrap();
    let action = Action::StatusListCreate { number, length: 131_072 };
    Transaction::unsigned(genesis().chain_id(), author, nonce, action).signed_by(&signer(n)).unwrap()
}

fn length(transaction: &Transaction) -> usize {
    transaction.clone().verify().unwrap().encoded_len()
}

#[test]
fn one_author_takes_a_quarter_of_the_bytes_at_most() {
    let (first, each) = (length(&create(11)), length(&following(11, 1)));
    let folder = tempfile::tempdir().unwrap();
    let (pool, _) = open(folder.path(), Limits { bytes: 4 * (first + 3 * each), ..PLENTY });
    submit(&pool, &create(11)).unwrap();
    for nonce in 1..=3 {
        submit(&pool, &following(11, nonce)).unwrap();
    }
    assert_eq!(submit(&pool, &following(11, 4)), Err(SubmitError::Busy));
    assert!(!pool.take(following(11, 4).verify().unwrap()), "nor from another validator");
    assert_eq!(pool.waiting().bytes, first + 3 * each);
    // The others have their own quarters.
    submit(&pool, &create(12)).unwrap();
    submit(&pool, &following(12, 1)).unwrap();
    // What is gone makes room again.
    pool.refuse(&following(11, 3).hash(), &registry::TxError::WrongChain);
    submit(&pool, &following(11, 3)).unwrap();
    assert_eq!(submit(&pool, &following(11, 4)), Err(SubmitError::Busy));
}

#[test]
fn one_author_takes_a_quarter_of_the_number_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let (pool, _) = open(folder.path(), Limits { count: 12, ..PLENTY });
    submit(&pool, &create(11)).unwrap();
    submit(&pool, &following(11, 1)).unwrap();
    submit(&pool, &following(11, 2)).unwrap();
    assert_eq!(submit(&pool, &following(11, 3)), Err(SubmitError::Busy));
    submit(&pool, &create(12)).unwrap();
}

#[test]
fn an_author_of_whom_nothing_waits_is_never_told_to_wait_for_himself() {
    let folder = tempfile::tempdir().unwrap();
    let (pool, _) = open(folder.path(), Limits { count: 3, bytes: 2 * length(&create(11)) });
    submit(&pool, &create(11)).unwrap();
    submit(&pool, &create(12)).unwrap();
    assert_eq!(submit(&pool, &create(13)), Err(SubmitError::Busy), "all room is taken");
}

#[test]
fn what_was_submitted_here_waits_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let submitted = [create(11), following(11, 1), create(12)];
    let (pool, left) = open(folder.path(), PLENTY);
    assert!(left.is_empty());
    for transaction in &submitted {
        submit(&pool, transaction).unwrap();
    }
    assert!(pool.take(create(13).verify().unwrap()), "received from another, who keeps it");
    drop(pool);

    for _ in 0..2 {
        let (pool, left) = open(folder.path(), PLENTY);
        assert_eq!(left, submitted);
        left.into_iter().for_each(|transaction| pool.take_up(transaction.verify().unwrap()));
        assert_eq!(pool.waiting().transactions, 3);
        // And the others are sent it once more.
        let mut offered: Vec<_> = pool.to_offer(1 << 20).iter().map(Transaction::hash).collect();
        let mut expected = submitted.each_ref().map(Transaction::hash).to_vec();
        offered.sort_by_key(|hash| hash.0);
        expected.sort_by_key(|hash| hash.0);
        assert_eq!(offered, expected);
    }
}

#[test]
fn a_torn_or_damaged_tail_costs_what_it_holds_and_nothing_more() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 4] = [
        ("torn_in_the_content", |log| log.truncate(log.len() - 1)),
        ("torn_in_the_head", |log| {
            let last = log.windows(4).rposition(|mark| mark == b"HZTX").unwrap();
            log.truncate(last + 10);
        }),
        ("bit_flipped", |log| *log.last_mut().unwrap() ^= 1),
        ("zeros_behind", |log| {
            log.truncate(log.windows(4).rposition(|mark| mark == b"HZTX").unwrap());
            log.extend([0; 4096]);
        }),
    ];
    for (name, damage) in damages {
        let folder = tempfile::tempdir().unwrap();
        let (pool, _) = open(folder.path(), PLENTY);
        for transaction in [create(11), following(11, 1), create(12)] {
            submit(&pool, &transaction).unwrap();
        }
        drop(pool);
        let path = folder.path().join("waiting.log");
        let mut log = std::fs::read(&path).unwrap();
        damage(&mut log);
        std::fs::write(&path, log).unwrap();

        let (pool, left) = open(folder.path(), PLENTY);
        assert_eq!(left, [create(11), following(11, 1)], "{name}");
        left.into_iter().for_each(|transaction| pool.take_up(transaction.verify().unwrap()));
        // What comes after is not written behind the damage, where nobody would read it.
        submit(&pool, &create(13)).unwrap();
        drop(pool);
        let (_, left) = open(folder.path(), PLENTY);
        assert_eq!(left, [create(11), following(11, 1), create(13)], "{name}");
    }
}

#[test]
fn a_log_that_can_not_be_read_is_said_to_be_so() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("waiting.log")).unwrap();
    let clock: Clock = Arc::new(|| NOW);
    let opened = Mempool::open(folder.path(), PLENTY, (genesis().network, clock), Arc::new(tip()), || ());
    assert!(opened.is_err());
}
