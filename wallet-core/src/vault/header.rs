//! What stands in the clear: how the PIN becomes a key, and the store key in its two wrappings.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde::{Deserialize, Serialize};

use super::error::NotUnlocked;
use crate::seal::SecretKey;

/// How dear it is to try a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PinCost {
    /// Memory, in KiB.
    pub(crate) memory_kib: u32,
    /// Passes over it.
    pub(crate) passes: u32,
}

impl PinCost {
    /// 64 MiB, three passes: the second recommendation of RFC 9106 §4, in one lane.
    pub(crate) const DEFAULT: Self = Self { memory_kib: 64 * 1024, passes: 3 };

    fn is_sane(self) -> bool {
        (8..=1024 * 1024).contains(&self.memory_kib) && (1..=64).contains(&self.passes)
    }
}

/// The header. Everything in it but `wrapped` is associated data of what is wrapped.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Header {
    version: u32,
    id: String,
    salt: String,
    cost: PinCost,
    wrapped: String,
}

const VERSION: u32 = 1;

impl Header {
    pub(super) fn new(id: [u8; 16], salt: [u8; 16], cost: PinCost) -> Self {
        Self {
            version: VERSION,
            id: BASE64.encode(id),
            salt: BASE64.encode(salt),
            cost,
            wrapped: String::new(),
        }
    }

    pub(super) fn with_wrapped(self, wrapped: &[u8]) -> Self {
        Self { wrapped: BASE64.encode(wrapped), ..self }
    }

    pub(super) fn wrapped(&self) -> Result<Vec<u8>, NotUnlocked> {
        BASE64.decode(&self.wrapped).map_err(|_| NotUnlocked::Header)
    }

    pub(super) fn cost(&self) -> PinCost {
        self.cost
    }

    /// Names the vault in the associated data of all it holds.
    pub(super) fn id(&self) -> Result<[u8; 16], NotUnlocked> {
        self.check()?;
        bytes(&self.id)
    }

    pub(super) fn check(&self) -> Result<(), NotUnlocked> {
        if self.version == VERSION && self.cost.is_sane() { Ok(()) } else { Err(NotUnlocked::Header) }
    }

    /// What the inner wrapping belongs to.
    pub(super) fn place(&self) -> Vec<u8> {
        let Self { version, id, salt, cost: PinCost { memory_kib, passes }, wrapped: _ } = self;
        format!("huizheng/vault/{version}/{id}/{salt}/{memory_kib}/{passes}").into_bytes()
    }

    /// The key of a PIN: argon2id (RFC 9106) with this header's salt and cost. Takes a noticeable time, as it must.
    pub(super) fn pin_key(&self, pin: &str) -> Result<SecretKey, NotUnlocked> {
        self.check()?;
        let params = Params::new(self.cost.memory_kib, self.cost.passes, 1, Some(32))
            .map_err(|_| NotUnlocked::Header)?;
        let mut key = SecretKey::default();
        let salt: [u8; 16] = bytes(&self.salt)?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(pin.as_bytes(), &salt, key.as_mut())
            .map_err(|_| NotUnlocked::Header)?;
        Ok(key)
    }
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], NotUnlocked> {
    BASE64.decode(text).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(NotUnlocked::Header)
}
