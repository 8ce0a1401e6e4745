//! Sending, and trying again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use credentials::key::SignError;
use registry::UnixMillis;
use serde_json::Value;
use service::audit::{Account, Deed, Digest, Noting};
use service::clock;
use store::{Range, StoreError};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::signature::{CONTENT_TYPE, Message, Signed};
use super::{Allowed, DELIVERIES, DUE, Delivery, NotAllowed};
use crate::account::note;
use crate::core::Core;
use crate::request::RequestId;

/// How many are sent at once, to all receivers and to one: a slow one delays no other.
const TOGETHER: usize = 64;
const TO_ONE: usize = 8;
/// Of so many that are due the next are chosen.
const LOOKED_AT: usize = 512;
/// How often it looks when nothing wakes it.
const PERIOD: Duration = Duration::from_secs(1);

/// What became of a try.
enum Tried {
    Taken,
    /// It may be taken later.
    Refused(String),
    /// It is not wanted any more, or must not be sent.
    Never(String),
}

/// Delivers until it is stopped.
pub(crate) async fn deliver(core: Arc<Core>, mut stopped: watch::Receiver<bool>) {
    let mut sending: JoinSet<(Delivery, Tried)> = JoinSet::new();
    let mut busy: HashMap<String, usize> = HashMap::new();
    loop {
        let now = clock::now();
        match core.claim(now, &busy, TOGETHER.saturating_sub(sending.len())).await {
            Ok(claimed) => {
                for delivery in claimed {
                    *busy.entry(delivery.to.origin()).or_default() += 1;
                    let core = core.clone();
                    sending.spawn(async move {
                        let tried = core.tell(&delivery).await;
                        (delivery, tried)
                    });
                }
            }
            Err(error) => tracing::error!(%error, "webhooks that are due can't be read"),
        }
        let done = tokio::select! {
            Some(done) = sending.join_next() => done,
            () = core.account.webhooks.news.notified() => continue,
            () = tokio::time::sleep(PERIOD) => continue,
            // What is on its way is tried again after the next start.
            _ = stopped.wait_for(|stop| *stop) => return,
        };
        let Ok((delivery, tried)) = done else { continue };
        if let Some(count) = busy.get_mut(&delivery.to.origin()) {
            *count = count.saturating_sub(1);
        }
        busy.retain(|_, count| *count > 0);
        if let Err(error) = core.settle(delivery, tried, clock::now()).await {
            tracing::error!(%error, "what became of a webhook can't be written");
        }
    }
}

impl Core {
    /// Takes what is due: each try is written before it is made, so that none is made too often, whatever stops the verifier, and
    /// no other instance makes the same.
    async fn claim(
        &self,
        now: UnixMillis,
        busy: &HashMap<String, usize>,
        room: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let store = self.account.store();
        let due = store.page(&DUE, &Range::all(), LOOKED_AT)?;
        let due = due.into_iter().filter(|((at, _), ())| *at <= now.0);
        let (mut chosen, mut busy) = (Vec::new(), busy.clone());
        for ((at, id), ()) in due {
            if chosen.len() == room {
                break;
            }
            let Some(delivery) = store.get(&DELIVERIES, id.as_str())? else { continue };
            let count = busy.entry(delivery.to.origin()).or_default();
            if *count < TO_ONE {
                *count += 1;
                chosen.push((at, id));
            }
        }
        if chosen.is_empty() {
            return Ok(Vec::new());
        }
        let until = now.after(self.account.webhooks.policy.webhook_timeout + Duration::from_secs(5));
        store
            .write_async(move |tx| {
                let mut claimed = Vec::with_capacity(chosen.len());
                for (at, id) in chosen {
                    let Some(mut delivery) = tx.get(&DELIVERIES, id.as_str())? else { continue };
                    if delivery.next.0 != at {
                        // Another instance was quicker.
                        continue;
                    }
                    tx.remove(&DUE, (at, id))?;
                    delivery.tries = delivery.tries.saturating_add(1);
                    delivery.next = until;
                    delivery.clone().write(tx)?;
                    claimed.push(delivery);
                }
                Ok(claimed)
            })
            .await
    }

