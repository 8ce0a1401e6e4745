//! The thread that makes blocks: takes what waits, executes it, signs, writes, and only then answers.

use std::sync::Arc;
use std::time::Instant;

use registry::api::SubmitResponse;
use registry::build::{TxSigner, ValidatorSigner};
use registry::{
    Block, BlockContext, Execution, Genesis, Hash32, Header, TxError, UnixMillis, VerifiedTransaction,
    transaction_root,
};
use tokio::sync::watch;

use crate::book::Writer;
use crate::ledger::{Answer, SubmitError, Tip, next_header, tell};
use crate::news::{BlockNews, News};
use crate::solo::SoloConfig;
use crate::solo::queue::{Batch, Queue, Waiting};

pub(super) struct Engine {
    pub(super) genesis: Genesis,
    pub(super) writer: Writer,
    pub(super) signer: Arc<dyn TxSigner>,
    pub(super) config: SoloConfig,
    pub(super) queue: Arc<Queue>,
}

/// What became of a batch: who is done, at which place in the block, and who is refused.
#[derive(Default)]
struct Outcomes {
    done: Vec<(Hash32, Answer)>,
    refused: Vec<(Hash32, TxError, Answer)>,
}

impl Engine {
    /// A block without transactions on top of what was opened.
    pub(super) fn first_block(&mut self, opened: Option<Tip>) -> Result<Tip, ()> {
        let (header, state, news) = opened.map_or_else(
            || (self.genesis.header(), self.genesis.state(), News::default()),
            |tip| (tip.header, tip.state, tip.news),
        );
        let execution = Execution::new(&state, self.context(&header));
        self.commit((&header, &news), execution, Vec::new(), Instant::now())
    }

    /// Makes blocks until the queue is closed, or the disk or the signer fails.
    pub(super) fn run(mut self, tips: &watch::Sender<Arc<Tip>>) {
        let mut beat = Instant::now();
        loop {
            let batch = match self.queue.next(self.config.max_block, beat + self.config.heartbeat) {
                Batch::Some(batch) => batch,
                Batch::Closed => return,
            };
            if !self.writer.book().is_sound() {
                self.queue.close();
                batch.into_iter().for_each(|waiting| tell(waiting.answer, Err(SubmitError::Stopped)));
                continue;
            }
            let is_due = beat.elapsed() >= self.config.heartbeat;
            let tip = Arc::clone(&tips.borrow());
            let began = Instant::now();
            let mut execution = Execution::new(&tip.state, self.context(&tip.header));
            let (accepted, outcomes) = sort_out(&mut execution, batch);
            if accepted.is_empty() && !is_due {
                self.answer(outcomes, None);
                continue;
            }
            beat = Instant::now();
            match self.commit((&tip.header, &tip.news), execution, accepted, began) {
                Ok(next) => {
                    let (height, time) = (next.header.height, next.header.time);
                    tips.send_replace(Arc::new(next));
                    self.answer(outcomes, Some((height, time)));
                }
                Err(()) => {
                    // Whether the disk has the block is unknown now: nothing more may be signed or written.
                    self.queue.close();
                    let Outcomes { done, refused } = outcomes;
                    let unanswered = done.into_iter().map(|(_, answer)| answer);
                    unanswered.chain(refused.into_iter().map(|(_, _, answer)| answer)).for_each(|answer| {
                        tell(answer, Err(SubmitError::Unknown));
                    });
                    self.refuse_rest();
                    return;
                }
            }
        }
    }

    fn context(&self, before: &Header) -> BlockContext {
        let now = (self.config.clock)();
        BlockContext {
            chain_id: before.chain_id,
            network: self.genesis.network.clone(),
            height: before.height + 1,
            // A clock that stands still or goes back does not stop the chain, nor time.
            time: now.max(UnixMillis(before.time.0 + 1)),
        }
    }

    /// Signs and writes the block. When this returns, it is on the disk.
    fn commit(
        &mut self,
        (before, news): (&Header, &News),
        execution: Execution<'_>,
        accepted: Vec<VerifiedTransaction>,
        began: Instant,
    ) -> Result<Tip, ()> {
        let context = execution.context().clone();
        let (state, updates) = execution.finish();
        let tx_root = transaction_root(accepted.iter().map(VerifiedTransaction::hash));
        let header = next_header(before, context.time, tx_root, &state);
        let told = BlockNews::new(&header, accepted.len(), updates.keys().cloned());
        let transactions = accepted.into_iter().map(VerifiedTransaction::into_inner).collect();
        let block = self.signer.certify(Block { header: header.clone(), transactions });
        let block =
            block.map_err(|error| tracing::error!(%error, "the block cannot be signed; the node stops"))?;
        let executed = began.elapsed();
        let certificate = block.certificate.clone();
        let written = self.writer.append(block, updates);
        written.map_err(|error| tracing::error!(%error, "the block cannot be written; the node stops"))?;
        let news = news.with(told.took(executed, began.elapsed().saturating_sub(executed)));
        Ok(Tip { header, certificate, state, news })
    }

    /// Answers a batch whose accepted transactions are final at the given block.
    fn answer(&self, outcomes: Outcomes, block: Option<(u64, UnixMillis)>) {
        let book = self.writer.book();
        let (mut responses, mut answers) = (Vec::new(), Vec::with_capacity(outcomes.done.len()));
        if let Some((height, time)) = block {
            for ((hash, answer), index) in outcomes.done.into_iter().zip(0..) {
                let response = SubmitResponse { hash, height, index, time };
                responses.push(response.clone());
                answers.push((answer, Ok(response)));
            }
        }
        book.remember(responses);
        for (hash, error, answer) in outcomes.refused {
            // The same transaction, sent twice at once: the second one learns where the first one is.
            let known = book.transaction(&hash).map(SubmitError::Known);
            answers.push((answer, Err(known.unwrap_or(SubmitError::Refused(error)))));
        }
        answers.into_iter().for_each(|(answer, outcome)| tell(answer, outcome));
    }

    fn refuse_rest(&self) {
        while let Batch::Some(batch) = self.queue.next(usize::MAX, Instant::now()) {
            batch.into_iter().for_each(|waiting| tell(waiting.answer, Err(SubmitError::Stopped)));
        }
    }
}

fn sort_out(execution: &mut Execution<'_>, batch: Vec<Waiting>) -> (Vec<VerifiedTransaction>, Outcomes) {
    let mut accepted = Vec::with_capacity(batch.len());
    let mut outcomes = Outcomes::default();
    for Waiting { transaction, answer, .. } in batch {
        let hash = transaction.hash();
        match execution.apply(&transaction) {
            Ok(()) => {
                accepted.push(transaction);
                outcomes.done.push((hash, answer));
            }
            Err(error) => outcomes.refused.push((hash, error, answer)),
        }
    }
    (accepted, outcomes)
}
