//! Verifying many credentials at once that were received elsewhere.
//!
//! What they name on the chain is asked for once, whatever their number; then every processor verifies its share.

use std::num::NonZeroUsize;
use std::sync::Arc;

use credentials::catalogue::Catalogue;
use registry::{LocalText, UnixMillis};
use service::{Lang, NodeClient};

pub use crate::decision::Verdict;
use crate::decision::{self, Alone, Decision, Facts, Outcome};
use crate::purpose::{Purpose, PurposeConfig, PurposeError};

/// So many credentials are looked at together; more are looked at in turns, so that the facts are fresh.
const TURN: usize = 4096;

/// What was found of one credential. Nothing in it is personal.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Verified {
    /// How it came out; `refused` for what can't even be read.
    pub decision: Verdict,
    /// In one sentence.
    pub reason: LocalText,
    /// The checks that did not pass: each one's name and what was found.
    pub not_passed: Vec<(String, String)>,
    /// Its type in the catalogue, if it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_type: Option<String>,
    /// Who it says issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

impl Verified {
    pub(crate) fn of(decision: &Decision) -> Self {
        let failed = decision.checks.iter().filter(|check| check.outcome != Outcome::Passed);
        let subject = decision.subjects.first();
        Self {
            decision: decision.verdict,
            reason: both(&|lang| decision::reason(lang, decision)),
            not_passed: failed.map(|check| (check.id.id().to_owned(), check.reason.clone())).collect(),
            credential_type: subject.and_then(|one| Some(one.credential_type.as_ref()?.to_string())),
            issuer: subject.map(|one| one.issuer.clone()),
        }
    }

    pub(crate) fn unreadable() -> Self {
        Self {
            decision: Verdict::Refused,
            reason: both(&|lang| decision::texts(lang).get("decision.unreadable").to_owned()),
            not_passed: vec![("readable".to_owned(), "unreadable".to_owned())],
            credential_type: None,
            issuer: None,
        }
    }
}

/// Verifies credentials of any format, in their order, by facts that `node` proves now.
pub async fn verify(
    credentials: &[Vec<u8>],
    catalogue: &'static Catalogue,
    node: &NodeClient,
) -> Vec<Verified> {
    verify_by(credentials, None, catalogue, node).await
}

/// The same by a policy, which each must meet by itself.
///
/// # Errors
/// [`PurposeError`] where the policy does not fit the catalogue.
pub async fn verify_by_policy(
    credentials: &[Vec<u8>],
    policy: &PurposeConfig,
    catalogue: &'static Catalogue,
    node: &NodeClient,
) -> Result<Vec<Verified>, PurposeError> {
    let policy = Purpose::new(policy.clone(), catalogue)?;
    Ok(verify_by(credentials, Some(&policy), catalogue, node).await)
}

/// The same, by a policy if there is one.
pub(crate) async fn verify_by(
    credentials: &[Vec<u8>],
    policy: Option<&Purpose>,
    catalogue: &'static Catalogue,
    node: &NodeClient,
) -> Vec<Verified> {
    let policy = policy.cloned().map(Arc::new);
    let mut verified = Vec::with_capacity(credentials.len());
    for turn in credentials.chunks(TURN) {
        let turn = turn.to_vec();
        let read = at_work(move || in_shares(&turn, |bytes| Alone::read(bytes).ok())).await;
        let named = read.iter().flatten().map(|one| one.named(catalogue));
        let facts = Facts::of_all(named, node).await;
        let (policy, now) = (policy.clone(), service::clock::now());
        verified.extend(
            at_work(move || {
                in_shares(&read, |one| judged(one.as_ref(), policy.as_deref(), catalogue, &facts, now))
            })
            .await,
        );
    }
    verified
}

fn judged(
    one: Option<&Alone>,
    policy: Option<&Purpose>,
    catalogue: &Catalogue,
    facts: &Facts,
    now: UnixMillis,
) -> Verified {
    match one {
        Some(one) => Verified::of(&one.judge(policy, catalogue, facts, now)),
        None => Verified::unreadable(),
    }
}

/// The same on every processor, each with its share; in order.
fn in_shares<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let share = all.len().div_ceil(processors).max(1);
    std::thread::scope(|scope| {
        let work = &work;
        let shares: Vec<_> = all
            .chunks(share)
            .map(|share| scope.spawn(move || share.iter().map(work).collect::<Vec<R>>()))
            .collect();
        shares
            .into_iter()
            .flat_map(|share| share.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

/// Long work, off the threads that others need.
async fn at_work<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

fn both(text: &dyn Fn(Lang) -> String) -> LocalText {
    LocalText { zh: text(Lang::Zh), en: text(Lang::En) }
}
