//! Taking an answer that was read from codes: judge it by what it brings along and by what the node says, record it.

use std::time::Duration;

use protocol::offline::{Answer, Binding};
use registry::{Slug, UnixMillis};

use super::ask::challenge_ends;
use super::spent::OneWay;
use crate::answer::{Beside, Malformed, Refusal};
use crate::core::{AskedBy, Core};
use crate::decision::{Check, CheckId, Decision, Facts, Judged, Received};
use crate::identity::KnownBy;
use crate::offline::journal::{Case, Decided};
use crate::offline::{self, Question};
use crate::request::{Request, RequestId};

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
        let rules = query.rules().cloned().unwrap_or_default();
        let memory = rules.evidence_max_age.unwrap_or(MAX_AGE).max(MAX_AGE);
        let (known, is_without_node) = self.known_of(&received, &answer.staples, memory, now).await;
        let mut judged = offline::weigh(&received, &answer.nonce, question, rules, self.catalogue, &known);
        let one_way = matches!(binding, Binding::Place(_)).then(|| OneWay::of(&answer.nonce));
        if let Some(one_way) = &one_way
            && one_way.is_spent(self.account.store())?
        {
            judged = used_before(judged.decision);
        }
        // What the node could not confirm now is looked at again when it answers.
        let note = |decision: &Decision| {
            is_without_node.then(|| {
                Decided::of(Case {
                    decision,
                    policy: policy_of(&query),
                    evidence: known.0.block(),
                    named: offline::named(&received, self.catalogue),
                    at: now,
                })
            })
        };
        let decision = one_way.as_ref().map(|_| judged.decision.clone());
        let noted = note(&judged.decision);
        let beside = Beside { without_node: noted.as_ref(), spends: one_way };
        match (self.record(id, &request, &query, judged, beside, now).await, decision) {
            // Accepted for another request meanwhile.
            (Err(Refusal::Spent), Some(decision)) => {
                let judged = used_before(decision);
                let noted = note(&judged.decision);
                let beside = Beside { without_node: noted.as_ref(), spends: None };
                self.record(id, &request, &query, judged, beside, now).await
            }
            (done, _) => done,
        }
    }

    /// What is known of what these name, and whether evidence of the phone's is refused: by what it brings, by what was seen here
    /// at most so long ago, and by what the node says if it answers in time. And whether it does not.
    async fn known_of(
        &self,
        received: &[Received],
        staples: &[Vec<u8>],
        memory: Duration,
        now: UnixMillis,
    ) -> ((Facts, bool), bool) {
        let (brought, refused) = offline::stapled(staples, &self.node.followed(), now);
        // A counter that is connected knows better than the phone.
        let asked = Facts::about(received, self.catalogue, &self.node);
        let asked = tokio::time::timeout(NODE, asked).await.unwrap_or_else(|_| Facts::none());
        let is_without_node = asked.are_unconfirmed();
        // What it saw while it was connected it does not forget for what an old staple says.
        let before = Facts::known(received, self.catalogue, &self.node, memory).await;
        ((brought.newer_of(before).newer_of(asked), refused), is_without_node)
    }
}

/// What is decided on a one-way code that was accepted before.
fn used_before(decision: Decision) -> Judged {
    Judged { decision: decision.with(Check::failed(CheckId::Nonce, "nonce_used")), shown: Vec::new() }
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
