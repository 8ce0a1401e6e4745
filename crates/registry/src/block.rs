//! Blocks and their headers.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::hash::Hash32;
use crate::time::UnixMillis;
use crate::transaction::Transaction;
use crate::validators::{Certificate, CertificateError, ValidatorSet};

/// What the validators sign about a block. Its digest is the block's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// The chain.
    pub chain_id: Hash32,
    /// 0 is the genesis block, which has no certificate.
    pub height: u64,
    /// The block's time: later than its predecessor's.
    pub time: UnixMillis,
    /// Id of the block before; zero at height 0.
    pub previous: Hash32,
    /// Merkle root over the transactions' hashes, see [`transaction_root`].
    pub tx_root: Hash32,
    /// Root of the state tree after the transactions.
    pub state_root: Hash32,
    /// Digest of the validators that sign this block.
    pub validators_hash: Hash32,
    /// Digest of the validators that sign the next.
    pub next_validators_hash: Hash32,
}

impl Header {
    /// The block's id.
    #[must_use]
    pub fn id(&self) -> Hash32 {
        self.parts().id(&self.chain_id, &self.state_root, &self.validators_hash)
    }

    pub(crate) fn parts(&self) -> HeaderParts {
        HeaderParts {
            height: self.height,
            time: self.time,
            links: Hash32::tagged("huizheng/header-links/1", &[&self.previous.0, &self.tx_root.0]),
            next_validators_hash: self.next_validators_hash,
        }
    }
}

/// What evidence carries of a header: the rest follows from the anchor (chain, validators) and from the proof (state
/// root), and what nobody asks for in evidence (predecessor, transactions) is folded into one digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeaderParts {
    pub(crate) height: u64,
    pub(crate) time: UnixMillis,
    pub(crate) links: Hash32,
    pub(crate) next_validators_hash: Hash32,
}

impl HeaderParts {
    pub(crate) fn id(&self, chain_id: &Hash32, state_root: &Hash32, validators_hash: &Hash32) -> Hash32 {
        let parts: [&[u8]; 7] = [
            &chain_id.0,
            &self.height.to_be_bytes(),
            &self.time.0.to_be_bytes(),
            &self.links.0,
            &state_root.0,
            &validators_hash.0,
            &self.next_validators_hash.0,
        ];
        Hash32::tagged("huizheng/header/1", &parts)
    }
}

/// A block: what was decided, and the transactions in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Block {
    /// What the validators sign.
    pub header: Header,
    /// The transactions.
    pub transactions: Vec<Transaction>,
}

/// A block and the certificate that makes it final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct CertifiedBlock {
    /// The block.
    pub block: Block,
    /// Its certificate.
    pub certificate: Certificate,
}

/// Why a block is not what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// Of another chain.
    #[error("the block is of another chain")]
    WrongChain,
    /// The certificate is for another block or height.
    #[error("the certificate is for another block")]
    OtherBlock,
    /// Other transactions than the header says.
    #[error("the transactions are not those of the header")]
    Transactions,
    /// Signed by other validators than those expected.
    #[error("the header names other validators")]
    Validators,
    /// The certificate does not hold.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

impl CertifiedBlock {
    /// Checks the block by itself: chain, transactions, validators, certificate. Whether it follows its predecessor,
    /// and whether its state root is right, is for whoever executes it.
    ///
    /// # Errors
    /// [`BlockError`].
    pub fn verify(&self, validators: &ValidatorSet, chain_id: &Hash32) -> Result<(), BlockError> {
        let header = &self.block.header;
        if header.chain_id != *chain_id {
            return Err(BlockError::WrongChain);
        }
        if self.certificate.height != header.height || self.certificate.block_id != header.id() {
            return Err(BlockError::OtherBlock);
        }
        if header.tx_root != transaction_root(self.block.transactions.iter().map(Transaction::hash)) {
            return Err(BlockError::Transactions);
        }
        if header.validators_hash != validators.hash() {
            return Err(BlockError::Validators);
        }
        Ok(self.certificate.verify(validators, chain_id)?)
    }
}

/// Merkle root over transaction hashes, as in RFC 9162, section 2.1.1 (leaves and inner nodes hashed under different
/// domains, the left tree a power of two). Zero for no transactions.
#[must_use]
pub fn transaction_root(hashes: impl IntoIterator<Item = Hash32>) -> Hash32 {
    // Complete subtrees so far, by size, largest first: adding a leaf merges equal sizes, as binary addition carries.
    let mut peaks: Vec<(u32, Hash32)> = Vec::new();
    let join = |left: Hash32, right: Hash32| Hash32::tagged("huizheng/tx-node/1", &[&left.0, &right.0]);
    for hash in hashes {
        let mut peak = (0, Hash32::tagged("huizheng/tx-leaf/1", &[&hash.0]));
        while let Some((_, left)) = peaks.pop_if(|(rank, _)| *rank == peak.0) {
            peak = (peak.0 + 1, join(left, peak.1));
        }
        peaks.push(peak);
    }
    peaks
        .into_iter()
        .rev()
        .map(|(_, hash)| hash)
        .reduce(|right, left| join(left, right))
        .unwrap_or(Hash32::ZERO)
}
