//! What a counter asks for: purposes as configured, and the queries made of them.

use std::path::{Path, PathBuf};

use credentials::catalogue::{Catalogue, CredentialType, Format as CatalogueFormat};
use protocol::Format;
use protocol::dcql::{
    ClaimId, ClaimPath, ClaimQuery, CredentialQuery, CredentialSet, DcqlQuery, Meta, QueryError, QueryId,
};
use registry::{LocalText, Slug};
use serde::{Deserialize, Serialize};

/// A purpose as configured. In TOML:
///
/// ```toml
/// id = "open-account"
/// title = { zh = "开立对公账户", en = "Open a business account" }
///
/// [[asks]]
/// credential_type = "business-licence"
/// claims = ["name", "creditCode", "legalRepresentative"]
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurposeConfig {
    /// The id it is registered with on the chain.
    pub id: Slug,
    /// What clerks see.
    pub title: LocalText,
    /// The credentials asked for, all of them; at least one.
    pub asks: Vec<AskConfig>,
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
    /// The query made of it breaks a rule of DCQL.
    #[error("purpose {0}: {1}")]
    Query(Slug, QueryError),
}

/// A purpose that is ready to be asked for.
#[derive(Clone, Debug)]
pub(crate) struct Purpose {
    pub(crate) id: Slug,
    pub(crate) title: LocalText,
    pub(crate) asks: Vec<AskConfig>,
    pub(crate) query: DcqlQuery,
}

impl PurposeConfig {
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

    fn load(path: &Path) -> Result<Self, PurposeError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| PurposeError::Unreadable { path: path.to_owned(), reason: error.kind() })?;
        toml::from_str(&text)
            .map_err(|error| PurposeError::Malformed { path: path.to_owned(), reason: error.to_string() })
    }
}

impl Purpose {
    /// Checks a configured purpose against the catalogue and makes its query.
    pub(crate) fn new(config: PurposeConfig, catalogue: &Catalogue) -> Result<Self, PurposeError> {
        let id = config.id.clone();
        let (mut credentials, mut sets) = (Vec::new(), Vec::new());
        for ask in &config.asks {
            let kind = catalogue
                .by_id(ask.credential_type.as_str())
                .ok_or_else(|| PurposeError::UnknownType(id.clone(), ask.credential_type.clone()))?;
            let options = options(&id, ask, kind)?;
            sets.push(CredentialSet {
                options: options.iter().map(|query| vec![query.id.clone()]).collect(),
                required: true,
            });
            credentials.extend(options);
        }
        if credentials.is_empty() {
            return Err(PurposeError::Empty(id));
        }
        let alternatives = sets.iter().any(|set| set.options.len() > 1);
        let query = DcqlQuery { credentials, credential_sets: alternatives.then_some(sets) };
        query.validate().map_err(|error| PurposeError::Query(id, error))?;
        Ok(Self { id: config.id, title: config.title, asks: config.asks, query })
    }
}

/// One credential query for each format that will do.
fn options(id: &Slug, ask: &AskConfig, kind: &CredentialType) -> Result<Vec<CredentialQuery>, PurposeError> {
    let of = || (id.clone(), ask.credential_type.clone());
    if ask.claims.is_empty() || ask.formats.is_empty() {
        return Err(PurposeError::Empty(id.clone()));
    }
    if let Some(unknown) = ask.claims.iter().find(|name| kind.claim(name).is_none()) {
        return Err(PurposeError::UnknownClaim(id.clone(), ask.credential_type.clone(), unknown.clone()));
    }
    let whole = kind.claims.iter().all(|claim| ask.claims.contains(&claim.name));
    let mut queries = Vec::with_capacity(ask.formats.len());
    for format in &ask.formats {
        if !kind.formats.contains(format) {
            let (id, credential_type) = of();
            return Err(PurposeError::UnknownFormat(id, credential_type, protocol_format(*format)));
        }
        if !kind.is_selective(*format) && !whole {
            let (id, credential_type) = of();
            return Err(PurposeError::Partial(id, credential_type));
        }
        let claims = claims(ask, kind, *format);
        let always = |claim: &&ClaimQuery| is_always_there(kind, claim);
        let always: Vec<ClaimId> = claims.iter().filter(always).filter_map(|one| one.id.clone()).collect();
        queries.push(CredentialQuery {
            id: QueryId::new(&kind.configuration_id(*format))
                .map_err(|error| PurposeError::Query(id.clone(), error))?,
            format: protocol_format(*format),
            multiple: false,
            meta: meta(kind, *format),
            trusted_authorities: None,
            require_cryptographic_holder_binding: true,
            claim_sets: claim_sets(&claims, always),
            claims: Some(claims),
        });
    }
    Ok(queries)
}

/// The claims in the terms of a format, each under its name.
fn claims(ask: &AskConfig, kind: &CredentialType, format: CatalogueFormat) -> Vec<ClaimQuery> {
    let claim = |name: &str, path: &[&str]| {
        let (id, path) = (ClaimId::new(name).ok(), ClaimPath::of_names(path.iter().copied()).ok()?);
        Some(ClaimQuery { id, path, values: None, intent_to_retain: None })
    };
    let names = ask.claims.iter();
    match format {
        CatalogueFormat::SdJwtVc => names.filter_map(|name| claim(name, &[name])).collect(),
        CatalogueFormat::LdpVc => {
            names.filter_map(|name| claim(name, &["credentialSubject", name])).collect()
        }
        CatalogueFormat::MsoMdoc => {
            let form = kind.mdoc.iter();
            let elements = form.flat_map(|form| form.telling(&ask.claims).map(move |one| (form, one)));
            elements
                .filter_map(|(form, one)| {
                    let name = one.claim().unwrap_or(&one.element);
                    claim(name, &[form.namespace_of(one), &one.element])
                })
                .collect()
        }
    }
}

/// Whether every credential has it: a claim of its own, or an element put together from such claims.
fn is_always_there(kind: &CredentialType, claim: &ClaimQuery) -> bool {
    let is_required = |name: &str| kind.claim(name).is_none_or(|claim| claim.required);
    claim.id.as_ref().is_none_or(|id| is_required(id.as_str()))
}

/// Everything, or else what every credential has: a claim that some credentials lack is not worth a refusal.
fn claim_sets(claims: &[ClaimQuery], always: Vec<ClaimId>) -> Option<Vec<Vec<ClaimId>>> {
    let all: Vec<ClaimId> = claims.iter().filter_map(|claim| claim.id.clone()).collect();
    (!always.is_empty() && always.len() < all.len()).then(|| vec![all, always])
}

fn meta(kind: &CredentialType, format: CatalogueFormat) -> Meta {
    match format {
        CatalogueFormat::SdJwtVc => Meta { vct_values: Some(vec![kind.vct.clone()]), ..Meta::default() },
        CatalogueFormat::LdpVc => {
            Meta { type_values: Some(vec![vec![kind.vc_type.clone()]]), ..Meta::default() }
        }
        CatalogueFormat::MsoMdoc => {
            Meta { doctype_value: kind.doc_type().map(str::to_owned), ..Meta::default() }
        }
    }
}

fn protocol_format(format: CatalogueFormat) -> Format {
    match format {
        CatalogueFormat::SdJwtVc => Format::SdJwtVc,
        CatalogueFormat::LdpVc => Format::LdpVc,
        CatalogueFormat::MsoMdoc => Format::MsoMdoc,
    }
}
