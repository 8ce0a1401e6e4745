//! Starting and stopping.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use credentials::catalogue::{Catalogue, CatalogueError};
use protocol::{Endpoint, EndpointError};
use registry::Did;
use service::node::SubmitError;
use service::secrets::SecretFolder;
use service::server::{BindError, Stopper};
use service::{
    AnswerKeys, Layers, NodeClient, NodeConfig, OrganisationError, RateLimiter, Running, Server, backup,
};
use store::{OpenError, Options, Range, Store};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::accounts::{Accounts, Periods, Provider};
use crate::audit::{self, Anchoring, Deed, Note as _, Noting};
use crate::authorize::Authorizations;
use crate::bulk::Bulk;
use crate::clock::{Clock, Moment, SystemClock};
use crate::config::{Config, ConfigError};
use crate::core::Core;
use crate::desk::Desk;
use crate::identity::Identity;
use crate::issuance::{Hearing, Issuance, Kinds};
use crate::keys::{Keys, KeysError};
use crate::ledger::Ledger;
use crate::metadata::{Metadata, MetadataError, Said};
use crate::metrics::Metrics;
use crate::offers::Offers;
use crate::onestop::{OneStop, OneStopError, OneStops, Step};
use crate::routes;
use crate::sealed;
use crate::seals::Seals;
use crate::status::{Keeper, OpenListError, Served, Statuses};
use crate::tables::{LISTS, REGISTERED};
use crate::vc_api::{self, Instances};

/// How long a start waits for the chain to say which keys count.
const CHAIN_PATIENCE: Duration = Duration::from_secs(3);

/// Where issuers come from.
#[derive(Debug)]
pub struct Issuer;

