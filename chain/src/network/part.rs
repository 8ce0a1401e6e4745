//! What validators send each other beside votes: proposed blocks, and transactions that wait.
//!
//! Both travel as Malachite's "proposal parts", over the connections that consensus has: one port, one set of
//! authenticated peers, one bound on a message's size.

use borsh::{BorshDeserialize, BorshSerialize};
use malachite_types::Round;
use registry::{Hash32, Transaction};

use crate::network::context::{Address, Chain, Height, Signature};

/// The longest message between validators, in bytes: Malachite's own bound.
pub(super) const MAX_MESSAGE: usize = 4 * 1024 * 1024;
/// The longest encoding of a block's transactions, in bytes: leaves a message room for the rest.
pub(super) const MAX_BLOCK_BYTES: usize = 2 * 1024 * 1024;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) enum Part {
    /// A proposed block.
    Block(ProposedBlock),
    /// Transactions that wait, at most [`MAX_MESSAGE`] bytes of them.
    Transactions(Vec<Transaction>),
}

/// A block as its proposer sends it.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct ProposedBlock {
    pub(super) height: Height,
    pub(super) round: Round,
    /// The round in which enough validators would have taken it already.
    pub(super) valid_round: Round,
    pub(super) proposer: Address,
    /// The block, in [`proposal_bytes`](super::candidate::proposal_bytes): decoded only once the signature is checked.
    pub(super) block: Vec<u8>,
    /// The proposer's, over [`ProposedBlock::signing_bytes`].
    pub(super) signature: Signature,
}

impl ProposedBlock {
    /// What its proposer signs, so that nobody can send blocks in another's name.
    pub(super) fn signing_bytes(
        chain_id: &Hash32,
        height: Height,
        (round, valid_round): (Round, Round),
        block: &[u8],
    ) -> Vec<u8> {
        let digest = Hash32::tagged("huizheng/proposed-block/1", &[block]);
        let mut bytes = b"huizheng/proposed-block/1\0".to_vec();
        bytes.extend_from_slice(&chain_id.0);
        bytes.extend_from_slice(&height.0.to_be_bytes());
        bytes.extend_from_slice(&round.as_i64().to_be_bytes());
        bytes.extend_from_slice(&valid_round.as_i64().to_be_bytes());
        bytes.extend_from_slice(&digest.0);
        bytes
    }
}

impl malachite_types::ProposalPart<Chain> for Part {
    fn is_first(&self) -> bool {
        true
    }

    fn is_last(&self) -> bool {
        true
    }
}
