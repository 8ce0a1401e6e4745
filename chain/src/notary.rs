//! Notarising outward: which block this chain had at which height, written down where others keep it.
//!
//! A consortium's own signatures say what is final. What they can't say is that the consortium never rewrote its past
//! with all its keys at hand. A [`Mark`] in a book that others keep says that: from then on the block at that height
//! can't be another one without everybody seeing it. Nothing in the system depends on it; it is for auditors.

#[cfg(feature = "evm")]
pub mod evm;

use async_trait::async_trait;
use registry::{BlockError, CertifiedBlock, Hash32, ValidatorSet};

/// A block of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The chain.
    pub chain_id: Hash32,
    /// The block's height, from 1.
    pub height: u64,
    /// The block's id.
    pub block_id: Hash32,
}

impl Mark {
    /// The mark of a block, once the validators' signatures under it were checked.
    ///
    /// # Errors
    /// [`BlockError`] when it isn't a final block of the chain.
    pub fn of(
        block: &CertifiedBlock,
        validators: &ValidatorSet,
        chain_id: &Hash32,
    ) -> Result<Self, BlockError> {
        block.verify(validators, chain_id)?;
        let header = &block.block.header;
        Ok(Self { chain_id: header.chain_id, height: header.height, block_id: header.id() })
    }
}

/// Where a mark was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The transaction over there, as its own explorers write it.
    pub transaction: String,
    /// The block over there.
    pub block: u64,
}

/// A book that others keep.
#[async_trait]
pub trait Notary: Send + Sync {
    /// Writes the mark down and answers once it stands there.
    ///
    /// # Errors
    /// [`NotaryError`]; nothing was written, except perhaps after [`NotaryError::Unreachable`]: read before writing again.
    async fn write(&self, mark: &Mark) -> Result<Entry, NotaryError>;

    /// The block id that stands for this chain at `height`, if one does.
    ///
    /// # Errors
    /// [`NotaryError`].
    async fn read(&self, chain_id: &Hash32, height: u64) -> Result<Option<Hash32>, NotaryError>;

    /// The greatest height that was written down for this chain, if any was.
    ///
    /// # Errors
    /// [`NotaryError`].
    async fn newest(&self, chain_id: &Hash32) -> Result<Option<u64>, NotaryError>;
}

/// Why a book gives nothing or takes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotaryError {
    /// The other chain's node gives no answer.
    #[error("the notary's node can't be reached: {0}")]
    Unreachable(String),
    /// Nothing answers at the contract's address.
    #[error("there is no notary contract at that address; deploy one, or name the right one")]
    NoContract,
    /// The book has this height or a later one already.
    #[error("the book is at height {newest} already; it takes later heights only")]
    NotAscending {
        /// The greatest height in it.
        newest: u64,
    },
    /// It can be read only: no key was given.
    #[error("writing needs the key of the account whose book it is")]
    ReadOnly,
    /// The other chain refused the transaction.
    #[error("the notary's chain refused: {0}")]
    Refused(String),
}

/// Why a block isn't the one in the book.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MarkError {
    /// The book could not be read.
    #[error(transparent)]
    Notary(#[from] NotaryError),
    /// Nothing stands there for that height.
    #[error("the book has nothing for height {0}; it has some heights only, name one of them")]
    Missing(u64),
    /// Another block stands there: the chain that is shown is not the one that was notarised.
    #[error("the book has block {noted} at height {height}, not {shown}: one of the two histories is false")]
    OtherBlock {
        /// The height.
        height: u64,
        /// The block in the book.
        noted: Hash32,
        /// The block that was shown.
        shown: Hash32,
    },
}

/// Checks that the book has this very block at its height.
///
/// # Errors
/// [`MarkError`].
pub async fn check(notary: &dyn Notary, mark: &Mark) -> Result<(), MarkError> {
    match notary.read(&mark.chain_id, mark.height).await? {
        None => Err(MarkError::Missing(mark.height)),
        Some(noted) if noted == mark.block_id => Ok(()),
        Some(noted) => Err(MarkError::OtherBlock { height: mark.height, noted, shown: mark.block_id }),
    }
}
