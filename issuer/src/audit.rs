//! The issuer's audit log, in its own words: what is noted, and by whom. The log itself is [`::audit`].

/// The name of one of the issuer's own keys, as the chain has it.
pub(crate) use ::audit::Named as OwnKey;
pub(crate) use ::audit::{About, Account, Anchoring, Deed, Noting, Owner, begin, newest, page};
pub use ::audit::{AuditFlaw, Audited, Entry, LOG, LineFlaw, Who, check, log_name};

use crate::model::{Actor, Id, StatusIndex};

impl From<&Actor> for Who {
    fn from(actor: &Actor) -> Self {
        match actor {
            Actor::Applicant => Self::Applicant,
            Actor::Issuer => Self::Issuer,
            Actor::Staff { name } => Self::Staff { name: name.clone() },
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
    store.write(move |tx| ::audit::begin_in(tx, &did)).expect("begun");
    store
}
