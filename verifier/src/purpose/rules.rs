//! What an answer must meet beyond the usual checks.

use std::time::Duration;

use credentials::catalogue::Catalogue;
use protocol::dcql::QueryId;
use registry::Slug;

use super::config::{AskConfig, KeepConfig, PurposeConfig, PurposeError, UnknownMeans};

/// The catalogue's ids and claims that a mandate is measured by.
const LICENCE: &str = "business-licence";
const MANDATE: &str = "mandate";
const CREDIT_CODE: &str = "creditCode";
const PRINCIPAL: &str = "principal";
const MATTERS: &str = "matters";

/// The rules of a policy; the default has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    /// How old the register's facts may be.
    pub(crate) evidence_max_age: Option<Duration>,
    /// How old what the register says of a credential's status may be.
    pub(crate) status_max_age: Option<Duration>,
    /// How old the holder's signature may be, in seconds.
    pub(crate) binding_max_age: Option<i64>,
    /// What can't be told is refused.
    pub(crate) unknown_is_refused: bool,
    /// Of each credential asked for.
    pub(crate) asks: Vec<AskRule>,
    /// Who shows it acts for the company.
    pub(crate) mandate: Option<MandateRule>,
}

/// The rules of one credential asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AskRule {
    /// Its type, by the catalogue's id.
    pub(crate) credential_type: Slug,
    /// Its credential queries, one for each format.
    pub(crate) queries: Vec<QueryId>,
    /// For how long after it was issued it will do.
    pub(crate) issued_within: Option<Duration>,
    /// Whether whoever shows it must be the one it was issued to.
    pub(crate) holder_binding: bool,
    /// What is kept of it.
    pub(crate) keep: Option<KeepConfig>,
}

/// A licence and a mandate that must fit each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MandateRule {
    /// What the mandate must be for.
    pub(crate) matter: String,
}

impl Rules {
    /// The rules of a policy, still without those of what it asks for.
    pub(super) fn of(config: &PurposeConfig, catalogue: &Catalogue) -> Result<Self, PurposeError> {
        let period = |name, seconds: Option<u64>| match seconds {
            Some(0) => Err(PurposeError::Period(config.id.clone(), name)),
            other => Ok(other),
        };
        let binding = period("binding_max_age", config.binding_max_age)?;
        let status = period("status_max_age", config.status_max_age)?;
        // The status is one of the facts: it would never be older than the others may be.
        if status.zip(config.evidence_max_age).is_some_and(|(status, facts)| status > facts) {
            return Err(PurposeError::StatusAge(config.id.clone()));
        }
        for ask in &config.asks {
            period("issued_within_days", ask.issued_within_days.map(u64::from))?;
        }
        Ok(Self {
            evidence_max_age: period("evidence_max_age", config.evidence_max_age)?.map(Duration::from_secs),
            status_max_age: status.map(Duration::from_secs),
            binding_max_age: binding.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX)),
            unknown_is_refused: config.unknown == UnknownMeans::Refused,
            asks: Vec::new(),
            mandate: mandate(config, catalogue)?,
        })
    }

    /// Whether credentials of this type are asked for.
    pub(crate) fn asks_for(&self, credential_type: &Slug) -> bool {
        self.asks.iter().any(|rule| rule.credential_type == *credential_type)
    }

    /// The rules of the credential that answers this query.
    pub(crate) fn of_query(&self, id: &QueryId) -> Option<&AskRule> {
        self.asks.iter().find(|rule| rule.queries.contains(id))
    }
}

impl AskConfig {
    pub(super) fn rule(&self, queries: Vec<QueryId>) -> AskRule {
        const DAY: u64 = 86_400;
        AskRule {
            credential_type: self.credential_type.clone(),
            queries,
            issued_within: self.issued_within_days.map(|days| Duration::from_secs(u64::from(days) * DAY)),
            holder_binding: self.holder_binding,
            keep: self.keep.clone(),
        }
    }
}

impl MandateRule {
    /// What is compared: of the licence its credit code; of the mandate its principal and its matters.
    pub(crate) const PARTS: [(&'static str, &'static str); 3] =
        [(LICENCE, CREDIT_CODE), (MANDATE, PRINCIPAL), (MANDATE, MATTERS)];
}

fn mandate(config: &PurposeConfig, catalogue: &Catalogue) -> Result<Option<MandateRule>, PurposeError> {
    let Some(asked) = &config.mandate else { return Ok(None) };
    for (credential_type, claim) in MandateRule::PARTS {
        let is_it = |ask: &&AskConfig| ask.credential_type.as_str() == credential_type && ask.required;
        let asks = config.asks.iter().filter(is_it);
        if !asks.flat_map(|ask| &ask.claims).any(|name| name == claim) {
            return Err(PurposeError::MandateNeeds(config.id.clone(), claim, credential_type));
        }
    }
    let claim = catalogue.by_id(MANDATE).and_then(|kind| kind.claim(MATTERS));
    let matters: Vec<&str> =
        claim.iter().flat_map(|claim| &claim.values).map(|choice| choice.value.as_str()).collect();
    if !matters.contains(&asked.matter.as_str()) {
        let (id, matter) = (config.id.clone(), asked.matter.clone());
        return Err(PurposeError::UnknownMatter(id, matter, matters.join(", ")));
    }
    Ok(Some(MandateRule { matter: asked.matter.clone() }))
}
