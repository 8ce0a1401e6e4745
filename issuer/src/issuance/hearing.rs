//! What the chain was last heard to say of the department's accreditations, and when.
//!
//! Issuing needs no chain: a credential's place and its signature are made here. But what is signed while the chain is away may
//! be worth nothing, for the accreditation may have been withdrawn or a key reported stolen meanwhile, and nobody can check it
//! nor revoke it before the chain is back. So issuing goes on for as long as the policy says after the chain was last heard, over
//! restarts too, and then waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use credentials::UnixSeconds;
use registry::UnixMillis;
use serde::{Deserialize, Serialize};
use store::{Store, StoreError};
use tokio::sync::watch;

use super::Kinds;
use crate::clock::{Clock, Moment};
use crate::ledger::{Basis, Ledger};
use crate::tables::HEARD;

/// How often the chain is asked although nothing is issued.
const ROUND: Duration = Duration::from_secs(60);
/// What was heard is written down again after so many seconds, though nothing changed.
const KEPT_FOR: i64 = 60;

/// What the chain said of one credential type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// When it was heard.
    pub(crate) at: UnixSeconds,
    /// Whether the department was accredited for the type then.
    pub(crate) accredited: bool,
}

/// Listens for accreditations. Clones share what was heard.
#[derive(Clone)]
pub(crate) struct Hearing {
    store: Store,
    ledger: Ledger,
    kinds: Arc<Kinds>,
    heard: Arc<Mutex<HashMap<String, Here>>>,
}

/// What this instance heard of a type.
#[derive(Clone, Copy)]
struct Here {
    last: Heard,
    /// What it wrote down of it.
    kept: Heard,
}

impl Hearing {
    pub(crate) fn new(store: Store, ledger: Ledger, kinds: Arc<Kinds>) -> Self {
        Self { store, ledger, kinds, heard: Arc::default() }
    }

    /// Asks the chain about a type; `None` while it can't be asked.
    pub(crate) async fn ask(&self, credential_type: &str, now: Moment) -> Result<Option<Basis>, StoreError> {
        match self.ledger.basis(credential_type, UnixMillis(now.ms)).await {
            Ok(basis) => {
                let heard = Heard { at: now.seconds, accredited: basis.is_accredited() };
                self.keep(credential_type, heard).await?;
                Ok(Some(basis))
            }
            Err(error) => {
                tracing::debug!(%error, "the chain can't be asked for the accreditation");
                Ok(None)
            }
        }
    }

    /// What was last heard of a type, here or at another instance; `None` if nothing ever was.
    pub(crate) fn last(&self, credential_type: &str) -> Result<Option<Heard>, StoreError> {
        let here = self.heard.lock().unwrap_or_else(PoisonError::into_inner).get(credential_type).copied();
        let kept = self.store.get(&HEARD, credential_type)?;
        Ok(here.map(|here| here.last).into_iter().chain(kept).max_by_key(|heard| heard.at))
    }

    /// Since when nothing was heard of one of the types; `None` if of one nothing ever was.
    pub(crate) fn silent_since(&self) -> Result<Option<UnixSeconds>, StoreError> {
        let mut oldest = None;
        for of in self.kinds.types() {
            let Some(heard) = self.last(&of.id)? else { return Ok(None) };
            oldest = Some(oldest.map_or(heard.at, |oldest: UnixSeconds| oldest.min(heard.at)));
        }
        Ok(oldest)
    }

    /// Asks about every type, for as long as the chain answers.
    pub(crate) async fn round(&self, now: Moment) {
        for of in self.kinds.types() {
            match self.ask(&of.id, now).await {
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(%error, "what the chain says of the accreditation can't be kept");
                    return;
                }
            }
        }
    }

    /// Asks every minute until told to stop, so that what was last heard is young when the chain goes away.
    pub(crate) async fn run(self, clock: Arc<dyn Clock>, mut stop: watch::Receiver<bool>) {
        let listen = async {
            loop {
                tokio::time::sleep(ROUND).await;
                self.round(Moment::of(&clock)).await;
            }
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = listen => {}
        }
    }

    /// Remembers what was heard; writes it down when it is news, or what stands there is a minute old.
    async fn keep(&self, credential_type: &str, last: Heard) -> Result<(), StoreError> {
        let name = credential_type.to_owned();
        if let Some(here) = self.heard.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&name) {
            here.last = last;
            if here.kept.accredited == last.accredited && last.at.0 - here.kept.at.0 < KEPT_FOR {
                return Ok(());
            }
        }
        let row = name.clone();
        self.store.write_async(move |tx| tx.put(&HEARD, row, &last)).await?;
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Here { last, kept: last });
        Ok(())
    }
}
