//! How a department's desk handles a type of credential, as data: what is no part of the credential itself.

use std::sync::OnceLock;

use serde::Deserialize;

use super::{CatalogueError, Text};

/// What a desk does with applications for a type and with its credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskRules {
    /// The claim that says whose it is (an ID number, a credit code): two applications with the same value may be one too
    /// many.
    #[serde(default)]
    pub identified_by: Option<String>,
    /// How many people must approve, 1 or 2; none stands for 1.
    #[serde(default)]
    pub approvals: Option<u8>,
    /// What applicants should attach.
    #[serde(default)]
    pub evidence: Option<Text>,
    /// Codes of the reasons for which its status may change.
    #[serde(default)]
    pub reasons: Vec<String>,
}

/// A reason for which a status changes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonCode {
    /// Its stable code: `lost`.
    pub code: String,
    /// What one sector's e-licences write for the same; see `catalogue/reasons.toml`.
    #[serde(default)]
    pub sector_code: Option<String>,
    /// The changes it is a reason for: `revoke`, `suspend`, `reinstate`.
    pub changes: Vec<String>,
    /// What it is called.
    pub label: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    reasons: Vec<ReasonCode>,
}

impl DeskRules {
    /// How many people must approve.
    #[must_use]
    pub fn approvals(&self) -> u8 {
        self.approvals.unwrap_or(1).clamp(1, 2)
    }
}

impl ReasonCode {
    /// Every reason there is.
    ///
    /// # Errors
    /// [`CatalogueError`] only when the build itself is wrong, which this crate's tests notice.
    pub fn bundled() -> Result<&'static [Self], CatalogueError> {
        static BUILT_IN: OnceLock<Result<Vec<ReasonCode>, CatalogueError>> = OnceLock::new();
        let read = || {
            objects::from_slice::<File>(include_bytes!(concat!(env!("OUT_DIR"), "/reasons.json")))
                .map(|file| file.reasons)
                .map_err(|error| CatalogueError::Malformed(error.to_string()))
        };
        BUILT_IN.get_or_init(read).as_deref().map_err(Clone::clone)
    }

    /// The reason with this code.
    #[must_use]
    pub fn by_code(code: &str) -> Option<&'static Self> {
        Self::bundled().ok()?.iter().find(|reason| reason.code == code)
    }
}
