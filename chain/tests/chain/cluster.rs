//! Four validators in this process, on loopback.

use std::sync::Arc;
use std::time::Duration;

use chain::network::{NetworkError, Peers, peer_id};
use chain::{Ledger, NetworkConfig, NetworkLedger};
use registry::build::TxSigner;
use registry::{Genesis, Validator, ValidatorSet};

use crate::fixture::{VALIDATOR, signer};

/// The nth validator's network key.
const NETWORK_KEY: u64 = 1 << 62;

pub(crate) struct Cluster {
    pub(crate) genesis: Genesis,
    pub(crate) folder: tempfile::TempDir,
    ports: Vec<u16>,
    pub(crate) nodes: Vec<Option<NetworkLedger>>,
}

pub(crate) fn genesis(count: u64) -> Genesis {
    let validators = (0..count).map(|n| Validator { key: signer(VALIDATOR + n).public_key(), power: 1 });
    Genesis { validators: ValidatorSet::new(validators.collect()).unwrap(), ..crate::fixture::genesis() }
}

impl Cluster {
    /// Nobody runs yet.
    pub(crate) fn new(count: u64) -> Self {
        Self::with_others(count, count)
    }

    /// `count` nodes, the first of which are the genesis' validators. Nobody runs yet.
    pub(crate) fn with_others(validators: u64, count: u64) -> Self {
        let ports = (0..count).map(|_| testkit::free_ports(1)).collect();
        let nodes = (0..count).map(|_| None).collect();
        Self { genesis: genesis(validators), folder: tempfile::tempdir().unwrap(), ports, nodes }
    }

    pub(crate) async fn running(count: u64) -> Self {
        let mut cluster = Self::new(count);
        for n in 0..cluster.nodes.len() {
            cluster.start(n).await;
        }
        for n in 0..cluster.nodes.len() {
            cluster.reaches(n, 1).await;
        }
        cluster
    }

    pub(crate) fn config(&self, n: usize) -> NetworkConfig {
        let address = |n: usize| format!("/ip4/127.0.0.1/tcp/{}", self.ports[n]);
        let others = (0..self.ports.len()).filter(|other| *other != n);
        let others = others.map(|other| {
            let id = peer_id(&signer(NETWORK_KEY + other as u64)).unwrap();
            format!("{}/p2p/{id}", address(other))
        });
        let peers = Peers { listen: address(n), others: others.collect(), only_these: false };
        let folder = self.folder.path().join(format!("n{n}"));
        NetworkConfig {
            heartbeat: Duration::from_secs(2),
            ..NetworkConfig::new(folder, format!("n{n}"), peers)
        }
    }

    pub(crate) async fn open(&self, n: usize, config: NetworkConfig) -> Result<NetworkLedger, NetworkError> {
        self.open_with(n, config, Arc::new(signer(VALIDATOR + n as u64))).await
    }

    /// With its key held by someone else.
    pub(crate) async fn open_with(
        &self,
        n: usize,
        config: NetworkConfig,
        key: Arc<dyn TxSigner>,
    ) -> Result<NetworkLedger, NetworkError> {
        NetworkLedger::open(config, Some(self.genesis.clone()), key, &signer(NETWORK_KEY + n as u64)).await
    }

    pub(crate) async fn start(&mut self, n: usize) {
        self.nodes[n] = Some(self.open(n, self.config(n)).await.unwrap());
    }

    pub(crate) async fn stop(&mut self, n: usize) {
        if let Some(node) = self.nodes[n].take() {
            node.shutdown().await;
        }
    }

    pub(crate) fn node(&self, n: usize) -> &NetworkLedger {
        self.nodes[n].as_ref().unwrap()
    }

    /// Waits until a validator has this height.
    pub(crate) async fn reaches(&self, n: usize, height: u64) {
        let mut tips = self.node(n).follow();
        let reached = tips.wait_for(|tip| tip.header.height >= height);
        tokio::time::timeout(Duration::from_secs(120), reached).await.unwrap().unwrap();
    }

    /// Waits until all that run have the same tip's height at least, and compares their blocks.
    pub(crate) async fn agree(&self) {
        let running: Vec<_> = (0..self.nodes.len()).filter(|n| self.nodes[*n].is_some()).collect();
        let height = running.iter().map(|n| self.node(*n).tip().header.height).max().unwrap();
        for n in &running {
            self.reaches(*n, height).await;
        }
        for at in 1..=height {
            let first = self.node(running[0]).block(at).await.unwrap().unwrap();
            if first.block.header.validators_hash == self.genesis.validators.hash() {
                first.verify(&self.genesis.validators, &self.genesis.chain_id()).unwrap();
            }
            for n in &running {
                let other = self.node(*n).block(at).await.unwrap().unwrap();
                assert_eq!(other.block, first.block, "block {at} of validator {n}");
            }
        }
    }
}
