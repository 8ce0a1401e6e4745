//! One-stop: a credential that another department issued is presented in the place of a form (OpenID4VP 1.0 within issuance).
//!
//! Asked by [`ask`](OneStops::ask), answered by a wallet, judged as any counter judges, and made an application in the same write
//! of the store that takes the answer. Whatever does not fit is refused and leaves nothing but its refusal.
//!
//! Whoever shows the code is not trusted: the application's key goes back to the wallet that answered, and to nobody else. So
//! a code that somebody else shows gains them nothing.

mod answer;
mod config;
mod filled;
mod judge;
mod object;

use std::sync::Arc;

use protocol::openid4vp::{ClientId, RequestLink};
use protocol::{Endpoint, EndpointError};
use rand_core::OsRng;
use registry::history::{PurposeRefusal, purpose_allows};
use registry::{RecordKey, Slug, UnixMillis};
use service::node::NodeError;
use service::{AnswerKeys, NoAnswerKey};
use store::{Range, Store, StoreError};

pub(crate) use answer::{TakeError, Taken};
pub(crate) use config::Step;
pub use config::{Approval, OneStop, OneStopError};
pub use judge::{Judge, Judgement, Question, Shown, Unreadable, Verdict};
pub(crate) use object::ObjectError;

use crate::clock::Moment;
use crate::identity::Identity;
use crate::ledger::Ledger;
use crate::model::{Answered, Id, Presentation, Waiting};
use crate::seals::Seals;
use crate::tables::PRESENTATIONS;

/// Seconds in which a presentation can be answered.
const OPEN: i64 = 300;
/// Seconds after which a presentation is forgotten, however it ended.
const KEPT: u64 = 3600;
const FORGOTTEN_AT_ONCE: usize = 1000;

/// Presentations and what is done with them. Clones share them.
#[derive(Clone)]
pub(crate) struct OneStops {
    pub(crate) store: Store,
    pub(crate) seals: Arc<Seals>,
    pub(crate) ledger: Ledger,
    pub(crate) identity: Arc<Identity>,
    pub(crate) base: Endpoint,
    /// The department's name, for wallets.
    pub(crate) name: String,
    pub(crate) steps: Arc<[Step]>,
    /// What answers are encrypted to: a key for each.
    pub(crate) keys: Arc<AnswerKeys>,
    /// Who judges; there if there are steps.
    pub(crate) judge: Option<Arc<dyn Judge>>,
}

/// Why nothing is asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// That type is not applied for this way.
    #[error("nothing is presented for this type")]
    NotThisWay,
    /// The chain doesn't allow it: wallets would refuse.
    #[error("the purpose is not registered for this issuer, or doesn't allow what would be asked")]
    NotRegistered,
    /// The chain can't be reached.
    #[error(transparent)]
    Chain(#[from] NodeError),
    /// No key can be made for the answer.
    #[error(transparent)]
    Key(#[from] NoAnswerKey),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OneStops {
    /// What is presented for a type, if anything is.
    pub(crate) fn step(&self, credential_type: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.of.id == credential_type)
    }

    /// Who asks.
    pub(crate) fn client_id(&self) -> ClientId {
        ClientId::of_did(&self.identity.did().to_string())
    }

    /// Asks for what is presented for a type. Durable when it returns.
    pub(crate) async fn ask(
        &self,
        credential_type: &str,
        login: Option<Waiting>,
        now: Moment,
    ) -> Result<Presentation, AskError> {
        let step = self.step(credential_type).ok_or(AskError::NotThisWay)?;
        if !self.may_ask(step, now).await? {
            return Err(AskError::NotRegistered);
        }
        let asked = Presentation {
            id: Id::new(now.ms, &mut OsRng),
            credential_type: step.of.id.clone(),
            asked_at: now.seconds,
            expires_at: now.seconds.plus(OPEN),
            login,
            seal: self.keys.seal()?,
            stage: Answered::Not,
        };
        let row = asked.clone();
        self.store.write_async(move |tx| tx.put(&PRESENTATIONS, row.id.key(), &row)).await?;
        Ok(asked)
    }

    /// Whether the chain lets this issuer ask it now.
    async fn may_ask(&self, step: &Step, now: Moment) -> Result<bool, NodeError> {
        let did = self.identity.did();
        let Ok(presented) = Slug::new(&step.presented.id) else { return Ok(false) };
        let key = RecordKey::Purpose(did.clone(), step.purpose.clone());
        let registered = self.ledger.node().proven_one(key).await?;
        let asked = [(presented, step.asked())];
        match purpose_allows(&registered, did, &step.purpose, &asked, UnixMillis(now.ms)) {
            Ok(_) => Ok(true),
            Err(PurposeRefusal::NotRegistered(_) | PurposeRefusal::AsksTooMuch { .. }) => Ok(false),
        }
    }

    /// The presentation of this name.
    pub(crate) fn find(&self, id: Id) -> Result<Option<Presentation>, StoreError> {
        self.store.get(&PRESENTATIONS, id.key())
    }

    /// Where wallets fetch what is asked.
    pub(crate) fn request_uri(&self, id: Id) -> Result<Endpoint, EndpointError> {
        self.base.join(&format!("presentations/{}/object", self.seals.presentation(id)))
    }

    /// What the code says: `openid4vp://authorize?…`.
    pub(crate) fn link(&self, id: Id) -> Result<String, EndpointError> {
        Ok(RequestLink::to(self.client_id(), self.request_uri(id)?).to_string())
    }

    fn response_uri(&self, id: Id) -> Result<Endpoint, EndpointError> {
        self.base.join(&format!("presentations/{}/response", self.seals.presentation(id)))
    }
}

/// Forgets presentations that can't go on any more.
pub(crate) async fn forget(store: &Store, now: Moment) -> Result<(), StoreError> {
    let oldest = u128::from(now.ms.saturating_sub(KEPT * 1000)) << 80;
    let page = store.page(&PRESENTATIONS, &Range::all(), FORGOTTEN_AT_ONCE)?;
    let over: Vec<_> = page.into_iter().map(|(key, _)| key).take_while(|key| *key < oldest).collect();
    if over.is_empty() {
        return Ok(());
    }
    store.write_async(move |tx| over.iter().try_for_each(|key| tx.remove(&PRESENTATIONS, *key))).await
}
