//! Status lists as served: a Token Status List and two Bitstring Status Lists, all views of the chain's bits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use credentials::UnixSeconds;
use credentials::status::{Bits, BitstringList, Purpose, TokenList, TokenListClaims};
use service::node::NodeError;
use store::{Store, StoreError};

use crate::clock::Moment;
use crate::config::Policy;
use crate::identity::{Identity, Slot};
use crate::keys::may_sign;
use crate::ledger::Ledger;
use crate::tables::{KEYS, LISTS};

/// Seconds for which a served list counts: long enough for a counter to ride out a short outage, and no longer, since a
/// revocation is not in it.
const COUNTS_FOR: i64 = 300;

/// The lists, kept for `list_ttl`. Clones share them.
#[derive(Clone)]
pub(crate) struct Served {
    ledger: Ledger,
    store: Store,
    identity: Arc<Identity>,
    base_url: String,
    policy: Policy,
    /// One lock a list, so that those who ask at once share one reading of the chain.
    views: Arc<Mutex<HashMap<u32, Kept>>>,
}

type Kept = Arc<tokio::sync::Mutex<Option<Arc<View>>>>;

/// One list, signed in each form.
#[derive(Debug)]
pub(crate) struct View {
    /// The `statuslist+jwt`.
    pub(crate) token: String,
    /// The `statuslist+cwt`.
    pub(crate) cwt: Vec<u8>,
    revocation: String,
    suspension: String,
    made: Moment,
    ends: UnixSeconds,
}

/// Why a list can't be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServedError {
    /// There is no list of that number.
    #[error("there is no such status list")]
    Unknown,
    /// The chain can't be asked, and what was last heard is over.
    #[error(transparent)]
    Chain(#[from] NodeError),
    /// A key is being replaced, or this instance has not the one that counts.
    #[error("the key that signs status lists is being replaced")]
    KeyChanging,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The list can't be packed or signed.
    #[error("the status list can't be made: {0}")]
    Unmade(String),
}

impl View {
    /// The Bitstring Status List credential for a purpose, as JSON.
    pub(crate) fn bitstring(&self, purpose: Purpose) -> &str {
        match purpose {
            Purpose::Revocation => &self.revocation,
            Purpose::Suspension => &self.suspension,
        }
    }
}

impl Served {
    pub(crate) fn new(
        ledger: Ledger,
        store: Store,
        identity: Arc<Identity>,
        base_url: &str,
        policy: Policy,
    ) -> Self {
        Self { ledger, store, identity, base_url: base_url.to_owned(), policy, views: Arc::default() }
    }

    /// The address of a list as a Token Status List.
    pub(crate) fn token_uri(&self, list: u32) -> String {
        format!("{}/status-lists/{list}", self.base_url)
    }

    /// The address of a list as a Bitstring Status List.
    pub(crate) fn bitstring_url(&self, list: u32, purpose: Purpose) -> String {
        format!("{}/bitstring/{list}/{}", self.base_url, purpose.name())
    }

    /// A list as the chain has it, at most `list_ttl` ago.
    pub(crate) async fn view(&self, list: u32, now: Moment) -> Result<Arc<View>, ServedError> {
        let length = self.store.get(&LISTS, list)?.ok_or(ServedError::Unknown)?.length;
        let slot = self.views.lock().unwrap_or_else(PoisonError::into_inner).entry(list).or_default().clone();
        let mut kept = slot.lock().await;
        let ttl = u64::try_from(self.policy.list_ttl.as_millis()).unwrap_or(u64::MAX);
        if let Some(view) = kept.as_ref().filter(|view| now.ms.saturating_sub(view.made.ms) < ttl) {
            return Ok(view.clone());
        }
        match self.ledger.bits(list, length).await {
            Ok(_) if !self.has_keys()? => Err(ServedError::KeyChanging),
            Ok(bits) => {
                // A list counts from the block it was read from, not from when it was asked for.
                let made = UnixSeconds(bits.time.seconds().min(now.seconds.0));
                let view = Arc::new(self.make(list, bits.bytes, made, now)?);
                *kept = Some(view.clone());
                Ok(view)
            }
            Err(error) => match kept.as_ref().filter(|view| now.seconds < view.ends) {
                Some(view) => Ok(view.clone()),
                None => Err(error.into()),
            },
        }
    }

    /// The next question about this list asks the chain again: one of its entries was changed.
    pub(crate) fn forget(&self, list: u32) {
        self.views.lock().unwrap_or_else(PoisonError::into_inner).remove(&list);
    }

    /// The next question about any list asks the chain again, and is answered under the key that counts then.
    pub(crate) fn forget_all(&self) {
        self.views.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether this instance has the keys that count.
    fn has_keys(&self) -> Result<bool, StoreError> {
        for slot in Slot::SIGNING {
            let row = self.store.get(&KEYS, slot.code())?;
            if !may_sign(row.as_ref(), slot, &self.identity.in_slot(slot)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn make(&self, list: u32, bytes: Vec<u8>, made: UnixSeconds, now: Moment) -> Result<View, ServedError> {
        let unmade = |error: &dyn std::fmt::Display| ServedError::Unmade(error.to_string());
        let bits = TokenList::from_bytes(Bits::Two, bytes).map_err(|error| unmade(&error))?;
        let ends = made.plus(COUNTS_FOR);
        let signing = self.identity.es256();
        let (key, kid) = (signing.key(), signing.id());
        let claims = TokenListClaims {
            sub: self.token_uri(list),
            iat: made,
            exp: Some(ends),
            ttl: Some(self.policy.list_ttl.as_secs().max(1)),
        };
        let public = credentials::key::Signer::public_key(key);
        let x5chain = self.identity.x5chain(&signing).map_err(|error| unmade(&error))?;
        let cwt = bits.prepare_cwt_with(&claims, Some(kid), x5chain, public);
        let cwt = cwt.sign(key).map_err(|error| unmade(&error))?;
        let x5c = self.identity.x5c(&signing).map_err(|error| unmade(&error))?;
        let token = bits
            .prepare_with(claims, Some(kid), Some(x5c), public)
            .map_err(|error| unmade(&error))?
            .sign(key)
            .map_err(|error| unmade(&error))?;
        let bitstring = |purpose: Purpose| {
            let signing = self.identity.eddsa();
            let (key, kid) = (signing.key(), signing.id());
            let view = BitstringList::view(&bits, purpose).map_err(|error| unmade(&error))?;
            let did = self.identity.did().to_string();
            let credential =
                view.issuance(&self.bitstring_url(list, purpose), purpose, &did, kid, made, COUNTS_FOR);
            Ok::<_, ServedError>(credential.sign(key).map_err(|error| unmade(&error))?.to_string())
        };
        Ok(View {
            token,
            cwt,
            revocation: bitstring(Purpose::Revocation)?,
            suspension: bitstring(Purpose::Suspension)?,
            made: now,
            ends,
        })
    }
}
