//! Starting and stopping.

use std::sync::Arc;
use std::time::Duration;

use credentials::catalogue::{Catalogue, CatalogueError};
use protocol::{Endpoint, EndpointError};
use registry::Did;
use service::node::SubmitError;
use service::server::{BindError, Stopper};
use service::{NodeClient, NodeConfig, OrganisationError, Running, Server, Staff};
use store::{OpenError, Options, Store, StoreError, Table};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

use crate::access::Keys;
use crate::config::{Config, ConfigError};
use crate::core::Core;
use crate::identity::Identity;
use crate::purpose::{Policies, Purpose, PurposeError, Watcher};
use crate::request::{Desk, Memory, Tidier};
use crate::routes;
use crate::vc_api;

/// The DIDs of ours that are known to be on the chain: later starts need no chain.
const REGISTERED: Table<str, bool> = Table::new("registered");

/// How long a counter stays open without being used: a working day.
const COUNTER_IDLE: Duration = Duration::from_secs(12 * 60 * 60);

/// So many answers at once are remembered for those who wait; whoever falls behind looks again.
const ANSWERED: usize = 1024;

/// Where verifiers come from.
#[derive(Debug)]
pub struct Verifier;

/// Why a verifier doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting.
    #[error("configuration: {0}")]
    Config(#[from] ConfigError),
    /// A purpose.
    #[error(transparent)]
    Purpose(#[from] PurposeError),
    /// The catalogue that is built in.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The address to listen on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The public address.
    #[error("base_url: {0}")]
    Address(#[from] EndpointError),
    /// The keys.
    #[error(transparent)]
    Identity(#[from] OrganisationError),
    /// The store.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// Reading or writing the store.
    #[error(transparent)]
    StoreUse(#[from] StoreError),
    /// The DID could not be registered, which only a first start needs the chain for.
    #[error("the DID can't be registered: {0}")]
    Register(SubmitError),
}

/// A verifier that is answering.
#[derive(Debug)]
pub struct RunningVerifier {
    server: Running,
    base_url: String,
    did: Did,
    store: StoreHandle,
    stop_tidier: watch::Sender<bool>,
    tidier: JoinHandle<()>,
    watcher: Option<JoinHandle<()>>,
}

/// Closes the store when the verifier has stopped.
struct StoreHandle(Store);

impl std::fmt::Debug for StoreHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

impl Verifier {
    /// Starts a verifier: takes the address, opens the store, makes its keys and DID if there are none, and answers.
    /// Registering its purposes with the chain is governance's act.
    ///
    /// # Errors
    /// [`StartError`]; nothing keeps running then.
    pub async fn bind(config: Config) -> Result<RunningVerifier, StartError> {
        config.check()?;
        let catalogue = Catalogue::bundled()?;
        let purposes = config.purposes.into_iter().map(|purpose| Purpose::new(purpose, catalogue));
        let purposes = purposes.collect::<Result<Vec<_>, _>>()?;
        let listening = Server::listen(config.listen).await?;
        let base_url = match &config.base_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => listening.base_url(),
        };
        let base = Endpoint::parse(&base_url)?;
        let identity = Identity::open(&config.data_dir.join("keys"), &config.anchor.network, &base)?;
        let store = Store::persistent(config.data_dir.join("store"), &Options::default())?;
        let policy = config.policy;
        let node = NodeClient::new(NodeConfig {
            max_age: policy.evidence_max_age,
            ..NodeConfig::new(config.node_url.as_str().trim_end_matches('/'), config.anchor).listening()
        });

        let did = identity.did().clone();
        if store.get(&REGISTERED, did.to_string())? != Some(true) {
            identity.organisation().register(&node).await.map_err(StartError::Register)?;
            let registered = did.to_string();
            store.write_async(move |tx| tx.put(&REGISTERED, registered, &true)).await?;
            tracing::info!(%did, "the verifier's DID is registered");
        }

        let policies = Arc::new(Policies::new(purposes));
        let memory = Arc::new(Memory::new(policy.result_lifetime, policy.shown_bytes));
        let (stop_tidier, stopped) = watch::channel(false);
        let tidier = tokio::spawn(Tidier { store: store.clone(), memory: memory.clone() }.run(stopped));
        let watcher = config.policies_dir.map(|dir| {
            let watcher = Watcher { dir, policies: policies.clone(), catalogue };
            tokio::spawn(watcher.run(stop_tidier.subscribe()))
        });
        let core = Core {
            name: config.name,
            desk: Desk::new(store.clone(), policy.request_lifetime, policy.result_lifetime),
            staff: Staff::new(config.staff, "counter", &base_url, COUNTER_IDLE),
            base,
            policy,
            identity,
            policies,
            catalogue,
            node,
            memory,
            keys: Keys::new(config.api_keys, &base_url),
            answered: broadcast::Sender::new(ANSWERED),
        };
        let core = Arc::new(core);
        let router = match config.vc_api {
            Some(vc_api) => routes::router(core.clone()).merge(vc_api::router(core, vc_api)),
            None => routes::router(core),
        };
        let server = listening.serve(routes::layers().wrap(router));
        tracing::info!(base_url, %did, "verifier is up");
        Ok(RunningVerifier { server, base_url, did, store: StoreHandle(store), stop_tidier, tidier, watcher })
    }
}

impl RunningVerifier {
    /// Its public address, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Its DID on the chain, which governance registers purposes for.
    pub fn did(&self) -> &Did {
        &self.did
    }

    /// Who it is to wallets, and the audience of what they present: `decentralized_identifier:<did>`.
    pub fn client_id(&self) -> String {
        protocol::openid4vp::ClientId::of_did(&self.did.to_string()).to_string()
    }

    /// A handle that can stop it while something else waits in [`RunningVerifier::join`].
    pub fn stopper(&self) -> Stopper {
        self.server.stopper()
    }

    /// Waits until it has stopped: requests finished, what is queued stored.
    pub async fn join(self) {
        self.server.join().await;
        self.stop_tidier.send_replace(true);
        if let Some(Err(error)) = match self.watcher {
            Some(watcher) => Some(watcher.await),
            None => None,
        } {
            tracing::error!(%error, "the watcher of the policies ended badly");
        }
        if let Err(error) = self.tidier.await {
            tracing::error!(%error, "the tidier ended badly");
        }
        let store = self.store.0;
        // Waits for the disk: not on a thread that others need.
        if let Err(error) = tokio::task::spawn_blocking(move || store.close()).await {
            tracing::error!(%error, "the store was not closed");
        }
    }

    /// Stops it; in-flight requests get ten seconds to finish.
    pub async fn shutdown(self) {
        self.stopper().stop();
        self.join().await;
    }
}
