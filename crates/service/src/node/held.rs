//! The facts that are held: handed out again while they stand, and when no node answers while they are young.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use registry::{Proven, RecordKey, UnixMillis};

use super::{Fact, Link, kept};

/// How many facts are held.
const HELD: usize = 4096;
/// How many of them are renewed before anybody needs them, and for how long after they were asked for last.
const RENEWED: usize = 1024;
const MISSED_AFTER: Duration = Duration::from_secs(600);
/// How much younger a fact must be than what is kept of it for it to be kept anew, if nothing changed.
const KEPT_GRAIN: Duration = Duration::from_secs(60);
/// How long what is held is handed out unasked after no node had an answer.
const RESPITE: Duration = Duration::from_secs(1);

/// Facts by their keys; whoever is handed one shares it.
pub(super) type Facts = HashMap<RecordKey, Arc<Fact>>;

/// One fact.
struct One {
    fact: Arc<Fact>,
    /// When it was asked for last.
    asked: Instant,
    /// The block of what is kept of it, beyond the process.
    kept: UnixMillis,
}

#[derive(Default)]
pub(super) struct Held {
    facts: HashMap<RecordKey, One>,
    /// When no node had an answer last.
    away: Option<Instant>,
}

impl Held {
    /// What was kept, verified again.
    pub(super) async fn read_back(link: &Arc<Link>) -> Self {
        if link.config.keep.is_none() {
            return Self::default();
        }
        let link = link.clone();
        // Many signatures: not on a thread that others need.
        let read = tokio::task::spawn_blocking(move || link.read_back()).await.unwrap_or_default();
        let now = Instant::now();
        let one = |(key, fact): (RecordKey, Fact)| {
            (key, One { kept: fact.proven.time(), asked: now, fact: Arc::new(fact) })
        };
        Self { facts: read.into_iter().map(one).collect(), away: None }
    }

    /// All of these, when events say that each stands as it was proven.
    pub(super) fn standing(&mut self, link: &Link, keys: &[RecordKey]) -> Option<Facts> {
        let (now, reuse) = (link.now(), link.config.reuse.min(link.config.max_age));
        self.all(keys, |fact| {
            fact.proven.time().until(now) < reuse
                && link.standing.holds(fact.proven.key(), fact.proven.height())
        })
    }

    /// All of these, when each is as young as facts must be and nothing was told that changed it.
    pub(super) fn young(&mut self, link: &Link, keys: &[RecordKey]) -> Option<Facts> {
        let now = link.now();
        self.all(keys, |fact| {
            fact.proven.time().until(now) <= link.config.max_age
                && !link.standing.is_superseded(fact.proven.key(), fact.proven.height())
        })
    }

    /// The same, where no node had an answer a moment ago: not every question waits until they fail to answer again.
    pub(super) fn young_while_away(&mut self, link: &Link, keys: &[RecordKey]) -> Option<Facts> {
        self.away.filter(|away| away.elapsed() < RESPITE)?;
        self.young(link, keys)
    }

    /// What was proven of these at most so long ago, whatever is said since but that it changed.
    pub(super) fn known(&self, link: &Link, keys: &[RecordKey], max_age: Duration) -> Vec<Arc<Proven>> {
        let now = link.now();
        let stands = |proven: &&Arc<Proven>| {
            proven.time().until(now) <= max_age && !link.standing.is_superseded(proven.key(), proven.height())
        };
        let held = keys.iter().filter_map(|key| self.facts.get(key));
        held.map(|one| &one.fact.proven).filter(stands).cloned().collect()
    }

    /// No node had an answer.
    pub(super) fn nobody_answered(&mut self) {
        self.away = Some(Instant::now());
    }

    /// All of them, or none: facts of different ages don't make an answer.
    fn all(&mut self, keys: &[RecordKey], will_do: impl Fn(&Fact) -> bool) -> Option<Facts> {
        let asked = Instant::now();
        let mut facts = Facts::with_capacity(keys.len());
        for key in keys {
            let one = self.facts.get_mut(key).filter(|one| will_do(&one.fact))?;
            one.asked = asked;
            facts.insert(key.clone(), one.fact.clone());
        }
        Some(facts)
    }

    /// Whether something of this is known to have changed since: a node that is behind would undo a revocation.
    pub(super) fn knows_newer(&self, facts: &Facts) -> bool {
        facts.iter().any(|(key, fact)| {
            self.facts.get(key).is_some_and(|one| {
                let (known, told) = (&one.fact.proven, &fact.proven);
                known.height() > told.height() && known.record() != told.record()
            })
        })
    }

    /// Takes facts in, and keeps what is new of them.
    pub(super) fn take(&mut self, link: &Link, facts: &Facts) {
        self.away = None;
        let (now, mut rows) = (Instant::now(), Vec::new());
        for (key, fact) in facts {
            let before = self.facts.get(key);
            let worth = before.is_none_or(|one| {
                one.kept.after(KEPT_GRAIN.min(link.config.max_age / 4)) <= fact.proven.time()
                    || one.fact.proven.record() != fact.proven.record()
            });
            let kept = match before {
                Some(one) if !worth => one.kept,
                _ => {
                    rows.push(kept::row_of(fact));
                    fact.proven.time()
                }
            };
            // What is renewed unasked does not become asked for by that.
            let asked = before.map_or(now, |one| one.asked);
            self.facts.insert(key.clone(), One { fact: fact.clone(), asked, kept });
        }
        if let Some(keep) = &link.config.keep {
            keep.put(rows);
        }
        self.make_room(link);
    }

    /// Marks as gone what events say is changed; those of them that are held, to be asked for again.
    pub(super) fn superseded(&mut self, link: &Link, changed: Vec<RecordKey>) -> Vec<RecordKey> {
        let held: Vec<RecordKey> = changed.into_iter().filter(|key| self.facts.contains_key(key)).collect();
        if let Some(keep) = link.config.keep.as_ref().filter(|_| !held.is_empty()) {
            // After a restart nobody would know that it is old.
            keep.remove(held.iter().map(kept::name_of).collect());
            for key in &held {
                if let Some(one) = self.facts.get_mut(key) {
                    one.kept = UnixMillis(0);
                }
            }
        }
        held
    }

    /// What was asked for lately, the newest first: it is renewed, so that as much as possible is known when no node answers.
    pub(super) fn worth_refreshing(&self) -> Vec<RecordKey> {
        let mut lately: Vec<_> =
            self.facts.iter().filter(|(_, one)| one.asked.elapsed() < MISSED_AFTER).collect();
        lately.sort_unstable_by_key(|(_, one)| std::cmp::Reverse(one.asked));
        lately.into_iter().take(RENEWED).map(|(key, _)| key.clone()).collect()
    }

    /// Drops the quarter that was asked for longest ago, when there are too many.
    fn make_room(&mut self, link: &Link) {
        if self.facts.len() <= HELD {
            return;
        }
        let mut by_use: Vec<_> = self.facts.iter().map(|(key, one)| (one.asked, key.clone())).collect();
        by_use.sort_unstable_by_key(|(asked, _)| *asked);
        by_use.truncate(self.facts.len() - HELD * 3 / 4);
        for (_, key) in &by_use {
            self.facts.remove(key);
        }
        if let Some(keep) = &link.config.keep {
            keep.remove(by_use.iter().map(|(_, key)| kept::name_of(key)).collect());
        }
    }
}