/// Why an issuer doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting.
    #[error("configuration: {0}")]
    Config(#[from] ConfigError),
    /// The catalogue that is built in.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The address.
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
    /// The database is another issuer's, or another instance was given other keys.
    #[error(
        "the database belongs to an issuer with other keys: give every instance a copy of the same `keys` folder"
    )]
    OtherKeys,
    /// Reading or writing the store.
    #[error(transparent)]
    StoreUse(#[from] store::StoreError),
    /// The DID could not be registered, which only a first start needs the chain for.
    #[error("the DID can't be registered: {0}")]
    Register(SubmitError),
    /// The first status list could not be opened, which only a first start needs the chain for.
    #[error("the first status list can't be opened: {0}")]
    FirstList(#[from] OpenListError),
    /// Which keys count.
    #[error("the keys: {0}")]
    Keys(#[from] KeysError),
    /// The system gave no thread.
    #[error("the store can't be opened: {0}")]
    Thread(std::io::Error),
    /// The metadata.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
}

/// An issuer that is answering.
#[derive(Debug)]
pub struct RunningIssuer {
    server: Running,
    operators: Option<Running>,
    base_url: String,
    did: Did,
    store: StoreHandle,
    stop_keeper: watch::Sender<bool>,
    keeper: JoinHandle<()>,
    bulk: Bulk,
    anchoring: JoinHandle<()>,
    hearing: JoinHandle<()>,
}

/// Closes the store when the issuer has stopped.
struct StoreHandle(Store);

impl std::fmt::Debug for StoreHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

impl Issuer {
    /// Starts an issuer: takes the address, opens the store, makes its keys and DID if there are none, completes what a
    /// crash left half-done, and answers.
    ///
    /// # Errors
    /// [`StartError`]; nothing keeps running then.
    pub async fn bind(config: Config) -> Result<RunningIssuer, StartError> {
        Self::bind_with(config, Arc::new(SystemClock)).await
    }

    /// [`Issuer::bind`] with another clock, for tests that let time pass.
    ///
    /// # Errors
    /// As [`Issuer::bind`].
    pub async fn bind_with(config: Config, clock: Arc<dyn Clock>) -> Result<RunningIssuer, StartError> {
        config.check()?;
        let kinds = Arc::new(Kinds::of(Catalogue::bundled()?, &config.credential_types)?);
        let steps = steps(config.one_stop, &kinds, Moment::of(&clock))?;
        let listening = Server::listen(config.listen).await?.with_tls(config.tls);
        let operators = match config.operators {
            Some(address) => Some(Server::listen(address).await?),
            None => None,
        };
        let base_url = match &config.base_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => listening.base_url(),
        };
        let base = Endpoint::parse(&base_url)?;
        let citizens = config.citizens.source();
        let folder = config.data_dir.join("keys");
        let identity = Arc::new(Identity::open(&folder, &config.anchor.network)?);
        let instances = config.vc_api.then(|| Instances::open(&SecretFolder::open(&folder)?)).transpose()?;
        let store = open_store(config.database, config.data_dir.join("store")).await?;

        let node_url = config.node_url.as_str().trim_end_matches('/');
        let node = NodeClient::new(NodeConfig::new(node_url, config.anchor.clone()).listening());
        let ledger = Ledger::new(node, identity.clone(), store.clone());
        let policy = config.policy;
        let seals = Arc::new(Seals::new(identity.seal_root()));
        let encryption = sealed::key(&seals)?;
        let said = Said {
            by_login: citizens.is_some(),
            batch_size: policy.batch_size,
            key_attestation: policy.key_attestation,
            wallet_attestation: policy.wallet_attestation,
            encryption: encryption.to_jwk().map_err(MetadataError::from)?,
        };
        let metadata = Metadata::of(&base, &config.name, &kinds, &said)?;
        let served = Served::new(ledger.clone(), store.clone(), identity.clone(), &base_url, policy);
        let statuses = Statuses::new(store.clone(), ledger.clone(), served.clone());
        let keys = Keys::new(store.clone(), ledger.clone(), identity.clone(), served.clone());
        keys.follow()?;
        let keeper =
            Keeper::new(statuses.clone(), ledger.clone(), store.clone(), policy, clock.clone(), keys.clone());

        let did = identity.did().clone();
        let is_anothers = |known: &String| *known != did.to_string();
        if store.is_shared()
            && store.page(&REGISTERED, &Range::all(), 2)?.iter().any(|(known, _)| is_anothers(known))
        {
            return Err(StartError::OtherKeys);
        }
        let of = did.clone();
        store.write_async(move |tx| audit::begin(tx, &of)).await?;
        if !store.read(|view| view.get(&REGISTERED, did.to_string()))?.unwrap_or(false) {
            ledger.register().await.map_err(StartError::Register)?;
            let registered = did.to_string();
            let noting = Noting::by_issuer(Moment::of(&clock));
            let write = move |tx: &mut store::Tx<'_>| {
                noting.note(tx, Deed::new("keys-registered"))?;
                tx.put(&REGISTERED, registered, &true)
            };
            store.write_async(write).await?;
            tracing::info!(%did, "the issuer's DID is registered");
        }
        if store.page(&LISTS, &Range::all(), 1)?.is_empty() {
            keeper.ensure_list().await?;
        }
        // After a recovery the chain has other keys than the store says, and nothing is signed with those before it.
        match tokio::time::timeout(CHAIN_PATIENCE, keys.agree(Moment::of(&clock))).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "which keys count is looked at again later"),
            Err(_) => {
                tracing::warn!("the chain does not say which keys count; those that did before are used");
            }
        }

        let hearing = Hearing::new(store.clone(), ledger.clone(), kinds.clone());
        // Before anything is issued, so that issuing can go on if the chain goes away at once.
        if tokio::time::timeout(CHAIN_PATIENCE, hearing.round(Moment::of(&clock))).await.is_err() {
            tracing::warn!("the chain does not say what this issuer is accredited for");
        }
        let issuance = Issuance {
            store: store.clone(),
            seals: seals.clone(),
            identity: identity.clone(),
            served: served.clone(),
            keeper: keeper.clone(),
            statuses: statuses.clone(),
            kinds: kinds.clone(),
            ledger: ledger.clone(),
            hearing: hearing.clone(),
            policy,
            issuer: base.clone(),
        };
        let bulk = Bulk::new(store.clone(), kinds.clone(), seals.clone(), clock.clone());
        bulk.resume()?;
        let seconds = |period: Duration| i64::try_from(period.as_secs()).unwrap_or(i64::MAX);
        let periods =
            Periods { idle: seconds(policy.console_idle), lifetime: seconds(policy.console_lifetime) };
        let provider = config.staff_login.map(Provider::new);
        let accounts =
            Accounts::new(store.clone(), config.staff, &base_url, periods, provider, seals.clone());
        let core = Core {
            policy,
            demonstration: config.demonstration,
            clock,
            kinds: kinds.clone(),
            metadata,
            ledger: ledger.clone(),
            accounts,
            bulk,
            store: store.clone(),
            folder: config.data_dir.clone(),
            desk: Desk::new(store.clone()),
            authorizations: Authorizations {
                store: store.clone(),
                seals: seals.clone(),
                kinds: kinds.clone(),
                most_offers: policy.offers_per_application,
            },
            encryption,
            citizens,
            wallets: config.wallets,
            arrivals: RateLimiter::new(policy.applications_per_client, policy.applications_period),
            offers: Offers::new(store.clone(), seals.clone(), policy),
            onestops: OneStops {
                store: store.clone(),
                seals: seals.clone(),
                ledger: ledger.clone(),
                identity: identity.clone(),
                base: base.clone(),
                name: config.name.zh.clone(),
                steps,
                keys: Arc::new(AnswerKeys::new(seals.answers())),
                judge: config.judge,
            },
            name: config.name,
            seals,
            issuance,
            keys,
            statuses,
            served,
            metrics: Metrics::new(),
            base,
        };
        let bulk = core.bulk.clone();
        let every = policy.audit_anchored_every;
        let anchoring = Anchoring { owner: Arc::new(core.ledger.clone()), every };
        let (stop_keeper, stopped) = watch::channel(false);
        let anchoring = tokio::spawn(anchoring.run(stopped.clone()));
        let hearing = tokio::spawn(hearing.run(core.clock.clone(), stopped.clone()));
        let keeper = tokio::spawn(keeper.run(stopped));
        let core = Arc::new(core);
        let watched = Layers { pages: false, large: backup::limits, ..Layers::default() };
        let operators =
            operators.map(|listening| listening.serve(watched.wrap(routes::operators(core.clone()))));
        let router = match instances {
            Some(instances) => routes::router(core.clone()).merge(vc_api::router(core, instances)),
            None => routes::router(core),
        };
        let server = listening.serve(routes::layers().wrap(router));
        tracing::info!(base_url, %did, "issuer is up");
        Ok(RunningIssuer {
            server,
            operators,
            base_url,
            did,
            store: StoreHandle(store),
            stop_keeper,
            keeper,
            bulk,
            anchoring,
            hearing,
        })
    }
}

