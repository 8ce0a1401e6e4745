//! A file that only grows, each entry sealed with ChaCha20-Poly1305 (RFC 8439) and bound to its place.
//!
//! ```text
//! file   = magic (16) ‖ id (16, random) ‖ check (16) ‖ entry*
//! entry  = length (4, big-endian) ‖ nonce (12, random) ‖ ciphertext ‖ tag (16)
//! ```
//!
//! The file's key is made of the owner's key and the id; `check` tells another key from damage. What an entry is bound to is its
//! number and the tag of the one before: nothing can be taken out, put in, or change places. That the file's end was cut off at an
//! entry's border the file alone can't tell.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use store::LockedFile;

use super::JournalError;

const MAGIC: &[u8; 16] = b"huizheng-journ-1";
const HEAD: usize = 48;
const TAG: usize = 16;
const LENGTH: usize = 4;
/// The largest file that is read.
const LARGEST: u64 = 256 << 20;

/// The file, open and locked.
pub(super) struct SealedFile {
    file: LockedFile,
    key: LessSafeKey,
    entries: u64,
    /// The tag of the last entry; the file's id before the first.
    last: [u8; TAG],
    end: u64,
    failed: bool,
    taken_off: u64,
}

impl std::fmt::Debug for SealedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedFile").field("entries", &self.entries).finish_non_exhaustive()
    }
}

impl SealedFile {
    /// Opens it, and reads every entry; begins it where there is none.
    pub(super) fn open(path: &Path, owner: &[u8; 32]) -> Result<(Self, Vec<Vec<u8>>), JournalError> {
        let mut file = match LockedFile::of(private(path)?) {
            Ok(file) => file,
            Err(TryLockError::WouldBlock) => return Err(JournalError::Busy),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        };
        if file.metadata()?.len() > LARGEST {
            return Err(JournalError::TooLarge { limit: LARGEST });
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let Some(head) = bytes.first_chunk::<HEAD>() else {
            // Nothing was ever noted in what ends before its first entry.
            let is_torn = MAGIC.starts_with(&bytes[..bytes.len().min(MAGIC.len())]) || is_zero(&bytes);
            if !is_torn {
                return Err(JournalError::NoJournal);
            }
            return Ok((Self::begin(file, path, owner)?, Vec::new()));
        };
        if is_zero(head) && is_zero(&bytes) {
            return Ok((Self::begin(file, path, owner)?, Vec::new()));
        }
        let (magic, rest) = head.split_at(MAGIC.len());
        let (id, check) = rest.split_at(TAG);
        if magic != MAGIC {
            return Err(JournalError::NoJournal);
        }
        let (key, expected) = keys(owner, id)?;
        if check != expected {
            return Err(JournalError::OtherKey);
        }
        let mut last = [0; TAG];
        last.copy_from_slice(id);
        let mut this = Self { file, key, entries: 0, last, end: HEAD as u64, failed: false, taken_off: 0 };
        let rows = this.read(&bytes)?;
        if (this.end as usize) < bytes.len() {
            this.taken_off = bytes.len() as u64 - this.end;
            tracing::warn!(
                bytes = this.taken_off,
                "the journal's last entry was never whole: it is taken off"
            );
            this.file.set_len(this.end)?;
            this.file.sync_all()?;
        }
        Ok((this, rows))
    }

    fn begin(mut file: LockedFile, path: &Path, owner: &[u8; 32]) -> Result<Self, JournalError> {
        let id: [u8; TAG] = random()?;
        let (key, check) = keys(owner, &id)?;
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&[MAGIC.as_slice(), &id, &check].concat())?;
        file.sync_all()?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        service::files::sync_folder(folder)?;
        Ok(Self { file, key, entries: 0, last: id, end: HEAD as u64, failed: false, taken_off: 0 })
    }

