//! When a validator does not vote: after it lost part of what it knew, it could contradict votes of its own that others still
//! have. It follows, and votes again once the others have decided every height that it may have voted at.
//!
//! What it knows is in two files: `consensus.wal`, the votes of one height, and `blocks.log`. In order they are at the same
//! height, or the votes one further. What each disorder means:
//!
//! | the vote log | it may have voted | so it is quiet until |
//! |---|---|---|
//! | is ahead: the block log lost its end | up to the vote log's height | that height is decided |
//! | is gone, unreadable or behind | at any height that was reached before this start | a block is decided that was made after it |
//! | is at this height, and consensus begins it anew | at this height | this height is decided |
//!
//! A block was made after this start when its time is later than this clock by what validators' clocks may be apart. Whoever
//! voted at a height had seen the one before decided, so the height after such a block is one it was never at.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use registry::UnixMillis;
use serde::{Deserialize, Serialize};
use service::files;

use crate::network::candidate::MAX_AHEAD;

/// How far a block's time may be ahead of this clock though it was made before this start: what its validators allowed it,
/// and as much again for this clock being behind theirs.
const APART: Duration = Duration::from_secs(2 * MAX_AHEAD.as_secs());

/// Malachite's log of votes.
pub(super) const VOTES: &str = "consensus.wal";

/// What must be decided before this validator votes. On disk as long as it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Until {
    /// A block of this height or a later one,
    height: u64,
    /// with a later time than this, in milliseconds since 1970.
    later_than: UnixMillis,
}

/// Whether this validator votes.
pub(super) struct Quiet {
    path: PathBuf,
    until: Option<Until>,
    /// No block and no vote was here at the start: a new chain's validator, or one that lost all. Which shows with block 1.
    is_blank: bool,
    started: UnixMillis,
    gate: Gate,
}

/// From which height on votes may be signed: what whoever signs looks at. Consensus does not ask for others; this is for the
/// day that it does.
#[derive(Debug, Clone, Default)]
pub(super) struct Gate(Arc<AtomicU64>);

impl Gate {
    /// Whether votes for this height may be signed.
    pub(super) fn is_open(&self, height: u64) -> bool {
        height >= self.0.load(Ordering::SeqCst)
    }
}

/// Says that the key in a folder, made just now, never voted. Only for a key made just now.
///
/// # Errors
/// What the system says.
pub fn empty_vote_log(folder: &Path) -> io::Result<()> {
    let head = [&1_u32.to_be_bytes()[..], &0_u64.to_be_bytes()].concat();
    files::write_secret(&folder.join(VOTES), &head)
}

