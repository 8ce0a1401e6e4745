//! What was submitted here and waits, on disk: a restart takes it up again.
//!
//! Nothing in it was acknowledged, so it is written but not synced: it survives the process, not the machine.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};

use registry::{MAX_TRANSACTION_BYTES, Transaction};

use crate::book::{read_frame, write_frame};

const MARK: [u8; 4] = *b"HZTX";
/// A log shorter than this is left as it is.
const SHORT: u64 = 1024 * 1024;

pub(super) struct WaitingLog {
    path: PathBuf,
    file: File,
    length: u64,
    /// How long it was when it was last written anew.
    base: u64,
}

impl WaitingLog {
    /// Opens the log, and gives what is in it.
    pub(super) fn open(path: &Path) -> io::Result<(Self, Vec<Transaction>)> {
        let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let mut left = file.metadata()?.len();
        let mut reader = BufReader::new(&file);
        let mut found = Vec::new();
        // What follows an unsound record was never whole.
        while let Some((content, length)) = read_frame(MARK, &mut reader, left, MAX_TRANSACTION_BYTES)? {
            left -= length;
            found.extend(Transaction::from_bytes(&content).ok());
        }
        drop(reader);
        let mut log = Self { path: path.to_owned(), file, length: 0, base: 0 };
        log.begin_anew(found.iter())?;
        Ok((log, found))
    }

    pub(super) fn add(&mut self, transaction: &Transaction) -> io::Result<()> {
        let record = write_frame(MARK, transaction)?;
        self.file.write_all(&record)?;
        self.length += record.len() as u64;
        Ok(())
    }

    pub(super) fn is_worth_tidying(&self) -> bool {
        self.length > SHORT + self.base * 2
    }

    /// Only these wait now.
    pub(super) fn begin_anew<'t>(
        &mut self,
        waiting: impl Iterator<Item = &'t Transaction>,
    ) -> io::Result<()> {
        let mut bytes = Vec::new();
        for transaction in waiting {
            bytes.extend(write_frame(MARK, transaction)?);
        }
        let unfinished = self.path.with_extension("new");
        let mut file = OpenOptions::new().append(true).create(true).open(&unfinished)?;
        file.set_len(0)?;
        file.write_all(&bytes)?;
        std::fs::rename(&unfinished, &self.path)?;
        self.length = bytes.len() as u64;
        self.base = self.length;
        self.file = file;
        Ok(())
    }
}
