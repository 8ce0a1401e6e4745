//! The keys as they are shown: what the store says, and what the chain says.

use credentials::UnixSeconds;
use registry::{Slug, UnixMillis};
use store::Range;

use super::row::OldRoot;
use super::{Compromise, Keys, KeysError, Replacement};
use crate::identity::{Slot, number};
use crate::tables::{KEYS, MDOC_ROOTS};

/// All keys.
pub(crate) struct KeysView {
    /// Newest first, slot by slot.
    pub(crate) keys: Vec<KeyView>,
    pub(crate) declarations: Vec<Compromise>,
    /// What was asked for the author's key and is not done.
    pub(crate) replacement: Option<Replacement>,
    /// Whether the chain answers now; what it proved last is shown either way.
    pub(crate) heard: bool,
    /// The block by which it was proven, its height and time; none if nothing is known from lately.
    pub(crate) block: Option<(u64, UnixMillis)>,
}

/// One key.
pub(crate) struct KeyView {
    pub(crate) slot: Slot,
    pub(crate) name: Slug,
    pub(crate) from: Option<UnixMillis>,
    pub(crate) state: KeyState,
    /// Multikey, where the chain has it.
    pub(crate) public: Option<String>,
}

/// How a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyState {
    /// It signs.
    InUse,
    /// It is about to be replaced, and nothing is signed in its slot.
    Changing,
    /// It counts, but its file is not with this instance.
    Elsewhere,
    /// It signed once; what it signed counts.
    Retired(UnixMillis),
    /// It was stolen.
    Compromised(UnixMillis),
}

impl KeyState {
    /// Its stable text.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::InUse => "in-use",
            Self::Changing => "changing",
            Self::Elsewhere => "elsewhere",
            Self::Retired(_) => "retired",
            Self::Compromised(_) => "compromised",
        }
    }
}

impl Keys {
    /// What is shown of the keys. Without the chain, what is in use alone.
    pub(crate) async fn view(&self) -> Result<KeysView, KeysError> {
        let (declarations, replacement) = (self.declarations()?, self.replacement()?);
        let heard = self.ledger.health().await.is_ok();
        let proven = self.ledger.document_proven().await.ok();
        let record = proven.as_ref().and_then(|(record, _)| record.as_ref());
        let mut keys = Vec::new();
        for slot in Slot::ALL {
            let row = self.store.get(&KEYS, slot.code())?;
            let current = self.current(slot)?;
            let changing = row.as_ref().is_some_and(|row| row.next.is_some());
            let here = self.identity.in_slot(slot) == current;
            let in_use = match (changing, here) {
                (true, _) => KeyState::Changing,
                (false, true) => KeyState::InUse,
                (false, false) => KeyState::Elsewhere,
            };
            let mut of_slot = Vec::new();
            match record.filter(|_| slot != Slot::MdocRoot) {
                Some(record) => {
                    let of_this = record.keys.iter().filter(|key| slot.takes(key));
                    of_slot.extend(of_this.map(|key| KeyView {
                        slot,
                        name: key.fragment.clone(),
                        from: Some(key.from),
                        state: match (key.compromised_since, key.until) {
                            (Some(since), _) => KeyState::Compromised(since),
                            (None, Some(until)) => KeyState::Retired(until),
                            (None, None) if key.fragment == current => in_use,
                            // The store has not heard of it yet, or its file is not here.
                            (None, None) if changing => KeyState::Changing,
                            (None, None) => KeyState::Elsewhere,
                        },
                        public: Some(key.key.to_multikey()),
                    }));
                }
                None => {
                    let from = row.as_ref().map(|row| UnixMillis::from_seconds(row.since.0));
                    of_slot.push(KeyView { slot, name: current, from, state: in_use, public: None });
                }
            }
            if slot == Slot::MdocRoot {
                for (name, old) in self.store.page(&MDOC_ROOTS, &Range::all(), 256)? {
                    let Ok(name) = Slug::new(&name) else { continue };
                    of_slot.push(KeyView {
                        slot,
                        state: root_state(&name, &old, &declarations),
                        name,
                        from: None,
                        public: None,
                    });
                }
            }
            of_slot.sort_by_key(|key| std::cmp::Reverse(number(&key.name)));
            keys.extend(of_slot);
        }
        Ok(KeysView { keys, declarations, replacement, heard, block: proven.map(|(_, block)| block) })
    }

    /// The roots that readers of mdocs should have, newest first, DER: those that are not withdrawn.
    pub(crate) fn roots(&self) -> Result<Vec<Vec<u8>>, KeysError> {
        let mut old = self.store.page(&MDOC_ROOTS, &Range::all(), 256)?;
        old.retain(|(_, root)| !root.withdrawn);
        old.sort_by_key(|(_, root)| std::cmp::Reverse(root.until));
        let newest = self.identity.root().certificates().root().to_vec();
        Ok(std::iter::once(newest).chain(old.into_iter().map(|(_, root)| root.certificate)).collect())
    }
}

fn root_state(name: &Slug, old: &OldRoot, declarations: &[Compromise]) -> KeyState {
    let declared = declarations.iter().find(|one| old.withdrawn && one.key == *name);
    let until = |at: UnixSeconds| UnixMillis::from_seconds(at.0);
    declared.map_or(KeyState::Retired(until(old.until)), |one| KeyState::Compromised(one.since))
}
