//! Many facts at once out of what was kept: what one header stands over is checked as one bundle, so that its signatures are
//! checked once and not for every record.

use std::{collections::BTreeMap, time::Duration};

use registry::{Evidence, EvidenceBundle, LightClient, Proven, RecordKey, api};

use super::{Chain, EVIDENCE, name};
use crate::vault::{Vault, VaultError};

impl Chain {
    /// As [`Chain::kept`] for many records, each named once; those without a fact are not in it.
    pub(crate) fn kept_all(
        &self,
        vault: &Vault,
        keys: impl IntoIterator<Item = RecordKey>,
    ) -> Result<BTreeMap<RecordKey, Proven>, VaultError> {
        let light = self.light(vault)?;
        let mut blocks: BTreeMap<u64, Vec<Evidence>> = BTreeMap::new();
        for key in keys {
            if let Some(kept) = vault.get_readable(&EVIDENCE, &name(vault, &key))? {
                blocks.entry(kept.evidence.claimed_height()).or_default().push(kept.evidence);
            }
        }
        let mut facts = BTreeMap::new();
        for block in blocks.values().flat_map(|block| block.chunks(api::MAX_KEYS)) {
            facts.extend(self.proven(&light, block).into_iter().map(|fact| (fact.key().clone(), fact)));
        }
        Ok(facts)
    }

    /// What a block's evidence proves. Where it doesn't hold together, each piece speaks for itself.
    fn proven(&self, light: &LightClient, block: &[Evidence]) -> Vec<Proven> {
        let together = EvidenceBundle::of(block)
            .and_then(|bundle| light.verify_bundle(&bundle, self.now(), Duration::MAX).ok());
        together.unwrap_or_else(|| {
            block.iter().filter_map(|one| light.verify(one, self.now(), Duration::MAX).ok()).collect()
        })
    }
}
