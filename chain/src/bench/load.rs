//! Issuers that keep a chain busy: status updates of 300 bytes each, signed before anything is measured.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use registry::build::{
    DidPlan, SignerError, SoftwareSigner, TxSigner, organisation_document, recovery_commitment,
};
use registry::{Action, Author, Did, Hash32, Slug, Status, StatusChange, Transaction, VerifiedTransaction};

use crate::bench::{BenchError, signer};
use crate::ledger::{Ledger, Pending, SubmitError};

const LIST_LENGTH: u32 = 131_072;
/// Changes in one transaction: makes it 300 bytes long.
const CHANGES: u32 = 24;
/// How many transactions each author has under way.
const WINDOW: usize = 128;

/// Sends a stream in order, some at a time, until it or the time is up. How many became final.
pub(super) async fn send(
    enqueue: impl Fn(VerifiedTransaction) -> Result<Pending, SubmitError>,
    stream: &mut VecDeque<Transaction>,
    until: Instant,
) -> Result<usize, BenchError> {
    let mut under_way = VecDeque::new();
    let mut done = 0;
    loop {
        while under_way.len() < WINDOW && Instant::now() < until {
            let Some(next) = stream.pop_front() else { break };
            let verified = next.verify().map_err(SubmitError::Invalid)?;
            under_way.push_back(enqueue(verified)?);
        }
        let Some(oldest) = under_way.pop_front() else { return Ok(done) };
        oldest.outcome().await?;
        done += 1;
    }
}

/// Sends a stream in order, one each `pause`, until the time is up. How long each took to be final.
pub(super) async fn pace(
    enqueue: impl Fn(VerifiedTransaction) -> Result<Pending, SubmitError>,
    stream: &mut VecDeque<Transaction>,
    pause: Duration,
    until: Instant,
) -> Result<Vec<Duration>, BenchError> {
    let mut ticks = tokio::time::interval(pause);
    let mut under_way = Vec::new();
    while Instant::now() < until {
        ticks.tick().await;
        let Some(next) = stream.pop_front() else { break };
        let start = Instant::now();
        let pending = enqueue(next.verify().map_err(SubmitError::Invalid)?)?;
        under_way.push(tokio::spawn(async move { pending.outcome().await.map(|_| start.elapsed()) }));
    }
    let mut took = Vec::with_capacity(under_way.len());
    for waiting in under_way {
        took.push(waiting.await.map_err(|error| BenchError::Unsound(error.to_string()))??);
    }
    Ok(took)
}

/// An organisation with a status list.
pub(super) struct Issuer {
    did: Did,
    signer: SoftwareSigner,
    chain_id: Hash32,
}

impl Issuer {
    pub(super) async fn register(ledger: &dyn Ledger, n: u64) -> Result<Self, BenchError> {
        let signer = signer(1000 + n)?;
        let document = organisation_document(&signer.public_key(), &[], vec![]);
        let recovery_commitment = recovery_commitment(&signer.public_key());
        let plan = DidPlan { document, salt: [0; 16], recovery_commitment };
        let network = Slug::new("bench").map_err(|error| BenchError::Unsound(error.to_string()))?;
        let issuer = Self { did: plan.did(&network), signer, chain_id: ledger.genesis().chain_id() };
        ledger.submit(issuer.sign(0, plan.into_action())?).await?;
        let list = Action::StatusListCreate { number: 0, length: LIST_LENGTH };
        ledger.submit(issuer.sign(1, list)?).await?;
        Ok(issuer)
    }

    /// This many updates, in order.
    pub(super) fn updates(&self, count: u64) -> Result<VecDeque<Transaction>, BenchError> {
        self.updates_from(0, count)
    }

    /// This many updates from the `first`th on.
    pub(super) fn updates_from(&self, first: u64, count: u64) -> Result<VecDeque<Transaction>, BenchError> {
        Ok((first..first + count).map(|at| self.update(at)).collect::<Result<_, _>>()?)
    }

    /// The `at`th update: suspends and reinstates entries all over the list.
    fn update(&self, at: u64) -> Result<Transaction, SignerError> {
        let start = (at as u32).wrapping_mul(2_654_435_761) % (LIST_LENGTH / 2048) * 2048;
        let status = if at.is_multiple_of(2) { Status::Suspended } else { Status::Valid };
        let changes = (0..CHANGES).map(|offset| StatusChange { index: start + offset, status }).collect();
        self.sign(at + 2, Action::StatusUpdate { number: 0, changes })
    }

    fn sign(&self, nonce: u64, action: Action) -> Result<Transaction, SignerError> {
        let author = Author::Did(self.did.clone());
        Transaction::unsigned(self.chain_id, author, nonce, action).signed_by(&self.signer)
    }
}
