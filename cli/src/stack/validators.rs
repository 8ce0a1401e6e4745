//! Several validators in this process, each with a folder and keys of its own, on ports that are free.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chain::network::{Peers, peer_id};
use chain::{Ledger, NetworkConfig, NetworkLedger, keys};
use registry::build::{SoftwareSigner, TxSigner};
use registry::{Genesis, Validator, ValidatorSet, ValidatorSetError};

use super::StackError;

/// How long the first block may take.
const FIRST_BLOCK: Duration = Duration::from_secs(120);

/// The validators of a stack; the first one's node is what everyone asks.
pub(super) struct Validators {
    genesis: Genesis,
    members: Vec<Member>,
    running: Vec<Option<Arc<NetworkLedger>>>,
}

struct Member {
    folder: PathBuf,
    validator: Arc<SoftwareSigner>,
    network: SoftwareSigner,
    port: u16,
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
        let listeners = keys.iter().map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listeners = listeners.collect::<Result<Vec<_>, _>>().map_err(at)?;
        let mut members = Vec::new();
        for ((n, (validator, network)), listener) in keys.into_iter().enumerate().zip(&listeners) {
            let port = listener.local_addr().map_err(at)?.port();
            let (folder, validator) = (folder.join(format!("n{n}")), Arc::new(validator));
            members.push(Member { folder, validator, network, port });
        }
        drop(listeners);
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
        self.running.first().cloned().flatten()
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
        let peers = Peers { listen: address(member), others, only_these: true };
        let config = NetworkConfig::new(&member.folder, format!("n{n}"), peers);
        let signer = Arc::<SoftwareSigner>::clone(&member.validator);
        let ledger = NetworkLedger::open(config, Some(self.genesis.clone()), signer, &member.network).await?;
        *slot = Some(Arc::new(ledger));
        Ok(())
    }

    /// Stops one.
    pub(super) async fn end(&mut self, n: usize) {
        if let Some(ledger) = self.running.get_mut(n).and_then(Option::take) {
            ledger.shutdown().await;
        }
    }

    /// How high each one is; none for one that is stopped.
    pub(super) fn heights(&self) -> Vec<Option<u64>> {
        self.running.iter().map(|ledger| ledger.as_ref().map(|ledger| ledger.tip().header.height)).collect()
    }

    /// Stops all.
    pub(super) async fn shutdown(mut self) {
        for n in 0..self.members.len() {
            self.end(n).await;
        }
    }
}
