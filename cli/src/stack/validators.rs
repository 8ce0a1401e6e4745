//! Several validators, each with a folder and keys of its own, on ports that are free. The first is in this process, since everyone asks
//! it; each other one is a process, so that it can be killed like a machine.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chain::network::{Peers, peer_id};
use chain::{Ledger, NetworkConfig, NetworkLedger, keys};
use registry::build::{SoftwareSigner, TxSigner};
use registry::{Genesis, Validator, ValidatorSet, ValidatorSetError};
use service::{NodeClient, NodeConfig};
use tokio::process::Child;

use super::StackError;
use crate::network::{Settings, process};

/// How long the first block may take.
const FIRST_BLOCK: Duration = Duration::from_secs(120);

/// The validators of a stack; the first one's node is what everyone asks.
pub(super) struct Validators {
    genesis: Genesis,
    members: Vec<Member>,
    running: Vec<Option<Running>>,
}

struct Member {
    folder: PathBuf,
    validator: Arc<SoftwareSigner>,
    network: SoftwareSigner,
    /// Where the other validators reach it.
    port: u16,
    /// Where its node answers, if it is a process.
    http: u16,
}

enum Running {
    Here(Arc<NetworkLedger>),
    /// Killed when it is dropped.
    Apart(Child),
}

impl Validators {
    /// The keys of `count` validators below `folder`, made where they are missing.
    pub(super) fn keys(
        folder: &Path,
        count: u16,
    ) -> Result<Vec<(SoftwareSigner, SoftwareSigner)>, StackError> {
        let of = |n: u16| {
            let folder = folder.join(format!("n{n}"));
            let key = |name: &str| keys::load_or_create(&folder.join(name));
            Ok((key("validator.key")?, key("network.key")?))
        };
        (0..count).map(of).collect()
    }

    /// The set that these keys make.
    pub(super) fn set(keys: &[(SoftwareSigner, SoftwareSigner)]) -> Result<ValidatorSet, ValidatorSetError> {
        let validators = keys.iter().map(|(key, _)| Validator { key: key.public_key(), power: 1 });
        ValidatorSet::new(validators.collect())
    }

    /// Starts all, and waits until they decided a block together.
    pub(super) async fn start(
        folder: &Path,
        genesis: Genesis,
        keys: Vec<(SoftwareSigner, SoftwareSigner)>,
    ) -> Result<Self, StackError> {
        let at = |reason| StackError::Folder { path: folder.to_owned(), reason };
        // All at once, so that no two are the same.
        let listeners = (0..2 * keys.len()).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listeners = listeners.collect::<Result<Vec<_>, _>>().map_err(at)?;
        let ports = listeners.iter().map(|listener| Ok(listener.local_addr()?.port()));
        let ports = ports.collect::<Result<Vec<_>, _>>().map_err(at)?;
        drop(listeners);
        let pairs = ports.chunks_exact(2).map(|pair| (pair[0], pair[1]));
        let mut members = Vec::new();
        for ((n, (validator, network)), (port, http)) in keys.into_iter().enumerate().zip(pairs) {
            let (folder, validator) = (folder.join(format!("n{n}")), Arc::new(validator));
            members.push(Member { folder, validator, network, port, http });
        }
        let running = members.iter().map(|_| None).collect();
        let mut validators = Self { genesis, members, running };
        for n in 0..validators.members.len() {
            validators.begin(n).await?;
        }
        if let Some(first) = validators.first() {
            let height = first.tip().header.height;
            let mut tips = first.follow();
            let next = tips.wait_for(|tip| tip.header.height > height);
            let decided = tokio::time::timeout(FIRST_BLOCK, next).await;
            if !matches!(decided, Ok(Ok(_))) {
                return Err(StackError::NoBlock);
            }
        }
        Ok(validators)
    }

    /// The first one's ledger.
    pub(super) fn first(&self) -> Option<Arc<NetworkLedger>> {
        match self.running.first() {
            Some(Some(Running::Here(ledger))) => Some(Arc::clone(ledger)),
            _ => None,
        }
    }

    /// Starts one.
    pub(super) async fn begin(&mut self, n: usize) -> Result<(), StackError> {
        let (Some(member), Some(slot)) = (self.members.get(n), self.running.get_mut(n)) else {
            return Ok(());
        };
        let address = |member: &Member| format!("/ip4/127.0.0.1/tcp/{}", member.port);
        let others = self.members.iter().enumerate().filter(|(other, _)| *other != n);
        let others =
            others.map(|(_, other)| Ok(format!("{}/p2p/{}", address(other), peer_id(&other.network)?)));
        let others = others.collect::<Result<_, _>>().map_err(chain::network::NetworkError::Address)?;
        let (name, listen) = (format!("n{n}"), address(member));
        *slot = Some(if n == 0 {
            let peers = Peers { listen, others, only_these: true };
            let config = NetworkConfig::new(&member.folder, name, peers);
            let signer = Arc::<SoftwareSigner>::clone(&member.validator);
            let ledger =
                NetworkLedger::open(config, Some(self.genesis.clone()), signer, &member.network).await?;
            Running::Here(Arc::new(ledger))
        } else {
            let settings = Settings {
                name,
                http: (Ipv4Addr::LOCALHOST, member.http).into(),
                listen,
                peers: others,
                only_these_peers: true,
                snapshot_every: 0,
                snapshots_from: Vec::new(),
            };
            let begun = process::write_home(&member.folder, &settings, &self.genesis)
                .and_then(|()| process::start(&member.folder, "warn"));
            Running::Apart(begun.map_err(StackError::Process)?)
        });
        Ok(())
    }

    /// Ends one as if its machine lost its power: with `kill -9`, but for the first.
    pub(super) async fn end(&mut self, n: usize) {
        match self.running.get_mut(n).and_then(Option::take) {
            Some(Running::Here(ledger)) => ledger.shutdown().await,
            Some(Running::Apart(mut child)) => {
                if let Err(error) = child.kill().await {
                    tracing::warn!(%error, "a validator's process could not be killed");
                }
            }
            None => {}
        }
    }

    /// How high each one is; none for one that does not answer.
    pub(super) async fn heights(&self) -> Vec<Option<u64>> {
        let mut heights = Vec::with_capacity(self.members.len());
        for (member, running) in self.members.iter().zip(&self.running) {
            heights.push(match running {
                Some(Running::Here(ledger)) => Some(ledger.tip().header.height),
                Some(Running::Apart(_)) => {
                    let url = format!("http://{}:{}", Ipv4Addr::LOCALHOST, member.http);
                    let node = NodeClient::new(NodeConfig::new(url, self.genesis.anchor()));
                    node.head().await.ok().map(|head| head.height)
                }
                None => None,
            });
        }
        heights
    }

    /// Stops all, in good order.
    pub(super) async fn shutdown(self) {
        let mut children = Vec::new();
        for (n, running) in self.running.into_iter().enumerate() {
            match running {
                Some(Running::Here(ledger)) => ledger.shutdown().await,
                Some(Running::Apart(child)) => children.push((format!("n{n}"), child)),
                None => {}
            }
        }
        process::stop(children).await;
    }
}