    /// Every entry; what is torn at the end is not among them, and `end` is before it.
    fn read(&mut self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, JournalError> {
        let mut rows = Vec::new();
        let mut rest = bytes.get(HEAD..).unwrap_or_default();
        while let Some((length, after)) = rest.split_first_chunk::<LENGTH>() {
            let length = u32::from_be_bytes(*length) as usize;
            // What was never written whole ends early, or in zeros.
            let Some((sealed, after)) = after.split_at_checked(length) else { break };
            let number = self.entries + 1;
            match self.unseal(number, sealed) {
                Some(row) => rows.push(row),
                None if is_zero(after) && sealed.last().is_none_or(|byte| *byte == 0) => break,
                None => return Err(JournalError::Altered { number }),
            }
            self.last.copy_from_slice(&sealed[sealed.len() - TAG..]);
            self.entries = number;
            self.end += (LENGTH + length) as u64;
            rest = after;
        }
        Ok(rows)
    }

    /// Appends entries in one write; the number of the first. On the disk when it returns.
    pub(super) fn append(&mut self, rows: &[Vec<u8>]) -> Result<u64, JournalError> {
        if self.failed {
            return Err(JournalError::Failed);
        }
        let first = self.entries + 1;
        let (mut bytes, mut last) = (Vec::new(), self.last);
        for (number, row) in (first..).zip(rows) {
            let sealed = self.seal(number, last, row)?;
            last.copy_from_slice(&sealed[sealed.len() - TAG..]);
            bytes.extend(u32::try_from(sealed.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend(sealed);
        }
        // Until it is known to be whole, nothing may follow it.
        self.failed = true;
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(&bytes)?;
        self.file.sync_data()?;
        self.failed = false;
        self.last = last;
        self.entries += rows.len() as u64;
        self.end += bytes.len() as u64;
        Ok(first)
    }

    pub(super) fn taken_off(&self) -> u64 {
        self.taken_off
    }

    fn seal(&self, number: u64, last: [u8; TAG], row: &[u8]) -> Result<Vec<u8>, JournalError> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = row.to_vec();
        let aad = Aad::from(place(number, last));
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .map_err(|_| JournalError::Random)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn unseal(&self, number: u64, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut bytes = rest.to_vec();
        let aad = Aad::from(place(number, self.last));
        let row = self.key.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut bytes).ok()?;
        Some(row.to_vec())
    }
}

/// What an entry is bound to.
fn place(number: u64, last: [u8; TAG]) -> [u8; 8 + TAG] {
    let mut place = [0; 8 + TAG];
    place[..8].copy_from_slice(&number.to_be_bytes());
    place[8..].copy_from_slice(&last);
    place
}

/// The key of the file with this id, and what shows that it is the one.
fn keys(owner: &[u8; 32], id: &[u8]) -> Result<(LessSafeKey, [u8; TAG]), JournalError> {
    let owner = hmac::Key::new(hmac::HMAC_SHA256, owner);
    let derived = |what: &[u8]| {
        let mut context = hmac::Context::with_key(&owner);
        context.update(what);
        context.update(id);
        context.sign()
    };
    let key = UnboundKey::new(&CHACHA20_POLY1305, derived(b"huizheng/journal/key/1\0").as_ref());
    let mut check = [0; TAG];
    check.copy_from_slice(&derived(b"huizheng/journal/check/1\0").as_ref()[..TAG]);
    Ok((LessSafeKey::new(key.map_err(|_| JournalError::Random)?), check))
}

fn random<const N: usize>() -> Result<[u8; N], JournalError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| JournalError::Random)?;
    Ok(bytes)
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// The file, which only its owner reads.
fn private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn written(path: &Path, rows: &[&[u8]]) {
        let (mut file, _) = SealedFile::open(path, &KEY).expect("open");
        for row in rows {
            file.append(&[row.to_vec()]).expect("appended");
        }
    }

    fn read(path: &Path) -> Result<Vec<Vec<u8>>, JournalError> {
        SealedFile::open(path, &KEY).map(|(_, rows)| rows)
    }

    fn flaw(bytes: &[u8]) -> Option<u64> {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("journal");
        std::fs::write(&path, bytes).expect("written");
        match read(&path) {
            Err(JournalError::Altered { number }) => Some(number),
            _ => None,
        }
    }

