//! Policies as they are written: TOML files, one for each purpose.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use credentials::catalogue::{Catalogue, Format as CatalogueFormat};
use protocol::Format;
use protocol::dcql::{ClaimValue, DcqlQuery, QueryError};
use registry::{Did, LocalText, Slug};
use serde::{Deserialize, Serialize};

use super::period::Period;
use super::query::Purpose;

/// A purpose as configured. In TOML:
///
/// ```toml
/// id = "open-account"
/// title = { zh = "开立对公账户", en = "Open a business account" }
/// evidence_max_age = 600          # seconds: facts of the register may be this old
/// status_max_age = 60             # seconds: what they say of a credential's status may be this old
/// unknown = "refused"             # what can't be told is refused, instead of "cannot_tell"
///
/// [[asks]]
/// credential_type = "business-licence"
/// claims = ["name", "creditCode", "legalRepresentative"]
///
/// [[asks]]
/// credential_type = "mandate"
/// claims = ["principal", "matters"]
/// keep = { claims = ["principal"], for = "30d" }   # of acceptances, encrypted; nothing else is ever kept
///
/// [mandate]                       # who shows these acts for the company of the licence, in this matter
/// matter = "bank-account"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurposeConfig {
    /// The id it is registered with on the chain.
    pub id: Slug,
    /// What clerks see.
    pub title: LocalText,
    /// The credentials asked for; at least one that is required.
    pub asks: Vec<AskConfig>,
    /// How old the register's facts may be that the decision rests on, in seconds, if less than what the verifier is
    /// [configured](crate::Policy::evidence_max_age) with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_max_age: Option<u64>,
    /// How old what the register says of a credential's status may be, in seconds, if less than its facts may be: whether it was
    /// revoked changes sooner than who may issue it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_max_age: Option<u64>,
    /// How old the holder's signature may be, in seconds, if less than what the verifier is configured with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding_max_age: Option<u64>,
    /// What a check that can't be made means. It is never an acceptance.
    #[serde(default)]
    pub unknown: UnknownMeans,
    /// The holder must be authorised by a mandate to act for the company whose licence is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mandate: Option<MandateConfig>,
}

/// What a check that can't be made means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownMeans {
    /// The decision says that it can't be told: a person goes on.
    #[default]
    CannotTell,
    /// The decision is a refusal: nobody is there to go on.
    Refused,
}

/// Acting for a company: its business licence and a mandate are asked for, and they must fit each other and the matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MandateConfig {
    /// What the mandate must be for, one of the catalogue's matters: `tax`, `bank-account`…
    pub matter: String,
}

/// One credential asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskConfig {
    /// The credential type, by its catalogue id.
    pub credential_type: Slug,
    /// The claims, by their names in the catalogue; at least one.
    pub claims: Vec<String>,
    /// The formats that will do, the preferred first. As `mso_mdoc` every element is asked for that tells of these claims and of
    /// no others. Where `ldp_vc` shows a credential whole, it can only be listed if
    /// every claim is asked for.
    #[serde(default = "sd_jwt_only")]
    pub formats: Vec<CatalogueFormat>,
    /// The issuers whose credentials will do; empty: any that is accredited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<Did>,
    /// Values that claims must have, any one of each list: `values = { companyType = ["…"] }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Vec<ClaimValue>>,
    /// For how many days after it was issued it will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_within_days: Option<u32>,
    /// Whether it must be shown; the holder decides otherwise.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub required: bool,
    /// Whether the holder may show several of this type.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub multiple: bool,
    /// Whether whoever shows it must be the one it was issued to. Where not, a copy will do.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub holder_binding: bool,
    /// What is kept of it once the answer was accepted. Without this nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<KeepConfig>,
}

/// Claims that are kept, encrypted, for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeepConfig {
    /// Which of the claims asked for; at least one.
    pub claims: Vec<String>,
    /// For how long.
    #[serde(rename = "for")]
    pub period: Period,
}

fn yes() -> bool {
    true
}

fn sd_jwt_only() -> Vec<CatalogueFormat> {
    vec![CatalogueFormat::SdJwtVc]
}

