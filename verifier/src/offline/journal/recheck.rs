//! The second look: what was decided by what phones brought along, by what the chain says now.

use registry::UnixMillis;
use serde::{Deserialize, Serialize};
use service::{NodeClient, clock};

use super::entry::{Flag, Rechecked, Row};
use super::{Decided, Journal, JournalError};
use crate::decision::{Facts, Outcome, SeenBlock, Verdict, on_chain, unreachable};

/// So many decisions are looked at together.
const TOGETHER: usize = 256;

/// What came of looking again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rechecks {
    /// What was found of each decision that was looked at now.
    pub looked_at: Vec<Rechecked>,
    /// How many could not be: the chain did not say enough.
    pub left: usize,
}

impl Journal {
    /// Looks again at every decision that was not looked at yet, by facts that `node` proves now. Each is looked at once, however
    /// often this is called and whatever stops it: what was found is on the disk before it is told.
    ///
    /// # Errors
    /// [`JournalError`].
    pub async fn recheck(&mut self, node: &NodeClient) -> Result<Rechecks, JournalError> {
        let mut found = Rechecks::default();
        let pending: Vec<(u64, Decided)> =
            self.pending().map(|(number, decided)| (number, decided.clone())).collect();
        for turn in pending.chunks(TOGETHER) {
            let named = turn.iter().flat_map(|(_, decided)| &decided.credentials);
            let facts = Facts::of_all(named.map(super::Reference::named), node).await;
            let now = clock::now();
            let looked: Vec<Rechecked> =
                turn.iter().filter_map(|(number, decided)| look(*number, decided, &facts, now)).collect();
            found.left += turn.len() - looked.len();
            if !looked.is_empty() {
                let rows: Vec<Row> = looked.iter().cloned().map(Row::Rechecked).collect();
                self.note(&rows)?;
            }
            found.looked_at.extend(looked);
        }
        Ok(found)
    }
}

/// What is found of one decision; none where the chain doesn't say enough.
pub(crate) fn look(number: u64, decided: &Decided, facts: &Facts, now: UnixMillis) -> Option<Rechecked> {
    let (mut flags, mut untold) = (Vec::new(), Vec::new());
    for (credential, reference) in decided.credentials.iter().enumerate() {
        let has_status = reference.status.is_some();
        for check in on_chain(&reference.named(), has_status, reference.issued, facts) {
            if unreachable(&check) {
                return None;
            }
            match check.outcome {
                Outcome::Passed => {}
                Outcome::Failed => flags.push(Flag::of(credential, &check)),
                Outcome::Unknown => untold.push(Flag::of(credential, &check)),
            }
        }
    }
    if decided.decision == Verdict::Refused {
        flags.clear();
        untold.clear();
    }
    let block = seen(decided, facts).map(|block| block.height);
    Some(Rechecked { entry: number, at: now, block, flags, untold })
}

/// The oldest block that a fact about a decision is from; none where nothing in it names the chain.
pub(crate) fn seen(decided: &Decided, facts: &Facts) -> Option<SeenBlock> {
    let blocks = decided.credentials.iter().filter_map(|reference| facts.block_of(&reference.named()));
    blocks.min_by_key(|block| block.time)
}
