//! Opening: the folder is read, consensus is started, and the engine's thread behind it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use malachite_app::app::types::codec::Codec;
use malachite_app::{
    AppMsg, ConsensusContext, EngineBuilder, EngineHandle, NetworkContext, NetworkIdentity, RequestContext,
    SyncContext, WalContext,
};
use malachite_signing::Signer;
use malachite_types::Round;
use registry::build::{SoftwareSigner, TxSigner};
use registry::{Certificate, Genesis};
use tokio::sync::{oneshot, watch};

use crate::book::{self, OpenError, Opened};
use crate::ledger::Tip;
use crate::network::ahead::Ahead;
use crate::network::candidate::Maker;
use crate::network::codec::Borsh;
use crate::network::context::{Address, Chain, Members};
use crate::network::engine::{Engine, Input};
use crate::network::mempool::{Limits, Mempool};
use crate::network::quiet::{Quiet, VOTES};
use crate::network::settings::{PeerAddressError, Settings, keypair};
use crate::network::signing::{Checks, Signs};
use crate::network::undecided::Undecided;
use crate::network::{NetworkConfig, NetworkLedger, gossip};
use crate::news::News;

/// How long consensus may take to end.
const END: Duration = Duration::from_secs(5);

/// Why a validator does not start.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The chain in its folder.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// An address.
    #[error(transparent)]
    Address(#[from] PeerAddressError),
    /// The folder cannot be used.
    #[error("the folder {} cannot be used", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Consensus does not start: its log is damaged, or its port is taken.
    #[error("consensus does not start: {0}")]
    Consensus(String),
}

impl NetworkLedger {
    /// Opens the chain in the folder, or begins the one of `genesis`, and takes part in deciding its next blocks: as a
    /// validator when `signer` is one, else by following. `network` is the key that its peer id comes from.
    ///
    /// # Errors
    /// [`NetworkError`].
    pub async fn open(
        config: NetworkConfig,
        genesis: Option<Genesis>,
        signer: Arc<dyn TxSigner>,
        network: &SoftwareSigner,
    ) -> Result<Self, NetworkError> {
        let folder = config.folder.clone();
        let opened = tokio::task::spawn_blocking(move || book::open(&folder, genesis));
        let opened = opened.await.map_err(|error| NetworkError::Consensus(error.to_string()))??;
        let Opened { genesis, tip, writer } = opened;
        let tip = Arc::new(tip.unwrap_or_else(|| before_first(&genesis)));
        let io_error = |source| NetworkError::Io { path: config.folder.clone(), source };

        let (inputs, input) = mpsc::channel();
        let is_idle = Arc::new(AtomicBool::new(false));
        let wake = wake(inputs.clone(), Arc::clone(&is_idle));
        let limits = Limits { count: config.max_pending, bytes: config.max_pending_bytes };
        let world = (genesis.network.clone(), Arc::clone(&config.clock));
        let (mempool, left) =
            Mempool::open(&config.folder, limits, world, Arc::clone(&tip), wake).map_err(io_error)?;
        let mempool = Arc::new(mempool);
        for transaction in left {
            if let Ok(verified) = transaction.verify() {
                mempool.take_up(verified);
            }
        }
        let (undecided, kept) = Undecided::open(&config.folder.join("undecided.log")).map_err(io_error)?;

        let newest = (tip.header.height, tip.header.time);
        let quiet = Quiet::open(&config.folder, newest, (config.clock)()).map_err(io_error)?;
        let signs = Signs { chain_id: genesis.chain_id(), signer: Arc::clone(&signer), gate: quiet.gate() };
        let (channels, handle) = start(&config, signs, network).await?;
        let (received, to_verify) = mpsc::sync_channel(gossip::MAX_BATCHES);
        let verifying = Arc::clone(&mempool);
        let verifier = std::thread::Builder::new().name("chain-verify".into());
        verifier.spawn(move || gossip::verify(&verifying, &to_verify)).map_err(io_error)?;
        let started = u64::try_from(Instant::now().elapsed().as_nanos()).unwrap_or(0);
        let first_stream = (config.clock)().0.wrapping_shl(20).wrapping_add(started);
        tokio::spawn(gossip::send(Arc::clone(&mempool), channels.network.clone(), first_stream));

        let validators = tip.next_validators();
        let validators = validators.map_err(|error| NetworkError::Consensus(error.to_string()))?;
        let book = Arc::clone(writer.book());
        let tips = watch::Sender::new(tip);
        let following = tips.subscribe();
        let mut engine = Engine {
            writer,
            maker: Maker {
                network: genesis.network.clone(),
                clock: config.clock,
                max_block: config.max_block,
            },
            mempool: Arc::clone(&mempool),
            tips,
            members: Members::from(&validators),
            validators,
            signer,
            undecided,
            synced: None,
            ahead: Ahead::default(),
            quiet,
            round: Round::ZERO,
            network: channels.network,
            received,
            waiting: None,
            is_behind: false,
            is_idle,
            beat: Instant::now(),
            heartbeat: config.heartbeat,
            streams: first_stream,
        };
        let thread = std::thread::Builder::new().name("chain-engine".into());
        let thread = thread.spawn(move || {
            engine.take_up(kept);
            engine.run(&input);
        });
        let thread = thread.map_err(io_error)?;
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(forward(channels.consensus, inputs.clone(), handle, stopped));
        Ok(Self {
            genesis,
            book,
            mempool,
            tips: following,
            inputs,
            engine: Mutex::new(Some(thread)),
            consensus: Mutex::new(Some((stop, ended))),
        })
    }
}

