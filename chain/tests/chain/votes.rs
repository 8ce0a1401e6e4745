//! What a validator signs when something of what it knew is gone, and when it can't sign any more.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chain::{Ledger, SubmitError};
use registry::build::{SignerError, SoftwareSigner, TxSigner};
use registry::{Ed25519Key, Hash32, UnixMillis, VoteKind, vote_bytes};

use crate::cluster::Cluster;
use crate::fixture::{VALIDATOR, signer};

/// A validator's key, and what was signed with it.
struct Watched {
    key: SoftwareSigner,
    signed: Mutex<Vec<Vec<u8>>>,
    fails: AtomicBool,
}

impl Watched {
    fn of(n: u64) -> Arc<Self> {
        let (signed, fails) = (Mutex::default(), AtomicBool::new(false));
        Arc::new(Self { key: signer(VALIDATOR + n), signed, fails })
    }

    /// Votes by kind, height and round, each with how often it was signed; two for one place are two here.
    fn votes(&self, chain_id: &Hash32) -> HashMap<(u8, u64, u32), Vec<Vec<u8>>> {
        let place = |bytes: &[u8]| {
            let (kind, height, round) = (bytes[16], &bytes[49..57], &bytes[57..61]);
            (
                kind,
                u64::from_be_bytes(height.try_into().unwrap()),
                u32::from_be_bytes(round.try_into().unwrap()),
            )
        };
        let some = vote_bytes(VoteKind::Prevote, chain_id, 7, 2, None);
        assert_eq!(place(&some), (VoteKind::Prevote as u8, 7, 2));
        let mut votes: HashMap<_, Vec<Vec<u8>>> = HashMap::new();
        for message in self.signed.lock().unwrap().iter().filter(|message| message.starts_with(&some[..16])) {
            let of_place = votes.entry(place(message)).or_default();
            if !of_place.contains(message) {
                of_place.push(message.clone());
            }
        }
        votes
    }

    fn contradicts_nothing(&self, chain_id: &Hash32) {
        for (place, votes) in self.votes(chain_id) {
            assert_eq!(votes.len(), 1, "two votes at {place:?}");
        }
    }

    /// The lowest height that was voted at.
    async fn votes_again(&self, chain_id: &Hash32) -> u64 {
        let voted = async {
            loop {
                if let Some(height) = self.votes(chain_id).keys().map(|(_, height, _)| *height).min() {
                    return height;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), voted).await.unwrap()
    }
}

impl TxSigner for Watched {
    fn public_key(&self) -> Ed25519Key {
        self.key.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(SignerError("taken away".into()));
        }
        self.signed.lock().unwrap().push(message.to_vec());
        self.key.sign(message)
    }
}

/// Cuts the last blocks off a block log.
fn cut(path: &Path, blocks: usize) {
    let bytes = std::fs::read(path).unwrap();
    let records = bytes.windows(4).enumerate().filter(|(_, window)| window == b"HZBK");
    let at = records.map(|(at, _)| at).rev().nth(blocks - 1).unwrap();
    std::fs::write(path, &bytes[..at]).unwrap();
}

