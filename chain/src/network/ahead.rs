//! Blocks that were proposed before this validator came to their height: few, and no proposer crowds out another.

use crate::network::context::Height;
use crate::network::part::ProposedBlock;

/// How many are kept, and how many heights ahead they may be.
const MOST: usize = 8;
/// How many of one proposer.
const MOST_OF_ONE: usize = 2;

/// What is kept for later. Each was signed by a validator.
#[derive(Default)]
pub(super) struct Ahead(Vec<ProposedBlock>);

impl Ahead {
    /// Whether a block for `height` is worth keeping at `ours`.
    pub(super) fn is_near(ours: Height, height: Height) -> bool {
        (1..=MOST as u64).contains(&height.0.saturating_sub(ours.0))
    }

    /// Keeps a block; where there is no room, what is farthest ahead goes.
    pub(super) fn keep(&mut self, proposed: ProposedBlock) {
        let proposer = proposed.proposer;
        self.0.push(proposed);
        self.drop_farthest(MOST_OF_ONE, |kept| kept.proposer == proposer);
        self.drop_farthest(MOST, |_| true);
    }

    /// Whether one is for this height.
    pub(super) fn has(&self, height: Height) -> bool {
        self.0.iter().any(|kept| kept.height == height)
    }

    /// Those for this height; what is for earlier ones is dropped.
    pub(super) fn take(&mut self, height: Height) -> Vec<ProposedBlock> {
        self.0.retain(|kept| kept.height >= height);
        self.0.extract_if(.., |kept| kept.height == height).collect()
    }

    fn drop_farthest(&mut self, most: usize, counts: impl Fn(&ProposedBlock) -> bool) {
        let of_them = self.0.iter().enumerate().filter(|(_, kept)| counts(kept));
        let (count, farthest) = (of_them.clone().count(), of_them.max_by_key(|(_, k)| (k.height, k.round)));
        if let (true, Some((at, _))) = (count > most, farthest) {
            self.0.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use malachite_types::Round;
    use registry::build::TxSigner;

    use super::*;
    use crate::network::context::{Address, Signature};
    use crate::network::flaws::signer;

    fn named(n: u8) -> Address {
        Address::of(&signer(n).public_key())
    }

    fn by(proposer: u8, height: u64, round: u32) -> ProposedBlock {
        ProposedBlock {
            height: Height(height),
            round: Round::new(round),
            valid_round: Round::Nil,
            proposer: named(proposer),
            block: vec![],
            signature: Signature([0; 64]),
        }
    }

    #[test]
    fn one_proposer_never_crowds_out_another() {
        let mut ahead = Ahead::default();
        for round in 0..100 {
            ahead.keep(by(1, 11 + u64::from(round % 8), 50 + round));
        }
        ahead.keep(by(2, 11, 0));
        ahead.keep(by(3, 12, 0));
        assert!(ahead.0.len() <= 4);
        assert!(ahead.take(Height(11)).iter().any(|kept| kept.proposer == named(2)));
        assert!(ahead.has(Height(12)));
        assert!(ahead.take(Height(13)).is_empty());
        assert!(ahead.0.is_empty(), "what is past is dropped");
    }

    #[test]
    fn the_nearest_are_kept() {
        let mut ahead = Ahead::default();
        for proposer in 0..40 {
            ahead.keep(by(proposer, 100 - u64::from(proposer), 0));
        }
        assert_eq!(ahead.0.len(), MOST);
        assert!((61..69).all(|height| ahead.has(Height(height))));
        assert!(Ahead::is_near(Height(10), Height(18)) && !Ahead::is_near(Height(10), Height(19)));
        assert!(!Ahead::is_near(Height(10), Height(10)) && !Ahead::is_near(Height(10), Height(u64::MAX)));
    }
}
