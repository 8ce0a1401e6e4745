//! Passwords: argon2id (RFC 9106), never kept.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use rand_core::{OsRng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// KiB of memory, passes and lanes: what OWASP asks for at least.
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// A password that can be compared with and not read.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Hashed {
    salt: [u8; 16],
    hash: [u8; 32],
    /// Memory in KiB, passes, lanes.
    cost: (u32, u32, u32),
}

impl Hashed {
    /// Hashes with a fresh salt. Takes some hundredths of a second: not on a thread that others need.
    pub(super) fn of(password: &str) -> Option<Self> {
        let mut salt = [0; 16];
        OsRng.fill_bytes(&mut salt);
        Some(Self { salt, hash: hash(password, salt, COST)?, cost: COST })
    }

    /// What no password is, at the same cost.
    pub(super) fn nobodys() -> Self {
        Self { salt: [0; 16], hash: [0; 32], cost: COST }
    }

    /// Whether the two are one record of one password.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.salt == other.salt && self.hash == other.hash
    }

    /// What this record is known by; the same password set again is another record.
    pub(super) fn digest(&self) -> String {
        hex::encode(Sha256::new().chain_update(self.salt).chain_update(self.hash).finalize())
    }

    /// Whether this is the password.
    pub(super) fn is(&self, password: &str) -> bool {
        hash(password, self.salt, self.cost).is_some_and(|hash| hash.ct_eq(&self.hash).into())
    }
}

impl fmt::Debug for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(password)")
    }
}

fn hash(password: &str, salt: [u8; 16], (memory, passes, lanes): (u32, u32, u32)) -> Option<[u8; 32]> {
    let params = Params::new(memory, passes, lanes, Some(32)).ok()?;
    let mut out = [0; 32];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(password.as_bytes(), &salt, &mut out).ok()?;
    Some(out)
}