    /// Where each entry begins, and the end.
    fn places(bytes: &[u8]) -> Vec<usize> {
        let mut places = vec![HEAD];
        while let Some(length) = bytes.get(places[places.len() - 1]..).and_then(<[u8]>::first_chunk::<LENGTH>)
        {
            places.push(places[places.len() - 1] + LENGTH + u32::from_be_bytes(*length) as usize);
        }
        places
    }

    #[test]
    fn what_was_appended_is_read_again_and_seen_by_nobody_else() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("journal");
        written(&path, &[b"one", b"two"]);
        written(&path, &[b"three"]);
        let rows = read(&path).expect("read");
        assert_eq!(rows, [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]);
        let bytes = std::fs::read(&path).expect("read");
        assert!(!bytes.windows(3).any(|at| at == b"two"));
        let (open, _) = SealedFile::open(&path, &KEY).expect("open");
        assert!(matches!(SealedFile::open(&path, &KEY), Err(JournalError::Busy)));
        drop(open);
        assert!(matches!(SealedFile::open(&path, &[8; 32]), Err(JournalError::OtherKey)));
        std::fs::write(&path, b"something else that somebody keeps here, longer than a journal's head")
            .expect("written");
        assert!(matches!(read(&path), Err(JournalError::NoJournal)));
    }

    #[test]
    fn whatever_is_done_to_an_entry_is_found() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("journal");
        written(&path, &[b"one", b"two", b"six"]);
        let bytes = std::fs::read(&path).expect("read");
        let places = places(&bytes);
        let entry = |number: usize| &bytes[places[number - 1]..places[number]];
        for (at, _) in bytes.iter().enumerate().skip(HEAD) {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            let number = places.iter().filter(|place| **place <= at).count() as u64;
            let in_length = places.iter().any(|place| (*place..place + LENGTH).contains(&at));
            // A length that reaches beyond the end, and an end in zeros, are a torn entry's.
            assert!(flaw(&altered) == Some(number) || in_length || altered.ends_with(&[0]), "{at}");
        }
        let without_second = [&bytes[..places[1]], entry(3)].concat();
        assert_eq!(flaw(&without_second), Some(2));
        let exchanged = [&bytes[..HEAD], entry(2), entry(1), entry(3)].concat();
        assert_eq!(flaw(&exchanged), Some(1));
        let twice = [&bytes[..places[1]], entry(1), entry(2), entry(3)].concat();
        assert_eq!(flaw(&twice), Some(2));
        let other = dir.path().join("other");
        written(&other, &[b"one", b"two", b"six"]);
        let theirs = std::fs::read(&other).expect("read");
        let mixed = [&bytes[..places[1]], &theirs[places[1]..]].concat();
        assert_eq!(flaw(&mixed), Some(2));
    }

    #[test]
    fn a_torn_end_is_taken_off_wherever_it_tore_and_appending_goes_on() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("journal");
        written(&path, &[b"one", b"two"]);
        let bytes = std::fs::read(&path).expect("read");
        let second = places(&bytes)[1];
        for cut in 0..bytes.len() {
            for zeros in [0, 7, 100] {
                let torn = [&bytes[..cut], &vec![0; zeros]].concat();
                let torn = if zeros == 7 { torn[..torn.len().min(bytes.len())].to_vec() } else { torn };
                std::fs::write(&path, &torn).expect("written");
                let whole = usize::from(cut >= second) + usize::from(torn.starts_with(&bytes));
                if cut < HEAD && cut > 0 && zeros > 0 {
                    // A head that is half there was never followed by an entry, but is not told from damage.
                    continue;
                }
                assert_eq!(read(&path).expect("read").len(), whole, "{cut} {zeros}");
                written(&path, &[b"next"]);
                assert_eq!(read(&path).expect("read").last().map(Vec::as_slice), Some(&b"next"[..]), "{cut}");
            }
        }
    }
}
