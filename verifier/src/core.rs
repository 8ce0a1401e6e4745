//! Everything the handlers share.

use std::ops::Deref;
use std::sync::Arc;

use credentials::catalogue::Catalogue;
use protocol::Endpoint;
use protocol::dcql::DcqlQuery;
use protocol::openid4vp::{ClientId, RequestLink};
use registry::{LocalText, Slug, UnixMillis};
use serde_json::{Map, Value};
use service::{Lang, NodeClient, StaffTokens};
use store::StoreError;
use tokio::sync::broadcast;

use crate::access::Keys;
use crate::account::Account;
use crate::config::Policy;
use crate::identity::Identity;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::peers::Peers;
use crate::purpose::{Policies, Purpose, Rules};
use crate::request::{Desk, Found, Memory, Request, RequestId};
use crate::sessions::ClerkSessions;

/// What handlers get: cheap to clone.
pub(crate) type App = Arc<Core>;

/// One organisation of a running verifier. Nothing in it leads to another's but what is public: the chain's facts.
pub(crate) struct Core {
    /// What it is called in the settings.
    pub(crate) tenant: Slug,
    pub(crate) name: LocalText,
    /// Whether everybody on its pages is made up.
    pub(crate) demonstration: bool,
    pub(crate) base: Endpoint,
    pub(crate) policy: Policy,
    pub(crate) identity: Identity,
    pub(crate) policies: Arc<Policies>,
    pub(crate) catalogue: &'static Catalogue,
    pub(crate) node: NodeClient,
    pub(crate) staff: StaffTokens,
    pub(crate) sessions: ClerkSessions,
    pub(crate) keys: Keys,
    pub(crate) limits: Limits,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) desk: Desk,
    pub(crate) memory: Arc<Memory>,
    pub(crate) account: Account,
    pub(crate) peers: Peers,
    /// Names of requests as they are answered.
    pub(crate) answered: broadcast::Sender<RequestId>,
}

impl Core {
    /// The organisation's name in a language.
    pub(crate) fn name_in(&self, lang: Lang) -> &str {
        lang.pick(&self.name.zh, &self.name.en)
    }

    /// The policy of this purpose that holds now.
    pub(crate) fn purpose(&self, id: &Slug) -> Option<Arc<Purpose>> {
        self.policies.current(id)
    }

    /// A request and where it stands; none when there is no such, or it is forgotten. What was cleared, here or at another instance,
    /// has left this one's memory when it returns.
    pub(crate) fn find(&self, id: &RequestId, now: UnixMillis) -> Result<Option<Found>, StoreError> {
        let found = self.desk.find(id, now)?;
        if found.as_ref().and_then(|found| found.answered.as_ref()).is_some_and(|answered| answered.cleared) {
            self.memory.forget(id);
        }
        Ok(found)
    }

    /// Who it is to the wallet that a request is for.
    pub(crate) fn client_id_of(&self, request: &Request) -> Option<&ClientId> {
        self.identity.client_id(request.manner.known_by)
    }

    /// What a request asks: its own query, or that of the policy it was asked by. None when that is not known any more.
    pub(crate) fn query_of<'r>(&self, request: &'r Request) -> Option<AskedBy<'r>> {
        if let Some(query) = &request.query {
            return Some(AskedBy::Query(query));
        }
        let purpose = match &request.version {
            Some(version) => self.policies.version(&request.purpose, version),
            None => self.purpose(&request.purpose),
        };
        purpose.map(AskedBy::Policy)
    }

    /// The claims asked for of what was genuine, by credential query, then by name; empty once they are no longer in memory.
    pub(crate) fn claims_of(&self, id: &RequestId) -> Map<String, Value> {
        let mut claims = Map::new();
        for shown in self.memory.get(id).iter().flat_map(|shown| shown.iter()) {
            let one = Value::Object(shown.claims.iter().cloned().collect());
            match claims.get_mut(shown.query.as_str()) {
                None => drop(claims.insert(shown.query.to_string(), one)),
                // Where several may answer, a list.
                Some(Value::Array(several)) => several.push(one),
                Some(first) => *first = Value::Array(vec![first.take(), one]),
            }
        }
        claims
    }

    /// Where wallets fetch a request.
    pub(crate) fn request_uri(&self, id: &RequestId) -> Option<Endpoint> {
        self.base.join(&format!("/requests/{id}/object")).ok()
    }

    /// What the code says: `openid4vp://authorize?…`.
    pub(crate) fn link(&self, id: &RequestId, request: &Request) -> Option<String> {
        let link = RequestLink::to(self.client_id_of(request)?.clone(), self.request_uri(id)?);
        Some(if request.manner.by_post { link.by_post() } else { link }.to_string())
    }
}

/// What a request is asked by.
pub(crate) enum AskedBy<'r> {
    /// A query of its own.
    Query(&'r DcqlQuery),
    /// A policy.
    Policy(Arc<Purpose>),
}

impl AskedBy<'_> {
    /// What an answer must meet beyond the usual checks.
    pub(crate) fn rules(&self) -> Option<&Rules> {
        match self {
            Self::Query(_) => None,
            Self::Policy(purpose) => Some(&purpose.rules),
        }
    }
}

impl Deref for AskedBy<'_> {
    type Target = DcqlQuery;

    fn deref(&self) -> &DcqlQuery {
        match self {
            Self::Query(query) => query,
            Self::Policy(purpose) => &purpose.query,
        }
    }
}
