//! A light client: one pinned anchor, and how it follows the validators from there.

use std::time::Duration;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::evidence::{
    CLOCK_SKEW, CheckedBlocks, Evidence, EvidenceBundle, EvidenceError, Proven, verify_bundle, verify_once,
};
use crate::genesis::Anchor;
use crate::hand_over::{HandOver, HandOverError};
use crate::time::UnixMillis;

/// How many sets of validators before the current one are remembered, for evidence from their time.
const MAX_FORMER: usize = 16;

/// Knows the validators from a pinned anchor up to the newest hand-over it was shown, and checks evidence from any of
/// their times. A value: keep it (serde, borsh) so that nothing is to be followed twice.
///
/// Evidence that meets [`EvidenceError::OtherValidators`] is by validators it does not know yet: fetch the hand-overs
/// after [`LightClient::height`], [follow](Self::follow) them, and check it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct LightClient {
    /// Where it began.
    pinned: Anchor,
    /// How far it has come.
    anchor: Anchor,
    /// The sets before the anchor's, oldest first.
    former: Vec<Anchor>,
    /// The newest block that was shown to be signed by the anchor's validators.
    seen: UnixMillis,
}

impl LightClient {
    /// Trusts this anchor and nothing else.
    #[must_use]
    pub fn new(anchor: Anchor) -> Self {
        Self { seen: anchor.time, former: Vec::new(), pinned: anchor.clone(), anchor }
    }

    /// The anchor as far as it has come: who signs now.
    #[must_use]
    pub fn anchor(&self) -> &Anchor {
        &self.anchor
    }

    /// The block after which the newest known validators sign.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.anchor.height
    }

    /// Whether it began from this anchor. When another one was installed since it was kept, begin anew.
    #[must_use]
    pub fn is_from(&self, anchor: &Anchor) -> bool {
        self.pinned == *anchor
    }

    /// [`verify`](crate::verify) under the validators of the evidence's own time.
    ///
    /// # Errors
    /// [`EvidenceError`].
    pub fn verify(
        &self,
        evidence: &Evidence,
        now: UnixMillis,
        max_age: Duration,
    ) -> Result<Proven, EvidenceError> {
        self.verify_once(evidence, now, max_age, &mut CheckedBlocks::default())
    }

    /// [`LightClient::verify`], without the signatures under a block that `checked` has; those that it finds good are in it
    /// then. All else is checked each time.
    ///
    /// # Errors
    /// [`EvidenceError`].
    pub fn verify_once(
        &self,
        evidence: &Evidence,
        now: UnixMillis,
        max_age: Duration,
        checked: &mut CheckedBlocks,
    ) -> Result<Proven, EvidenceError> {
        let anchor = self.anchor_of(evidence.seal.height, evidence.seal.time)?;
        verify_once(evidence, anchor, now, max_age, checked)
    }

    /// [`verify_bundle`] under the validators of the bundle's own time.
    ///
    /// # Errors
    /// [`EvidenceError`].
    pub fn verify_bundle(
        &self,
        bundle: &EvidenceBundle,
        now: UnixMillis,
        max_age: Duration,
    ) -> Result<Vec<Proven>, EvidenceError> {
        let anchor = self.anchor_of(bundle.claimed_height(), bundle.claimed_time())?;
        verify_bundle(bundle, anchor, now, max_age)
    }

    /// Notes that the current validators were seen to sign this. It keeps the anchor young for the trusting period.
    pub fn note(&mut self, proven: &Proven) {
        if *proven.signed_by() == self.anchor.validators.hash() {
            self.seen = self.seen.max(proven.time());
        }
    }

    /// Whether [`LightClient::note`] would add at least `step` to what it knows.
    #[must_use]
    pub fn is_news(&self, proven: &Proven, step: Duration) -> bool {
        self.seen.after(step) <= proven.time() && *proven.signed_by() == self.anchor.validators.hash()
    }

    /// Follows hand-overs, in the order of their blocks, from the newest validators it knows.
    ///
    /// With a trusting period it does so only while the validators it begins from were seen to sign within that long
    /// before `now`: keys given up after a hand-over are not guarded for ever, and whoever gathers enough of them could
    /// invent another chain from there on. Without one it trusts that keys are destroyed.
    ///
    /// # Errors
    /// [`HandOverError`]; then nothing was followed.
    pub fn follow(
        &mut self,
        hand_overs: &[HandOver],
        now: UnixMillis,
        trusting: Option<Duration>,
    ) -> Result<(), HandOverError> {
        if trusting.is_some_and(|period| self.seen.after(period) < now) {
            return Err(HandOverError::AnchorTooOld { time: self.seen });
        }
        let (mut anchor, mut former) = (self.anchor.clone(), self.former.clone());
        for next in hand_overs {
            let advanced = anchor.advance(std::slice::from_ref(next))?;
            if now.after(CLOCK_SKEW) < advanced.time {
                return Err(HandOverError::FromTheFuture { time: advanced.time });
            }
            former.push(std::mem::replace(&mut anchor, advanced));
        }
        former.drain(..former.len().saturating_sub(MAX_FORMER));
        self.seen = self.seen.max(anchor.time);
        (self.anchor, self.former) = (anchor, former);
        Ok(())
    }

    /// The anchor whose validators sign at this height. Evidence from a former set's time must be dated so, too: its keys
    /// may be given up by now.
    fn anchor_of(&self, height: u64, time: UnixMillis) -> Result<&Anchor, EvidenceError> {
        if height > self.anchor.height {
            return Ok(&self.anchor);
        }
        let ends = self.former.iter().skip(1).chain([&self.anchor]);
        let found = self.former.iter().zip(ends).find(|(_, end)| height <= end.height);
        let (former, end) = found.ok_or(EvidenceError::BeforeAnchor)?;
        if time > end.time { Err(EvidenceError::AfterHandOver) } else { Ok(former) }
    }
}
