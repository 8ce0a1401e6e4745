//! The thread that answers consensus: makes and checks blocks, writes what is decided, and only then says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use malachite_app::app::engine::host::{HeightParams, Next, SyncedValueOutcome};
use malachite_app::app::streaming::{StreamContent, StreamId, StreamMessage};
use malachite_app::app::types::{LocallyProposedValue, ProposedValue};
use malachite_app::{AppMsg, NetworkMsg, Reply};
use malachite_sync::RawDecidedValue;
use malachite_types::{CommitCertificate, LinearTimeouts, Round, Validity};
use registry::api::SubmitResponse;
use registry::build::TxSigner;
use registry::{CertifiedBlock, Hash32, ValidatorSet};
use tokio::sync::{mpsc, watch};

use crate::book::Writer;
use crate::ledger::Tip;
use crate::network::ahead::Ahead;
use crate::network::candidate::{Candidate, Flaw, Maker, proposal_bytes};
use crate::network::codec;
use crate::network::context::{Address, BlockId, Chain, Height, Members, Signature};
use crate::network::gossip::Batch;
use crate::network::mempool::Mempool;
use crate::network::part::{Part, ProposedBlock};
use crate::network::quiet::Quiet;
use crate::network::undecided::{Kept, Sighting, Undecided};
use crate::news::BlockNews;

/// How many rounds ahead a proposed block may be: who signs blocks for all rounds to come fills nobody's disk.
const MAX_ROUNDS_AHEAD: i64 = 4;
/// How much is sent at once to a node that catches up, in bytes.
const SERVED_BYTES: usize = 6 * 1024 * 1024;
/// How often the pool is swept.
const SWEEP: Duration = Duration::from_millis(500);

/// A dead proposer costs its turn the first two of these; later rounds wait longer, for slower networks.
pub(super) const TIMEOUTS: LinearTimeouts = LinearTimeouts {
    propose: Duration::from_millis(600),
    propose_delta: Duration::from_millis(400),
    prevote: Duration::from_millis(200),
    prevote_delta: Duration::from_millis(200),
    precommit: Duration::from_millis(200),
    precommit_delta: Duration::from_millis(200),
    rebroadcast: Duration::from_millis(1500),
    max_timeout: Duration::from_secs(10),
};

/// What the thread is told.
pub(super) enum Input {
    /// By consensus.
    Consensus(Box<AppMsg<Chain>>),
    /// Something waits now.
    Work,
    /// To end.
    Stop,
}

/// The disk or the key's holder failed: nothing more may be signed or written.
#[derive(Debug)]
pub(super) struct Failed;

pub(super) struct Engine {
    pub(super) writer: Writer,
    pub(super) maker: Maker,
    pub(super) mempool: Arc<Mempool>,
    pub(super) tips: watch::Sender<Arc<Tip>>,
    /// Who decides the next height.
    pub(super) validators: ValidatorSet,
    pub(super) members: Members,
    pub(super) signer: Arc<dyn TxSigner>,
    pub(super) undecided: Undecided,
    /// A block that a node sent us as decided long ago: its signatures are its certificate's word.
    pub(super) synced: Option<Candidate>,
    pub(super) ahead: Ahead,
    /// Whether this validator votes.
    pub(super) quiet: Quiet,
    /// Where consensus is.
    pub(super) round: Round,
    pub(super) network: mpsc::Sender<NetworkMsg<Chain>>,
    /// Where transactions from others are verified.
    pub(super) received: SyncSender<Batch>,
    /// Consensus waits for the next height to begin.
    pub(super) waiting: Option<Reply<Next<Chain>>>,
    /// The newest block was decided by the others long before it came here.
    pub(super) is_behind: bool,
    /// Whether to be woken when something comes in.
    pub(super) is_idle: Arc<AtomicBool>,
    pub(super) beat: Instant,
    pub(super) heartbeat: Duration,
    pub(super) streams: u64,
}

