//! Starting and stopping.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use credentials::catalogue::{Catalogue, CatalogueError};
use protocol::EndpointError;
use registry::Did;
use service::node::SubmitError;
use service::server::{BindError, Stopper};
use service::{NodeClient, NodeConfig, OrganisationError, Running, Server};
use store::{OpenError, Options, Store, StoreError};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::{Config, ConfigError};
use crate::hosts;
use crate::metrics::Metrics;
use crate::operate::{Operated, OperatorKey};
use crate::purpose::PurposeError;
use crate::registry_cache::RegistryCache;
use crate::routes;
use crate::tenant::{self, Served, Shared, Up};

/// How long a node may take.
const NODE_PATIENCE: Duration = Duration::from_secs(4);

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
    /// The tenant's rows are of another organisation, or another instance was given other keys.
    #[error(
        "the store has this tenant with other keys: give every instance a copy of the same `keys` folder, or a new tenant a new id"
    )]
    OtherKeys,
    /// Reading or writing the store.
    #[error(transparent)]
    StoreUse(#[from] StoreError),
    /// The DID could not be registered, which only a first start needs the chain for.
    #[error("the DID can't be registered: {0}")]
    Register(SubmitError),
    /// The system gave no thread.
    #[error("the store can't be opened: {0}")]
    Thread(std::io::Error),
}

/// A verifier that is answering.
#[derive(Debug)]
pub struct RunningVerifier {
    server: Running,
    operators: Option<Running>,
    served: Vec<Served>,
    store: StoreHandle,
    cache: Arc<RegistryCache>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// Closes the store when the verifier has stopped.
struct StoreHandle(Store);

impl std::fmt::Debug for StoreHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

impl Verifier {
    /// What can be found wrong before anything starts: settings, and policies by the catalogue.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn check(config: &Config) -> Result<(), StartError> {
        config.check()?;
        let catalogue = Catalogue::bundled()?;
        config.tenants.iter().try_for_each(|tenant| tenant::purposes(tenant, catalogue).map(drop))
    }

    /// Starts a verifier: takes the address, opens the store, makes its tenants' keys and DIDs if there are none, and answers.
    /// Registering purposes with the chain is governance's act.
    ///
    /// # Errors
    /// [`StartError`]; nothing keeps running then.
    pub async fn bind(config: Config) -> Result<RunningVerifier, StartError> {
        Self::check(&config)?;
        let node = node_config(&config).listening();
        let listening = Server::listen(config.listen).await?.with_tls(config.tls);
        let operators = match config.operators {
            Some(address) => Some(Server::listen(address).await?),
            None => None,
        };
        let store = open_store(config.database, config.data_dir.join("store")).await?;
        let cache = Arc::new(RegistryCache::open(&config.data_dir.join("registry"))?);
        let node = NodeClient::new(NodeConfig { keep: Some(cache.clone()), ..node });
        let (stop, stopped) = watch::channel(false);
        let shared = Shared {
            node,
            store: store.clone(),
            policy: config.policy,
            peer_url: config.peer_url.map(|url| url.as_str().trim_end_matches('/').to_owned()),
            catalogue: Catalogue::bundled()?,
            vc_api: config.vc_api,
            demonstration: config.demonstration,
            metrics: Arc::new(Metrics::new()),
            stopped,
        };
        let keys = config.data_dir.join("keys");
        let mut up: Vec<Up> = Vec::with_capacity(config.tenants.len());
        for tenant in config.tenants {
            let base_url = match &tenant.base_url {
                Some(url) => url.as_str().trim_end_matches('/').to_owned(),
                None => listening.base_url(),
            };
            up.push(shared.open(tenant, &keys, base_url).await?);
        }
        let apps: Vec<_> = up.iter().map(|one| one.app.clone()).collect();
        let served = up.iter().map(|one| one.served.clone()).collect();
        let operated = Operated {
            apps: apps.clone().into(),
            store: store.clone(),
            folder: config.data_dir.clone(),
            key: OperatorKey::open(&keys).map_err(OrganisationError::from)?,
        };
        let operators = operators.map(|listening| listening.serve(routes::operators(operated)));
        let (mut tasks, mut routers) = (Vec::new(), Vec::new());
        for one in up {
            tasks.extend(one.tasks);
            routers.push((one.base, one.router));
        }
        let server = listening.serve(router(routers, routes::elsewhere(apps)));
        Ok(RunningVerifier { server, operators, served, store: StoreHandle(store), cache, stop, tasks })
    }
}

/// The chain's nodes, as the settings name them.
pub(crate) fn node_config(config: &Config) -> NodeConfig {
    let mut urls = config.node_urls.iter().map(|url| url.as_str().trim_end_matches('/').to_owned());
    let node = NodeConfig::new(urls.next().unwrap_or_default(), config.anchor.clone());
    NodeConfig {
        others: urls.collect(),
        max_age: config.policy.evidence_max_age,
        // Less than an answer may take: what is known is then decided by.
        timeout: NODE_PATIENCE,
        ..node
    }
}

/// A tenant alone answers at whatever host; several are told apart by theirs.
fn router(mut tenants: Vec<(protocol::Endpoint, Router)>, elsewhere: Router) -> Router {
    match tenants.len() {
        1 => tenants.pop().map_or(elsewhere, |(_, router)| router),
        _ => hosts::by_host(tenants, elsewhere),
    }
}

/// The store in the database if there is one, else in the folder.
async fn open_store(database: Option<store::Server>, folder: PathBuf) -> Result<Store, StartError> {
    let opened = tokio::task::spawn_blocking(move || match database {
        Some(server) => Store::postgres(&server),
        None => Store::persistent(folder, &Options::default()),
    });
    // Only a panic makes it fail to join, and that is one here too.
    opened.await.map_err(std::io::Error::other).map_err(StartError::Thread)?.map_err(StartError::from)
}

impl RunningVerifier {
    /// The organisations that it serves, in the order of the settings.
    pub fn tenants(&self) -> &[Served] {
        &self.served
    }

    /// The public address of its first tenant, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.served[0].base_url
    }

    /// The DID of its first tenant.
    pub fn did(&self) -> &Did {
        &self.served[0].did
    }

    /// Who its first tenant is to wallets, and the audience of what they present: `decentralized_identifier:<did>`.
    pub fn client_id(&self) -> String {
        protocol::openid4vp::ClientId::of_did(&self.did().to_string()).to_string()
    }

    /// Where it listens; behind a balancer not the same as a public address.
    pub fn address(&self) -> SocketAddr {
        self.server.addr()
    }

    /// Where operators read its metrics, if anywhere.
    pub fn operators(&self) -> Option<SocketAddr> {
        self.operators.as_ref().map(Running::addr)
    }

    /// A handle that can stop it while something else waits in [`RunningVerifier::join`].
    pub fn stopper(&self) -> Stopper {
        self.server.stopper()
    }

    /// Waits until it has stopped: requests finished, what is queued stored.
    pub async fn join(self) {
        self.server.join().await;
        if let Some(operators) = self.operators {
            operators.shutdown().await;
        }
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "something that ran beside the counter ended badly");
            }
        }
        let (store, cache) = (self.store.0, self.cache);
        let close = move || {
            cache.close();
            store.close();
        };
        // Waits for the disk: not on a thread that others need.
        if let Err(error) = tokio::task::spawn_blocking(close).await {
            tracing::error!(%error, "the store was not closed");
        }
    }

    /// Stops it; in-flight requests get ten seconds to finish.
    pub async fn shutdown(self) {
        self.stopper().stop();
        self.join().await;
    }
}
