//! How many transactions the solo engine makes final in a second.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::bench::load::{Issuer, send};
use crate::bench::{BenchError, Measure, genesis, signature_check, signer};
use crate::{Ledger, SoloConfig, SoloLedger};

pub(super) const AUTHORS: u64 = 32;

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
    let ledger = SoloLedger::open(SoloConfig::new(folder), Some(genesis), Arc::new(validator))?;
    let ledger = Arc::new(ledger);
    // As many as the floor allows: more than can be used up.
    let each = ((floor * budget.as_secs_f64() / AUTHORS as f64) as u64).clamp(100, 20_000);
    let mut streams = Vec::new();
    for n in 0..AUTHORS {
        streams.push(Issuer::register(&*ledger, n).await?.updates(each)?);
    }
    let start = Instant::now();
    let tasks = streams.into_iter().map(|mut stream| {
        let ledger = Arc::clone(&ledger);
        tokio::spawn(async move { send(|next| ledger.enqueue(next), &mut stream, start + budget).await })
    });
    let mut done = 0;
    for task in tasks.collect::<Vec<_>>() {
        done += task.await.map_err(|error| BenchError::Unsound(error.to_string()))??;
    }
    let rate = done as f64 / start.elapsed().as_secs_f64();
    ledger.shutdown().await;
    Ok(Measure::new("solo/tx_per_s", rate, "tx/s", floor))
}
