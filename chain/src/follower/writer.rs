//! Checks blocks one after another, and writes down those that hold.

use std::sync::Arc;
use std::time::Instant;

use registry::api::SubmitResponse;
use registry::{CertifiedBlock, Genesis, Transaction};
use tokio::sync::watch;

use crate::book::successor::{apply, check};
use crate::book::{self, BlockFlaw};
use crate::follower::FollowError;
use crate::ledger::Tip;
use crate::news::BlockNews;

pub(super) struct Writer {
    genesis: Genesis,
    /// None once it is closed, or the disk failed.
    writing: Option<book::Writer>,
    tips: watch::Sender<Arc<Tip>>,
}

impl Writer {
    pub(super) fn new(genesis: Genesis, writing: book::Writer, tips: watch::Sender<Arc<Tip>>) -> Self {
        Self { genesis, writing: Some(writing), tips }
    }

    /// Takes the block that follows the tip. It is the tip when this returns, and on the disk.
    pub(super) fn take(&mut self, block: CertifiedBlock, upstream: &str) -> Result<(), FollowError> {
        let Some(writing) = &mut self.writing else { return Ok(()) };
        let before = Arc::clone(&self.tips.borrow());
        let height = before.header.height + 1;
        let began = Instant::now();
        let flawed = |flaw| FollowError::Block { height, upstream: upstream.to_owned(), flaw };
        let validators = before.next_validators().map_err(|_| flawed(BlockFlaw::StateRoot))?;
        let chain_id = self.genesis.chain_id();
        check(&chain_id, &block, &validators, Some(&before.header)).map_err(flawed)?;
        let verified = block.block.transactions.iter().cloned().map(Transaction::verify);
        let verified: Vec<_> =
            verified.collect::<Result<_, _>>().map_err(|error| flawed(BlockFlaw::Transaction(error)))?;
        let header = block.block.header.clone();
        let executed = apply(&self.genesis, &before.state, &header, &verified).map_err(flawed)?;
        let certificate = block.certificate.clone().trimmed(&validators);
        let news = BlockNews::new(&header, verified.len(), executed.updates.keys().cloned());
        let checked = began.elapsed();
        let done = verified.iter().zip(0..).map(|(transaction, index)| {
            let (hash, height, time) = (transaction.hash(), header.height, header.time);
            SubmitResponse { hash, height, index, time }
        });
        let done: Vec<_> = done.collect();
        if let Err(source) = writing.append(block, executed.updates) {
            // Whether the disk has the block is unknown now: nothing more may be written.
            self.writing = None;
            return Err(FollowError::Disk { height, source });
        }
        writing.book().remember(done);
        let news = before.news.with(news.took(checked, began.elapsed().saturating_sub(checked)));
        self.tips.send_replace(Arc::new(Tip { header, certificate, state: executed.state, news }));
        Ok(())
    }

    /// Takes nothing more.
    pub(super) fn close(&mut self) {
        self.writing = None;
    }
}
