//! The generation marker: what the store knew of itself when it last acknowledged something.
//!
//! A file beside the database: 8 bytes of magic, the store's 16 random bytes, then two slots of a commit number and
//! its checksum, written in turn so that a torn write leaves the other. A number is written only after its commit was
//! synced and is not synced itself. So it never runs ahead of what the disk has kept: a database that is behind
//! its marker has lost something.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::FileExt,
    path::Path,
    sync::Mutex,
};

const MAGIC: &[u8; 8] = b"HZSTORE1";
const HEAD: usize = 28;
const SLOT: usize = 12;
const LENGTH: usize = HEAD + 2 * SLOT;

/// Names one store among all others.
pub(crate) type Generation = [u8; 16];

pub(crate) struct Marker {
    file: File,
    next_slot: Mutex<bool>,
}

/// What a marker file says.
pub(crate) struct Marked {
    pub(crate) generation: Generation,
    pub(crate) sequence: u64,
}

impl Marker {
    /// What the file says; `None` if there is none. A file that can't be a marker is `InvalidData`.
    pub(crate) fn read(path: &Path) -> io::Result<Option<Marked>> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        parse(&bytes).map(Some).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }

    /// Writes a new marker in one step and keeps it open.
    pub(crate) fn create(path: &Path, generation: Generation, sequence: u64) -> io::Result<Self> {
        let beside = path.with_extension("new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&beside)?;
        let mut head = [MAGIC.as_slice(), &generation].concat();
        head.extend_from_slice(&crc32fast::hash(&head).to_be_bytes());
        file.write_all(&head)?;
        file.write_all(&slot(sequence))?;
        file.write_all(&slot(sequence))?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(Self { file, next_slot: Mutex::new(false) })
    }

    /// Notes that this commit is on the disk.
    pub(crate) fn record(&self, sequence: u64) -> io::Result<()> {
        let mut second = self.next_slot.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let at = if *second { HEAD + SLOT } else { HEAD };
        self.file.write_all_at(&slot(sequence), at as u64)?;
        *second = !*second;
        Ok(())
    }
}

fn slot(sequence: u64) -> Vec<u8> {
    let number = sequence.to_be_bytes();
    [number.as_slice(), &crc32fast::hash(&number).to_be_bytes()].concat()
}

fn parse(bytes: &[u8]) -> Option<Marked> {
    if bytes.len() != LENGTH {
        return None;
    }
    let (head, slots) = bytes.split_at(HEAD);
    let (named, sum) = head.split_at(HEAD - 4);
    let generation = named.strip_prefix(MAGIC.as_slice())?.try_into().ok()?;
    if crc32fast::hash(named).to_be_bytes() != *sum {
        return None;
    }
    let sequence = slots.chunks(SLOT).filter_map(parse_slot).max()?;
    Some(Marked { generation, sequence })
}

fn parse_slot(bytes: &[u8]) -> Option<u64> {
    let (number, sum) = bytes.split_first_chunk::<8>()?;
    (crc32fast::hash(number).to_be_bytes() == *sum).then(|| u64::from_be_bytes(*number))
}
