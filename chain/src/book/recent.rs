//! The latest transactions, so that one sent again is known rather than refused.

use std::collections::{HashMap, VecDeque};

use registry::api::SubmitResponse;
use registry::{CertifiedBlock, Hash32, Transaction};

const REMEMBERED: usize = 65_536;

#[derive(Debug, Default)]
pub(crate) struct Recent {
    by_hash: HashMap<Hash32, SubmitResponse>,
    order: VecDeque<Hash32>,
}

impl Recent {
    pub(crate) fn find(&self, hash: &Hash32) -> Option<SubmitResponse> {
        self.by_hash.get(hash).cloned()
    }

    /// Remembers a final transaction, and forgets the oldest beyond the limit.
    pub(crate) fn add(&mut self, is: SubmitResponse) {
        self.order.push_back(is.hash);
        self.by_hash.insert(is.hash, is);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_hash.remove(&oldest);
        }
    }

    /// Remembers a block's transactions.
    pub(crate) fn take(&mut self, block: &CertifiedBlock) {
        let header = &block.block.header;
        for (transaction, index) in block.block.transactions.iter().map(Transaction::hash).zip(0..) {
            self.add(SubmitResponse { hash: transaction, height: header.height, index, time: header.time });
        }
    }
}
