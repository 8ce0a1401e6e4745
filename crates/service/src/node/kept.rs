//! Proven facts that outlive the process. What is read back is unverified, whoever kept it: it counts as what a stranger brings.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use registry::{Evidence, HandOver, RecordKey};

use super::{Fact, Link};

/// Where facts are kept. Rows are few thousand at most, of a few kilobytes each.
pub trait Keep: Send + Sync {
    /// Every row, in any order.
    fn all(&self) -> Vec<Row>;

    /// Keeps these, each in the place of what had its name. It may be lost in a crash; it may take a moment.
    fn put(&self, rows: Vec<Row>);

    /// Drops what has these names.
    fn remove(&self, names: Vec<Vec<u8>>);
}

/// A name, at most 300 bytes, and what is kept under it.
pub type Row = (Vec<u8>, Vec<u8>);

/// How old what is kept may be to be read back. It is no answer to a question by then, but better than what somebody brings who
/// knows less.
const REMEMBERED: Duration = Duration::from_secs(7 * 86_400);

/// What a row's name begins with.
const FACT: u8 = b'f';
const HAND_OVER: u8 = b'h';

/// The name of a fact's row.
pub(super) fn name_of(key: &RecordKey) -> Vec<u8> {
    [&[FACT], key.to_string().as_bytes()].concat()
}

/// The row of a fact.
pub(super) fn row_of(fact: &Fact) -> Row {
    (name_of(fact.proven.key()), fact.evidence.to_bytes())
}

/// The rows of hand-overs.
pub(super) fn rows_of(hand_overs: &[HandOver]) -> Vec<Row> {
    let row =
        |one: &HandOver| ([&[HAND_OVER][..], &one.claimed_height().to_be_bytes()].concat(), one.to_bytes());
    hand_overs.iter().map(row).collect()
}

impl Link {
    /// What was kept and still proves something: from the pinned anchor on, and not too long ago. Everything else is dropped.
    pub(super) fn read_back(&self) -> HashMap<RecordKey, Fact> {
        let Some(keep) = &self.config.keep else { return HashMap::new() };
        let (mut hand_overs, mut facts): (Vec<Row>, Vec<Row>) =
            keep.all().into_iter().partition(|(name, _)| name.first() == Some(&HAND_OVER));
        hand_overs.sort();
        let read =
            hand_overs.iter().map(|(_, bytes)| HandOver::from_bytes(bytes)).collect::<Result<Vec<_>, _>>();
        let followed = read.map_err(|_| "not all can be read".to_owned()).and_then(|hand_overs| {
            let mut light = self.light();
            light
                .follow(&hand_overs, self.now(), self.config.trusting)
                .map(|()| light)
                .map_err(|error| error.to_string())
        });
        match followed {
            Ok(light) => self.set_light(light),
            Err(reason) => {
                tracing::warn!(
                    reason,
                    "hand-overs that were kept are not followed; they are asked for again"
                );
                keep.remove(hand_overs.into_iter().map(|(name, _)| name).collect());
            }
        }
        let (light, now, max_age) = (self.light(), self.now(), self.config.max_age.max(REMEMBERED));
        let mut proven = HashMap::new();
        facts.retain(|(name, bytes)| {
            let evidence = Evidence::from_bytes(bytes).ok();
            let fact = evidence.and_then(|evidence| {
                let proven = light.verify(&evidence, now, max_age).ok()?;
                (name_of(proven.key()) == *name).then(|| Fact { proven: Arc::new(proven), evidence })
            });
            fact.map(|fact| proven.insert(fact.proven.key().clone(), fact)).is_none()
        });
        tracing::info!(read = proven.len(), dropped = facts.len(), "facts of the chain that were kept");
        keep.remove(facts.into_iter().map(|(name, _)| name).collect());
        proven
    }
}
