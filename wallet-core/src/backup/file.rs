//! The backup file: who has it and the passphrase reads it, on any device. docs/backup-format.md describes it.
//!
//! ```text
//! "HZBACKUP" 8 | version 1 | memory in KiB 4 | passes 4 | salt 16 | nonce 24 | sealed
//! ```

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use crate::{
    ports::Randomness,
    seal::{self, SecretKey},
    vault::PinCost,
};

use super::{BackupError, BadBackup};

const MAGIC: &[u8; 8] = b"HZBACKUP";
const VERSION: u8 = 1;
const HEAD: usize = 8 + 1 + 4 + 4 + 16;
/// More than any backup has.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// A file from anywhere must not make a phone work for minutes.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_PASSES: u32 = 10;
/// How many bytes the length is rounded up to, so that it does not tell how many cards there are.
const PADDING: usize = 4096;

/// Whether a passphrase is long enough for a file that can be tried at leisure: at least twelve characters of at least
/// five kinds.
pub(super) fn is_strong(passphrase: &str) -> bool {
    let kinds = sorted::count_distinct(passphrase.chars());
    passphrase.chars().count() >= 12 && kinds >= 5 && passphrase.len() <= 1024
}

pub(super) fn seal(
    plain: &Zeroizing<Vec<u8>>,
    passphrase: &str,
    cost: PinCost,
    random: &dyn Randomness,
) -> Result<Vec<u8>, BackupError> {
    let length = plain.len().next_multiple_of(PADDING);
    let mut padded = Zeroizing::new(Vec::with_capacity(length));
    padded.extend_from_slice(plain);
    // JSON takes spaces after it.
    padded.resize(length, b' ');
    let mut salt = [0; 16];
    random.fill(&mut salt)?;
    let mut file = Vec::with_capacity(HEAD + plain.len() + 64);
    file.extend(MAGIC);
    file.push(VERSION);
    file.extend(cost.memory_kib.to_be_bytes());
    file.extend(cost.passes.to_be_bytes());
    file.extend(salt);
    let key = derive(passphrase, &salt, cost).ok_or(BackupError::Cost)?;
    let sealed = seal::seal(&key, &file, &padded, random)?;
    file.extend(sealed);
    if file.len() > MAX_BYTES { Err(BackupError::TooLarge) } else { Ok(file) }
}

pub(super) fn open(file: &[u8], passphrase: &str) -> Result<seal::Plain, BadBackup> {
    if file.len() > MAX_BYTES {
        return Err(BadBackup::NotABackup);
    }
    let (head, sealed) = file.split_at_checked(HEAD).ok_or(BadBackup::NotABackup)?;
    let (magic, rest) = head.split_first_chunk::<8>().ok_or(BadBackup::NotABackup)?;
    let ([version], rest) = rest.split_first_chunk::<1>().ok_or(BadBackup::NotABackup)?;
    if magic != MAGIC {
        return Err(BadBackup::NotABackup);
    }
    if *version != VERSION {
        return Err(BadBackup::Version(*version));
    }
    let (memory, rest) = rest.split_first_chunk::<4>().ok_or(BadBackup::NotABackup)?;
    let (passes, salt) = rest.split_first_chunk::<4>().ok_or(BadBackup::NotABackup)?;
    let cost = PinCost { memory_kib: u32::from_be_bytes(*memory), passes: u32::from_be_bytes(*passes) };
    if !(8..=MAX_MEMORY_KIB).contains(&cost.memory_kib) || !(1..=MAX_PASSES).contains(&cost.passes) {
        return Err(BadBackup::Cost);
    }
    let key = derive(passphrase, salt, cost).ok_or(BadBackup::Cost)?;
    seal::open(&key, head, sealed).map_err(|_| BadBackup::WrongPassphrase)
}

fn derive(passphrase: &str, salt: &[u8], cost: PinCost) -> Option<SecretKey> {
    let params = Params::new(cost.memory_kib, cost.passes, 1, Some(32)).ok()?;
    let mut key = SecretKey::default();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(passphrase.as_bytes(), salt, key.as_mut()).ok()?;
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SystemRandomness;

    const CHEAP: PinCost = PinCost { memory_kib: 64, passes: 1 };
    const PHRASE: &str = "correct horse battery";

    fn made() -> Vec<u8> {
        seal(&Zeroizing::new(b"{}".to_vec()), PHRASE, CHEAP, &SystemRandomness).unwrap()
    }

    #[test]
    fn a_file_opens_with_its_passphrase_and_as_it_was() {
        let file = made();
        assert_eq!(file.len(), HEAD + 24 + PADDING + 16);
        assert!(open(&file, PHRASE).unwrap().starts_with(b"{}  "));
        assert_eq!(open(&file, "correct horse batterx").err(), Some(BadBackup::WrongPassphrase));
        for at in [17, HEAD - 1, HEAD, HEAD + 24, file.len() - 1] {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert_eq!(open(&changed, PHRASE).err(), Some(BadBackup::WrongPassphrase), "byte {at}");
        }
        for end in [0, 8, HEAD, HEAD + 24, file.len() - 1] {
            assert!(open(&file[..end], PHRASE).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn hostile_heads_are_refused_before_they_cost_anything() {
        let change = |at: usize, byte: u8| {
            let mut file = made();
            file[at] = byte;
            open(&file, PHRASE).err()
        };
        assert_eq!(change(0, b'X'), Some(BadBackup::NotABackup));
        assert_eq!(change(8, 2), Some(BadBackup::Version(2)));
        assert_eq!(change(9, 1), Some(BadBackup::Cost), "sixteen GiB");
        assert_eq!(change(13, 1), Some(BadBackup::Cost), "passes without end");
        assert_eq!(change(16, 0), Some(BadBackup::Cost), "no passes");
    }

    #[test]
    fn weak_passphrases_are_named() {
        for weak in ["", "246810", "aaaaaaaaaaaaaaaa", "abababababab"] {
            assert!(!is_strong(weak), "{weak}");
        }
        assert!(is_strong(PHRASE) && is_strong("合肥的春天来得很早啊，是的"));
    }
}
