//! How consensus and the connections between validators are set up.

use std::time::Duration;

use malachite_app::app::config::{ConsensusConfig, NodeConfig, P2pConfig, PubSubProtocol, ValueSyncConfig};
use malachite_app::app::types::Keypair;
use malachite_engine::network::Multiaddr;
use registry::build::SoftwareSigner;

/// Where a validator listens and whom it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peers {
    /// Where to listen, for instance `/ip4/0.0.0.0/tcp/26100`.
    pub listen: String,
    /// The others, each with `/p2p/` and its peer id at the end: who answers there is then certain.
    pub others: Vec<String>,
    /// Whether only the others may connect. A chain that new validators join leaves this off: everything that a stranger
    /// sends is checked and bounded, and all that it can read is public.
    pub only_these: bool,
}

/// An address that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no address like /ip4/127.0.0.1/tcp/26100/p2p/12D3Koo…")]
pub struct PeerAddressError(pub String);

/// The id under which a node with this network key is reached, the last part of its address.
///
/// # Errors
/// [`PeerAddressError`] when the key makes none, which no key does.
pub fn peer_id(key: &SoftwareSigner) -> Result<String, PeerAddressError> {
    Ok(keypair(key)?.public().to_peer_id().to_string())
}

pub(super) fn keypair(key: &SoftwareSigner) -> Result<Keypair, PeerAddressError> {
    let mut seed = key.seed();
    Keypair::ed25519_from_bytes(seed.as_mut()).map_err(|_| PeerAddressError("the network key".into()))
}

/// What Malachite asks its configuration for.
#[derive(Clone)]
pub(super) struct Settings {
    name: String,
    consensus: ConsensusConfig,
    sync: ValueSyncConfig,
}

impl Settings {
    pub(super) fn new(name: String, peers: &Peers) -> Result<Self, PeerAddressError> {
        let address = |text: &String| text.parse::<Multiaddr>().map_err(|_| PeerAddressError(text.clone()));
        // As they are: 4 MiB a message, 10 MiB an answer to a node that catches up.
        let mut p2p = P2pConfig {
            listen_addr: address(&peers.listen)?,
            persistent_peers: peers.others.iter().map(address).collect::<Result<_, _>>()?,
            persistent_peers_only: peers.only_these,
            // Straight to everyone, relayed by nobody: validators all know each other, and with gossip a node that was
            // stopped and started again would be left out for a minute.
            protocol: PubSubProtocol::Broadcast,
            ..P2pConfig::default()
        };
        // Several validators of one machine share its address.
        p2p.discovery.max_connections_per_ip = 64;
        let consensus = ConsensusConfig { p2p, ..ConsensusConfig::default() };
        let sync = ValueSyncConfig {
            status_update_interval: Duration::from_millis(500),
            request_timeout: Duration::from_secs(5),
            batch_size: 50,
            ..ValueSyncConfig::default()
        };
        Ok(Self { name, consensus, sync })
    }
}

impl NodeConfig for Settings {
    fn moniker(&self) -> &str {
        &self.name
    }

    fn consensus(&self) -> &ConsensusConfig {
        &self.consensus
    }

    fn consensus_mut(&mut self) -> &mut ConsensusConfig {
        &mut self.consensus
    }

    fn value_sync(&self) -> &ValueSyncConfig {
        &self.sync
    }

    fn value_sync_mut(&mut self) -> &mut ValueSyncConfig {
        &mut self.sync
    }
}
