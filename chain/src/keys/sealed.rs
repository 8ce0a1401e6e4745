//! A seed under a passphrase, as text of four lines.
//!
//! ```text
//! huizheng key 1
//! public z6Mk…                                  the key's Multikey, so that it can be told without the passphrase
//! argon2id <memory in KiB> <passes> <salt: 16 bytes in hex>
//! xchacha20poly1305 <nonce: 24 bytes in hex> <the sealed seed: 48 bytes in hex>
//! ```
//!
//! The passphrase becomes a key by argon2id (RFC 9106, version 0x13, one lane). The first three lines are the associated
//! data: nothing in the file can be changed unnoticed.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use registry::Ed25519Key;
use registry::build::{SoftwareSigner, TxSigner};
use zeroize::Zeroizing;

/// The first line.
const FIRST: &str = "huizheng key 1";
/// What a guess costs: RFC 9106's second recommendation, in one lane.
const COST: Cost = Cost { memory_kib: 64 * 1024, passes: 3 };
/// What a file may ask for, so that a forged one cannot make its reader's machine stop.
const MOST: Cost = Cost { memory_kib: 1024 * 1024, passes: 16 };

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    memory_kib: u32,
    passes: u32,
}

/// Why a sealed text gives no seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotOpened {
    /// It is none, or asks for more than is reasonable.
    Malformed,
    /// Another passphrase, or the text was changed.
    Passphrase,
}

/// A text that was read, and not opened yet.
pub(super) struct Sealed<'a> {
    bound: &'a str,
    pub(super) public: Ed25519Key,
    cost: Cost,
    salt: [u8; 16],
    nonce: [u8; 24],
    seed: [u8; 48],
}

/// Whether a file's beginning says that this is one.
pub(super) fn is_sealed(text: &[u8]) -> bool {
    text.starts_with(FIRST.as_bytes())
}

/// The text that keeps this key under a passphrase. `salt` and `nonce` are fresh randomness; none when the system has no
/// memory for the derivation.
pub(super) fn seal(
    key: &SoftwareSigner,
    passphrase: &str,
    salt: [u8; 16],
    nonce: [u8; 24],
) -> Option<String> {
    let Cost { memory_kib, passes } = COST;
    let public = key.public_key();
    let bound = format!("{FIRST}\npublic {public}\nargon2id {memory_kib} {passes} {}\n", hex::encode(salt));
    let cipher = cipher(passphrase, COST, &salt)?;
    let seed = key.seed();
    let payload = Payload { msg: seed.as_ref(), aad: bound.as_bytes() };
    let sealed = cipher.encrypt(XNonce::from_slice(&nonce), payload).ok()?;
    Some(format!("{bound}xchacha20poly1305 {} {}\n", hex::encode(nonce), hex::encode(sealed)))
}

impl<'a> Sealed<'a> {
    /// Reads what [`seal`] wrote.
    pub(super) fn read(text: &'a str) -> Result<Self, NotOpened> {
        Self::parse(text).ok_or(NotOpened::Malformed)
    }

    fn parse(text: &'a str) -> Option<Self> {
        let lines: Vec<_> = text.lines().collect();
        let [first, public, derived, sealed] = lines[..] else { return None };
        let public = public.strip_prefix("public ")?.parse().ok()?;
        let derived: Vec<_> = derived.strip_prefix("argon2id ")?.split(' ').collect();
        let [memory_kib, passes, salt] = derived[..] else { return None };
        let cost = Cost { memory_kib: memory_kib.parse().ok()?, passes: passes.parse().ok()? };
        let (nonce, seed) = sealed.strip_prefix("xchacha20poly1305 ")?.split_once(' ')?;
        let is_sane = cost.memory_kib <= MOST.memory_kib && cost.passes <= MOST.passes;
        let bound = &text[..text.find("xchacha20poly1305 ")?];
        if first != FIRST || !is_sane {
            return None;
        }
        Some(Self { bound, public, cost, salt: bytes(salt)?, nonce: bytes(nonce)?, seed: bytes(seed)? })
    }

    /// The key inside.
    pub(super) fn open(&self, passphrase: &str) -> Result<SoftwareSigner, NotOpened> {
        let cipher = cipher(passphrase, self.cost, &self.salt).ok_or(NotOpened::Malformed)?;
        let payload = Payload { msg: &self.seed, aad: self.bound.as_bytes() };
        let opened = cipher.decrypt(XNonce::from_slice(&self.nonce), payload);
        let opened = Zeroizing::new(opened.map_err(|_| NotOpened::Passphrase)?);
        let mut seed = Zeroizing::new([0; 32]);
        seed.copy_from_slice(opened.get(..32).ok_or(NotOpened::Malformed)?);
        let key = SoftwareSigner::from_seed(&seed).map_err(|_| NotOpened::Malformed)?;
        if key.public_key() == self.public { Ok(key) } else { Err(NotOpened::Malformed) }
    }
}

fn cipher(passphrase: &str, cost: Cost, salt: &[u8; 16]) -> Option<XChaCha20Poly1305> {
    let params = Params::new(cost.memory_kib, cost.passes, 1, Some(32)).ok()?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, key.as_mut())
        .ok()?;
    Some(XChaCha20Poly1305::new(key.as_ref().into()))
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut out = [0; N];
    hex::decode_to_slice(text, &mut out).ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> (SoftwareSigner, String) {
        let key = SoftwareSigner::from_seed(&[7; 32]).unwrap();
        let text = seal(&key, "a long passphrase", [1; 16], [2; 24]).unwrap();
        (key, text)
    }

    #[test]
    fn what_is_sealed_opens_with_its_passphrase_alone() {
        let (key, text) = sealed();
        let read = Sealed::read(&text).unwrap();
        assert_eq!(read.public, key.public_key());
        assert_eq!(*read.open("a long passphrase").unwrap().seed(), *key.seed());
        assert_eq!(read.open("a long passphrasE").unwrap_err(), NotOpened::Passphrase);
        assert!(!text.contains(&hex::encode(key.seed().as_ref())));
    }

    #[test]
    fn nothing_in_it_can_be_changed() {
        let (_, text) = sealed();
        // One place in each field; the derivation takes too long for every byte.
        for field in ["z6Mk", "65536 3", "0101", "0202"] {
            let at = text.find(field).unwrap() + field.len() - 1;
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'4' { b'5' } else { b'4' };
            let changed = String::from_utf8(changed).unwrap();
            let opened = Sealed::read(&changed).and_then(|read| read.open("a long passphrase"));
            assert!(opened.is_err(), "{field} changed");
        }
    }

    #[test]
    fn a_file_cannot_ask_for_all_memory() {
        let (_, text) = sealed();
        let greedy = text.replace("argon2id 65536 3", "argon2id 4000000 3");
        assert_eq!(Sealed::read(&greedy).err(), Some(NotOpened::Malformed));
        let endless = text.replace("argon2id 65536 3", "argon2id 65536 4000000");
        assert_eq!(Sealed::read(&endless).err(), Some(NotOpened::Malformed));
    }
}
