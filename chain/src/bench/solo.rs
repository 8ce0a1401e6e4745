//! How many transactions the solo engine makes final in a second.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::bench::load::{Issuer, send};
use crate::bench::network::size;
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

/// How many transactions a node has taken when its memory is measured.
const TAKEN: u64 = 100_000;

/// `node/rss_mb`: by how much this process grows when it opens a node and takes 100,000 transactions of 300 bytes. Floor: the
/// records of its state. None where the system does not say how large a process is.
///
/// Measure it first: memory that was used before would be used again.
///
/// # Errors
/// [`BenchError`].
pub async fn node_rss_mb(folder: &Path) -> Result<Option<Measure>, BenchError> {
    let Some(before) = resident_mb() else { return Ok(None) };
    let validator = signer(1)?;
    let genesis = genesis(std::slice::from_ref(&validator), &signer(2)?)?;
    let ledger = SoloLedger::open(SoloConfig::new(folder), Some(genesis), Arc::new(validator))?;
    let ledger = Arc::new(ledger);
    let mut issuers = Vec::new();
    for n in 0..AUTHORS {
        issuers.push(Issuer::register(&*ledger, n).await?);
    }
    // A few at a time, so that what is still to be sent is not counted.
    const ROUND: u64 = 125;
    let rounds = TAKEN / AUTHORS / ROUND;
    for round in 0..rounds {
        let mut tasks = Vec::new();
        for issuer in &issuers {
            let (ledger, mut stream) = (Arc::clone(&ledger), issuer.updates_from(round * ROUND, ROUND)?);
            let never = Instant::now() + Duration::from_secs(3600);
            tasks.push(tokio::spawn(
                async move { send(|next| ledger.enqueue(next), &mut stream, never).await },
            ));
        }
        for task in tasks {
            task.await.map_err(|error| BenchError::Unsound(error.to_string()))??;
        }
    }
    let after = resident_mb().unwrap_or(before);
    let records = ledger.tip().state.all_bytes().map(<[u8]>::len).sum::<usize>() as f64 / 1e6;
    ledger.shutdown().await;
    Ok(Some(Measure::new("node/rss_mb", after - before, "MB", records)))
}

/// How many blocks a quiet chain has made when its disk is measured.
const QUIET: u64 = 2_000;

/// `disk/bytes_per_idle_block`: what a heartbeat without transactions takes on disk, index included, under one validator; each further
/// signature adds 66 bytes. Floor: the block and its certificate as they are sent.
///
/// # Errors
/// [`BenchError`].
pub async fn disk_per_idle_block(folder: &Path) -> Result<Measure, BenchError> {
    let validator = signer(1)?;
    let genesis = genesis(std::slice::from_ref(&validator), &signer(2)?)?;
    let config = SoloConfig { heartbeat: Duration::from_millis(1), ..SoloConfig::new(folder) };
    let ledger = SoloLedger::open(config, Some(genesis), Arc::new(validator))?;
    let reached = ledger.follow().wait_for(|tip| tip.header.height >= QUIET).await.map(drop);
    reached.map_err(|error| BenchError::Unsound(error.to_string()))?;
    let block = ledger.block(QUIET).await?;
    let sent = borsh::to_vec(&block).map_err(|error| BenchError::Unsound(error.to_string()))?.len();
    ledger.shutdown().await;
    let blocks = ledger.tip().header.height as f64;
    Ok(Measure::new("disk/bytes_per_idle_block", size(folder)? as f64 / blocks, "B", sent as f64))
}

/// How much memory this process has.
fn resident_mb() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes / 1e3)
}
