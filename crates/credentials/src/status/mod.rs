//! Credential status: where a credential says it is, and the two lists that publish it.
//!
//! Both lists are views of the bits on the chain: two bits for each credential, [`Status`].

mod bitstring;
mod cwt;
mod inflate;
mod reference;
mod token;

pub use bitstring::{BitstringError, BitstringList, MIN_ENTRIES, Purpose};
pub use cwt::TYP as TOKEN_LIST_CWT;
pub use reference::{BitstringEntry, RegistryEntry, StatusRef, StatusRefError, TokenEntry};
pub use token::{Bits, TokenList, TokenListClaims, TokenListError};

use serde::{Deserialize, Serialize};

/// The most bytes that a list may inflate to: 8 Mi entries of two bits.
pub const MAX_LIST_BYTES: usize = 2 << 20;

/// The status of one credential, as the Token Status List registers it (§7.1) and the chain keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Good.
    Valid,
    /// Revoked, for good.
    Invalid,
    /// Does not count for now.
    Suspended,
    /// A value that the two parties have agreed on; to anyone else it is not valid.
    Other(u8),
}

impl Status {
    /// 0, 1, 2, or another value.
    #[must_use]
    pub const fn from_value(value: u8) -> Self {
        match value {
            0 => Self::Valid,
            1 => Self::Invalid,
            2 => Self::Suspended,
            other => Self::Other(other),
        }
    }

    /// 0 valid, 1 invalid, 2 suspended.
    #[must_use]
    pub const fn value(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Invalid => 1,
            Self::Suspended => 2,
            Self::Other(value) => value,
        }
    }
}
