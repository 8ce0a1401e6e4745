//! Following the validators: when others sign than the wallet knows, it fetches the hand-overs to them, checks them, and
//! remembers how far it came.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use protocol::limits;
use registry::{
    EvidenceBundle, EvidenceError, LightClient, Proven,
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
        let mut cached = self.light.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(light) = &*cached {
            return Ok(Arc::clone(light));
        }
        let kept = vault.get(&LIGHT, ONLY)?.filter(|light| light.is_from(&self.anchor));
        let light = Arc::new(kept.unwrap_or_else(|| LightClient::new((*self.anchor).clone())));
        *cached = Some(Arc::clone(&light));
        Ok(light)
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
        *self.light.lock().unwrap_or_else(PoisonError::into_inner) = Some(light);
        Ok(())
    }
}
