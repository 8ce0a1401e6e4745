//! Checking what a node answers, and following the validators when others sign than were known.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use registry::api::{self, HandOversResponse};
use registry::{EvidenceBundle, EvidenceError, LightClient, Proven};

use super::{Link, NodeError, kept};

impl Link {
    /// The facts of a bundle. When others signed it than are known, the hand-overs to them are fetched first, once for all
    /// later answers.
    pub(super) async fn check(&self, bundle: &EvidenceBundle) -> Result<Vec<Proven>, NodeError> {
        let proven = self.proven(bundle).await?;
        if let Some(first) = proven.first() {
            self.newest.fetch_max(first.time().0, Ordering::Relaxed);
        }
        Ok(proven)
    }

    async fn proven(&self, bundle: &EvidenceBundle) -> Result<Vec<Proven>, NodeError> {
        let known = self.light();
        match known.verify_bundle(bundle, self.now(), self.config.max_age) {
            Err(EvidenceError::OtherValidators) => {
                let followed = self.follow(known).await?;
                Ok(followed.verify_bundle(bundle, self.now(), self.config.max_age)?)
            }
            Ok(proven) => {
                if let Some(first) = proven.first() {
                    self.light.write().unwrap_or_else(PoisonError::into_inner).note(first);
                }
                Ok(proven)
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn light(&self) -> LightClient {
        self.light.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn follow(&self, mut light: LightClient) -> Result<LightClient, NodeError> {
        loop {
            let answer: HandOversResponse = self.get(&api::hand_overs_path(light.height())).await?;
            light.follow(&answer.hand_overs, self.now(), self.config.trusting)?;
            if let Some(keep) = &self.config.keep {
                keep.put(kept::rows_of(&answer.hand_overs));
            }
            if answer.hand_overs.len() < api::MAX_HAND_OVERS {
                break;
            }
        }
        self.set_light(light.clone());
        Ok(light)
    }

    pub(super) fn set_light(&self, light: LightClient) {
        *self.light.write().unwrap_or_else(PoisonError::into_inner) = light;
    }
}
