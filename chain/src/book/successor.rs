//! Whether a block follows the one before it.

use registry::{
    BlockContext, BlockError, CertifiedBlock, Executed, Genesis, Hash32, Header, State, TransactionError,
    ValidatorSet, VerifiedTransaction, execute,
};

/// What is wrong with a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlockFlaw {
    /// By itself.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// It does not follow the block before it.
    #[error("it does not follow the block before")]
    Order,
    /// It holds a transaction whose signatures do not verify.
    #[error("it holds a transaction that cannot be: {0}")]
    Transaction(#[from] TransactionError),
    /// Executing it gives another state than it says.
    #[error("its state root is wrong")]
    StateRoot,
    /// It names other validators for the next block than executing it gives.
    #[error("it names other validators for the next block")]
    NextValidators,
    /// It holds a transaction that is refused.
    #[error("it holds a refused transaction")]
    Refused,
}

/// The block by itself, decided by `validators`, and that it follows `before` where that is known.
pub(crate) fn check(
    chain_id: &Hash32,
    block: &CertifiedBlock,
    validators: &ValidatorSet,
    before: Option<&Header>,
) -> Result<(), BlockFlaw> {
    let header = &block.block.header;
    block.verify(validators, chain_id)?;
    match before {
        Some(before)
            if header.previous != before.id()
                || header.height != before.height + 1
                || header.time <= before.time =>
        {
            Err(BlockFlaw::Order)
        }
        _ => Ok(()),
    }
}

/// Executes a checked block on the state before it; what comes out is what its header says.
pub(crate) fn apply(
    genesis: &Genesis,
    state: &State,
    header: &Header,
    transactions: &[VerifiedTransaction],
) -> Result<Executed, BlockFlaw> {
    let context = BlockContext {
        chain_id: header.chain_id,
        network: genesis.network.clone(),
        height: header.height,
        time: header.time,
    };
    let executed = execute(state, context, transactions);
    if executed.receipts.iter().any(Result::is_err) {
        return Err(BlockFlaw::Refused);
    }
    if executed.state.root() != header.state_root {
        return Err(BlockFlaw::StateRoot);
    }
    let next = executed.state.validators().map_err(|_| BlockFlaw::StateRoot)?;
    if next.validators.hash() != header.next_validators_hash {
        return Err(BlockFlaw::NextValidators);
    }
    Ok(executed)
}