impl Engine {
    /// Answers until it is told to end, or cannot go on.
    pub(super) fn run(mut self, inputs: &Receiver<Input>) {
        let mut swept = Instant::now();
        loop {
            let outcome = match inputs.recv_timeout(SWEEP) {
                Ok(Input::Consensus(message)) => self.answer(*message),
                Ok(Input::Work) | Err(RecvTimeoutError::Timeout) => Ok(()),
                Ok(Input::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            };
            if outcome.is_err() || !self.writer.book().is_sound() {
                tracing::error!("the engine stops; see above");
                break;
            }
            self.start_if_due();
            if swept.elapsed() > SWEEP {
                self.mempool.sweep();
                swept = Instant::now();
            }
        }
        self.mempool.close();
    }

    /// Takes up what was proposed before a restart.
    pub(super) fn take_up(&mut self, kept: Vec<Kept>) {
        for (sighting, bytes) in kept {
            if sighting.height == self.height()
                && let Ok(candidate) = self.check(&bytes, false)
            {
                self.undecided.note(&sighting, candidate);
            }
        }
    }

    fn tip(&self) -> Arc<Tip> {
        Arc::clone(&self.tips.borrow())
    }

    /// The height that is to be decided.
    pub(super) fn height(&self) -> Height {
        Height(self.tips.borrow().header.height + 1)
    }

    fn params(&self) -> HeightParams<Chain> {
        let members = self.members.clone();
        let members = if self.quiet.is_over() { members } else { members.without_own_votes() };
        self.quiet.begins(self.height().0);
        HeightParams::new(members, TIMEOUTS, None)
    }

    pub(super) fn me(&self) -> Address {
        Address::of(&self.signer.public_key())
    }

    fn chain_id(&self) -> Hash32 {
        self.tips.borrow().header.chain_id
    }

    fn check(&self, bytes: &[u8], is_new: bool) -> Result<Candidate, Flaw> {
        self.maker.check(&self.mempool, &self.tip(), bytes, is_new)
    }

    fn answer(&mut self, message: AppMsg<Chain>) -> Result<(), Failed> {
        match message {
            AppMsg::ConsensusReady { reply } => reply_with(reply, (self.height(), self.params())),
            AppMsg::StartedRound { height, round, reply_value, proposer, .. } => {
                tracing::debug!(%height, %round, %proposer, "a round begins");
                self.round = round;
                if height == self.height() {
                    // Consensus hears of them in the answer.
                    for proposed in self.ahead.take(height) {
                        self.take_proposed(proposed)?;
                    }
                }
                reply_with(reply_value, self.undecided.seen_in(round));
            }
            AppMsg::GetValue { height, round, reply, .. } => {
                let id = self.propose(round)?;
                reply_with(reply, LocallyProposedValue::new(height, round, BlockId(id)));
            }
            AppMsg::RestreamProposal { round, valid_round, value_id, .. } => {
                self.publish(&value_id.0, round, valid_round)?;
            }
            AppMsg::ReceivedProposalPart { part, reply, from, .. } => {
                let value = match part.content.into_data() {
                    Some(Part::Block(block)) => self.take_proposed(block)?,
                    Some(Part::Transactions(transactions)) => {
                        if self.received.try_send((from, transactions)).is_err() {
                            tracing::debug!(%from, "more transactions arrive than can be verified; some are left out");
                        }
                        None
                    }
                    None => None,
                };
                reply_with(reply, value);
            }
            AppMsg::ExtendVote { reply, .. } => reply_with(reply, None),
            AppMsg::VerifyVoteExtensions { extensions, reply, .. } => {
                reply_with(reply, extensions.into_iter().map(|(address, _)| (address, Ok(()))).collect());
            }
            AppMsg::Decided { certificate, reply, .. } => {
                self.commit(&certificate)?;
                reply_with(reply, ());
            }
            AppMsg::Finalized { certificate, evidence, reply, .. } => {
                if !evidence.is_empty() {
                    tracing::warn!(height = %certificate.height, ?evidence, "a validator contradicted itself");
                }
                if certificate.height < self.height() {
                    self.waiting = Some(reply);
                } else {
                    // Decided, but the block is not here: begin again, and get it from the others. Consensus forgets
                    // what was voted here.
                    let quiet = self.quiet.forgets(self.height().0);
                    quiet.map_err(failed("what must not be voted for cannot be written"))?;
                    reply_with(reply, Next::Restart(self.height(), self.params()));
                }
            }
            AppMsg::GetHistoryMinHeight { reply } => reply_with(reply, Height(self.writer.book().first())),
            AppMsg::GetDecidedValues { range, reply } => {
                reply_with(reply, self.serve(range.start().0, range.end().0));
            }
            AppMsg::ProcessSyncedValue { height, round, proposer, value_bytes, reply } => {
                let sighting = Sighting { height, round, valid_round: Round::Nil, proposer };
                reply_with(reply, self.take_synced(&sighting, &value_bytes));
            }
        }
        Ok(())
    }

    /// Begins the next height once there is something to decide, or the chain was quiet for long enough.
    fn start_if_due(&mut self) {
        if self.waiting.is_none() {
            return;
        }
        // Said first, so that nothing comes in unnoticed between looking and waiting.
        self.is_idle.store(true, Ordering::SeqCst);
        let height = self.height();
        let is_due = self.is_behind
            || self.beat.elapsed() >= self.heartbeat
            || self.ahead.has(height)
            || self.maker.has_work(&self.mempool, &self.tip());
        if is_due && let Some(reply) = self.waiting.take() {
            self.is_idle.store(false, Ordering::SeqCst);
            reply_with(reply, Next::Start(height, self.params()));
        }
    }

    /// This validator's block for a round: made once, whatever happens.
    fn propose(&mut self, round: Round) -> Result<Hash32, Failed> {
        let me = self.me();
        let id = match self.undecided.own(round, &me) {
            Some(candidate) => candidate.id,
            None => {
                let candidate = self.maker.make(&self.mempool, &self.tip());
                #[cfg(test)]
                let candidate = self.lie(candidate, round)?;
                let id = candidate.id;
                let sighting =
                    Sighting { height: self.height(), round, valid_round: Round::Nil, proposer: me };
                let bytes = proposal_bytes(&candidate.block).map_err(failed("a block cannot be encoded"))?;
                let kept = self.undecided.keep(&sighting, candidate, &bytes);
                kept.map_err(failed("a proposal cannot be written"))?;
                id
            }
        };
        self.publish(&id, round, Round::Nil)?;
        Ok(id)
    }

    pub(super) fn publish(&mut self, id: &Hash32, round: Round, valid_round: Round) -> Result<(), Failed> {
        let Some(candidate) = self.undecided.candidate(id) else { return Ok(()) };
        let block = proposal_bytes(&candidate.block).map_err(failed("a block cannot be encoded"))?;
        let height = self.height();
        let message = ProposedBlock::signing_bytes(&self.chain_id(), height, (round, valid_round), &block);
        let signature = self.signer.sign(&message).map_err(failed("a proposal cannot be signed"))?;
        let proposer = self.me();
        let signature = Signature(signature);
        let part = Part::Block(ProposedBlock { height, round, valid_round, proposer, block, signature });
        self.streams += 1;
        let stream = [height.0.to_be_bytes(), self.streams.to_be_bytes()].concat();
        let message = StreamMessage::new(StreamId::new(stream.into()), 0, StreamContent::Data(part));
        // Fails only when consensus has ended; then so will this thread.
        drop(self.network.blocking_send(NetworkMsg::PublishProposalPart(message)));
        Ok(())
    }

    /// A block that another validator proposes: what to tell consensus of it.
    pub(super) fn take_proposed(
        &mut self,
        proposed: ProposedBlock,
    ) -> Result<Option<ProposedValue<Chain>>, Failed> {
        let height = self.height();
        if proposed.height > height {
            if Ahead::is_near(height, proposed.height) && self.is_signed(&proposed) {
                self.ahead.keep(proposed);
            }
            return Ok(None);
        }
        let is_soon = proposed.round.as_i64() <= self.round.as_i64().saturating_add(MAX_ROUNDS_AHEAD);
        if proposed.height < height || !is_soon || !self.is_by_its_proposer(&proposed) {
            return Ok(None);
        }
        let ProposedBlock { height, round, valid_round, proposer, block, .. } = proposed;
        let sighting = Sighting { height, round, valid_round, proposer };
        if self.undecided.is_enough(&sighting) {
            return Ok(None);
        }
        match block_id(&block) {
            Some(id) if self.undecided.candidate(&id).is_some() => {
                Ok(Some(self.undecided.see_again(&sighting, id)))
            }
            Some(id) => match self.check(&block, true) {
                Ok(candidate) => {
                    let kept = self.undecided.keep(&sighting, candidate, &block);
                    kept.map(Some).map_err(failed("a proposal cannot be written"))
                }
                Err(flaw) => {
                    tracing::warn!(%height, %round, %proposer, %flaw, "a proposed block is refused");
                    Ok(Some(self.undecided.see_unsound(&sighting, id)))
                }
            },
            None => {
                tracing::warn!(%height, %round, %proposer, "what is proposed is no block");
                Ok(None)
            }
        }
    }

    /// Whether it is the proposer's turn, and its signature.
    fn is_by_its_proposer(&self, proposed: &ProposedBlock) -> bool {
        let turn = self.members.proposer(proposed.height, proposed.round);
        turn.map(malachite_types::Validator::address) == Some(&proposed.proposer) && self.is_signed(proposed)
    }

    fn is_signed(&self, proposed: &ProposedBlock) -> bool {
        let ProposedBlock { height, round, valid_round, proposer, block, signature } = proposed;
        let message = ProposedBlock::signing_bytes(&self.chain_id(), *height, (*round, *valid_round), block);
        self.members.key(proposer).is_some_and(|key| key.verifies(&message, &signature.0))
    }

    /// A block that is decided already, sent because this node is behind. Its certificate was checked before this.
    fn take_synced(&mut self, sighting: &Sighting, bytes: &[u8]) -> SyncedValueOutcome<Chain> {
        if sighting.height != self.height() {
            return SyncedValueOutcome::LocalTransientError;
        }
        let Some(id) = block_id(bytes) else { return SyncedValueOutcome::PeerFault };
        let validity = match self.maker.check_decided(&self.tip(), bytes) {
            Ok(candidate) => {
                self.synced = Some(candidate);
                Validity::Valid
            }
            Err(Flaw::Malformed) => return SyncedValueOutcome::PeerFault,
            Err(flaw) => {
                tracing::error!(height = %sighting.height, %flaw, "a block that others decided does not hold here");
                Validity::Invalid
            }
        };
        SyncedValueOutcome::Verdict(ProposedValue {
            height: sighting.height,
            round: sighting.round,
            valid_round: sighting.valid_round,
            proposer: sighting.proposer,
            value: BlockId(id),
            validity,
        })
    }

    /// Writes a decided block. When this returns, it is on the disk.
    fn commit(&mut self, commit: &CommitCertificate<Chain>) -> Result<(), Failed> {
        let id = commit.value_id.0;
        if commit.height != self.height() {
            return Ok(());
        }
        let synced = self.synced.take().filter(|candidate| candidate.id == id);
        // Whoever is sent old blocks is behind, and goes on to the next at once.
        self.is_behind = synced.is_some();
        let Some(candidate) = self.undecided.take(&id).or(synced) else {
            tracing::warn!(height = %commit.height, "the decided block is not here; it is fetched from the others");
            return Ok(());
        };
        let Candidate { block, hashes, state, updates, .. } = candidate;
        let certificate = codec::certificate(commit, &self.members).trimmed(&self.validators);
        let header = block.header.clone();
        certificate
            .verify(&self.validators, &header.chain_id)
            .map_err(failed("consensus gave a certificate that does not hold"))?;
        let certified = CertifiedBlock { block, certificate: certificate.clone() };
        let (height, time) = (header.height, header.time);
        if self.is_behind {
            let quiet = self.quiet.catches_up(time);
            quiet.map_err(failed("what must not be voted for cannot be written"))?;
        }
        let done = hashes.into_iter().zip(0..);
        let done: Vec<_> = done.map(|(hash, index)| SubmitResponse { hash, height, index, time }).collect();
        let told = BlockNews::new(&header, done.len(), updates.keys().cloned());
        let began = Instant::now();
        let written = self.writer.append(certified.clone(), updates);
        written.map_err(failed("a decided block cannot be written"))?;
        let news = self.tip().news.with(told.took(Duration::ZERO, began.elapsed()));
        let tip = Arc::new(Tip { header, certificate, state, news });
        self.tips.send_replace(Arc::clone(&tip));
        self.writer.book().remember(done.iter().cloned());
        self.mempool.committed(tip, &certified, &done);
        self.undecided.clear();
        let quiet = self.quiet.decided(height, time);
        quiet.map_err(failed("what must not be voted for cannot be written"))?;
        self.beat = Instant::now();
        // The state says who decides the next block.
        let next = self.tip().next_validators().map_err(failed("the state names no validators"))?;
        if next != self.validators {
            tracing::info!(from = height + 1, count = next.as_slice().len(), "the validators change");
            self.members = Members::from(&next);
            self.validators = next;
        }
        Ok(())
    }

    /// Decided blocks for a node that is behind, as many as fit.
    fn serve(&self, from: u64, to: u64) -> Vec<RawDecidedValue<Chain>> {
        let (book, mut size) = (self.writer.book(), 0);
        let to = to.min(self.tips.borrow().header.height);
        let blocks = (from.max(book.first())..=to).map_while(|height| match book.read(height) {
            Ok(block) => block,
            Err(error) => {
                tracing::error!(%error, "a block cannot be read for another node");
                None
            }
        });
        let served = blocks.map_while(|block| {
            let validators = book.validators_at(block.block.header.height)?;
            codec::served(&block, &Members::from(&validators)).ok()
        });
        let within = served.take_while(|value| {
            let is_first = size == 0;
            size += value.value_bytes.len();
            is_first || size <= SERVED_BYTES
        });
        within.collect()
    }
}

/// The id that a block's bytes claim; none for what is no block.
fn block_id(bytes: &[u8]) -> Option<Hash32> {
    let mut rest = bytes;
    let header: registry::Header = borsh::BorshDeserialize::deserialize(&mut rest).ok()?;
    Some(header.id())
}

/// Consensus may have ended meanwhile.
fn reply_with<T>(reply: Reply<T>, answer: T) {
    drop(reply.send(answer));
}

fn failed<E: std::fmt::Display>(what: &'static str) -> impl FnOnce(E) -> Failed {
    move |error| {
        tracing::error!(%error, "{what}");
        Failed
    }
}