impl Quiet {
    /// Compares the vote log in a folder with the chain's newest block there, before consensus opens it.
    ///
    /// # Errors
    /// When `quiet.json` cannot be read or written, or is none.
    pub(super) fn open(
        folder: &Path,
        (height, time): (u64, UnixMillis),
        started: UnixMillis,
    ) -> io::Result<Self> {
        let path = folder.join("quiet.json");
        let until = match std::fs::read(&path) {
            Ok(bytes) => Some(serde_json::from_slice(&bytes).map_err(io::Error::other)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let votes = logged_height(&folder.join(VOTES))?;
        let is_blank = height == 0 && votes.is_none();
        let mut quiet = Self { path, until, is_blank, started, gate: Gate::default() };
        match votes {
            Some(votes) if votes > height + 1 => {
                tracing::error!(
                    votes,
                    blocks = height,
                    "blocks are missing that this validator had; it votes again when they are here"
                );
                quiet.wait(Until { height: votes, later_than: UnixMillis(0) })?;
            }
            // In order, or never used: whoever made the key has put it there.
            Some(votes) if votes >= height || votes == 0 => {}
            None if is_blank => {}
            _ => {
                tracing::warn!("what this validator voted is not known any more; it votes again in a while");
                quiet.wait_for_new_blocks()?;
            }
        }
        quiet.decided(height, time)?;
        Ok(quiet)
    }

    /// Whether this validator votes at the next height.
    pub(super) fn is_over(&self) -> bool {
        self.until.is_none()
    }

    /// What whoever signs looks at.
    pub(super) fn gate(&self) -> Gate {
        self.gate.clone()
    }

    /// A height that is to be decided begins; before that, nothing for it is signed.
    pub(super) fn begins(&self, height: u64) {
        self.gate.0.store(if self.is_over() { height } else { u64::MAX }, Ordering::SeqCst);
    }

    /// Consensus begins this height a second time, without its votes.
    pub(super) fn forgets(&mut self, height: u64) -> io::Result<()> {
        self.wait(Until { height, later_than: UnixMillis(0) })
    }

    /// A block is about to be written that was sent as decided long ago. Whoever has nothing and is sent what is older than
    /// this start has lost it, or comes new: only that one was not there does not show. While a chain is begun its validators
    /// come one by one, and that is no loss.
    pub(super) fn catches_up(&mut self, time: UnixMillis) -> io::Result<()> {
        if self.is_blank && time.after(APART) < self.started {
            self.is_blank = false;
            self.wait_for_new_blocks()?;
        }
        Ok(())
    }

    /// A block was written.
    pub(super) fn decided(&mut self, height: u64, time: UnixMillis) -> io::Result<()> {
        self.is_blank &= height == 0;
        let is_reached = |until: &Until| height >= until.height && time > until.later_than;
        if self.until.as_ref().is_some_and(is_reached) {
            std::fs::remove_file(&self.path)?;
            self.until = None;
            tracing::warn!(height, "this validator votes again");
        }
        Ok(())
    }

    fn wait_for_new_blocks(&mut self) -> io::Result<()> {
        self.wait(Until { height: 0, later_than: self.started.after(APART) })
    }

    /// As long as what is asked for, and what was before.
    fn wait(&mut self, until: Until) -> io::Result<()> {
        let both = self.until.map_or(until, |before| Until {
            height: before.height.max(until.height),
            later_than: before.later_than.max(until.later_than),
        });
        self.until = Some(both);
        let bytes = serde_json::to_vec(&both).map_err(io::Error::other)?;
        files::write_public(&self.path, &bytes)
    }
}

/// The height whose votes a vote log has: the sequence in its head, after the version (Malachite's `wal`, 4 and 8 bytes, big
/// endian); 0 when it was never used. None when there is no such log.
fn logged_height(path: &Path) -> io::Result<Option<u64>> {
    let mut head = [0; 12];
    let mut file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.read_exact(&mut head) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            // Consensus would not begin with it.
            std::fs::remove_file(path)?;
            return Ok(None);
        }
        Err(error) => return Err(error),
    }
    let (_, height) = head.split_at(4);
    let height = height.iter().fold(0, |height, byte| height << 8 | u64::from(*byte));
    Ok(Some(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_790_000_000_000);

    fn log_of(folder: &Path, height: u64) {
        let head = [&1_u32.to_be_bytes()[..], &height.to_be_bytes()].concat();
        std::fs::write(folder.join("consensus.wal"), head).unwrap();
    }

    fn at(folder: &Path, height: u64) -> Quiet {
        Quiet::open(folder, (height, NOW), NOW).unwrap()
    }

    #[test]
    fn logs_in_order_keep_nobody_from_voting() {
        let folder = tempfile::tempdir().unwrap();
        assert!(at(folder.path(), 0).is_over(), "a new chain");
        for (votes, height) in [(1, 0), (7, 7), (8, 7)] {
            log_of(folder.path(), votes);
            let quiet = at(folder.path(), height);
            assert!(quiet.is_over());
            quiet.begins(height + 1);
            assert!(quiet.gate().is_open(height + 1) && !quiet.gate().is_open(height));
        }
    }

    #[test]
    fn a_key_that_never_voted_votes_wherever_its_chain_begins() {
        let folder = tempfile::tempdir().unwrap();
        empty_vote_log(folder.path()).unwrap();
        assert!(at(folder.path(), 500).is_over());
        std::fs::remove_file(folder.path().join(VOTES)).unwrap();
        assert!(!at(folder.path(), 500).is_over(), "without it nobody knows");
        empty_vote_log(folder.path()).unwrap();
        assert!(!at(folder.path(), 500).is_over(), "once it was lost it is no excuse");
    }

    #[test]
    fn a_vote_log_ahead_is_waited_for_over_restarts() {
        let folder = tempfile::tempdir().unwrap();
        log_of(folder.path(), 9);
        let mut quiet = at(folder.path(), 6);
        quiet.begins(7);
        assert!(!quiet.is_over() && !quiet.gate().is_open(9) && !quiet.gate().is_open(10));
        quiet.decided(7, NOW.after(APART)).unwrap();
        // Consensus has begun height 8 meanwhile, and its log says no more than that.
        log_of(folder.path(), 8);
        let mut quiet = at(folder.path(), 7);
        quiet.decided(8, NOW).unwrap();
        assert!(!quiet.is_over());
        quiet.decided(9, NOW).unwrap();
        assert!(quiet.is_over());
        log_of(folder.path(), 9);
        assert!(at(folder.path(), 9).is_over());
    }

    #[test]
    fn without_a_vote_log_blocks_made_since_are_waited_for() {
        let lost: [fn(&Path); 3] = [
            |_| (),
            |folder| log_of(folder, 3),
            |folder| std::fs::write(folder.join("consensus.wal"), [0; 7]).unwrap(),
        ];
        for lose in lost {
            let folder = tempfile::tempdir().unwrap();
            lose(folder.path());
            let mut quiet = at(folder.path(), 6);
            quiet.decided(500, NOW.after(APART)).unwrap();
            assert!(!quiet.is_over(), "it could be one that this validator voted for");
            quiet.decided(501, UnixMillis(NOW.after(APART).0 + 1)).unwrap();
            assert!(quiet.is_over());
        }
    }

    #[test]
    fn who_lost_everything_is_no_new_chain() {
        let folder = tempfile::tempdir().unwrap();
        let mut quiet = at(folder.path(), 0);
        quiet.catches_up(UnixMillis(NOW.0 - 3_600_000)).unwrap();
        quiet.decided(1, NOW).unwrap();
        assert!(!quiet.is_over());
        log_of(folder.path(), 2);
        assert!(!at(folder.path(), 1).is_over());

        let folder = tempfile::tempdir().unwrap();
        let mut quiet = at(folder.path(), 0);
        quiet.catches_up(UnixMillis(NOW.0 - 5_000)).unwrap();
        quiet.decided(1, NOW).unwrap();
        assert!(quiet.is_over(), "the chain is begun just now");
        quiet.catches_up(UnixMillis(NOW.0 - 3_600_000)).unwrap();
        assert!(quiet.is_over(), "it has been there since");
        quiet.forgets(2).unwrap();
        assert!(!quiet.is_over());
        quiet.decided(2, NOW).unwrap();
        assert!(quiet.is_over());
    }
}
