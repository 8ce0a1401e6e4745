//! Bringing one organisation up: its keys and DID, its policies, its rows.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use credentials::catalogue::Catalogue;
use protocol::Endpoint;
use registry::{Did, Record, RecordKey, Slug};
use service::audit::{Deed, Noting};
use service::{NodeClient, StaffTokens};
use store::{Range, Store, StoreError, Table, Tx};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

use crate::access::Keys;
use crate::account::{self, Account};
use crate::codes::Keeper;
use crate::config::{Policy, Tenant};
use crate::core::{App, Core};
use crate::identity::Identity;
use crate::journal::Journal;
use crate::kept::Kept;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::peers::Peers;
use crate::purpose::{Policies, Purpose, Watcher};
use crate::request::{Desk, Follower, Memory, Tidier};
use crate::routes;
use crate::sessions::ClerkSessions;
use crate::start::StartError;
use crate::vc_api::{self, VcApiConfig};
use crate::webhook::Webhooks;

/// The DIDs of ours that are known to be on the chain: later starts need no chain.
const REGISTERED: Table<str, bool> = Table::new("registered");

/// So many answers at once are remembered for those who wait; whoever falls behind looks again.
const ANSWERED: usize = 1024;

/// What the tenants of one verifier have in common.
pub(crate) struct Shared {
    pub(crate) node: NodeClient,
    /// Of all tenants; each sees its own scope.
    pub(crate) store: Store,
    pub(crate) policy: Policy,
    /// Where other instances reach this one.
    pub(crate) peer_url: Option<String>,
    pub(crate) catalogue: &'static Catalogue,
    pub(crate) vc_api: Option<VcApiConfig>,
    pub(crate) demonstration: bool,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) stopped: watch::Receiver<bool>,
}

/// An organisation that a verifier serves.
#[derive(Clone, Debug)]
pub struct Served {
    /// Its name in the settings.
    pub id: Slug,
    /// Its public address, without a slash at the end.
    pub base_url: String,
    /// Its DID on the chain, which governance registers purposes for.
    pub did: Did,
}

/// A tenant that is up, and what runs beside its router.
pub(crate) struct Up {
    pub(crate) served: Served,
    pub(crate) base: Endpoint,
    pub(crate) app: App,
    pub(crate) router: Router,
    pub(crate) tasks: Vec<JoinHandle<()>>,
}

/// The policies of a tenant, checked against the catalogue.
pub(crate) fn purposes(tenant: &Tenant, catalogue: &Catalogue) -> Result<Vec<Purpose>, StartError> {
    let purposes = tenant.purposes.iter().map(|purpose| Purpose::new(purpose.clone(), catalogue));
    Ok(purposes.collect::<Result<_, _>>()?)
}

