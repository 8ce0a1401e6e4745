//! How a chain begins, and what an outside verifier pins of it.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::block::{Header, transaction_root};
use crate::encoding::to_vec;
use crate::execute::check_governance;
use crate::hash::Hash32;
use crate::record::{GovernanceRecord, Member, Record, ValidatorsRecord};
use crate::state::State;
use crate::text::Slug;
use crate::time::UnixMillis;
use crate::validators::ValidatorSet;

/// Everything a chain starts from. Its digest is the chain's id, so nobody can start another chain of the same id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Genesis {
    /// The network's name, part of every DID on it, for instance `anhui`.
    pub network: Slug,
    /// When it starts.
    pub time: UnixMillis,
    /// Who governs at first.
    pub governance: GenesisGovernance,
    /// Who validates at first.
    pub validators: ValidatorSet,
}

/// Who governs at first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct GenesisGovernance {
    /// The departments.
    pub members: Vec<Member>,
    /// How many of them must sign.
    pub threshold: u16,
}

/// A genesis no chain can start from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// Its governance breaks the rules for governance.
    #[error("the genesis governance: {0}")]
    Governance(crate::execute::TxError),
}

impl Genesis {
    /// Whether a chain can start from this.
    ///
    /// # Errors
    /// [`GenesisError`].
    pub fn check(&self) -> Result<(), GenesisError> {
        check_governance(&self.governance.members, self.governance.threshold)
            .map_err(GenesisError::Governance)
    }

    /// The chain's id.
    #[must_use]
    pub fn chain_id(&self) -> Hash32 {
        Hash32::tagged("huizheng/genesis/1", &[&to_vec(self)])
    }

    /// The state before any transaction: who governs and who validates.
    #[must_use]
    pub fn state(&self) -> State {
        let GenesisGovernance { members, threshold } = self.governance.clone();
        let governance = Record::Governance(GovernanceRecord { members, threshold, from: self.time });
        let validators = self.validators.clone();
        let validators = Record::Validators(ValidatorsRecord { validators, from_height: 1, from: self.time });
        State::empty().with([&governance, &validators])
    }

    /// The header of block 0. Nobody signs it: it follows from the genesis.
    #[must_use]
    pub fn header(&self) -> Header {
        let validators_hash = self.validators.hash();
        Header {
            chain_id: self.chain_id(),
            height: 0,
            time: self.time,
            previous: Hash32::ZERO,
            tx_root: transaction_root([]),
            state_root: self.state().root(),
            validators_hash,
            next_validators_hash: validators_hash,
        }
    }

    /// What an outside verifier pins.
    #[must_use]
    pub fn anchor(&self) -> Anchor {
        Anchor {
            chain_id: self.chain_id(),
            network: self.network.clone(),
            validators: self.validators.clone(),
            height: 0,
            time: self.time,
        }
    }
}

/// What an outside verifier trusts: one chain, and who validates it from some height on. Pin it once; everything
/// else is proven from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Anchor {
    /// The chain.
    pub chain_id: Hash32,
    /// Its network's name.
    pub network: Slug,
    /// Who signs the blocks after `height`.
    pub validators: ValidatorSet,
    /// The block this was taken at; 0 for the genesis.
    pub height: u64,
    /// That block's time.
    pub time: UnixMillis,
}