    /// Tells it once.
    async fn tell(&self, delivery: &Delivery) -> Tried {
        let webhooks = &self.account.webhooks;
        if delivery.tries > webhooks.policy.webhook_tries {
            // The last try was cut off by a stop.
            return Tried::Never("it was tried often enough".to_owned());
        }
        let origins = self.keys.webhooks(&delivery.key);
        let client = match Allowed::check(&delivery.to, origins, webhooks.policy.loopback_webhooks) {
            Ok(Allowed::Public) => &webhooks.public,
            Ok(Allowed::Loopback) => &webhooks.here,
            Err(not_allowed @ (NotAllowed::Origin | NotAllowed::Loopback | NotAllowed::Address)) => {
                return Tried::Never(not_allowed.to_string());
            }
        };
        let body = self.body(delivery);
        let signed = match self.signed(delivery, &body) {
            Ok(signed) => signed,
            Err(error) => return Tried::Refused(error.to_string()),
        };
        let sent = client
            .post(delivery.to.as_str())
            .header("content-type", CONTENT_TYPE)
            .header("webhook-id", &delivery.id)
            .header("content-digest", signed.content_digest)
            .header("signature-input", signed.signature_input)
            .header("signature", signed.signature)
            .body(body)
            .send()
            .await;
        match sent {
            // What it answers is not looked at.
            Ok(answer) if answer.status().is_success() => Tried::Taken,
            Ok(answer) if answer.status() == 410 => Tried::Never("410".to_owned()),
            Ok(answer) => Tried::Refused(answer.status().as_str().to_owned()),
            Err(error) => Tried::Refused(kind(&error).to_owned()),
        }
    }

    /// What is told: with claims while they are in memory, to a key that may read them.
    fn body(&self, delivery: &Delivery) -> Vec<u8> {
        let mut event = delivery.event.clone();
        if self.keys.has(&delivery.key, crate::Scope::Claims)
            && let (Ok(id), Value::Object(event)) = (delivery.request.parse::<RequestId>(), &mut event)
        {
            let claims = self.claims_of(&id);
            if !claims.is_empty() {
                event.insert("claims".to_owned(), Value::Object(claims));
            }
        }
        event.to_string().into_bytes()
    }

    fn signed(&self, delivery: &Delivery, body: &[u8]) -> Result<Signed, SignError> {
        let created = clock::now().seconds();
        // The address as it is sent: normalised.
        let target = url::Url::parse(delivery.to.as_str()).map_or_else(|_| String::new(), String::from);
        let message = Message { target: &target, id: &delivery.id, body, created };
        message.sign(self.identity.key_id(), self.identity.signer())
    }

    /// Writes what became of a try.
    async fn settle(&self, delivery: Delivery, tried: Tried, now: UnixMillis) -> Result<(), StoreError> {
        let webhooks = &self.account.webhooks;
        let is_last = delivery.tries >= webhooks.policy.webhook_tries;
        let given_up = match &tried {
            Tried::Taken => false,
            Tried::Refused(why) => {
                tracing::warn!(%why, tries = delivery.tries, to = delivery.to.origin(), "a webhook is not taken yet");
                is_last
            }
            Tried::Never(why) => {
                tracing::warn!(%why, to = delivery.to.origin(), "a webhook is not sent any more");
                true
            }
        };
        let again =
            (!given_up && !matches!(tried, Tried::Taken)).then(|| now.after(webhooks.delay(delivery.tries)));
        let noting = Noting::by_verifier(now);
        self.account
            .store()
            .write_async(move |tx| {
                tx.remove(&DUE, (delivery.next.0, delivery.id.clone()))?;
                if let Some(next) = again {
                    return Delivery { next, ..delivery }.write(tx);
                }
                tx.remove(&DELIVERIES, delivery.id.as_str())?;
                if given_up {
                    let deed = Deed::new("webhook-given-up").about("asked-by", Account(&delivery.key));
                    let presentation = Digest::of(delivery.request.as_bytes());
                    let deed = deed.about("presentation", presentation);
                    note(tx, &noting, deed.about("tries", u32::from(delivery.tries)))?;
                }
                Ok(())
            })
            .await
    }
}

/// What went wrong, without the address.
fn kind(error: &reqwest::Error) -> &'static str {
    match error {
        error if error.is_timeout() => "it takes too long",
        error if error.is_connect() => "it can't be reached",
        _ => "the connection broke off",
    }
}
