//! What makes a query valid (OpenID4VP 1.0 §6 and appendix B).

use std::collections::BTreeSet;

use crate::limits::ParseError;
use crate::{Format, dcql::Step};

use super::{CredentialQuery, DcqlQuery};

/// What is wrong with a query. A wallet answers it with `invalid_request`; a verifier corrects its query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// It can't be read.
    #[error(transparent)]
    Unreadable(#[from] ParseError),
    /// An identifier is empty, longer than 64, or has a character other than letters, digits, `_` and `-`.
    #[error("an identifier has 1 to 64 letters, digits, `_` or `-`")]
    Identifier,
    /// A list that must not be empty is.
    #[error("`{0}` must not be empty")]
    Empty(&'static str),
    /// A list is longer than what is processed.
    #[error("`{0}` has more than {1} entries")]
    TooMany(&'static str, usize),
    /// Two credential queries have this id.
    #[error("the credential query id `{0}` appears more than once")]
    RepeatedCredential(String),
    /// Two claims of a credential query have this id.
    #[error("the claim id `{0}` appears more than once in one credential query")]
    RepeatedClaim(String),
    /// `claim_sets` without `claims`.
    #[error("`claim_sets` needs `claims`")]
    ClaimSetsWithoutClaims,
    /// `claim_sets` is there and a claim has no id.
    #[error("with `claim_sets` every claim needs an `id`")]
    ClaimWithoutId,
    /// A set names a claim that is not there.
    #[error("a claim set names `{0}`, which is no claim of its credential query")]
    UnknownClaim(String),
    /// A set names a credential query that is not there.
    #[error("a credential set names `{0}`, which is no credential query")]
    UnknownCredential(String),
    /// The type parameter that the format requires is missing from `meta`.
    #[error("a query for this format needs `{0}` in `meta`")]
    MetaMissing(&'static str),
    /// A path in an mdoc is a namespace and an element.
    #[error("a claim path in an mdoc is two names: the namespace and the element")]
    MdocPath,
}

/// Lists longer than these are refused: nothing a person could consent to is near them.
const MAX_CREDENTIALS: usize = 32;
const MAX_SETS: usize = 16;
const MAX_CLAIMS: usize = 128;
const MAX_VALUES: usize = 256;

impl DcqlQuery {
    /// Checks all rules; the first one broken is the error.
    pub fn validate(&self) -> Result<(), QueryError> {
        bounded("credentials", &self.credentials, MAX_CREDENTIALS)?;
        let mut ids = BTreeSet::new();
        for credential in &self.credentials {
            if !ids.insert(&credential.id) {
                return Err(QueryError::RepeatedCredential(credential.id.to_string()));
            }
            credential.validate()?;
        }
        if let Some(sets) = &self.credential_sets {
            bounded("credential_sets", sets, MAX_SETS)?;
            for set in sets {
                bounded("options", &set.options, MAX_SETS)?;
                for option in &set.options {
                    bounded("an option", option, MAX_CREDENTIALS)?;
                    if let Some(unknown) = option.iter().find(|id| !ids.contains(id)) {
                        return Err(QueryError::UnknownCredential(unknown.to_string()));
                    }
                }
            }
        }
        Ok(())
    }
}

impl CredentialQuery {
    fn validate(&self) -> Result<(), QueryError> {
        self.validate_meta()?;
        if let Some(authorities) = &self.trusted_authorities {
            bounded("trusted_authorities", authorities, MAX_SETS)?;
            authorities.iter().try_for_each(|authority| bounded("values", &authority.values, MAX_VALUES))?;
        }
        let Some(claims) = &self.claims else {
            return if self.claim_sets.is_some() { Err(QueryError::ClaimSetsWithoutClaims) } else { Ok(()) };
        };
        bounded("claims", claims, MAX_CLAIMS)?;
        let mut ids = BTreeSet::new();
        for claim in claims {
            match &claim.id {
                Some(id) if !ids.insert(id) => return Err(QueryError::RepeatedClaim(id.to_string())),
                None if self.claim_sets.is_some() => return Err(QueryError::ClaimWithoutId),
                _ => {}
            }
            if let Some(values) = &claim.values {
                bounded("values", values, MAX_VALUES)?;
            }
            if self.format == Format::MsoMdoc && !matches!(claim.path.steps(), [Step::Key(_), Step::Key(_)]) {
                return Err(QueryError::MdocPath);
            }
        }
        let sets = self.claim_sets.as_deref().unwrap_or_default();
        if self.claim_sets.is_some() {
            bounded("claim_sets", sets, MAX_SETS)?;
        }
        for set in sets {
            bounded("a claim set", set, MAX_CLAIMS)?;
            if let Some(unknown) = set.iter().find(|id| !ids.contains(id)) {
                return Err(QueryError::UnknownClaim(unknown.to_string()));
            }
        }
        Ok(())
    }

    fn validate_meta(&self) -> Result<(), QueryError> {
        match self.format {
            Format::SdJwtVc => match &self.meta.vct_values {
                Some(values) => bounded("vct_values", values, MAX_VALUES),
                None => Err(QueryError::MetaMissing("vct_values")),
            },
            Format::LdpVc | Format::JwtVcJson | Format::JwtVcJsonLd => match &self.meta.type_values {
                Some(sets) => {
                    bounded("type_values", sets, MAX_VALUES)?;
                    sets.iter().try_for_each(|set| bounded("type_values", set, MAX_VALUES))
                }
                None => Err(QueryError::MetaMissing("type_values")),
            },
            Format::MsoMdoc if self.meta.doctype_value.is_none() => {
                Err(QueryError::MetaMissing("doctype_value"))
            }
            // A format that nobody here knows is never matched; the query around it stays valid.
            Format::MsoMdoc | Format::Other(_) => Ok(()),
        }
    }
}

fn bounded<T>(what: &'static str, list: &[T], most: usize) -> Result<(), QueryError> {
    match list.len() {
        0 => Err(QueryError::Empty(what)),
        n if n > most => Err(QueryError::TooMany(what, most)),
        _ => Ok(()),
    }
}
