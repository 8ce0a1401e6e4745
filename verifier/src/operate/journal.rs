//! The journals of decisions made without the node: what they say, and looking again now.

use registry::{Slug, UnixMillis};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use service::{clock, outbound};
use store::{Store, StoreError};

use super::{KEYS, OperateError, Reach};
use crate::config::Config;
use crate::identity;
use crate::journal::{Entry, Journal};
use crate::offline::journal::{Decided, Rechecked, Rechecks};
use crate::start;

/// So many entries are read at once.
pub(super) const TOGETHER: usize = 1000;
/// The most that is read of an answer: so many entries are far less.
const LARGEST: usize = 16 << 20;

/// A decision made without the node, and what was found of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Its number, from 1.
    pub number: u64,
    /// What was decided.
    #[serde(flatten)]
    pub decided: Decided,
    /// The request, as the audit log names it.
    pub presentation: String,
    /// Who asked.
    pub asked_by: String,
    /// Of a one-way code: the place that it was printed for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What was found when there was a network again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rechecked: Option<Rechecked>,
    /// Who saw to what was found, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_to: Option<(String, UnixMillis)>,
}

impl JournalEntry {
    pub(super) fn of((number, entry): (u64, Entry)) -> Self {
        let Entry { decided, presentation, asked_by, place, rechecked, seen_to, .. } = entry;
        Self { number, decided, presentation, asked_by, place: place.map(String::from), rechecked, seen_to }
    }
}

/// Every decision in the journal of this tenant, the oldest first.
///
/// # Errors
/// [`OperateError`].
pub async fn list(config: &Config, tenant: &str) -> Result<Vec<JournalEntry>, OperateError> {
    let tenant = named(config, tenant)?;
    let reach = Reach::of(config).await?;
    let mut all: Vec<JournalEntry> = Vec::new();
    loop {
        let after = all.last().map_or(0, |entry| entry.number);
        let page: Vec<JournalEntry> = match &reach {
            Reach::Open(store) => {
                let page = journal_of(config, store, tenant)?.after(after, TOGETHER)?;
                page.into_iter().map(JournalEntry::of).collect()
            }
            Reach::Asked { operators, token } => {
                ask(&format!("http://{operators}/journal/{tenant}?after={after}"), token).await?
            }
        };
        if page.is_empty() {
            if let Reach::Open(store) = reach {
                store.close();
            }
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Looks now at every decision that waits for its second look, each once, and says what was found.
///
/// # Errors
/// [`OperateError`].
pub async fn recheck(config: &Config, tenant: &str) -> Result<Rechecks, OperateError> {
    let tenant = named(config, tenant)?;
    match Reach::of(config).await? {
        Reach::Open(store) => {
            let journal = journal_of(config, &store, tenant)?;
            let node = service::NodeClient::new(start::node_config(config));
            let found = journal.recheck_all(&node, clock::now).await?;
            store.close();
            Ok(found.told())
        }
        Reach::Asked { operators, token } => {
            ask(&format!("http://{operators}/journal/{tenant}/recheck"), &token).await
        }
    }
}

fn named<'c>(config: &'c Config, tenant: &str) -> Result<&'c Slug, OperateError> {
    let mut ids = config.tenants.iter().map(|tenant| &tenant.id);
    ids.find(|id| id.as_str() == tenant).ok_or_else(|| OperateError::NoTenant(tenant.to_owned()))
}

fn journal_of(config: &Config, store: &Store, tenant: &Slug) -> Result<Journal, OperateError> {
    let keys = config.data_dir.join(KEYS).join(tenant.as_str());
    let key = identity::journal_key(&keys)?.ok_or(OperateError::NoKeys(keys))?;
    let store = store.scoped(tenant.as_str()).ok_or(StoreError::Closed)?;
    Ok(Journal::new(store, key.into(), config.policy.account.journal_kept))
}

async fn ask<T: DeserializeOwned>(url: &str, token: &str) -> Result<T, OperateError> {
    let refused = |reason: &dyn std::fmt::Display| OperateError::Refused(reason.to_string());
    let request = outbound::client(service::backup::PATIENCE).post(url).bearer_auth(token);
    let answer = request.send().await.map_err(|_| refused(&"nothing came from the operators' address"))?;
    if !answer.status().is_success() {
        return Err(refused(&answer.status()));
    }
    let bytes = outbound::body(answer, LARGEST).await.map_err(|error| refused(&error))?;
    serde_json::from_slice(&bytes).map_err(|error| refused(&error))
}
