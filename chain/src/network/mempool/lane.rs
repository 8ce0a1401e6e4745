//! One author's waiting transactions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use registry::{
    Action, Author, Ed25519Key, PublicKey, Purpose, Record, RecordKey, Transaction, VerifiedTransaction,
};

use super::Limits;
use crate::ledger::{Answer, Tip};

/// A transaction that waits.
pub(super) struct Entry {
    pub(super) transaction: Arc<VerifiedTransaction>,
    pub(super) answers: Vec<Answer>,
    pub(super) since: Instant,
    /// Submitted here, not received from another validator.
    pub(super) is_own: bool,
    /// When it was last sent to the others by this node, if it was.
    pub(super) offered: Option<Instant>,
}

impl Entry {
    pub(super) fn submitted(transaction: VerifiedTransaction, answer: Answer) -> Self {
        Self { answers: vec![answer], is_own: true, ..Self::received(transaction) }
    }

    pub(super) fn received(transaction: VerifiedTransaction) -> Self {
        Self {
            transaction: Arc::new(transaction),
            answers: Vec::new(),
            since: Instant::now(),
            is_own: false,
            offered: None,
        }
    }
}

/// An author's waiting transactions, by nonce.
pub(super) struct Lane {
    /// The nonce that the author's next transaction must carry.
    pub(super) next: u64,
    /// The keys that may sign for it; none while the author is not on the chain.
    pub(super) keys: Option<Vec<Ed25519Key>>,
    pub(super) entries: BTreeMap<u64, Entry>,
    /// Of all entries together.
    pub(super) bytes: usize,
}

impl Lane {
    pub(super) fn of(author: &Author, tip: &Tip) -> Self {
        Self {
            next: tip.nonce(author).unwrap_or(u64::MAX),
            keys: keys(author, tip),
            entries: BTreeMap::new(),
            bytes: 0,
        }
    }

    /// Whether another of so many bytes may wait here: a quarter of all room is the most that one author takes.
    pub(super) fn has_room(&self, bytes: usize, limits: Limits) -> bool {
        let within = self.entries.len() < limits.count / 4 && self.bytes + bytes <= limits.bytes / 4;
        within || self.entries.is_empty()
    }

    pub(super) fn insert(&mut self, entry: Entry) {
        self.bytes += entry.transaction.encoded_len();
        self.entries.insert(entry.transaction.transaction().nonce, entry);
    }

    pub(super) fn remove(&mut self, nonce: u64) -> Option<Entry> {
        let entry = self.entries.remove(&nonce)?;
        self.bytes -= entry.transaction.encoded_len();
        Some(entry)
    }

    /// Those that can come next, one after another.
    pub(super) fn ready(&self) -> impl Iterator<Item = &Entry> {
        let waiting = self.entries.range(self.next..).zip(self.next..);
        waiting.take_while(|((nonce, _), next)| *nonce == next).map(|((_, entry), _)| entry)
    }

    /// The same, to be changed.
    pub(super) fn ready_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        let waiting = self.entries.range_mut(self.next..).zip(self.next..);
        waiting.take_while(|((nonce, _), next)| *nonce == next).map(|((_, entry), _)| entry)
    }

    /// Those for whom one before is missing.
    pub(super) fn beyond_gap(&self) -> impl Iterator<Item = &Entry> {
        let reached = self.ready().count() as u64;
        self.entries.range(self.next.saturating_add(reached)..).map(|(_, entry)| entry)
    }

    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.values_mut()
    }

    /// Whether a waiting transaction would change which keys may sign.
    pub(super) fn will_change_keys(&self) -> bool {
        self.entries.values().any(|entry| changes_keys(entry.transaction.transaction()))
    }

    /// After one of the author's transactions became final; `tip` is the state after its block.
    pub(super) fn go_on(&mut self, done: &Transaction, tip: &Tip) {
        self.next = self.next.max(done.nonce.saturating_add(1));
        if changes_keys(done) {
            self.keys = keys(&done.author, tip);
        }
    }
}

fn changes_keys(transaction: &Transaction) -> bool {
    matches!(
        transaction.action,
        Action::DidCreate { .. }
            | Action::DidRotate { .. }
            | Action::DidRecover { .. }
            | Action::DidDeactivate
            | Action::DidDeclareCompromised { .. }
            | Action::UpdateGovernance { .. }
    )
}

fn keys(author: &Author, tip: &Tip) -> Option<Vec<Ed25519Key>> {
    let record = match author {
        Author::Did(did) => RecordKey::Did(did.clone()),
        Author::Governance => RecordKey::Governance,
    };
    match tip.state.record(&record).ok().flatten()? {
        Record::Governance(record) => Some(record.members.iter().map(|member| member.key).collect()),
        Record::Did(record) => {
            let may =
                record.current_keys().filter(|key| key.purposes.contains(Purpose::CapabilityInvocation));
            let ed25519 = may.filter_map(|key| match key.key {
                PublicKey::Ed25519(key) => Some(key),
                PublicKey::P256(_) => None,
            });
            Some(ed25519.collect())
        }
        _ => None,
    }
}
