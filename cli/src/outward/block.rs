//! A block of our chain, believed only once the validators' signatures under it were checked.

use chain::notary::Mark;
use registry::api::{self, BlockView};
use registry::{Block, CertifiedBlock};
use service::NodeClient;

use crate::fault::{Done, Fault, OrFault};

/// The mark of the block at `height`, checked against the anchor's validators.
pub(super) async fn verified(client: &NodeClient, height: u64) -> Done<Mark> {
    let view: BlockView = client.read(&api::block_path(height)).await.or_fault("is our node running?")?;
    let transactions = view.transactions.into_iter().map(|one| one.transaction).collect();
    let block = Block { header: view.header, transactions };
    let block = CertifiedBlock { block, certificate: view.certificate };
    if block.block.header.height != height {
        return Err(Fault::new("the node answers with another block", "ask another node"));
    }
    let anchor = client.anchor();
    Mark::of(&block, &anchor.validators, &anchor.chain_id).or_fault("ask another node, or check the anchor")
}
