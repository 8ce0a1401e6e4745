//! Proposed blocks of the height that is being decided, on disk before this validator votes for one: a block that
//! enough validators voted for can be decided whatever happens to them, because each of them still has it.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Write};
use std::path::Path;

use borsh::{BorshDeserialize, BorshSerialize};
use malachite_consensus::ProposedValue;
use malachite_types::{Round, Validity};
use registry::Hash32;

use crate::book::{read_frame, write_frame};
use crate::network::candidate::Candidate;
use crate::network::context::{Address, BlockId, Chain, Height};
use crate::network::part::MAX_MESSAGE;

const MARK: [u8; 4] = *b"HZUB";
/// How many blocks one proposer may show in one round: an honest one shows one.
const MOST_OF_A_ROUND: usize = 2;

/// Where a block was seen.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Sighting {
    pub(super) height: Height,
    pub(super) round: Round,
    pub(super) valid_round: Round,
    pub(super) proposer: Address,
}

impl Sighting {
    fn value(&self, id: Hash32, is_valid: bool) -> ProposedValue<Chain> {
        ProposedValue {
            height: self.height,
            round: self.round,
            valid_round: self.valid_round,
            proposer: self.proposer,
            value: BlockId(id),
            validity: Validity::from_bool(is_valid),
        }
    }
}

/// What was proposed at this height.
pub(super) struct Undecided {
    file: File,
    is_clean: bool,
    candidates: HashMap<Hash32, Candidate>,
    seen: Vec<ProposedValue<Chain>>,
}

/// A block as the file keeps it.
pub(super) type Kept = (Sighting, Vec<u8>);

impl Undecided {
    /// Opens the file, and gives what is in it: to be checked again before it is believed.
    pub(super) fn open(path: &Path) -> io::Result<(Self, Vec<Kept>)> {
        let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let length = file.metadata()?.len();
        let mut left = length;
        let mut reader = BufReader::new(&file);
        let mut kept = Vec::new();
        while let Some((content, length)) = read_frame(MARK, &mut reader, left, MAX_MESSAGE)? {
            left -= length;
            kept.extend(borsh::from_slice::<Kept>(&content).ok());
        }
        drop(reader);
        // What follows the last sound record was never whole, and nobody voted for it.
        file.set_len(length - left)?;
        let undecided = Self { file, is_clean: length == left, candidates: HashMap::new(), seen: Vec::new() };
        Ok((undecided, kept))
    }

    /// Keeps a sound block, durably, and where it was seen. `bytes` is the block.
    pub(super) fn keep(
        &mut self,
        sighting: &Sighting,
        candidate: Candidate,
        bytes: &[u8],
    ) -> io::Result<ProposedValue<Chain>> {
        let record = write_frame(MARK, &(sighting, bytes))?;
        self.is_clean = false;
        self.file.write_all(&record)?;
        self.file.sync_data()?;
        Ok(self.note(sighting, candidate))
    }

    /// Notes a sound block, which is on disk or decided already.
    pub(super) fn note(&mut self, sighting: &Sighting, candidate: Candidate) -> ProposedValue<Chain> {
        let value = sighting.value(candidate.id, true);
        self.candidates.insert(candidate.id, candidate);
        self.see(value)
    }

    /// Notes that a block that is kept was seen again, in another round.
    pub(super) fn see_again(&mut self, sighting: &Sighting, id: Hash32) -> ProposedValue<Chain> {
        self.see(sighting.value(id, true))
    }

    /// Notes that an unsound block was proposed.
    pub(super) fn see_unsound(&mut self, sighting: &Sighting, id: Hash32) -> ProposedValue<Chain> {
        self.see(sighting.value(id, false))
    }

    fn see(&mut self, value: ProposedValue<Chain>) -> ProposedValue<Chain> {
        if !self.seen.contains(&value) {
            self.seen.push(value.clone());
        }
        value
    }

    /// Whether this proposer showed as many blocks in this round as anyone may.
    pub(super) fn is_enough(&self, sighting: &Sighting) -> bool {
        let same = |value: &&ProposedValue<Chain>| {
            (value.round, value.proposer) == (sighting.round, sighting.proposer)
        };
        self.seen.iter().filter(same).count() >= MOST_OF_A_ROUND
    }

    /// What was seen in a round.
    pub(super) fn seen_in(&self, round: Round) -> Vec<ProposedValue<Chain>> {
        self.seen.iter().filter(|value| value.round == round).cloned().collect()
    }

    /// What `proposer` proposed in a round itself.
    pub(super) fn own(&self, round: Round, proposer: &Address) -> Option<&Candidate> {
        let own = self.seen.iter().find(|value| value.round == round && value.proposer == *proposer)?;
        self.candidates.get(&own.value.0)
    }

    pub(super) fn candidate(&self, id: &Hash32) -> Option<&Candidate> {
        self.candidates.get(id)
    }

    pub(super) fn take(&mut self, id: &Hash32) -> Option<Candidate> {
        self.candidates.remove(id)
    }

    /// Begins the next height.
    pub(super) fn clear(&mut self) {
        self.candidates.clear();
        self.seen.clear();
        if !self.is_clean {
            match self.file.set_len(0) {
                Ok(()) => self.is_clean = true,
                Err(error) => tracing::warn!(%error, "old proposals stay on disk for now"),
            }
        }
    }
}
