//! The journal of decisions made with no network: encrypted, append-only, and checked again once there is a network.
//!
//! It holds what the second look needs and no claim: who issued, by which key, at which entry of which status list. Of one-way
//! codes it remembers the numbers, so that none is taken twice. A decision is handed out only once its entry is on the disk.

mod entry;
mod file;
mod recheck;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use credentials::catalogue::Catalogue;
use protocol::offline::{Answer, Binding};
use registry::Hash32;
use service::secrets::{SecretError, SecretFolder};
use zeroize::Zeroizing;

use super::{Judged, OfflineDecision, OfflineError, Question, Register, judged};
use crate::decision::Verdict;

pub(crate) use entry::Case;
pub use entry::{Decided, Finding, Flag, Rechecked, Reference};
pub use recheck::Rechecks;
pub(crate) use recheck::{look, seen};

use entry::Row;
use file::SealedFile;

/// A journal in a file. One process has it at a time.
#[derive(Debug)]
pub struct Journal {
    file: SealedFile,
    decided: BTreeMap<u64, Decided>,
    rechecked: BTreeMap<u64, Rechecked>,
    nonces: HashSet<Hash32>,
}

/// Why a journal can't be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file can't be read or written.
    #[error("the journal can't be read or written: {0}")]
    Io(#[from] std::io::Error),
    /// Another process has it.
    #[error("another process has the journal open")]
    Busy,
    /// It is something else.
    #[error("this is no journal")]
    NoJournal,
    /// It was made with another key.
    #[error("the journal was made with another key")]
    OtherKey,
    /// Something in it was altered, taken out, put in, or changed places.
    #[error("entry {number} of the journal was altered")]
    Altered {
        /// Which, from 1.
        number: u64,
    },
    /// It is larger than is read.
    #[error("the journal is larger than {limit} bytes; begin a new one")]
    TooLarge {
        /// The most.
        limit: u64,
    },
    /// A write failed: what is on the disk is known only once it is opened again.
    #[error("a write failed before; open the journal again")]
    Failed,
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Random,
}

/// Why there is no decision.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// The answer or the policy.
    #[error(transparent)]
    Offline(#[from] OfflineError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A decision of the journal, and what was found when it was looked at again.
#[derive(Clone, Copy, Debug)]
pub struct Noted<'a> {
    /// Its number in the journal.
    pub number: u64,
    /// The decision.
    pub decided: &'a Decided,
    /// What was found since; none while it was not looked at again.
    pub rechecked: Option<&'a Rechecked>,
}

/// The key of a journal, in a file that only its owner reads: made if there is none.
///
/// # Errors
/// [`SecretError`].
pub fn key_in(file: &Path) -> Result<Zeroizing<[u8; 32]>, SecretError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    SecretFolder::open(folder)?.secret(&name)
}

impl Journal {
    /// Opens the journal in this file; begins one where there is none. What a stop left half written at its end, which nobody was
    /// told of, is taken off.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open(path: &Path, key: &[u8; 32]) -> Result<Self, JournalError> {
        let (file, rows) = SealedFile::open(path, key)?;
        let mut journal =
            Self { file, decided: BTreeMap::new(), rechecked: BTreeMap::new(), nonces: HashSet::new() };
        for (number, row) in (1..).zip(rows) {
            let row = serde_json::from_slice(&row).map_err(|_| JournalError::Altered { number })?;
            journal.take(number, row);
        }
        Ok(journal)
    }

    /// Judges an answer as [`super::judge`] does, and notes the decision. A one-way code that was accepted before is refused.
    ///
    /// # Errors
    /// [`DecideError`]; then there is no decision, and none is noted.
    pub fn decide(
        &mut self,
        answer: &Answer,
        question: Question<'_>,
        catalogue: &Catalogue,
        register: &Register,
    ) -> Result<OfflineDecision, DecideError> {
        let is_one_way = matches!(question.binding, Binding::Place(_));
        let nonce =
            is_one_way.then(|| Hash32::tagged("huizheng/one-way-nonce/1", &[answer.nonce.as_bytes()]));
        let was_used = nonce.is_some_and(|nonce| self.nonces.contains(&nonce));
        let judged = judged(answer, question, catalogue, register, was_used)?;
        // What was not accepted may be shown again: it gained nobody anything.
        let nonce = nonce.filter(|_| judged.seen.decision == Verdict::Accepted);
        let Judged { seen, case } = judged;
        self.note(&[Row::Decided(Decided { nonce, ..case })])?;
        Ok(seen)
    }

    /// Every decision, the oldest first.
    pub fn noted(&self) -> impl Iterator<Item = Noted<'_>> {
        self.decided.iter().map(|(number, decided)| Noted {
            number: *number,
            decided,
            rechecked: self.rechecked.get(number),
        })
    }

    /// The decisions that were not looked at again yet.
    pub fn pending(&self) -> impl Iterator<Item = (u64, &Decided)> {
        self.noted().filter(|noted| noted.rechecked.is_none()).map(|noted| (noted.number, noted.decided))
    }

    /// How many bytes a stop had left half written when it was opened.
    #[must_use]
    pub fn taken_off(&self) -> u64 {
        self.file.taken_off()
    }

    /// Appends rows: on the disk when it returns.
    fn note(&mut self, rows: &[Row]) -> Result<(), JournalError> {
        let texts: Vec<Vec<u8>> =
            rows.iter().map(|row| serde_json::to_vec(row).unwrap_or_default()).collect();
        let first = self.file.append(&texts)?;
        for (number, row) in (first..).zip(rows) {
            self.take(number, row.clone());
        }
        Ok(())
    }

    fn take(&mut self, number: u64, row: Row) {
        match row {
            Row::Decided(decided) => {
                self.nonces.extend(decided.nonce);
                self.decided.insert(number, decided);
            }
            // Of two the first counts: there are never two.
            Row::Rechecked(rechecked) => {
                self.rechecked.entry(rechecked.entry).or_insert(rechecked);
            }
        }
    }
}
