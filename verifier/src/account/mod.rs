//! What the verifier can be held to: every decision is in a log that is chained and anchored, claims are kept as far as their
//! policy says, and whoever asked is told.
//!
//! All of it is written in the same write of the store as the decision: none is there without the others.

mod deeds;

use std::sync::Arc;
use std::time::Duration;

use registry::{Did, Hash32, UnixMillis};
use service::audit::{self, Anchoring, Deed, Head, Noting, Owner};
use service::{NodeClient, Organisation};
use store::{Chained, Store, StoreError, Tx};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::access::Keys;
use crate::core::{AskedBy, Core};
use crate::decision::Shown;
use crate::journal::{self, Journal};
use crate::kept::{Kept, KeptClaims};
use crate::offline::journal::Decided;
use crate::request::{Outcome, Request, RequestId};
use crate::row_key::SealFailed;
use crate::webhook::{Delivery, Webhooks};

pub(crate) use deeds::{batch_verified, verified};

/// The log of decisions.
const ENTRIES: Chained<audit::Entry, Hash32> = Chained::new("audit", "audit-head");

/// Begins the log of this DID, if there is none.
pub(crate) fn begin(tx: &mut Tx<'_>, did: &Did) -> Result<(), StoreError> {
    ENTRIES.begin(tx, audit::beginning(did))
}

/// Notes what was done, in the write that does it: if it can't be noted, nothing of the write is done.
pub(crate) fn note(tx: &mut Tx<'_>, noting: &Noting, deed: Deed) -> Result<(), StoreError> {
    ENTRIES.append(tx, noting.entry(deed))
}

/// Periods and bounds of the account that a verifier gives of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountPolicy {
    /// How long what is noted may stay unanchored while the chain can be reached.
    pub audit_anchored_every: Duration,
    /// How often a webhook is tried at most, the first time included.
    pub webhook_tries: u8,
    /// How long the second try waits; each further one waits three times as long as the one before.
    pub webhook_delay: Duration,
    /// How long a receiver may take.
    pub webhook_timeout: Duration,
    /// Whether webhooks may go to this machine itself, over `http` too. For a receiver beside the verifier, and for tests.
    pub loopback_webhooks: bool,
    /// How long a decision that was made without the node stays in the journal after it was checked again; one that can't be waits
    /// as long for it.
    pub journal_kept: Duration,
}

impl Default for AccountPolicy {
    fn default() -> Self {
        Self {
            audit_anchored_every: Duration::from_secs(600),
            webhook_tries: 8,
            webhook_delay: Duration::from_secs(5),
            webhook_timeout: Duration::from_secs(10),
            loopback_webhooks: false,
            journal_kept: Duration::from_secs(30 * 86_400),
        }
    }
}

/// The books of one verifier.
pub(crate) struct Account {
    store: Store,
    pub(crate) kept: Kept,
    pub(crate) webhooks: Webhooks,
    pub(crate) journal: Journal,
}

/// An outcome that is being taken.
pub(crate) struct Taken<'a> {
    pub(crate) id: &'a RequestId,
    pub(crate) request: &'a Request,
    /// What was asked; none when it is not known any more.
    pub(crate) query: Option<&'a AskedBy<'a>>,
    pub(crate) outcome: &'a Outcome,
    /// The claims of what was genuine.
    pub(crate) shown: &'a [Shown],
    /// How long holders were told at most that it is kept.
    pub(crate) retention: Duration,
    /// What the journal says of it, where it was decided without the node.
    pub(crate) without_node: Option<&'a Decided>,
}

/// What is written along with the outcome of a request.
pub(crate) struct Entry {
    noting: Noting,
    deed: Deed,
    kept: Vec<KeptClaims>,
    delivery: Option<Delivery>,
    journal: Option<journal::Note>,
}

impl Account {
    pub(crate) fn new(store: Store, kept: Kept, webhooks: Webhooks, journal: Journal) -> Self {
        Self { store, kept, webhooks, journal }
    }

    /// What is to be written of an outcome.
    pub(crate) fn entry(&self, taken: &Taken<'_>, now: UnixMillis) -> Result<Entry, SealFailed> {
        Ok(Entry {
            noting: Noting::by_wallet(now),
            deed: deeds::outcome(taken),
            kept: self.kept.of(taken, now)?,
            delivery: Delivery::of(taken.id, taken.request, taken.outcome, now),
            journal: self.journal.of(taken),
        })
    }

    /// Where all of it is.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Notes what changes nothing else.
    pub(crate) async fn note(&self, noting: Noting, deed: Deed) -> Result<(), StoreError> {
        self.store.write_async(move |tx| note(tx, &noting, deed)).await
    }

    /// At most `limit` entries of the log after number `after`.
    pub(crate) fn log(&self, after: u64, limit: usize) -> Result<Vec<audit::Entry>, StoreError> {
        ENTRIES.page(&self.store, after, limit)
    }
}

impl Entry {
    /// Writes it.
    pub(crate) fn write(self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        note(tx, &self.noting, self.deed)?;
        self.kept.into_iter().try_for_each(|kept| kept.write(tx))?;
        self.delivery.map_or(Ok(()), |delivery| delivery.write(tx))?;
        self.journal.map_or(Ok(()), |note| note.write(tx))
    }
}

/// What runs beside the server for the books of `core`, until it is told to stop: anchoring, forgetting, delivering, looking
/// again.
pub(crate) fn run(core: &Arc<Core>, stopped: &watch::Receiver<bool>) -> [JoinHandle<()>; 4] {
    let owner = Arc::new(InNameOf(core.clone()));
    let every = core.policy.account.audit_anchored_every;
    [
        tokio::spawn(Anchoring { owner, every }.run(stopped.clone())),
        tokio::spawn(core.account.kept.clone().forget(stopped.clone())),
        tokio::spawn(crate::webhook::deliver(core.clone(), stopped.clone())),
        tokio::spawn(journal::Keeper(core.clone()).run(stopped.clone())),
    ]
}

/// Acts on the chain as the verifier.
struct InNameOf(Arc<Core>);

impl Owner for InNameOf {
    fn head(&self) -> Result<Option<Head>, Box<dyn std::error::Error>> {
        let head = ENTRIES.head(&self.0.account.store)?;
        Ok(head.map(|store::Head { entries, hash }| Head { entries, hash }))
    }

    fn organisation(&self) -> &Organisation {
        self.0.identity.organisation()
    }

    fn node(&self) -> &NodeClient {
        &self.0.node
    }
}

/// The program that asked for a request, by its key's name; none for a clerk.
pub(crate) fn program(request: &Request) -> Option<&str> {
    request.asked_by.strip_prefix(Keys::PREFIX)
}
