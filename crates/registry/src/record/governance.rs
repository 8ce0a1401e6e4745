//! Who governs the chain together.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::key::Ed25519Key;
use crate::text::LocalText;
use crate::time::UnixMillis;

/// The departments that govern, and how many must agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct GovernanceRecord {
    /// The departments, each with a key of its own; 1 to 64.
    pub members: Vec<Member>,
    /// How many of them must sign; at least 1, at most all.
    pub threshold: u16,
    /// Block time from which these govern.
    pub from: UnixMillis,
}

impl GovernanceRecord {
    /// The member with this key.
    #[must_use]
    pub fn member(&self, key: &Ed25519Key) -> Option<&Member> {
        self.members.iter().find(|member| member.key == *key)
    }
}

/// A governing department.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Member {
    /// Its name.
    pub name: LocalText,
    /// The key it signs governance transactions with.
    pub key: Ed25519Key,
}
