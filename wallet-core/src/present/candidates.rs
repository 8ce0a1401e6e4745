//! Which of the holder's credentials can answer, in a form the verifier takes.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64},
};
use credentials::{catalogue::CredentialType, key::Algorithm, x509::Certificate};
use protocol::{
    Format as WireFormat,
    dcql::{AuthorityType, Candidate, CredentialKind, DcqlQuery, TrustedAuthority},
    openid4vp::ClientMetadata,
};

use registry::Did;

use super::purpose::kinds;
use crate::{
    card::{Face, Format},
    context::Context,
    held::{CARDS, Content, StoredCard, StoredCredential},
    vault::VaultError,
};

/// A credential held, taken apart.
pub(super) struct Held {
    pub(super) card_id: String,
    pub(super) card: StoredCard,
    pub(super) face: Face,
    pub(super) credential: StoredCredential,
    pub(super) content: Content,
    pub(super) kind: &'static CredentialType,
    type_names: Vec<String>,
    /// Whose trust its issuer has.
    authorities: Vec<TrustedAuthority>,
}

/// The credentials in the wallet that are of a type and format that the query asks for and can be read, the newest card first.
/// No other card is opened. Of copies it is the one that tells this verifier the least.
pub(super) fn of_kind(context: &Context, query: &DcqlQuery, verifier: &Did) -> Result<Vec<Held>, VaultError> {
    let wanted: Vec<_> =
        query.credentials.iter().map(|one| (&one.format, kinds(context.catalogue, one))).collect();
    let fits = |kind: &str, format: Format| {
        let accepted = |(asked, kinds): &(&WireFormat, Vec<&CredentialType>)| {
            **asked == wire(format) && kinds.iter().any(|accepted| accepted.id == kind)
        };
        wanted.iter().any(accepted)
    };
    let mut held = Vec::new();
    for card_id in context.index.find(&context.vault, fits)? {
        let Some(card) = context.vault.get_readable(&CARDS, &card_id)? else {
            context.index.note_damaged(card_id);
            continue;
        };
        let Some(kind) = context.catalogue.by_id(card.kind.as_str()) else { continue };
        let Some(face) = context.face(&card_id)? else { continue };
        let fitting = card.credentials.iter().filter(|one| fits(card.kind.as_str(), one.format));
        for credential in one_of_each(fitting, verifier) {
            let Ok(content) = credential.content() else { continue };
            held.push(Held {
                card_id: card_id.clone(),
                type_names: content.type_names(),
                authorities: authorities(&card.issuer, &content),
                credential: credential.clone(),
                card: card.clone(),
                face: face.clone(),
                content,
                kind,
            });
        }
    }
    Ok(held)
}

/// One copy of each format: one that this verifier alone has seen tells it nothing new, one that nobody has seen is linked to
/// nothing, and any other must be warned of.
fn one_of_each<'c>(
    copies: impl Iterator<Item = &'c StoredCredential>,
    verifier: &Did,
) -> Vec<&'c StoredCredential> {
    let told = |copy: &StoredCredential| match copy.shown_to.as_slice() {
        [only] if only == verifier => 0,
        [] => 1,
        others => 1 + others.len(),
    };
    let mut chosen: Vec<&StoredCredential> = Vec::new();
    for copy in copies {
        match chosen.iter_mut().find(|before| before.format == copy.format) {
            Some(before) if told(copy) < told(before) => *before = copy,
            Some(_) => {}
            None => chosen.push(copy),
        }
    }
    chosen
}

/// The issuer by its DID, and the authorities that its certificates name (OpenID4VP 1.0 §6.1.1).
fn authorities(issuer: &Did, content: &Content) -> Vec<TrustedAuthority> {
    let by_did = TrustedAuthority { kind: AuthorityType::Did, values: vec![issuer.to_string()] };
    let certificates: Vec<Certificate> = match content {
        Content::SdJwt(token) => {
            let chain = token.header().x5c.iter().flatten();
            chain.filter_map(|text| Certificate::parse(&STANDARD.decode(text).ok()?).ok()).collect()
        }
        Content::Mdoc { document, .. } => vec![document.certificate().clone()],
        Content::Ldp { .. } => Vec::new(),
    };
    let keys = certificates.iter().filter_map(Certificate::authority_key).map(|key| BASE64.encode(key));
    let by_key = TrustedAuthority { kind: AuthorityType::KeyIdentifier, values: keys.collect() };
    vec![by_did, by_key]
}

fn wire(format: Format) -> WireFormat {
    match format {
        Format::SdJwtVc => WireFormat::SdJwtVc,
        Format::LdpVc => WireFormat::LdpVc,
        Format::MsoMdoc => WireFormat::MsoMdoc,
    }
}

impl Held {
    /// As the query language sees it.
    pub(super) fn candidate(&self) -> Candidate<'_> {
        let kind = match self.credential.format {
            Format::SdJwtVc => CredentialKind::Vct(&self.type_names),
            Format::LdpVc => CredentialKind::Types(&self.type_names),
            Format::MsoMdoc => CredentialKind::Doctype(self.type_names.first().map_or("", String::as_str)),
        };
        let format = wire(self.credential.format);
        let authorities = &self.authorities;
        Candidate { format, kind, claims: self.content.root(), holder_bound: true, authorities }
    }

    /// Whether the verifier says that it can check this credential and a presentation of it. What it does not mention,
    /// it takes.
    pub(super) fn is_taken_by(&self, verifier: &ClientMetadata) -> bool {
        let Some(formats) = &verifier.vp_formats_supported else { return true };
        let Some(holder) = self.content.holder().map(|key| key.algorithm()) else { return false };
        match &self.content {
            Content::SdJwt(_) => {
                formats.sd_jwt_vc.as_ref().is_none_or(|takes| takes_alg(takes.kb_jwt.as_ref(), holder))
            }
            Content::Ldp { .. } => formats.ldp_vc.as_ref().is_none_or(|takes| {
                takes.cryptosuite_values.as_ref().is_none_or(|suites| {
                    let suite = credentials::data_integrity::Cryptosuite::of(holder).name();
                    suites.iter().any(|name| name == suite)
                })
            }),
            Content::Mdoc { .. } => formats.mso_mdoc.as_ref().is_none_or(|takes| {
                let device = takes.device.as_ref();
                device.is_none_or(|numbers| numbers.iter().any(|number| holder.is_numbered(*number)))
            }),
        }
    }
}

fn takes_alg(names: Option<&Vec<String>>, algorithm: Algorithm) -> bool {
    names.is_none_or(|names| names.iter().any(|name| algorithm.is_named(name)))
}