/// The tip of a chain that has no block yet.
fn before_first(genesis: &Genesis) -> Tip {
    let header = genesis.header();
    let certificate = Certificate { height: 0, round: 0, block_id: header.id(), signatures: Vec::new() };
    Tip { header, certificate, state: genesis.state(), news: News::default() }
}

fn wake(inputs: Sender<Input>, is_idle: Arc<AtomicBool>) -> impl Fn() + Send + Sync {
    move || {
        if is_idle.swap(false, Ordering::SeqCst) {
            // Fails only when the engine has ended.
            drop(inputs.send(Input::Work));
        }
    }
}

async fn start(
    config: &NetworkConfig,
    signs: Signs,
    network: &SoftwareSigner,
) -> Result<(malachite_app::Channels<Chain>, EngineHandle), NetworkError> {
    let failed = |error: &dyn std::fmt::Display| NetworkError::Consensus(error.to_string());
    let settings = Settings::new(config.name.clone(), &config.peers)?;
    let keypair = keypair(network)?;
    let chain_id = signs.chain_id;
    let key = signs.signer.public_key();
    let peer = keypair.public().to_peer_id().to_bytes();
    let proof = signs.sign_validator_proof(key.as_bytes().to_vec(), peer).await;
    let proof = proof.map_err(|error| failed(&error))?;
    let proof = Borsh.encode(&proof).map_err(|error| failed(&error))?;
    let address = Address::own(&key);
    let full_name = Address::of(&key).to_string();
    let identity = NetworkIdentity::new_validator(config.name.clone(), keypair, full_name, proof);
    let wal = config.folder.join(VOTES);
    EngineBuilder::new(Chain, settings)
        .with_default_wal(WalContext::new(wal, Borsh))
        .with_default_network(NetworkContext::new(identity, Borsh))
        .with_default_consensus(ConsensusContext::new_validator(
            address,
            Box::new(Checks { chain_id }),
            Box::new(signs),
        ))
        .with_default_sync(SyncContext::new(Borsh))
        .with_default_request(RequestContext::new(16))
        .build()
        .await
        .map_err(|error| NetworkError::Consensus(format!("{error:#}")))
}

/// Hands consensus' messages to the engine's thread; ends consensus when told to, or when the engine has ended.
async fn forward(
    mut messages: tokio::sync::mpsc::Receiver<AppMsg<Chain>>,
    inputs: Sender<Input>,
    handle: EngineHandle,
    mut stopped: oneshot::Receiver<()>,
) {
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            message = messages.recv() => {
                let sent = message.map(|message| inputs.send(Input::Consensus(Box::new(message))));
                if !matches!(sent, Some(Ok(()))) {
                    break;
                }
            }
        }
    }
    handle.actor.stop(None);
    // What consensus still asks is not answered any more. When it ended by itself, because its log cannot be written or
    // it found that going on is not safe, the engine must not go on taking what nobody will decide.
    drop(messages);
    drop(inputs.send(Input::Stop));
    if tokio::time::timeout(END, handle.handle).await.is_err() {
        tracing::warn!("consensus takes long to end");
    }
}
