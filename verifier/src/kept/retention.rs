//! How long holders were told at most that what they show is kept: what is registered with the purpose, and shown by wallets.

use std::time::Duration;

use registry::{Record, RecordKey};

use crate::core::{AskedBy, Core};

impl Core {
    /// What the chain says of the purpose; nothing where the policy keeps nothing. Without the chain nothing is kept.
    pub(crate) async fn retention(&self, query: &AskedBy<'_>) -> Duration {
        let AskedBy::Policy(policy) = query else { return Duration::ZERO };
        if policy.rules.asks.iter().all(|rule| rule.keep.is_none()) {
            return Duration::ZERO;
        }
        let key = RecordKey::Purpose(self.identity.did().clone(), policy.id.clone());
        let days = match self.node.proven_one(key).await {
            Ok(proven) => match proven.record() {
                Some(Record::Purpose(purpose)) => purpose.retention_days,
                _ => 0,
            },
            Err(error) => {
                tracing::warn!(%error, "nothing is kept: the chain can't say for how long it may be");
                return Duration::ZERO;
            }
        };
        if days == 0 {
            tracing::warn!(purpose = %policy.id, "nothing is kept: the purpose is registered without retention");
        }
        Duration::from_secs(u64::from(days) * 86_400)
    }
}
