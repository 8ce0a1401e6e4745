//! What the store knows of the keys: which one is in use, whichever instance asks.

use credentials::UnixSeconds;
use registry::{PublicKey, Slug};
use serde::{Deserialize, Serialize};
use store::{StoreError, Tx};

use crate::identity::Slot;
use crate::model::{Actor, Id};
use crate::tables::KEYS;

/// The key in a slot. Without a row it is the first one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyRow {
    /// Its name: on the chain, the fragment.
    pub(crate) current: Slug,
    /// From when it counts.
    pub(crate) since: UnixSeconds,
    /// What is about to take its place. Nothing is signed with either until the chain says which one counts.
    pub(crate) next: Option<Next>,
}

/// A key that is about to count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Next {
    pub(crate) name: Slug,
    pub(crate) public: PublicKey,
    pub(crate) by: Actor,
    pub(crate) at: UnixSeconds,
}

/// A signature that left: what to stand by if its key is compromised later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Signed {
    pub(crate) credential: Id,
    pub(crate) list: u32,
    pub(crate) index: u32,
    pub(crate) tag: registry::SignatureTag,
    /// When it was made, whatever date it carries.
    pub(crate) at: UnixSeconds,
}

/// A root's certificate that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OldRoot {
    /// DER.
    pub(crate) certificate: Vec<u8>,
    pub(crate) until: UnixSeconds,
    /// Whether readers must drop it: its key was compromised.
    pub(crate) withdrawn: bool,
}

/// Whether the key of this name may sign, by the slot's row.
pub(crate) fn may_sign(row: Option<&KeyRow>, slot: Slot, name: &Slug) -> bool {
    match row {
        None => name.as_str() == slot.first(),
        Some(row) => row.next.is_none() && row.current == *name,
    }
}

/// The same, in the write that lets something be signed: so that of two instances the one with the retired key refuses.
pub(crate) fn may_sign_in(tx: &Tx<'_>, slot: Slot, name: &Slug) -> Result<bool, StoreError> {
    Ok(may_sign(tx.get(&KEYS, slot.code())?.as_ref(), slot, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_key_that_counts_signs_and_none_while_that_is_open() {
        let name = |text: &str| Slug::new(text).expect("a name");
        let row = |current, next: Option<&str>| KeyRow {
            current: name(current),
            since: UnixSeconds(1),
            next: next.map(|next| Next {
                name: name(next),
                public: PublicKey::p256(&[2; 33]).expect("of the form"),
                by: Actor::staff("zhou"),
                at: UnixSeconds(1),
            }),
        };
        let may = |row: Option<KeyRow>, key| may_sign(row.as_ref(), Slot::P256, &name(key));
        assert!(may(None, "key-3") && !may(None, "key-4"));
        assert!(may(Some(row("key-4", None)), "key-4") && !may(Some(row("key-4", None)), "key-3"));
        for key in ["key-3", "key-4"] {
            assert!(!may(Some(row("key-3", Some("key-4"))), key), "{key}");
        }
    }
}
