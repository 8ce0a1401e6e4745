//! Who takes part in the demo, as data.

use registry::{Ask, Did, LegalBasis, LocalText, PurposeDraft, Slug, UnixMillis};
use serde::Deserialize;
use verifier::{AskConfig, PurposeConfig};

/// The organisations and purposes of a network.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// The network's name, part of every DID.
    pub network: Slug,
    /// Those who issue.
    pub issuers: Vec<IssuerSeed>,
    /// The counter.
    pub verifier: VerifierSeed,
    /// What the counter asks for.
    pub purposes: Vec<PurposeSeed>,
}

fn yes() -> bool {
    true
}

/// One issuer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSeed {
    /// Short name: its folder, its place in the list of addresses.
    pub id: Slug,
    /// Its name.
    pub name: LocalText,
    /// What it issues.
    pub credential_types: Vec<Slug>,
    /// Whether its SD-JWT VCs carry the certificate of its key; without it what a phone shows with no network is shorter.
    #[serde(default = "yes")]
    pub certificate: bool,
    /// What it asks for itself, in the place of a form.
    #[serde(default)]
    pub purposes: Vec<PurposeSeed>,
    /// What is presented for which of its types.
    #[serde(default)]
    pub one_stop: Vec<issuer::OneStop>,
}

/// The counter.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifierSeed {
    /// Short name: what its keys and rows are kept under.
    pub id: Slug,
    /// Its name.
    pub name: LocalText,
}

/// One purpose: what the counter asks, and on what ground.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurposeSeed {
    /// Its id.
    pub id: Slug,
    /// What clerks and holders see.
    pub title: LocalText,
    /// Consent or the law.
    pub legal_basis: LegalBasis,
    /// The rule it rests on.
    pub legal_text: LocalText,
    /// For how many days the counter keeps what it sees.
    pub retention_days: u32,
    /// What it may ask.
    pub asks: Vec<AskConfig>,
}

impl Seed {
    /// The demo's: Anhui.
    pub fn bundled() -> Result<Self, toml::de::Error> {
        toml::from_str(include_str!("../../seed/anhui.toml"))
    }
}

impl PurposeSeed {
    /// As the counter is configured with it.
    pub fn config(&self) -> PurposeConfig {
        PurposeConfig::new(self.id.clone(), self.title.clone(), self.asks.clone())
    }

    /// As governance registers it for this organisation.
    pub fn draft(&self, did: &Did, verifier_name: &LocalText, from: UnixMillis) -> PurposeDraft {
        let ask = |ask: &AskConfig| Ask {
            credential_type: ask.credential_type.clone(),
            claims: ask.claims.clone(),
        };
        PurposeDraft {
            did: did.clone(),
            purpose: self.id.clone(),
            verifier_name: verifier_name.clone(),
            purpose_name: self.title.clone(),
            legal_basis: self.legal_basis,
            legal_text: self.legal_text.clone(),
            asks: self.asks.iter().map(ask).collect(),
            retention_days: self.retention_days,
            valid_from: from,
            valid_until: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use credentials::catalogue::Catalogue;

    #[test]
    fn the_seed_names_only_what_the_catalogue_has() {
        let seed = Seed::bundled().expect("reads");
        let catalogue = Catalogue::bundled().expect("reads");
        for issuer in &seed.issuers {
            for kind in &issuer.credential_types {
                assert!(catalogue.by_id(kind.as_str()).is_some(), "{kind}");
            }
        }
        let of_issuers = seed.issuers.iter().flat_map(|issuer| &issuer.purposes);
        for ask in seed.purposes.iter().chain(of_issuers).flat_map(|purpose| &purpose.asks) {
            let kind = catalogue.by_id(ask.credential_type.as_str()).expect("a type");
            for claim in &ask.claims {
                assert!(kind.claim(claim).is_some(), "{claim}");
            }
        }
    }
}
