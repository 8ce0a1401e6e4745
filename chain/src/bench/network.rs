//! Four validators on loopback, in one process, each with a folder of its own.

use std::collections::VecDeque;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use registry::{Genesis, Transaction};

use crate::bench::load::{Issuer, pace, send};
use crate::bench::solo::AUTHORS;
use crate::bench::{BenchError, Measure, genesis, signature_check, signer};
use crate::network::{Peers, peer_id};
use crate::{Ledger, NetworkConfig, NetworkLedger};

const VALIDATORS: u64 = 4;
/// The most transactions prepared for each author.
const MOST: u64 = 8_000;
/// Blocks made while one validator is gone.
const ALONE: usize = 24;

type Stream = VecDeque<Transaction>;

/// The four-validator figures: `network4/tx_per_s` (floor: raw signature checks a second on all cores, each
/// transaction checked by four), `network4/final_p50_ms` and `network4/final_p99_ms` at half that load (floor: the
/// three synced writes that a block needs), `network4/dead_proposer_turn_ms` (floor: a turn of a live one),
/// `catch_up/blocks_per_s` of a validator that begins with nothing and asks the others (floor: the same blocks read and
/// verified alone) and `disk/bytes_per_tx` (floor: the transactions themselves).
///
/// # Errors
/// [`BenchError`].
pub async fn network(folder: &Path, budget: Duration) -> Result<Vec<Measure>, BenchError> {
    let check = signature_check(Duration::from_millis(400))?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let floor = cores as f64 / check.as_secs_f64() / VALIDATORS as f64;
    let mut four = Four::start(folder).await?;
    let each = ((floor * budget.as_secs_f64() * 3.0 / AUTHORS as f64) as u64).clamp(200, MOST);
    let mut streams = Vec::new();
    for n in 0..AUTHORS {
        streams.push(Issuer::register(&*four.at(n)?, n).await?.updates(each)?);
    }
    let (rate, streams) = four.full_load(streams, budget).await?;
    let (mut took, mut streams) = four.half_load(streams, rate / 2.0, budget).await?;
    took.sort_unstable();
    let quantile = |q: usize| took.get(took.len() * q / 100).copied().unwrap_or_default();
    let synced = three_syncs(folder)?;
    let mut measures = vec![
        Measure::new("network4/tx_per_s", rate, "tx/s", floor),
        Measure::new("network4/final_p50_ms", millis(quantile(50)), "ms", millis(synced)),
        Measure::new("network4/final_p99_ms", millis(quantile(99)), "ms", millis(synced)),
    ];
    measures.push(four.disk().await?);
    let stream = streams.first_mut().ok_or_else(|| BenchError::Unsound("there are no authors".into()))?;
    measures.extend(four.without_one(stream).await?);
    four.shutdown().await;
    Ok(measures)
}

struct Four {
    folder: PathBuf,
    genesis: Genesis,
    ports: Vec<u16>,
    nodes: Vec<Option<Arc<NetworkLedger>>>,
}

impl Four {
    async fn start(folder: &Path) -> Result<Self, BenchError> {
        let keys = (0..VALIDATORS).map(|n| signer(10 + n)).collect::<Result<Vec<_>, _>>()?;
        let listeners = (0..VALIDATORS).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listeners = listeners.collect::<Result<Vec<_>, _>>()?;
        let ports =
            listeners.iter().map(|l| Ok(l.local_addr()?.port())).collect::<Result<_, BenchError>>()?;
        drop(listeners);
        let genesis = genesis(&keys, &signer(2)?)?;
        let mut four = Self { folder: folder.to_owned(), genesis, ports, nodes: Vec::new() };
        for n in 0..VALIDATORS {
            let node = four.open(n).await?;
            four.nodes.push(Some(node));
        }
        reaches(&*four.at(0)?, 1).await?;
        Ok(four)
    }

    async fn open(&self, n: u64) -> Result<Arc<NetworkLedger>, BenchError> {
        let mut addresses = Vec::new();
        for (other, port) in (0..).zip(&self.ports) {
            let address = format!("/ip4/127.0.0.1/tcp/{port}");
            let id = peer_id(&signer(50 + other)?).map_err(crate::network::NetworkError::Address)?;
            addresses.push((other, address, id));
        }
        let listen = addresses.iter().find(|(other, ..)| *other == n).map(|(_, address, _)| address.clone());
        let others = addresses.iter().filter(|(other, ..)| *other != n);
        let others = others.map(|(_, address, id)| format!("{address}/p2p/{id}")).collect();
        let peers = Peers { listen: listen.unwrap_or_default(), others, only_these: true };
        let config = NetworkConfig::new(self.folder.join(format!("n{n}")), format!("n{n}"), peers);
        let key = Arc::new(signer(10 + n)?);
        Ok(Arc::new(NetworkLedger::open(config, Some(self.genesis.clone()), key, &signer(50 + n)?).await?))
    }

    fn at(&self, n: u64) -> Result<Arc<NetworkLedger>, BenchError> {
        let node = self.nodes.get(usize::try_from(n % VALIDATORS).unwrap_or(0)).cloned().flatten();
        node.ok_or_else(|| BenchError::Unsound("a validator is gone".into()))
    }

