//! A validator that lies when it proposes, for tests.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use malachite_types::Round;
use registry::Ed25519Key;

use crate::network::candidate::Candidate;
use crate::network::engine::{Engine, Failed};
use crate::network::undecided::Sighting;

/// What a test makes one validator do when it proposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lie {
    /// Names a state root that executing the block does not give.
    StateRoot,
    /// Shows another block of the same height and round, before its own.
    TwoBlocks,
}

/// Who lies in this test process.
pub(super) struct Liar {
    who: Mutex<Option<(Ed25519Key, Lie)>>,
    pub(super) told: AtomicUsize,
}

pub(super) static LIE: Liar = Liar { who: Mutex::new(None), told: AtomicUsize::new(0) };

impl Liar {
    pub(super) fn with_key(&self, key: Ed25519Key, lie: Lie) {
        *self.who.lock().unwrap() = Some((key, lie));
    }

    pub(super) fn stop(&self) {
        *self.who.lock().unwrap() = None;
    }
}

impl Engine {
    pub(super) fn lie(&mut self, mut candidate: Candidate, round: Round) -> Result<Candidate, Failed> {
        let lie = *LIE.who.lock().unwrap();
        match lie {
            Some((key, lie)) if key == self.signer.public_key() => {
                LIE.told.fetch_add(1, Ordering::SeqCst);
                let honest = candidate.block.header.clone();
                match lie {
                    Lie::StateRoot => candidate.block.header.state_root.0[0] ^= 1,
                    Lie::TwoBlocks => candidate.block.header.time.0 += 1,
                }
                candidate.id = candidate.block.header.id();
                if lie == Lie::TwoBlocks {
                    // The other one is sound too: both are shown, and the first is what it proposes to consensus.
                    let id = candidate.id;
                    let sighting = Sighting {
                        height: self.height(),
                        round,
                        valid_round: Round::Nil,
                        proposer: self.me(),
                    };
                    let (hashes, state) = (candidate.hashes.clone(), candidate.state.clone());
                    let updates = candidate.updates.clone();
                    let block = candidate.block.clone();
                    self.undecided.note(&sighting, candidate);
                    self.publish(&id, round, Round::Nil)?;
                    let block = registry::Block { header: honest, ..block };
                    return Ok(Candidate { id: block.header.id(), block, hashes, state, updates });
                }
                Ok(candidate)
            }
            _ => Ok(candidate),
        }
    }
}
