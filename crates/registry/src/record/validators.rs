//! Who signs the blocks.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::time::UnixMillis;
use crate::validators::ValidatorSet;

/// The validators that sign from some block on. Its set's digest is the `next_validators_hash` of the header under
/// which this record stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidatorsRecord {
    /// The validators, in the order that certificates refer to.
    pub validators: ValidatorSet,
    /// The first block they sign: 1 for those of the genesis, else the block after the one that changed them.
    pub from_height: u64,
    /// Time of the block that changed them; the genesis' for the first.
    pub from: UnixMillis,
}
