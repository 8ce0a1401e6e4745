//! Signatures that need not be checked twice.

use crate::evidence::Seal;
use crate::hash::Hash32;

/// So many blocks are remembered; the oldest is forgotten beyond.
const MAX_BLOCKS: usize = 512;

/// Blocks whose signatures were found good, for whoever looks at the same evidence again and again.
///
/// What is remembered is one digest over all that the check went by: the block's id, which covers the chain, the whole
/// header with the state's root and the validators with their powers, and the round and every signature. Whatever of it is
/// changed is another block, and is checked.
#[derive(Debug, Clone, Default)]
pub struct CheckedBlocks(Vec<Hash32>);

impl CheckedBlocks {
    /// Whether no block was found good yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks the signatures that `seal` carries under a block, unless these were found good already.
    pub(super) fn once<E>(
        &mut self,
        seal: &Seal,
        block_id: &Hash32,
        check: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let digest = digest(seal, block_id);
        if self.0.contains(&digest) {
            return Ok(());
        }
        check()?;
        if self.0.len() == MAX_BLOCKS {
            self.0.remove(0);
        }
        self.0.push(digest);
        Ok(())
    }
}

fn digest(seal: &Seal, block_id: &Hash32) -> Hash32 {
    let mut signed = seal.round.to_be_bytes().to_vec();
    for one in &seal.signatures {
        signed.push(one.validator);
        signed.extend(one.signature);
    }
    Hash32::tagged("huizheng/checked-block/1", &[&block_id.0, &signed])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{SoftwareSigner, TxSigner, ValidatorSigner};
    use crate::{
        Block, CertificateError, CertifiedBlock, Evidence, EvidenceError, Genesis, GenesisGovernance, Header,
        LightClient, LocalText, Member, RecordKey, Slug, UnixMillis, Validator, ValidatorSet,
    };
    use std::time::Duration;

    fn genesis(validator: u8) -> Genesis {
        let key = SoftwareSigner::from_seed(&[validator; 32]).unwrap().public_key();
        Genesis {
            network: Slug::new("anhui").unwrap(),
            time: UnixMillis(1_000),
            governance: GenesisGovernance {
                members: vec![Member { name: LocalText::new("局", "Bureau"), key }],
                threshold: 1,
            },
            validators: ValidatorSet::new(vec![Validator { key, power: 1 }]).unwrap(),
        }
    }

    /// Evidence of who governs, in a block that `signer` signs and no validator did unless it is one.
    fn evidence(genesis: &Genesis, signer: u8, height: u64) -> Evidence {
        let (state, key) = (genesis.state(), RecordKey::Governance);
        let header = Header { height, time: UnixMillis(2_000), ..genesis.header() };
        let signer = SoftwareSigner::from_seed(&[signer; 32]).unwrap();
        let block = Block { header, transactions: Vec::new() };
        let CertifiedBlock { block, certificate } = signer.certify(block).unwrap();
        let record = state.bytes(&key).map(<[u8]>::to_vec);
        Evidence::new(key.clone(), record, state.prove(&key), &block.header, certificate)
    }

    fn look(
        genesis: &Genesis,
        checked: &mut CheckedBlocks,
        evidence: &Evidence,
    ) -> Result<(), EvidenceError> {
        let light = LightClient::new(genesis.anchor());
        light.verify_once(evidence, UnixMillis(2_000), Duration::MAX, checked).map(drop)
    }

    /// A memory that wrongly has this evidence's block: what it is used for shows.
    fn believing(genesis: &Genesis, evidence: &Evidence) -> CheckedBlocks {
        let root = evidence.proof.root(&evidence.key.hash(), evidence.record.as_deref()).unwrap();
        let header = Header { height: evidence.seal.height, time: evidence.seal.time, ..genesis.header() };
        let mut checked = CheckedBlocks::default();
        let id = Header { state_root: root, ..header }.id();
        checked.once(&evidence.seal, &id, || Ok::<_, ()>(())).unwrap();
        checked
    }

    const REFUSED: Result<(), EvidenceError> =
        Err(EvidenceError::Certificate(CertificateError::Signature(0)));

    #[test]
    fn signatures_that_were_checked_are_not_checked_again_and_others_are() {
        let genesis = genesis(1);
        let forged = evidence(&genesis, 2, 7);
        let mut checked = believing(&genesis, &forged);
        assert_eq!(look(&genesis, &mut checked, &forged), Ok(()), "it is not looked at again");
        assert_eq!(look(&genesis, &mut CheckedBlocks::default(), &forged), REFUSED);
        assert_eq!(look(&genesis, &mut checked, &evidence(&genesis, 2, 8)), REFUSED, "of the next block");
        assert_eq!(look(&genesis, &mut checked, &evidence(&genesis, 3, 7)), REFUSED, "of another signer");
    }

    #[test]
    fn evidence_that_is_changed_by_any_byte_is_not_taken_as_checked() {
        let genesis = genesis(1);
        let forged = evidence(&genesis, 2, 7);
        let checked = believing(&genesis, &forged);
        let bytes = forged.to_bytes();
        for at in 0..bytes.len() {
            for change in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                let Ok(changed) = Evidence::from_bytes(&changed) else { continue };
                assert!(
                    look(&genesis, &mut checked.clone(), &changed).is_err(),
                    "byte {at} xor {change} is believed"
                );
            }
        }
    }

    #[test]
    fn what_was_checked_under_some_validators_says_nothing_under_others() {
        let (genesis, mut other) = (genesis(1), genesis(4));
        let forged = evidence(&genesis, 2, 7);
        let mut checked = believing(&genesis, &forged);
        other.governance = genesis.governance.clone();
        let anchor = crate::Anchor { validators: other.validators, ..genesis.anchor() };
        // Behind the same tag, so that nothing but the digest tells them apart.
        let mut forged = forged;
        forged.seal.validators_tag = crate::evidence::tag(&anchor.validators.hash());
        let seen =
            LightClient::new(anchor).verify_once(&forged, UnixMillis(2_000), Duration::MAX, &mut checked);
        assert_eq!(seen.map(drop), REFUSED);
    }

    #[test]
    fn signatures_that_do_not_hold_are_not_remembered() {
        let genesis = genesis(1);
        let (forged, mut checked) = (evidence(&genesis, 2, 7), CheckedBlocks::default());
        assert_eq!(look(&genesis, &mut checked, &forged), REFUSED);
        assert_eq!(look(&genesis, &mut checked, &forged), REFUSED);
        assert!(checked.is_empty());
    }

    #[test]
    fn the_oldest_block_is_forgotten_for_one_too_many() {
        let genesis = genesis(1);
        let forged = evidence(&genesis, 2, 7);
        let mut checked = believing(&genesis, &forged);
        for height in 1..=MAX_BLOCKS as u64 {
            assert_eq!(look(&genesis, &mut checked, &forged), Ok(()), "before block {height}");
            look(&genesis, &mut checked, &evidence(&genesis, 1, 100 + height)).unwrap();
        }
        assert_eq!(look(&genesis, &mut checked, &forged), REFUSED);
        assert_eq!(checked.0.len(), MAX_BLOCKS);
    }
}