/// A cluster of four whose last validator is watched, with some blocks decided.
async fn with_watched(watched: &Arc<Watched>) -> Cluster {
    let mut cluster = Cluster::new(4);
    for n in 0..3 {
        cluster.start(n).await;
    }
    let last = cluster.open_with(3, cluster.config(3), Arc::clone(watched) as _).await;
    cluster.nodes[3] = Some(last.unwrap());
    for n in 1..5 {
        cluster.node(0).submit(create_on(&cluster, n)).await.unwrap();
    }
    cluster.agree().await;
    watched.votes_again(&cluster.genesis.chain_id()).await;
    cluster
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_validator_that_lost_blocks_contradicts_no_vote() {
    let watched = Watched::of(3);
    let mut cluster = with_watched(&watched).await;
    let chain_id = cluster.genesis.chain_id();
    for n in 0..4 {
        cluster.stop(n).await;
    }
    let home = cluster.folder.path().join("n3");
    let voted = std::fs::read(home.join("consensus.wal")).unwrap();
    let voted = u64::from_be_bytes(voted[4..12].try_into().unwrap());
    cut(&home.join("blocks.log"), 2);
    std::fs::remove_dir_all(home.join("index")).unwrap();
    let last = cluster.open_with(3, cluster.config(3), Arc::clone(&watched) as _).await;
    cluster.nodes[3] = Some(last.unwrap());
    assert!(cluster.node(3).tip().header.height < voted, "blocks are gone that it voted for");
    // Long enough for whoever waits for a proposal to vote for none. If this is too short, nothing fails that should not.
    tokio::time::sleep(Duration::from_secs(2)).await;
    for n in 0..3 {
        cluster.start(n).await;
    }
    cluster.reaches(3, voted + 2).await;
    cluster.agree().await;
    watched.contradicts_nothing(&chain_id);
    let again = watched.votes(&chain_id).keys().map(|(_, height, _)| *height).max();
    assert!(again > Some(voted), "it votes again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_validator_without_its_vote_log_waits_for_blocks_made_since() {
    let watched = Watched::of(3);
    let mut cluster = with_watched(&watched).await;
    let chain_id = cluster.genesis.chain_id();
    cluster.stop(3).await;
    std::fs::remove_file(cluster.folder.path().join("n3/consensus.wal")).unwrap();
    watched.signed.lock().unwrap().clear();
    // It starts some time ago, so that the test need not last as long.
    let ago = Arc::new(AtomicU64::new(17_000));
    let clock = Arc::clone(&ago);
    let mut config = cluster.config(3);
    config.clock = Arc::new(move || UnixMillis(service::clock::now().0 - clock.load(Ordering::SeqCst)));
    let started = (config.clock)();
    let last = cluster.open_with(3, config, Arc::clone(&watched) as _).await;
    ago.store(0, Ordering::SeqCst);
    cluster.nodes[3] = Some(last.unwrap());
    let height = watched.votes_again(&chain_id).await;
    let before = cluster.node(0).block(height - 1).await.unwrap().unwrap();
    assert!(before.block.header.time > started.after(Duration::from_secs(20)));
    cluster.agree().await;
    assert!(!cluster.folder.path().join("n3/quiet.json").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_engine_stops_when_consensus_ends() {
    let watched = Watched::of(0);
    let mut cluster = Cluster::new(1);
    let only = cluster.open_with(0, cluster.config(0), Arc::clone(&watched) as _).await;
    cluster.nodes[0] = Some(only.unwrap());
    let node = cluster.node(0);
    node.submit(create_on(&cluster, 1)).await.unwrap();
    assert!(node.is_ready());
    // Consensus ends by itself when its key's holder fails.
    watched.fails.store(true, Ordering::SeqCst);
    let outcome = node.submit(create_on(&cluster, 2)).await;
    assert_eq!(outcome, Err(SubmitError::Unknown));
    assert!(!node.is_ready());
    assert_eq!(node.submit(create_on(&cluster, 3)).await, Err(SubmitError::Stopped));
    // What waited is taken up after a restart.
    cluster.stop(0).await;
    watched.fails.store(false, Ordering::SeqCst);
    let again = cluster.open_with(0, cluster.config(0), Arc::clone(&watched) as _).await;
    cluster.nodes[0] = Some(again.unwrap());
    let done = cluster.node(0).submit(create_on(&cluster, 2)).await;
    assert!(matches!(done, Ok(_) | Err(SubmitError::Known(_))), "{done:?}");
    watched.contradicts_nothing(&cluster.genesis.chain_id());
}

/// The transaction that creates organisation `n`, on the cluster's chain.
fn create_on(cluster: &Cluster, n: u64) -> registry::Transaction {
    crate::network::create(cluster, n).1
}