/// What is presented for which type, checked.
fn steps(settings: Vec<OneStop>, kinds: &Kinds, now: Moment) -> Result<Arc<[Step]>, StartError> {
    let catalogue = Catalogue::bundled()?;
    let mut steps: Vec<Step> = Vec::with_capacity(settings.len());
    for setting in settings {
        let name = setting.credential_type.clone();
        if steps.iter().any(|step| step.of.id == name) {
            return Err(ConfigError::OneStop(name, OneStopError::Twice).into());
        }
        let step = Step::of(setting, kinds, catalogue, now.seconds);
        steps.push(step.map_err(|error| ConfigError::OneStop(name, error))?);
    }
    Ok(steps.into())
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

impl RunningIssuer {
    /// Its public address, without a slash at the end; also its Credential Issuer Identifier.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where it listens; behind a balancer not the same as its public address.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server.addr()
    }

    /// Where operators read its metrics, if anywhere.
    pub fn operators(&self) -> Option<std::net::SocketAddr> {
        self.operators.as_ref().map(Running::addr)
    }

    /// Its DID on the chain, which governance accredits.
    pub fn did(&self) -> &Did {
        &self.did
    }

    /// A handle that can stop it while something else waits in [`RunningIssuer::join`].
    pub fn stopper(&self) -> Stopper {
        self.server.stopper()
    }

    /// Waits until it has stopped: requests finished, what is queued stored.
    pub async fn join(self) {
        self.server.join().await;
        if let Some(operators) = self.operators {
            operators.shutdown().await;
        }
        self.stop_keeper.send_replace(true);
        if let Err(error) = self.keeper.await {
            tracing::error!(%error, "the keeper ended badly");
        }
        self.bulk.stop().await;
        if let Err(error) = self.anchoring.await {
            tracing::error!(%error, "anchoring the audit log ended badly");
        }
        if let Err(error) = self.hearing.await {
            tracing::error!(%error, "listening for accreditations ended badly");
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
