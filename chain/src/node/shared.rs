//! What the handlers share.

use std::sync::Arc;

use axum::extract::FromRef;

use crate::explorer::Explorer;
use crate::ledger::Ledger;
use crate::node::NodeConfig;
use crate::node::events::Listeners;
use crate::node::health::Patience;
use crate::node::metrics::Metrics;
use crate::snapshot::Snapshots;

/// Everything behind the routes. Cloning shares it.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) listeners: Listeners,
    pub(super) patience: Patience,
    pub(super) explorer: Explorer,
    pub(super) snapshots: Option<Arc<Snapshots>>,
}

impl Shared {
    pub(super) fn new(ledger: Arc<dyn Ledger>, config: &NodeConfig) -> Self {
        let listeners = Listeners::new(config.max_listeners);
        let explorer = Explorer::new(Arc::clone(&ledger), config.demonstration);
        let snapshots = config.snapshots.as_ref().map(|config| Arc::new(Snapshots::open(config)));
        let patience = Patience(config.patience);
        Self { ledger, metrics: Arc::default(), listeners, patience, explorer, snapshots }
    }
}

impl FromRef<Shared> for Arc<dyn Ledger> {
    fn from_ref(shared: &Shared) -> Self {
        Arc::clone(&shared.ledger)
    }
}

impl FromRef<Shared> for Arc<Metrics> {
    fn from_ref(shared: &Shared) -> Self {
        Arc::clone(&shared.metrics)
    }
}

impl FromRef<Shared> for Listeners {
    fn from_ref(shared: &Shared) -> Self {
        shared.listeners.clone()
    }
}

impl FromRef<Shared> for Explorer {
    fn from_ref(shared: &Shared) -> Self {
        shared.explorer.clone()
    }
}

impl FromRef<Shared> for Patience {
    fn from_ref(shared: &Shared) -> Self {
        shared.patience
    }
}

impl FromRef<Shared> for Option<Arc<Snapshots>> {
    fn from_ref(shared: &Shared) -> Self {
        shared.snapshots.clone()
    }
}
