//! A policy made into a query.

use credentials::catalogue::{Catalogue, CredentialType, Format as CatalogueFormat};
use protocol::Format;
use protocol::dcql::{
    AuthorityType, ClaimId, ClaimPath, ClaimQuery, CredentialQuery, CredentialSet, DcqlQuery, Meta, QueryId,
    TrustedAuthority,
};
use registry::{LocalText, Slug};
use ring::digest::{SHA256, digest};

use super::config::{AskConfig, PurposeConfig, PurposeError};
use super::rules::Rules;

/// A purpose that is ready to be asked for.
#[derive(Clone, Debug)]
pub(crate) struct Purpose {
    pub(crate) id: Slug,
    pub(crate) title: LocalText,
    pub(crate) asks: Vec<AskConfig>,
    pub(crate) query: DcqlQuery,
    pub(crate) rules: Rules,
    /// Names this very policy: another text is another version.
    pub(crate) version: String,
}

impl Purpose {
    /// Checks a configured purpose against the catalogue and makes its query.
    pub(crate) fn new(config: PurposeConfig, catalogue: &Catalogue) -> Result<Self, PurposeError> {
        let id = config.id.clone();
        let mut rules = Rules::of(&config, catalogue)?;
        let (mut credentials, mut sets) = (Vec::new(), Vec::new());
        for ask in &config.asks {
            let kind = catalogue
                .by_id(ask.credential_type.as_str())
                .ok_or_else(|| PurposeError::UnknownType(id.clone(), ask.credential_type.clone()))?;
            let options = options(&id, ask, kind)?;
            sets.push(CredentialSet {
                options: options.iter().map(|query| vec![query.id.clone()]).collect(),
                required: ask.required,
            });
            rules.asks.push(ask.rule(options.iter().map(|query| query.id.clone()).collect()));
            credentials.extend(options);
        }
        if !config.asks.iter().any(|ask| ask.required) {
            return Err(PurposeError::Empty(id));
        }
        let alternatives = sets.iter().any(|set| set.options.len() > 1 || !set.required);
        let query = DcqlQuery { credentials, credential_sets: alternatives.then_some(sets) };
        query.validate().map_err(|error| PurposeError::Query(id, error))?;
        let version = version(&config);
        Ok(Self { id: config.id, title: config.title, asks: config.asks, query, rules, version })
    }
}

/// One credential query for each format that will do.
fn options(id: &Slug, ask: &AskConfig, kind: &CredentialType) -> Result<Vec<CredentialQuery>, PurposeError> {
    let of = || (id.clone(), ask.credential_type.clone());
    if ask.claims.is_empty() || ask.formats.is_empty() {
        return Err(PurposeError::Empty(id.clone()));
    }
    let named = ask.values.keys().find(|name| !ask.claims.contains(name));
    if let Some(name) = named {
        return Err(PurposeError::ValuesUnasked(id.clone(), ask.credential_type.clone(), name.clone()));
    }
    if !ask.values.is_empty() && ask.formats.contains(&CatalogueFormat::MsoMdoc) {
        return Err(PurposeError::ValuesInMdoc(id.clone(), ask.credential_type.clone()));
    }
    if let Some(keep) = &ask.keep
        && (keep.claims.is_empty() || keep.claims.iter().any(|name| !ask.claims.contains(name)))
    {
        return Err(PurposeError::KeepUnasked(id.clone(), ask.credential_type.clone()));
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
        let always = |claim: &&ClaimQuery| is_always_there(kind, claim) || claim.values.is_some();
        let always: Vec<ClaimId> = claims.iter().filter(always).filter_map(|one| one.id.clone()).collect();
        queries.push(CredentialQuery {
            id: QueryId::new(&kind.configuration_id(*format))
                .map_err(|error| PurposeError::Query(id.clone(), error))?,
            format: protocol_format(*format),
            multiple: ask.multiple,
            meta: meta(kind, *format),
            trusted_authorities: authorities(ask),
            require_cryptographic_holder_binding: ask.holder_binding,
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
        let values = ask.values.get(name).cloned();
        Some(ClaimQuery { id, path, values, intent_to_retain: None })
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
                    // ISO 18013-5 has readers say what they retain (OpenID4VP 1.0 §B.2.4).
                    let kept = ask.keep.iter().any(|keep| keep.claims.iter().any(|kept| kept == name));
                    let claim = claim(name, &[form.namespace_of(one), &one.element])?;
                    Some(ClaimQuery { intent_to_retain: kept.then_some(true), ..claim })
                })
                .collect()
        }
    }
}

/// The issuers that a policy names, for wallets to choose by. That they are accredited is checked of every issuer.
fn authorities(ask: &AskConfig) -> Option<Vec<TrustedAuthority>> {
    let values: Vec<String> = ask.issuers.iter().map(ToString::to_string).collect();
    (!values.is_empty()).then(|| vec![TrustedAuthority { kind: AuthorityType::Did, values }])
}

/// The first 16 hexadecimal digits of the policy's SHA-256.
fn version(config: &PurposeConfig) -> String {
    let text = serde_json::to_vec(config).unwrap_or_default();
    digest(&SHA256, &text).as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
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
