//! The instances, and their keys.

use axum::Json as Answer;
use axum::extract::State;
use credentials::data_integrity::Cryptosuite;
use credentials::vc_api::{Instance, Mechanism};
use hmac::{Hmac, Mac};
use serde::Serialize;
use service::OrganisationError;
use service::secrets::SecretFolder;
use sha2::Sha384;
use zeroize::Zeroizing;

use super::VcApi;

/// The file that all instances' keys are derived from.
const FILE: &str = "vc-api.key";

/// One for each mechanism, in the order of [`Mechanism::ALL`].
pub(crate) struct Instances(Vec<Instance>);

impl Instances {
    /// The instances whose secret is in this folder; made if there is none.
    pub(crate) fn open(folder: &SecretFolder) -> Result<Self, OrganisationError> {
        let secret = folder.secret(FILE)?;
        let instances = Mechanism::ALL
            .iter()
            .map(|mechanism| derived(&secret, *mechanism).ok_or(OrganisationError::Unusable(FILE)));
        Ok(Self(instances.collect::<Result<_, OrganisationError>>()?))
    }

    pub(super) fn of(&self, mechanism: Mechanism) -> Option<&Instance> {
        self.0.iter().find(|instance| instance.mechanism() == mechanism)
    }
}

/// HMAC-SHA-384 of the mechanism's name: enough bytes for every curve.
fn derived(secret: &Zeroizing<[u8; 32]>, mechanism: Mechanism) -> Option<Instance> {
    let mut mac = <Hmac<Sha384>>::new_from_slice(secret.as_slice()).ok()?;
    mac.update(b"huizheng vc-api instance ");
    mac.update(mechanism.name().as_bytes());
    let bytes = Zeroizing::new(<[u8; 48]>::from(mac.finalize().into_bytes()));
    Instance::from_secret(mechanism, &bytes)
}

/// An instance, as others see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct View {
    name: &'static str,
    id: String,
    /// None for envelopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    cryptosuite: Option<&'static str>,
    key_type: &'static str,
    issue: String,
}

pub(super) async fn list(State(api): State<VcApi>) -> Answer<Vec<View>> {
    let view = |instance: &Instance| {
        let mechanism = instance.mechanism();
        let name = mechanism.name();
        View {
            name,
            id: instance.did().to_owned(),
            cryptosuite: mechanism.cryptosuite().map(Cryptosuite::name),
            key_type: mechanism.key_type(),
            issue: format!("{}/instances/{name}/credentials/issue", api.app.base),
        }
    };
    Answer(api.instances.0.iter().map(view).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instance_has_a_key_of_its_own_and_keeps_it() {
        let dir = tempfile::tempdir().expect("dir");
        let folder = SecretFolder::open(dir.path()).expect("a folder");
        let dids = || {
            let instances = Instances::open(&folder).expect("instances");
            instances.0.iter().map(|instance| instance.did().to_owned()).collect::<Vec<_>>()
        };
        let (first, mut again) = (dids(), dids());
        assert_eq!(first, again);
        again.sort();
        again.dedup();
        assert_eq!(again.len(), Mechanism::ALL.len());
    }
}
