//! How many transactions the solo engine makes final in a second.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use registry::build::{DidPlan, SoftwareSigner, TxSigner, organisation_document, recovery_commitment};
use registry::{Action, Author, Did, Hash32, Slug, Status, StatusChange, Transaction};

use crate::bench::{BenchError, Measure, genesis, signature_check, signer};
use crate::{Ledger, SoloConfig, SoloLedger, SubmitError};

const AUTHORS: u64 = 32;
const LIST_LENGTH: u32 = 131_072;
/// Changes in one transaction: makes it 300 bytes long.
const CHANGES: u32 = 24;
/// How many transactions each author has under way.
const WINDOW: usize = 128;

/// `solo/tx_per_s`: status updates of 300 bytes by 32 issuers, each checked, executed and synced to disk before it
/// counts. Floor: raw signature checks a second on all cores.
///
/// Signing is not measured: the transactions are signed before.
///
/// # Errors
/// [`BenchError`].
pub async fn solo_tx_per_s(folder: &Path, budget: Duration) -> Result<Measure, BenchError> {
    let check = signature_check(Duration::from_millis(400))?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let floor = cores as f64 / check.as_secs_f64();

    let validator = signer(1)?;
    let genesis = genesis(std::slice::from_ref(&validator), &signer(2)?)?;
    let chain_id = genesis.chain_id();
    let ledger = SoloLedger::open(SoloConfig::new(folder), Some(genesis), Arc::new(validator))?;
    let ledger = Arc::new(ledger);
    // As many as the floor allows: more than can be used up.
    let each = ((floor * budget.as_secs_f64() / AUTHORS as f64) as u64).clamp(100, 20_000);
    let mut streams = Vec::new();
    for n in 0..AUTHORS {
        let author = Issuer::register(&ledger, chain_id, n).await?;
        streams.push((0..each).map(|at| author.update(chain_id, at)).collect::<Result<VecDeque<_>, _>>()?);
    }
    let start = Instant::now();
    let tasks: Vec<_> = streams
        .into_iter()
        .map(|stream| tokio::spawn(send(Arc::clone(&ledger), stream, start + budget)))
        .collect();
    let mut done = 0;
    for task in tasks {
        done += task.await.map_err(|error| BenchError::Unsound(error.to_string()))??;
    }
    let rate = done as f64 / start.elapsed().as_secs_f64();
    ledger.shutdown().await;
    Ok(Measure::new("solo/tx_per_s", rate, "tx/s", floor))
}

/// Sends a stream in order, some at a time, until it or the time is up. How many became final.
async fn send(
    ledger: Arc<SoloLedger>,
    mut stream: VecDeque<Transaction>,
    until: Instant,
) -> Result<usize, BenchError> {
    let mut under_way = VecDeque::new();
    let mut done = 0;
    loop {
        while under_way.len() < WINDOW && Instant::now() < until {
            let Some(next) = stream.pop_front() else { break };
            let verified = next.verify().map_err(SubmitError::Invalid)?;
            under_way.push_back(ledger.enqueue(verified)?);
        }
        let Some(oldest) = under_way.pop_front() else { return Ok(done) };
        oldest.outcome().await?;
        done += 1;
    }
}

struct Issuer {
    did: Did,
    signer: SoftwareSigner,
}

impl Issuer {
    async fn register(ledger: &SoloLedger, chain_id: Hash32, n: u64) -> Result<Self, BenchError> {
        let signer = signer(1000 + n)?;
        let document = organisation_document(&signer.public_key(), &[], vec![]);
        let recovery_commitment = recovery_commitment(&signer.public_key());
        let plan = DidPlan { document, salt: [0; 16], recovery_commitment };
        let network = Slug::new("bench").map_err(|error| BenchError::Unsound(error.to_string()))?;
        let issuer = Self { did: plan.did(&network), signer };
        ledger.submit(issuer.sign(chain_id, 0, plan.into_action())?).await?;
        let list = Action::StatusListCreate { number: 0, length: LIST_LENGTH };
        ledger.submit(issuer.sign(chain_id, 1, list)?).await?;
        Ok(issuer)
    }

    /// The `at`th update: suspends and reinstates entries all over the list.
    fn update(&self, chain_id: Hash32, at: u64) -> Result<Transaction, BenchError> {
        let start = (at as u32).wrapping_mul(2_654_435_761) % (LIST_LENGTH / 2048) * 2048;
        let status = if at.is_multiple_of(2) { Status::Suspended } else { Status::Valid };
        let changes = (0..CHANGES).map(|offset| StatusChange { index: start + offset, status }).collect();
        Ok(self.sign(chain_id, at + 2, Action::StatusUpdate { number: 0, changes })?)
    }

    fn sign(
        &self,
        chain_id: Hash32,
        nonce: u64,
        action: Action,
    ) -> Result<Transaction, registry::build::SignerError> {
        Transaction::unsigned(chain_id, Author::Did(self.did.clone()), nonce, action).signed_by(&self.signer)
    }
}
