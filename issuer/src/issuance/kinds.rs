//! What is issued here: each credential type of the catalogue that the department has, in each of its formats.

use std::collections::BTreeMap;

use credentials::catalogue::{Catalogue, CredentialType, Format};

use crate::config::ConfigError;

/// One credential configuration (OpenID4VCI 1.0 §12.2.4): a type in a format.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CredentialKind {
    /// The type.
    pub(crate) of: &'static CredentialType,
    /// The format.
    pub(crate) format: Format,
}

/// All of them, by configuration id.
#[derive(Clone, Debug)]
pub(crate) struct Kinds {
    types: Vec<&'static CredentialType>,
    by_id: BTreeMap<String, CredentialKind>,
}

impl Kinds {
    /// The kinds of these types of the catalogue.
    pub(crate) fn of(catalogue: &'static Catalogue, types: &[String]) -> Result<Self, ConfigError> {
        let types = types
            .iter()
            .map(|id| catalogue.by_id(id).ok_or_else(|| ConfigError::UnknownType(id.clone())))
            .collect::<Result<Vec<_>, _>>()?;
        let kinds = types.iter().flat_map(|of| {
            of.formats
                .iter()
                .map(|format| (of.configuration_id(*format), CredentialKind { of, format: *format }))
        });
        Ok(Self { by_id: kinds.collect(), types })
    }

    /// The types, in the order they were configured in.
    pub(crate) fn types(&self) -> &[&'static CredentialType] {
        &self.types
    }

    /// The type with this catalogue id.
    pub(crate) fn credential_type(&self, id: &str) -> Option<&'static CredentialType> {
        self.types.iter().copied().find(|of| of.id == id)
    }

    /// The kind with this configuration id.
    pub(crate) fn get(&self, configuration: &str) -> Option<&CredentialKind> {
        self.by_id.get(configuration)
    }

    /// All kinds with their configuration ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &CredentialKind)> {
        self.by_id.iter().map(|(id, kind)| (id.as_str(), kind))
    }

    /// The configuration ids of a type, in the order of its formats.
    pub(crate) fn configurations(&self, credential_type: &str) -> Vec<String> {
        let formats = self.credential_type(credential_type).into_iter();
        formats.flat_map(|of| of.formats.iter().map(|format| of.configuration_id(*format))).collect()
    }
}
