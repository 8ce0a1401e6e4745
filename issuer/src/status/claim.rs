//! Which instance carries a noted change to the chain.
//!
//! Two instances that carried the same change could put it on the chain after a later one: a credential that was
//! reinstated would be suspended again. So whoever notes a change claims it, and others leave it alone until the claim is
//! over. A claim outlasts everything that its instance may still do: what has not been begun by then is not begun.

use std::time::Duration;

use rand_core::RngCore;
use serde::{Deserialize, Serialize};

use crate::clock::Moment;

/// How long a claim keeps others away.
const COUNTS_FOR: Duration = Duration::from_secs(120);
/// A claimed change must be on its way to the chain within this, or it is left behind.
pub(super) const BEGUN_WITHIN: Duration = Duration::from_secs(60);
/// How long the chain may take to say that it is final. Together they end well before the claim, so that clocks may differ
/// by some seconds.
pub(super) const FINAL_WITHIN: Duration = Duration::from_secs(40);

/// An instance's hold on one change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claim {
    by: u64,
    until_ms: u64,
}

/// One instance of the issuer, from its start to its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instance {
    number: u64,
    /// Whether others may use the same store. Where they can't, a claim is of an instance that is gone.
    shared: bool,
}

impl Instance {
    pub(super) fn new(shared: bool, random: &mut impl RngCore) -> Self {
        Self { number: random.next_u64(), shared }
    }

    /// A claim from now on.
    pub(super) fn claim(self, now: Moment) -> Claim {
        let until_ms = now.ms.saturating_add(u64::try_from(COUNTS_FOR.as_millis()).unwrap_or(u64::MAX));
        Claim { by: self.number, until_ms }
    }

    /// Whether a change under this claim is another instance's to carry.
    pub(super) fn leaves(self, claim: Option<Claim>, now: Moment) -> bool {
        claim.is_some_and(|claim| self.shared && claim.by != self.number && now.ms < claim.until_ms)
    }
}

#[cfg(test)]
mod tests {
    use credentials::UnixSeconds;
    use rand_core::OsRng;

    use super::*;

    fn at(ms: u64) -> Moment {
        Moment { ms, seconds: UnixSeconds(0) }
    }

    #[test]
    fn a_claim_keeps_others_away_until_it_is_over() {
        let (mine, other) = (Instance::new(true, &mut OsRng), Instance::new(true, &mut OsRng));
        let claim = Some(mine.claim(at(1000)));
        assert!(!mine.leaves(claim, at(1000)));
        assert!(other.leaves(claim, at(120_999)));
        assert!(!other.leaves(claim, at(121_000)), "its instance is gone or has given up");
        assert!(!other.leaves(None, at(1000)), "nobody claimed it");
    }

    #[test]
    fn on_a_store_of_its_own_every_claim_is_of_the_past() {
        let (before, now) = (Instance::new(false, &mut OsRng), Instance::new(false, &mut OsRng));
        assert!(!now.leaves(Some(before.claim(at(1000))), at(1001)));
    }

    #[test]
    fn what_an_instance_may_still_do_ends_before_its_claim() {
        assert!(BEGUN_WITHIN + FINAL_WITHIN < COUNTS_FOR);
    }
}
