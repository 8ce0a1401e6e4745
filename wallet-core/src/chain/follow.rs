//! Following the validators: when others sign than the wallet knows, it fetches the hand-overs to them, checks them, and
//! remembers how far it came.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use protocol::limits;
use registry::{
    CheckedBlocks, EvidenceBundle, EvidenceError, LightClient, Proven,
    api::{self, HandOversResponse},
};

use super::{Chain, ChainError};
use crate::{
    vault::{Sealed, Vault, VaultError},
    web::{JSON, LARGE},
};

/// How far the validators were followed: one record.
const LIGHT: Sealed<LightClient> = Sealed::new("light");
const ONLY: &str = "client";
/// With a trusting period, a sighting of the validators is written down when the last one is this much older.
const SIGHTING: Duration = Duration::from_secs(86_400);

/// What is known of the validators, and which blocks they were found to have signed: the signatures under kept evidence are checked
/// once while the wallet is open, and anew when others are followed.
pub(crate) struct Known {
    pub(super) light: Arc<LightClient>,
    pub(super) checked: CheckedBlocks,
}

impl Known {
    fn new(light: Arc<LightClient>) -> Self {
        Self { light, checked: CheckedBlocks::default() }
    }
}

impl Chain {
    /// The facts of a bundle, none older than `fresh`.
    pub(super) async fn check(
        &self,
        vault: &Vault,
        bundle: &EvidenceBundle,
    ) -> Result<Vec<Proven>, ChainError> {
        let mut light = self.light(vault)?;
        let proven = match light.verify_bundle(bundle, self.now(), self.fresh) {
            Err(EvidenceError::OtherValidators) => {
                light = self.follow(vault, &light).await?;
                light.verify_bundle(bundle, self.now(), self.fresh)?
            }
            outcome => outcome?,
        };
        if let Some(first) = proven.first()
            && self.trusting.is_some()
            && light.is_news(first, SIGHTING)
        {
            let mut light = LightClient::clone(&light);
            light.note(first);
            self.keep(vault, Arc::new(light)).await?;
        }
        Ok(proven)
    }

    /// What is known of the validators: as far as they were followed from this anchor, or the anchor itself.
    pub(super) fn light(&self, vault: &Vault) -> Result<Arc<LightClient>, VaultError> {
        self.known(vault, |known| Arc::clone(&known.light))
    }

    pub(super) fn known<T>(
        &self,
        vault: &Vault,
        look: impl FnOnce(&mut Known) -> T,
    ) -> Result<T, VaultError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = match &mut *known {
            Some(known) => known,
            none => {
                let kept = vault.get(&LIGHT, ONLY)?.filter(|light| light.is_from(&self.anchor));
                let light = kept.unwrap_or_else(|| LightClient::new((*self.anchor).clone()));
                none.insert(Known::new(Arc::new(light)))
            }
        };
        Ok(look(known))
    }

    async fn follow(&self, vault: &Vault, known: &LightClient) -> Result<Arc<LightClient>, ChainError> {
        let mut light = known.clone();
        loop {
            let path = api::hand_overs_path(light.height());
            let url = self.node.join(&path).map_err(|_| ChainError::Malformed)?;
            let answer = self.web.get(&url, JSON, LARGE).await?;
            if !answer.is_success() {
                return Err(ChainError::Status(answer.status));
            }
            let response: HandOversResponse =
                limits::json(&answer.body, limits::Limits::MESSAGE).map_err(|_| ChainError::Malformed)?;
            light.follow(&response.hand_overs, self.now(), self.trusting)?;
            if response.hand_overs.len() < api::MAX_HAND_OVERS {
                break;
            }
        }
        let light = Arc::new(light);
        if *light != *known {
            self.keep(vault, Arc::clone(&light)).await?;
        }
        Ok(light)
    }

    async fn keep(&self, vault: &Vault, light: Arc<LightClient>) -> Result<(), VaultError> {
        let kept = Arc::clone(&light);
        vault.write(move |tx| tx.put(&LIGHT, ONLY, &*kept)).await?;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(Known::new(light));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use registry::{
        Block, Evidence, Genesis, GenesisGovernance, Header, LocalText, Member, RecordKey, Slug, UnixMillis,
        Validator, ValidatorSet,
        build::{SoftwareSigner, TxSigner, ValidatorSigner},
    };

    use super::super::{EVIDENCE, Kept, name};
    use super::*;
    use crate::{
        Wallet, WalletConfig,
        ports::{NoNetwork, Ports},
        software::{DeviceSecret, SoftwareKeyStore},
    };

    const KEY: RecordKey = RecordKey::Governance;

    /// A chain of one validator.
    fn genesis() -> Genesis {
        let key = SoftwareSigner::from_seed(&[1; 32]).unwrap().public_key();
        let members = vec![Member { name: LocalText::new("局", "Bureau"), key }];
        Genesis {
            network: Slug::new("anhui").unwrap(),
            time: UnixMillis(1_000),
            governance: GenesisGovernance { members, threshold: 1 },
            validators: ValidatorSet::new(vec![Validator { key, power: 1 }]).unwrap(),
        }
    }

    fn signed_by(seed: u8) -> Evidence {
        let (signer, state) = (SoftwareSigner::from_seed(&[seed; 32]).unwrap(), genesis().state());
        let header = Header { height: 7, time: UnixMillis(2_000), ..genesis().header() };
        let certified = signer.certify(Block { header, transactions: Vec::new() }).unwrap();
        let (header, record) = (certified.block.header, state.bytes(&KEY).map(<[u8]>::to_vec));
        Evidence::new(KEY, record, state.prove(&KEY), &header, certified.certificate)
    }

    async fn keep(vault: &Vault, evidence: Evidence) {
        let name = name(vault, &KEY);
        vault.write(move |tx| tx.put(&EVIDENCE, &name, &Kept { evidence })).await.unwrap();
    }

    #[tokio::test]
    async fn checked_blocks_vouch_for_nothing_that_was_changed_and_are_forgotten_with_the_validators_and_the_lock()
     {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet");
        let ports = || {
            let secret = DeviceSecret::from_bytes(b"device");
            let keys = SoftwareKeyStore::open(folder.path().join("keys"), &secret).unwrap();
            Ports::new(Arc::new(keys), Arc::new(NoNetwork), Arc::new(|| UnixMillis(2_000)))
        };
        let node = "https://node.example".parse().unwrap();
        let config = WalletConfig::new(genesis().anchor(), node).with_insecurely_cheap_pin();
        let wallet = Wallet::create(&path, "246810", ports(), config.clone()).await.unwrap();
        let (chain, vault) = (&wallet.context().chain, &wallet.context().vault);
        let none_checked = || chain.known(vault, |known| known.checked.is_empty()).unwrap();
        let shows = || chain.kept(vault, &KEY).unwrap().is_some();

        keep(vault, signed_by(2)).await;
        assert!(!shows() && none_checked(), "no validator signed it");
        keep(vault, signed_by(1)).await;
        assert!(shows() && !none_checked());
        assert!(shows(), "as before");
        keep(vault, signed_by(2)).await;
        assert!(!shows(), "the same block under another signature");

        chain.keep(vault, chain.light(vault).unwrap()).await.unwrap();
        assert!(none_checked(), "once others were followed");
        keep(vault, signed_by(1)).await;
        assert!(shows() && !none_checked());
        drop(wallet);
        let wallet = Wallet::open(&path, "246810", ports(), config).await.unwrap();
        assert!(wallet.context().chain.known.lock().unwrap().is_none(), "once it was locked");
    }
}