    /// Everything at once; how many a second, and what is left of the streams.
    async fn full_load(
        &self,
        streams: Vec<Stream>,
        budget: Duration,
    ) -> Result<(f64, Vec<Stream>), BenchError> {
        let start = Instant::now();
        let mut tasks = Vec::new();
        for (n, mut stream) in (0..).zip(streams) {
            let node = self.at(n)?;
            tasks.push(tokio::spawn(async move {
                let done = send(|next| node.enqueue(next), &mut stream, start + budget).await;
                done.map(|done| (done, stream))
            }));
        }
        let (mut total, mut left) = (0, Vec::new());
        for task in tasks {
            let (done, stream) = task.await.map_err(|error| BenchError::Unsound(error.to_string()))??;
            total += done;
            left.push(stream);
        }
        Ok((total as f64 / start.elapsed().as_secs_f64(), left))
    }

    /// So many a second; how long each took to be final.
    async fn half_load(
        &self,
        streams: Vec<Stream>,
        rate: f64,
        budget: Duration,
    ) -> Result<(Vec<Duration>, Vec<Stream>), BenchError> {
        let until = Instant::now() + budget;
        let pause = Duration::from_secs_f64(streams.len() as f64 / rate.max(1.0));
        let mut tasks = Vec::new();
        for (n, mut stream) in (0..).zip(streams) {
            let node = self.at(n)?;
            tasks.push(tokio::spawn(async move {
                let took = pace(|next| node.enqueue(next), &mut stream, pause, until).await;
                took.map(|took| (took, stream))
            }));
        }
        let (mut all, mut left) = (Vec::new(), Vec::new());
        for task in tasks {
            let (took, stream) = task.await.map_err(|error| BenchError::Unsound(error.to_string()))??;
            all.extend(took);
            left.push(stream);
        }
        Ok((all, left))
    }

    /// What a turn costs when its validator is gone, and how fast it catches up afterwards.
    async fn without_one(&mut self, stream: &mut Stream) -> Result<Vec<Measure>, BenchError> {
        let node = self.at(0)?;
        if let Some(gone) = self.nodes.pop().flatten() {
            gone.shutdown().await;
        }
        let (mut live, mut dead) = (Vec::new(), Vec::new());
        for _ in 0..ALONE {
            let Some(next) = stream.pop_front() else { break };
            let start = Instant::now();
            let done = node.submit(next).await?;
            let block = node.block(done.height).await?;
            let round = block.map_or(0, |block| block.certificate.round);
            let took = start.elapsed();
            if round == 0 { live.push(took) } else { dead.push(took / round) }
        }
        let mean =
            |all: &[Duration]| all.iter().sum::<Duration>() / u32::try_from(all.len().max(1)).unwrap_or(1);
        let turn =
            Measure::new("network4/dead_proposer_turn_ms", millis(mean(&dead)), "ms", millis(mean(&live)));
        // It comes back with nothing but its keys, and takes the chain from block 1.
        fs::remove_dir_all(self.folder.join(format!("n{}", VALIDATORS - 1)))?;
        let start = Instant::now();
        let again = self.open(VALIDATORS - 1).await?;
        let tip = node.tip().header.height;
        reaches(&again, tip).await?;
        let took = start.elapsed();
        self.nodes.push(Some(again));
        let start = Instant::now();
        for height in 1..=tip {
            let block =
                node.block(height).await?.ok_or_else(|| BenchError::Unsound("a block is gone".into()))?;
            let sound = block.verify(&self.genesis.validators, &self.genesis.chain_id());
            sound.map_err(|error| BenchError::Unsound(error.to_string()))?;
        }
        let per_second = |time: Duration| tip as f64 / time.as_secs_f64();
        Ok(vec![
            turn,
            Measure::new("catch_up/blocks_per_s", per_second(took), "1/s", per_second(start.elapsed())),
        ])
    }

    async fn disk(&self) -> Result<Measure, BenchError> {
        let node = self.at(0)?;
        let (mut count, mut bytes) = (0, 0);
        for height in 1..=node.tip().header.height {
            let block = node.block(height).await?;
            for transaction in block.iter().flat_map(|block| &block.block.transactions) {
                (count, bytes) = (count + 1, bytes + transaction.to_bytes().len());
            }
        }
        let used = size(&self.folder.join("n0"))? as f64;
        let each = |bytes: f64| bytes / f64::from(count.max(1));
        Ok(Measure::new("disk/bytes_per_tx", each(used), "B", each(bytes as f64)))
    }

    async fn shutdown(self) {
        for node in self.nodes.into_iter().flatten() {
            node.shutdown().await;
        }
    }
}

async fn reaches(node: &NetworkLedger, height: u64) -> Result<(), BenchError> {
    let mut tips = node.follow();
    let reached = tips.wait_for(|tip| tip.header.height >= height).await;
    reached.map(drop).map_err(|error| BenchError::Unsound(error.to_string()))
}

/// Three writes that are synced one after another.
fn three_syncs(folder: &Path) -> Result<Duration, BenchError> {
    use std::io::Write;
    let mut file = fs::File::create(folder.join("synced"))?;
    let start = Instant::now();
    for _ in 0..3 {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
    }
    Ok(start.elapsed())
}

pub(super) fn size(folder: &Path) -> Result<u64, BenchError> {
    let mut total = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        total += if about.is_dir() { size(&entry.path())? } else { about.len() };
    }
    Ok(total)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
