//! Telling whoever asked what came of it: a signed `POST`, tried again until it is taken, at most so many times.
//!
//! What is to be told is written in the same write as the decision, so it survives any stop. It has no claims in it; those go along
//! while they are in memory, to keys that may read them ([`Scope::Claims`](crate::Scope::Claims)). A receiver may be told twice and
//! knows it by the event's `id`.

mod address;
mod deliver;
mod signature;

use std::sync::Arc;
use std::time::Duration;

use protocol::Endpoint;
use registry::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service::Lang;
use store::{StoreError, Table, Tx};
use tokio::sync::Notify;

use crate::account::{AccountPolicy, program};
use crate::decision::{self, Decision};
use crate::request::{Outcome, Request, RequestId};

pub(crate) use address::{Allowed, NotAllowed};
pub(crate) use deliver::deliver;

/// What is still to be told, by the event's id.
const DELIVERIES: Table<str, Delivery> = Table::new("webhooks");
/// When it is to be tried, in milliseconds since 1970, and which.
const DUE: Table<(u64, String), ()> = Table::new("webhooks-due");

/// One event on its way. Nothing in it is personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Delivery {
    /// The event's id: the same however often it is sent.
    id: String,
    /// The request that it tells of.
    request: String,
    /// The key that asked.
    key: String,
    to: Endpoint,
    /// What is told, without claims.
    event: Value,
    /// How often it was tried.
    tries: u8,
    /// When it is tried next.
    next: UnixMillis,
}

/// Sends what is to be told.
pub(crate) struct Webhooks {
    policy: AccountPolicy,
    /// Woken when there is something new.
    news: Arc<Notify>,
    public: reqwest::Client,
    here: reqwest::Client,
}

impl Webhooks {
    pub(crate) fn new(policy: AccountPolicy) -> Self {
        Self {
            policy,
            news: Arc::default(),
            public: service::outbound::public_https_client(policy.webhook_timeout),
            here: service::outbound::client(policy.webhook_timeout),
        }
    }

    /// Something is to be told.
    pub(crate) fn wake(&self) {
        self.news.notify_one();
    }

    /// How long to wait after so many tries.
    fn delay(&self, tries: u8) -> Duration {
        let factor = 3u32.saturating_pow(u32::from(tries).saturating_sub(1));
        self.policy.webhook_delay.saturating_mul(factor).min(Duration::from_secs(6 * 3600))
    }
}

impl Delivery {
    /// What is to be told of an outcome; none where nobody wants to be told.
    pub(crate) fn of(id: &RequestId, request: &Request, outcome: &Outcome, now: UnixMillis) -> Option<Self> {
        let to = request.manner.webhook.clone()?;
        let key = program(request)?.to_owned();
        let event_id = service::random::token(16);
        let mut event = json!({
            "id": event_id,
            "type": "presentation",
            "request": id.as_str(),
            "purpose": request.purpose,
            "at": now,
        });
        let told = match outcome {
            Outcome::Decided(decision) => decided(decision),
            Outcome::Declined { code } => json!({ "state": "declined", "error": code }),
        };
        if let (Value::Object(event), Value::Object(told)) = (&mut event, told) {
            event.extend(told);
        }
        Some(Self { id: event_id, request: id.to_string(), key, to, event, tries: 0, next: now })
    }

    /// Writes it.
    pub(crate) fn write(self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.put(&DUE, (self.next.0, self.id.clone()), &())?;
        tx.put(&DELIVERIES, self.id.as_str(), &self)
    }
}

fn decided(decision: &Decision) -> Value {
    let [zh, en] = [Lang::Zh, Lang::En].map(|lang| decision::reason(lang, decision));
    let checks = decision.checks.iter().map(|check| {
        let credential = decision.subject(check).and_then(|subject| subject.query.as_ref());
        let mut one = json!({ "id": check.id, "outcome": check.outcome, "code": check.reason });
        if let (Value::Object(one), Some(credential)) = (&mut one, credential) {
            one.insert("credential".to_owned(), json!(credential));
        }
        one
    });
    json!({
        "state": "answered",
        "decision": decision.verdict,
        "reason": { "zh": zh, "en": en },
        "checks": checks.collect::<Vec<_>>(),
    })
}
