//! A service's audit log: who did what and when, one entry for each act, each chained to the one before by its hash.
//!
//! A service writes an entry in the same write of its store as the act it tells of, so neither is there without the other. What is
//! written about is named by the service's own random names and fixed words only: no value of a person can be an argument, see
//! [`About`]. How far the log has come is anchored on the chain every so often; [`check()`] tells what was done to it since.

mod anchor;
mod check;
mod deed;
mod entry;

use registry::{Hash32, Slug, UnixMillis};

pub use anchor::{Anchoring, Owner};
pub use check::{AuditFlaw, Audited, LineFlaw, check};
pub use deed::{About, Account, Deed, Digest, Named};
pub use entry::{Entry, Who, beginning};

/// The log's name on the chain: it is anchored at `anchor/<did>/audit`.
pub const LOG: &str = "audit";

/// The same, as the chain's records have it.
#[must_use]
#[expect(clippy::expect_used, reason = "this text is a name")]
pub fn log_name() -> Slug {
    Slug::new(LOG).expect("a name")
}

/// How far a log has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many entries it has.
    pub entries: u64,
    /// The last one's hash; before the first, what names whose log it is: [`beginning`].
    pub hash: Hash32,
}

/// Who does something, when, and in which request: taken where the request is answered, written where the act is.
#[derive(Clone, Debug)]
pub struct Noting {
    who: Who,
    at: i64,
    request: Option<String>,
}

impl Noting {
    /// By a member of staff, or whoever else is an actor in the service's own words.
    pub fn by(who: impl Into<Who>, now: impl Into<UnixMillis>) -> Self {
        let request = crate::request_id::current().map(entry::request);
        Self { who: who.into(), at: now.into().seconds(), request }
    }

    /// By whoever holds a code, a token or a key of what was offered or asked.
    pub fn by_wallet(now: impl Into<UnixMillis>) -> Self {
        Self::by(Who::Wallet, now)
    }

    /// By nobody who is known.
    pub fn by_stranger(now: impl Into<UnixMillis>) -> Self {
        Self::by(Who::Stranger, now)
    }

    /// By a department's system or a program, known by its key.
    pub fn by_system(name: &str, now: impl Into<UnixMillis>) -> Self {
        Self::by(Who::System { name: name.to_owned() }, now)
    }

    /// By the issuer itself.
    pub fn by_issuer(now: impl Into<UnixMillis>) -> Self {
        Self::by(Who::Issuer, now)
    }

    /// By the verifier itself.
    pub fn by_verifier(now: impl Into<UnixMillis>) -> Self {
        Self::by(Who::Verifier, now)
    }

    /// The entry that says so, once its number and the hash of the one before are known; with its own hash.
    pub fn entry(&self, deed: Deed) -> impl FnOnce(u64, Hash32) -> (Entry, Hash32) {
        let (what, about) = deed.into_parts();
        let Self { who, at, request } = self.clone();
        move |n, previous| {
            let what = what.to_owned();
            let entry = Entry { n, at, who, what, about, request, previous, hash: Hash32::ZERO }.sealed();
            let hash = entry.hash;
            (entry, hash)
        }
    }
}

#[cfg(test)]
mod tests {
    use registry::build::{DidPlan, SoftwareSigner, TxSigner, organisation_document, recovery_commitment};
    use registry::{Did, Slug};

    pub(super) fn did(salt: u8) -> Did {
        let key = SoftwareSigner::from_seed(&[salt; 32]).expect("a key").public_key();
        let document = organisation_document(&key, &[], vec![]);
        let plan = DidPlan { document, salt: [salt; 16], recovery_commitment: recovery_commitment(&key) };
        plan.did(&Slug::new("anhui").expect("a name"))
    }
}