impl Shared {
    /// Makes the tenant's keys and DID if there are none, and begins to tidy and watch. `keys` is where all tenants' are.
    pub(crate) async fn open(&self, tenant: Tenant, keys: &Path, base_url: String) -> Result<Up, StartError> {
        let purposes = purposes(&tenant, self.catalogue)?;
        let base = Endpoint::parse(&base_url)?;
        let identity = self.identity(&keys.join(tenant.id.as_str()), &base).await?;
        let store = self.store.scoped(tenant.id.as_str()).ok_or(StoreError::Closed)?;
        let did = identity.did().clone();
        let of = did.clone();
        store.write_async(move |tx| account::begin(tx, &of)).await?;
        let journal =
            Journal::new(store.clone(), identity.journal_key().clone(), self.policy.account.journal_kept);
        if !journal.begin().await? {
            return Err(StartError::OtherKeys);
        }
        self.register(&identity, &store).await?;

        let policy = self.policy;
        let policies = Arc::new(Policies::new(purposes));
        let memory = Arc::new(Memory::new(policy.result_lifetime, policy.shown_bytes));
        let tidier = Tidier { store: store.clone(), memory: memory.clone() };
        let mut tasks = vec![tokio::spawn(tidier.run(self.stopped.clone()))];
        let answered = broadcast::Sender::new(ANSWERED);
        if store.is_shared() {
            let follower =
                Follower { store: store.clone(), memory: memory.clone(), answered: answered.clone() };
            tasks.push(tokio::spawn(follower.run(self.stopped.clone())));
        }
        if let Some(dir) = tenant.policies_dir {
            let watcher = Watcher { dir, policies: policies.clone(), catalogue: self.catalogue };
            tasks.push(tokio::spawn(watcher.run(self.stopped.clone())));
        }
        let keeper = Keeper {
            store: store.clone(),
            node: self.node.clone(),
            did: did.clone(),
            policies: policies.clone(),
        };
        tasks.push(tokio::spawn(keeper.run(self.stopped.clone())));
        let kept = Kept::new(store.clone(), identity.kept_key().clone());
        let app = Arc::new(Core {
            tenant: tenant.id.clone(),
            name: tenant.name,
            demonstration: self.demonstration,
            account: Account::new(store.clone(), kept, Webhooks::new(policy.account), journal),
            desk: Desk::new(store.clone(), policy.request_lifetime, policy.result_lifetime)
                .reached_at(self.peer_url.clone()),
            sessions: ClerkSessions::new(store, &tenant.staff, &base_url),
            staff: StaffTokens::new(tenant.staff),
            peers: Peers::new(self.peer_url.clone()),
            keys: Keys::new(tenant.api_keys, &base_url),
            limits: Limits::new(&policy),
            metrics: self.metrics.clone(),
            base: base.clone(),
            policy,
            identity,
            policies,
            catalogue: self.catalogue,
            node: self.node.clone(),
            memory,
            answered,
        });
        tasks.extend(account::run(&app, &self.stopped));
        let router = match self.vc_api.clone() {
            Some(vc_api) => routes::router(app.clone()).merge(vc_api::router(app.clone(), vc_api)),
            None => routes::router(app.clone()),
        };
        tracing::info!(tenant = %tenant.id, base_url, %did, "a tenant is up");
        let served = Served { id: tenant.id, base_url, did };
        Ok(Up { served, base, app, router: routes::layers().wrap(router), tasks })
    }

    /// The tenant's keys. Where there are several for one place, as after a recovery, the chain is asked which counts.
    async fn identity(&self, folder: &Path, base: &Endpoint) -> Result<Identity, StartError> {
        let network = &self.node.anchor().network;
        let mut known = None;
        if let Some(did) = Identity::undecided(folder, network)? {
            match self.node.proven_one(RecordKey::Did(did)).await {
                Ok(proven) => known = Some(proven),
                Err(error) => {
                    tracing::warn!(%error, "there are new keys, and the chain can't be asked whether they count");
                }
            }
        }
        let record = match known.as_ref().and_then(|known| known.record()) {
            Some(Record::Did(record)) => Some(record),
            _ => None,
        };
        Ok(Identity::open(folder, network, base, record)?)
    }

    /// Puts the DID on the chain, once.
    async fn register(&self, identity: &Identity, store: &Store) -> Result<(), StartError> {
        let did = identity.did().to_string();
        if store.page(&REGISTERED, &Range::all(), 2)?.iter().any(|(known, _)| *known != did) {
            return Err(StartError::OtherKeys);
        }
        if store.get(&REGISTERED, did.as_str())? != Some(true) {
            identity.organisation().register(&self.node).await.map_err(StartError::Register)?;
            tracing::info!(did, "the DID is registered");
            let noting = Noting::by_verifier(service::clock::now());
            let write = move |tx: &mut Tx<'_>| {
                account::note(tx, &noting, Deed::new("keys-registered"))?;
                tx.put(&REGISTERED, did, &true)
            };
            store.write_async(write).await?;
        }
        Ok(())
    }
}
