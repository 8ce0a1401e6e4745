//! The issuer's audit log, in its own words: what is noted, by whom, and where it is kept. What an entry is, and how a log is
//! anchored and checked, is [`service::audit`].

use registry::{Did, Hash32};
use service::Lang;
/// The name of one of the issuer's own keys, as the chain has it.
pub(crate) use service::audit::Named as OwnKey;
pub(crate) use service::audit::{About, Account, Anchoring, Deed, Head, Noting, Owner};
pub use service::audit::{AuditFlaw, Audited, Entry, LOG, LineFlaw, Who, check, log_name};
use store::{Chained, Store, StoreError, Tx};

use crate::core::texts;
use crate::model::{Actor, Id, StatusIndex};

/// The entries.
pub(crate) const ENTRIES: Chained<Entry, Hash32> = Chained::new("audit", "audit-head");

/// Writing an entry.
pub(crate) trait Note: Sized {
    /// In the write that does what it tells of: if it can't be noted, nothing of the write is done.
    fn note(&self, tx: &mut Tx<'_>, deed: Deed) -> Result<(), StoreError>;

    /// Of what changes nothing else in the store.
    async fn note_alone(self, store: &Store, deed: Deed) -> Result<(), StoreError>;
}

impl Note for Noting {
    fn note(&self, tx: &mut Tx<'_>, deed: Deed) -> Result<(), StoreError> {
        let entry = self.entry(deed);
        ENTRIES.append(tx, |n, previous| {
            let (entry, hash) = entry(n, previous);
            debug_assert!(has_words(&entry.what), "the console has no words for {}", entry.what);
            (entry, hash)
        })
    }

    async fn note_alone(self, store: &Store, deed: Deed) -> Result<(), StoreError> {
        store.write_async(move |tx| self.note(tx, deed)).await
    }
}

/// Whether the console can say this act in words, in every language.
pub(crate) fn has_words(what: &str) -> bool {
    let key = format!("audit.{what}");
    [Lang::Zh, Lang::En].into_iter().all(|lang| texts(lang).find(&key).is_some())
}

/// Begins the log of this DID, if there is none.
pub(crate) fn begin(tx: &mut Tx<'_>, did: &Did) -> Result<(), StoreError> {
    ENTRIES.begin(tx, service::audit::beginning(did))
}

/// How far the log has come.
pub(crate) fn head(store: &Store) -> Result<Option<Head>, StoreError> {
    Ok(ENTRIES.head(store)?.map(|store::Head { entries, hash }| Head { entries, hash }))
}

impl From<&Actor> for Who {
    fn from(actor: &Actor) -> Self {
        match actor {
            Actor::Applicant => Self::Applicant,
            Actor::Issuer => Self::Issuer,
            Actor::Staff { name } => Self::Staff { name: name.clone() },
            Actor::System { name } => Self::System { name: name.clone() },
        }
    }
}

impl About for Id {
    fn text(self) -> String {
        self.to_string()
    }
}

impl About for StatusIndex {
    fn text(self) -> String {
        format!("{}/{}", self.list, self.index)
    }
}

/// A store in memory where acts can be noted.
#[cfg(test)]
pub(crate) fn kept() -> store::Store {
    use registry::build::{DidPlan, SoftwareSigner, TxSigner, organisation_document, recovery_commitment};
    let key = SoftwareSigner::from_seed(&[1; 32]).expect("a key").public_key();
    let document = organisation_document(&key, &[], vec![]);
    let plan = DidPlan { document, salt: [1; 16], recovery_commitment: recovery_commitment(&key) };
    let did = plan.did(&registry::Slug::new("anhui").expect("a name"));
    let store = store::Store::in_memory().expect("store");
    store.write(move |tx| begin(tx, &did)).expect("begun");
    store
}
