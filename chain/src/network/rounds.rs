//! Which rounds' blocks the engine keeps: of this one, and of few to come.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use malachite_types::Round;
use registry::build::TxSigner;
use tokio::sync::watch;

use crate::book;
use crate::ledger::Clock;
use crate::network::candidate::{Maker, proposal_bytes};
use crate::network::context::{Address, Height, Members, Signature};
use crate::network::engine::Engine;
use crate::network::flaws::{NOW, genesis, signer, tip};
use crate::network::mempool::{Limits, Mempool};
use crate::network::part::ProposedBlock;
use crate::network::quiet::Quiet;
use crate::network::undecided::Undecided;

/// The first validator's, on a chain without blocks.
fn engine(folder: &std::path::Path) -> Engine {
    let (genesis, tip) = (genesis(), Arc::new(tip()));
    let clock: Clock = Arc::new(|| NOW);
    let opened = book::open(folder, Some(genesis.clone())).unwrap();
    let limits = Limits { count: 100, bytes: 1 << 20 };
    let world = (genesis.network.clone(), Arc::clone(&clock));
    let (mempool, _) = Mempool::open(folder, limits, world, Arc::clone(&tip), || ()).unwrap();
    let (undecided, _) = Undecided::open(&folder.join("undecided.log")).unwrap();
    Engine {
        writer: opened.writer,
        maker: Maker { network: genesis.network.clone(), clock, max_block: 100 },
        mempool: Arc::new(mempool),
        tips: watch::Sender::new(tip),
        members: Members::from(&genesis.validators),
        validators: genesis.validators,
        signer: Arc::new(signer(1)),
        undecided,
        synced: None,
        ahead: crate::network::ahead::Ahead::default(),
        quiet: Quiet::open(folder, (0, NOW), NOW).unwrap(),
        round: Round::ZERO,
        network: tokio::sync::mpsc::channel(1).0,
        received: mpsc::sync_channel(1).0,
        waiting: None,
        is_behind: false,
        is_idle: Arc::new(AtomicBool::new(false)),
        beat: Instant::now(),
        heartbeat: Duration::from_secs(15),
        streams: 0,
    }
}

/// A sound block by the proposer whose turn the round is.
fn proposed(engine: &Engine, round: u32) -> ProposedBlock {
    let (height, round) = (Height(1), Round::new(round));
    let turn = engine.members.proposer(height, round).unwrap();
    let proposer = *malachite_types::Validator::address(turn);
    let key = (1..=4).map(signer).find(|key| Address::of(&key.public_key()) == proposer).unwrap();
    let block = proposal_bytes(&engine.maker.make(&engine.mempool, &tip()).block).unwrap();
    let rounds = (round, Round::Nil);
    let message = ProposedBlock::signing_bytes(&genesis().chain_id(), height, rounds, &block);
    let signature = Signature(key.sign(&message).unwrap());
    ProposedBlock { height, round, valid_round: Round::Nil, proposer, block, signature }
}

#[test]
fn a_block_four_rounds_ahead_is_kept_and_none_beyond() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine(folder.path());
    let kept = folder.path().join("undecided.log");
    let size = || std::fs::metadata(&kept).unwrap().len();
    for round in [5, 6, 1_000, u32::MAX] {
        let proposed = proposed(&engine, round);
        assert_eq!(engine.take_proposed(proposed).unwrap(), None, "round {round}");
        assert_eq!(size(), 0, "nothing of round {round} is kept");
    }
    for round in 0..=4 {
        let proposed = proposed(&engine, round);
        assert!(engine.take_proposed(proposed).unwrap().is_some(), "round {round}");
    }
    assert!(size() > 0);
    // Two rounds on, two more.
    engine.round = Round::new(2);
    for (round, is_taken) in [(6, true), (7, false)] {
        let proposed = proposed(&engine, round);
        assert_eq!(engine.take_proposed(proposed).unwrap().is_some(), is_taken, "round {round}");
    }
}
