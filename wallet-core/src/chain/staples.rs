//! Evidence that is carried from one side to the other, where there is no network.

use std::time::Duration;

use registry::{Evidence, EvidenceBundle, Proven, RecordKey};

use super::{Chain, EVIDENCE, name};
use crate::vault::{Vault, VaultError};

impl Chain {
    /// The newest fact about this record that is at hand: what was shown along with a request, or what the wallet kept.
    /// Nothing that was shown is believed unless the validators whom the wallet knows signed it.
    pub(crate) fn newest(
        &self,
        vault: &Vault,
        shown: &[Proven],
        key: &RecordKey,
    ) -> Result<Option<Proven>, VaultError> {
        let kept = self.kept(vault, key)?;
        let shown = shown.iter().filter(|fact| fact.key() == key).cloned();
        Ok(shown.chain(kept).max_by_key(Proven::time))
    }

    /// The facts in evidence that somebody shows; what proves nothing is left out.
    pub(crate) fn shown(&self, vault: &Vault, staples: &[Vec<u8>]) -> Result<Vec<Proven>, VaultError> {
        let light = self.light(vault)?;
        let bundles = staples.iter().filter_map(|bytes| EvidenceBundle::from_bytes(bytes).ok());
        let facts = bundles.filter_map(|bundle| light.verify_bundle(&bundle, self.now(), Duration::MAX).ok());
        Ok(facts.flatten().collect())
    }

    /// What was kept about these records, as bundles to show: those of one block in one bundle. What was never fetched is
    /// left out.
    pub(crate) fn staples(&self, vault: &Vault, keys: &[RecordKey]) -> Result<Vec<Vec<u8>>, VaultError> {
        let mut blocks: Vec<Vec<Evidence>> = Vec::new();
        for key in keys {
            let Some(kept) = vault.get_readable(&EVIDENCE, &name(vault, key))? else { continue };
            let same = |block: &&mut Vec<Evidence>| {
                let height = block.first().map(Evidence::claimed_height);
                height == Some(kept.evidence.claimed_height())
            };
            match blocks.iter_mut().find(same) {
                Some(block) => block.push(kept.evidence),
                None => blocks.push(vec![kept.evidence]),
            }
        }
        let mut staples = Vec::new();
        for block in blocks {
            match EvidenceBundle::of(&block) {
                Some(bundle) => staples.push(bundle.to_bytes()),
                // Signed by different validators of the same block: one by one.
                None => {
                    let single = block.iter().filter_map(|one| EvidenceBundle::of(std::slice::from_ref(one)));
                    staples.extend(single.map(|bundle| bundle.to_bytes()));
                }
            }
        }
        Ok(staples)
    }
}