/// Why a purpose can't be used; each says what to change.
#[derive(Debug, thiserror::Error)]
pub enum PurposeError {
    /// The file or folder can't be read.
    #[error("{}: can't be read ({reason})", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: std::io::ErrorKind,
    },
    /// The file is not what [`PurposeConfig`] asks for.
    #[error("{}: {reason}", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Where and what.
        reason: String,
    },
    /// A purpose that asks nothing, or a credential of which nothing is asked, or no format.
    #[error("purpose {0}: asks, claims and formats must not be empty")]
    Empty(Slug),
    /// The catalogue has no such credential type.
    #[error("purpose {0}: the catalogue has no `{1}`")]
    UnknownType(Slug, Slug),
    /// The credential type has no such claim.
    #[error("purpose {0}: {1} has no claim `{2}`")]
    UnknownClaim(Slug, Slug, String),
    /// The type is not issued in that format.
    #[error("purpose {0}: {1} is not issued as {2}")]
    UnknownFormat(Slug, Slug, Format),
    /// A format that shows a credential whole, while only some claims are asked for.
    #[error("purpose {0}: ldp_vc shows all of {1}: ask for every claim, or leave that format out")]
    Partial(Slug, Slug),
    /// Two files have one id.
    #[error("purpose {0} is there twice; give each file an id of its own")]
    Twice(Slug),
    /// The folder has none.
    #[error("{}: there is no policy; put at least one *.toml there", .0.display())]
    None(PathBuf),
    /// A value is demanded of a claim that is not asked for.
    #[error("purpose {0}: values names `{2}` of {1}, which is not among its claims; add it there")]
    ValuesUnasked(Slug, Slug, String),
    /// A claim is to be kept that is not asked for, or none is named.
    #[error("purpose {0}: keep of {1} must name at least one claim, each of them among those asked for")]
    KeepUnasked(Slug, Slug),
    /// Values of an mdoc's elements can't be demanded.
    #[error("purpose {0}: values can't be demanded of {1} as mso_mdoc; leave that format out")]
    ValuesInMdoc(Slug, Slug),
    /// A period is zero.
    #[error("purpose {0}: `{1}` must be at least 1; leave it out for no limit of its own")]
    Period(Slug, &'static str),
    /// A status may be older than the facts that it is one of.
    #[error(
        "purpose {0}: status_max_age is longer than evidence_max_age, which holds for the status too; make it shorter, or leave it out"
    )]
    StatusAge(Slug),
    /// A mandate is asked for without what it is measured by.
    #[error("purpose {0}: [mandate] needs {1} among the claims of a required ask for {2}")]
    MandateNeeds(Slug, &'static str, &'static str),
    /// The catalogue has no such matter.
    #[error("purpose {0}: no mandate is for `{1}`; there are {2}")]
    UnknownMatter(Slug, String, String),
    /// The query made of it breaks a rule of DCQL.
    #[error("purpose {0}: {1}")]
    Query(Slug, QueryError),
}

impl PurposeConfig {
    /// A purpose that asks for these, without further rules.
    #[must_use]
    pub fn new(id: Slug, title: LocalText, asks: Vec<AskConfig>) -> Self {
        Self {
            id,
            title,
            asks,
            evidence_max_age: None,
            status_max_age: None,
            binding_max_age: None,
            unknown: UnknownMeans::default(),
            mandate: None,
        }
    }

    /// The query that it asks.
    ///
    /// # Errors
    /// [`PurposeError`] where it does not fit the catalogue.
    pub fn query(&self, catalogue: &Catalogue) -> Result<DcqlQuery, PurposeError> {
        Purpose::new(self.clone(), catalogue).map(|purpose| purpose.query)
    }

    /// Reads every `*.toml` of a folder, in the order of the names.
    ///
    /// # Errors
    /// [`PurposeError::Unreadable`], [`PurposeError::Malformed`].
    pub fn load_dir(dir: &Path) -> Result<Vec<Self>, PurposeError> {
        let unreadable =
            |error: std::io::Error| PurposeError::Unreadable { path: dir.to_owned(), reason: error.kind() };
        let mut paths = std::fs::read_dir(dir)
            .map_err(unreadable)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(unreadable)?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort();
        paths.iter().map(|path| Self::load(path)).collect()
    }

    /// Reads one file.
    ///
    /// # Errors
    /// [`PurposeError::Unreadable`], [`PurposeError::Malformed`].
    pub fn load(path: &Path) -> Result<Self, PurposeError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| PurposeError::Unreadable { path: path.to_owned(), reason: error.kind() })?;
        toml::from_str(&text)
            .map_err(|error| PurposeError::Malformed { path: path.to_owned(), reason: error.to_string() })
    }
}
