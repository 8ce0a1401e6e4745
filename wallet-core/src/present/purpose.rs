//! May they ask this? The registered purpose decides, not what the request says of itself.

use std::collections::{BTreeMap, BTreeSet};

use credentials::catalogue::{Catalogue, CredentialType, Format as CatalogueFormat};
use protocol::{
    Format,
    dcql::{ClaimPath, ClaimQuery, CredentialQuery, DcqlQuery, Step},
};
use registry::{
    LocalText, PurposeRecord, Record, Slug,
    history::{PurposeRefusal, purpose_allows},
};

use super::{RequestRefused, request::Genuine};
use crate::{
    card::local,
    context::Context,
    held::{expanded, is_envelope},
};

/// The registered purpose, once it allows all that is asked.
pub(super) fn allowed(context: &Context, genuine: &Genuine) -> Result<PurposeRecord, RequestRefused> {
    let named = genuine.request.purpose.as_deref().ok_or(RequestRefused::NoPurpose)?;
    let Some((purpose, proven)) = genuine.purpose.as_ref().filter(|(purpose, _)| purpose.as_str() == named)
    else {
        let purpose = named.chars().take(64).collect();
        return Err(RequestRefused::NotRegistered { purpose, reason: registry::history::NotGranted::Never });
    };
    let asked = asked(context.catalogue, &genuine.request.query)?;
    match purpose_allows(proven, &genuine.verifier, purpose, &asked, context.now()) {
        Ok(record) => Ok(record.clone()),
        Err(PurposeRefusal::NotRegistered(reason)) => {
            Err(RequestRefused::NotRegistered { purpose: purpose.to_string(), reason })
        }
        Err(PurposeRefusal::AsksTooMuch { credential_type, claims }) => {
            let kind = context.catalogue.by_id(credential_type.as_str());
            let label = |name: &String| claim_label(kind, name);
            Err(RequestRefused::AsksTooMuch {
                verifier_name: match proven.record() {
                    Some(Record::Purpose(record)) => record.verifier_name.clone(),
                    _ => LocalText::new("", ""),
                },
                credential_type: credential_type.to_string(),
                labels: claims.iter().map(label).collect(),
                claims,
            })
        }
    }
}

fn claim_label(kind: Option<&CredentialType>, name: &str) -> LocalText {
    let claim = kind.and_then(|kind| kind.claim(name));
    claim.map_or_else(|| LocalText::new(name, name), |claim| local(&claim.label))
}

/// Everything the query could get to see: each type it accepts, with the claims it names in any alternative. Of a
/// format that this type is shown whole in, it sees all claims, named or not.
fn asked(catalogue: &Catalogue, query: &DcqlQuery) -> Result<Vec<(Slug, Vec<String>)>, RequestRefused> {
    let mut asked: BTreeMap<Slug, BTreeSet<String>> = BTreeMap::new();
    for credential in &query.credentials {
        for kind in kinds(catalogue, credential) {
            let id = Slug::new(&kind.id).map_err(|_| RequestRefused::UnknownType)?;
            asked.entry(id).or_default().extend(claims(kind, credential));
        }
    }
    if asked.is_empty() {
        return Err(RequestRefused::UnknownType);
    }
    Ok(asked.into_iter().map(|(kind, claims)| (kind, claims.into_iter().collect())).collect())
}

/// The types of the catalogue that a credential query accepts.
pub(super) fn kinds<'c>(catalogue: &'c Catalogue, query: &CredentialQuery) -> Vec<&'c CredentialType> {
    let accepts = |kind: &&CredentialType| {
        let vct = query.meta.vct_values.iter().flatten().any(|vct| *vct == kind.vct);
        let full = expanded(&kind.vc_type);
        let types = query.meta.type_values.iter().flatten().flatten();
        let mut types = types.filter(|name| **name == kind.vc_type || **name == full);
        let doc_type = query.meta.doctype_value.as_deref();
        vct || types.next().is_some() || (doc_type.is_some() && doc_type == kind.doc_type())
    };
    catalogue.types().iter().filter(accepts).collect()
}

fn claims(kind: &CredentialType, query: &CredentialQuery) -> BTreeSet<String> {
    let named = query.claims.iter().flatten();
    if query.format == Format::SdJwtVc {
        return sorted::collect(named.filter_map(|claim| top(&claim.path)).filter(|name| !is_envelope(name)));
    }
    if query.format == Format::MsoMdoc {
        let told = |claim: &ClaimQuery| match claim.path.steps() {
            [Step::Key(namespace), Step::Key(name)] => kind.told_by_element(namespace, name),
            // No path of an mdoc.
            _ => vec![claim.path.to_string()],
        };
        return sorted::collect(named.flat_map(told));
    }
    let names_one =
        |path: &ClaimPath| top(path).as_deref() != Some("credentialSubject") || of_subject(path).is_some();
    let in_parts =
        kind.is_selective(CatalogueFormat::LdpVc) && named.clone().all(|claim| names_one(&claim.path));
    // A path to the subject itself asks for all of it.
    let whole = kind.claims.iter().filter(|_| !in_parts).map(|claim| claim.name.clone());
    sorted::collect(named.filter_map(|claim| of_subject(&claim.path)).chain(whole))
}

/// The claim a path begins with.
fn top(path: &ClaimPath) -> Option<String> {
    match path.steps().first()? {
        Step::Key(name) => Some(name.clone()),
        // Selects nothing in a credential.
        Step::Index(_) | Step::All(()) => None,
    }
}

/// The claim about the subject that a path in a W3C credential leads to.
fn of_subject(path: &ClaimPath) -> Option<String> {
    match path.steps() {
        [Step::Key(first), Step::Key(name), ..] if first == "credentialSubject" => Some(name.clone()),
        _ => None,
    }
}
