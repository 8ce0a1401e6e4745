//! Taking an answer that was read from codes: judge it by what it brings along and by what the node says, record it.

use std::time::Duration;

use protocol::offline::{Answer, Binding, ONE_WAY_SECONDS};
use registry::{Slug, UnixMillis};
use store::{StoreError, Table};

use super::ask::challenge_ends;
use crate::answer::{Malformed, Refusal};
use crate::core::{AskedBy, Core};
use crate::decision::{Check, CheckId, Facts};
use crate::identity::KnownBy;
use crate::offline::journal::{Case, Decided};
use crate::offline::{self, Question};
use crate::request::{Request, RequestId};

/// One-way nonces that were taken, with the time from which they may be forgotten: none is taken twice.
const TAKEN: Table<str, UnixMillis> = Table::new("taken");
/// The same by time.
const TAKEN_UNTIL: Table<(u64, String), ()> = Table::new("taken_until");
/// So many are forgotten at once.
const BATCH: usize = 100;
/// How old what a phone brings along may be where the policy says nothing.
const MAX_AGE: Duration = Duration::from_secs(24 * 3600);
/// How long the node is waited for: a clerk's patience, not a network's.
const NODE: Duration = Duration::from_millis(1500);

impl Core {
    /// Takes the answer to a request. When this returns, the decision is on the disk.
    pub(crate) async fn take_codes(
        &self,
        id: &RequestId,
        answer: &Answer,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let found = self.desk.find(id, now)?.ok_or(Refusal::Unknown)?;
        let request = found.request;
        if found.answered.is_some() {
            return Err(Refusal::Used);
        }
        if challenge_ends(&request) <= now {
            return Err(Refusal::Expired);
        }
        if !request.manner.goes_by_codes() {
            return Err(Refusal::Authorises);
        }
        let query = self.query_of(&request).ok_or(Refusal::Unknown)?;
        let client_id = self.identity.client_id(KnownBy::DecentralizedIdentifier);
        let binding = binding_of(&request);
        let question = Question {
            query: &query,
            client_id: client_id.ok_or(Refusal::Unknown)?.as_str(),
            binding: &binding,
            policy: None,
            max_age: MAX_AGE,
            now,
        };
        let received = offline::received(answer, &query).map_err(Malformed::from)?;
        let staples = offline::stapled(&answer.staples, &self.node.followed(), now);
        // A counter that is connected knows better than the phone.
        let asked = Facts::about(&received, self.catalogue, &self.node);
        let facts = tokio::time::timeout(NODE, asked).await.unwrap_or_else(|_| Facts::none());
        let is_without_node = facts.are_missing();
        let rules = query.rules().cloned().unwrap_or_default();
        // What it saw while it was connected it does not forget for what an old staple says.
        let memory = rules.evidence_max_age.unwrap_or(MAX_AGE).max(MAX_AGE);
        let before = Facts::known(&received, self.catalogue, &self.node, memory).await;
        let known = (staples.0.newer_of(before).newer_of(facts), staples.1);
        let mut judged = offline::weigh(&received, &answer.nonce, question, rules, self.catalogue, &known);
        if matches!(binding, Binding::Place(_)) && !self.is_first(&answer.nonce, now).await? {
            judged.decision = judged.decision.with(Check::failed(CheckId::Nonce, "nonce_used"));
            judged.shown.clear();
        }
        // What the node could not confirm now is looked at again when it answers.
        let noted = is_without_node.then(|| {
            Decided::of(Case {
                decision: &judged.decision,
                policy: policy_of(&query),
                evidence: known.0.block(),
                named: offline::named(&received, self.catalogue),
                at: now,
            })
        });
        self.record(id, &request, &query, judged, noted.as_ref(), now).await
    }

    /// Whether this nonce is seen for the first time; it is noted as seen.
    async fn is_first(&self, nonce: &str, now: UnixMillis) -> Result<bool, StoreError> {
        // As long as it could count, with both clocks wrong by a minute.
        let lives = Duration::from_secs(ONE_WAY_SECONDS.unsigned_abs() + 120);
        let (nonce, until) = (nonce.to_owned(), now.after(lives));
        let mut due = self.account.store().page(&TAKEN_UNTIL, &store::Range::all(), BATCH)?;
        due.retain(|((at, _), ())| *at <= now.0);
        self.account
            .store()
            .write_async(move |tx| {
                for ((at, nonce), ()) in due {
                    tx.remove(&TAKEN, nonce.as_str())?;
                    tx.remove(&TAKEN_UNTIL, (at, nonce))?;
                }
                if tx.contains(&TAKEN, nonce.as_str())? {
                    return Ok(false);
                }
                tx.put(&TAKEN, nonce.as_str(), &until)?;
                tx.put(&TAKEN_UNTIL, (until.0, nonce), &())?;
                Ok::<_, StoreError>(true)
            })
            .await
    }
}

/// The policy and its version.
fn policy_of(query: &AskedBy<'_>) -> Option<(Slug, String)> {
    match query {
        AskedBy::Policy(policy) => Some((policy.id.clone(), policy.version.clone())),
        AskedBy::Query(_) => None,
    }
}

fn binding_of(request: &Request) -> Binding {
    match &request.manner.place {
        Some(place) => Binding::Place(place.as_str().to_owned()),
        None => Binding::Challenge(request.nonce.clone()),
    }
}
