//! The keeper: completes what was left behind, opens the next status list in time, forgets nonces that are over.

use std::sync::Arc;
use std::time::Duration;

use service::node::SubmitError;
use store::{Range, Store, StoreError};
use tokio::sync::{Notify, watch};

use super::Statuses;
use crate::audit::{Deed, Note as _, Noting};
use crate::authorize;
use crate::clock::{Clock, Moment};
use crate::config::Policy;
use crate::keys::Keys;
use crate::ledger::Ledger;
use crate::onestop;
use crate::tables::{LISTS, ListFill, NONCES_USED};

/// How often it looks although nobody rang.
const ROUND: Duration = Duration::from_secs(5);
/// Seconds that a nonce is remembered after its time: a proof counts in its last second too, and instances' clocks differ.
const NONCES_KEPT: i64 = 60;
/// Nonces forgotten in one write at most.
const NONCES_AT_ONCE: usize = 2000;

/// What the keeper keeps.
#[derive(Clone)]
pub(crate) struct Keeper {
    statuses: Statuses,
    ledger: Ledger,
    store: Store,
    policy: Policy,
    clock: Arc<dyn Clock>,
    list_is_filling: Arc<Notify>,
    keys: Keys,
}

/// Why no list could be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenListError {
    /// The chain.
    #[error(transparent)]
    Chain(#[from] SubmitError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Keeper {
    pub(crate) fn new(
        statuses: Statuses,
        ledger: Ledger,
        store: Store,
        policy: Policy,
        clock: Arc<dyn Clock>,
        keys: Keys,
    ) -> Self {
        Self { statuses, ledger, store, policy, clock, list_is_filling: Arc::default(), keys }
    }

    /// Opens a status list if there is none, or the newest has given out its share.
    pub(crate) async fn ensure_list(&self) -> Result<(), OpenListError> {
        let newest = self.store.page(&LISTS, &Range::all().reversed(), 1)?.into_iter().next();
        let number = match newest {
            None => 0,
            Some((number, fill)) if self.is_filling(fill) => number.saturating_add(1),
            Some(_) => return Ok(()),
        };
        let length = self.policy.list_length;
        self.ledger.open_list(number, length).await?;
        let noting = Noting::by_issuer(Moment::of(&self.clock));
        self.store
            .write_async(move |tx| {
                // Another round may have noted it meanwhile, and entries may be out.
                if tx.contains(&LISTS, number)? {
                    Ok(())
                } else {
                    noting.note(tx, Deed::new("status-list-opened").about("list", number))?;
                    tx.put(&LISTS, number, &ListFill { length, used: 0 })
                }
            })
            .await?;
        tracing::info!(number, "a status list was opened");
        Ok(())
    }

    /// Tells how full the newest list is after an entry was given out.
    pub(crate) fn gave_out(&self, fill: ListFill) {
        if self.is_filling(fill) {
            self.list_is_filling.notify_one();
        }
    }

    /// Keeps until told to stop.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        loop {
            self.round().await;
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(ROUND) => {}
                () = self.statuses.left_behind.notified() => {}
                () = self.list_is_filling.notified() => {}
                () = self.keys.left_behind.notified() => {}
            }
        }
    }

    async fn round(&self) {
        // Before all that is signed or written under them.
        match self.keys.work(Moment::of(&self.clock)).await {
            Ok(true) => {}
            Ok(false) => tokio::time::sleep(Duration::from_secs(1)).await,
            Err(error) => tracing::error!(%error, "the keys can't be looked after"),
        }
        match self.statuses.heal(Moment::of(&self.clock)).await {
            Ok(true) => {}
            // Ringing again at once would only knock at a closed door.
            Ok(false) => tokio::time::sleep(Duration::from_secs(1)).await,
            Err(error) => tracing::error!(%error, "status changes left behind can't be completed"),
        }
        if let Err(error) = self.ensure_list().await {
            tracing::warn!(%error, "the next status list could not be opened yet");
        }
        if let Err(error) = self.forget_nonces().await {
            tracing::error!(%error, "used nonces can't be forgotten");
        }
        if let Err(error) = onestop::forget(&self.store, Moment::of(&self.clock)).await {
            tracing::error!(%error, "presentations that are over could not be forgotten");
        }
        if let Err(error) = authorize::forget(&self.store, Moment::of(&self.clock)).await {
            tracing::error!(%error, "authorizations can't be forgotten");
        }
    }

    /// A nonce that is over is refused for that already; only those that may still count need to be remembered.
    async fn forget_nonces(&self) -> Result<(), StoreError> {
        let now = Moment::of(&self.clock).seconds.0;
        let is_over = move |key: &[u8; 20]| {
            let mut expires = [0; 8];
            expires.copy_from_slice(&key[..8]);
            i64::from_be_bytes(expires).saturating_add(NONCES_KEPT) <= now
        };
        loop {
            let page = self.store.page(&NONCES_USED, &Range::all(), NONCES_AT_ONCE)?;
            let full = page.len() == NONCES_AT_ONCE;
            let over: Vec<_> = page.into_iter().map(|(key, ())| key).take_while(is_over).collect();
            if over.is_empty() {
                return Ok(());
            }
            let whole_page = full && over.len() == NONCES_AT_ONCE;
            self.store
                .write_async(move |tx| over.iter().try_for_each(|key| tx.remove(&NONCES_USED, *key)))
                .await?;
            if !whole_page {
                return Ok(());
            }
        }
    }

    fn is_filling(&self, fill: ListFill) -> bool {
        fill.used >= self.policy.list_share.min(fill.length)
    }
}
