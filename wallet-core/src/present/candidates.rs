//! Which of the holder's credentials can answer, in a form the verifier takes.

use credentials::key::Algorithm;
use protocol::{
    Format as WireFormat,
    dcql::{Candidate, CredentialKind},
    openid4vp::ClientMetadata,
};

use crate::{
    card::Format,
    context::Context,
    held::{CARDS, Content, StoredCard, StoredCredential},
    vault::VaultError,
};

/// A credential held, taken apart.
pub(super) struct Held {
    pub(super) card_id: String,
    pub(super) card: StoredCard,
    pub(super) credential: StoredCredential,
    pub(super) content: Content,
    type_names: Vec<String>,
}

/// Every credential in the wallet, the newest card first.
pub(super) fn all(context: &Context) -> Result<Vec<Held>, VaultError> {
    let mut cards = context.vault.all(&CARDS)?;
    cards.sort_by_key(|(_, card)| std::cmp::Reverse(card.received));
    let mut held = Vec::new();
    for (card_id, card) in cards {
        for credential in &card.credentials {
            let content = credential.content()?;
            held.push(Held {
                card_id: card_id.clone(),
                type_names: content.type_names(),
                credential: credential.clone(),
                card: card.clone(),
                content,
            });
        }
    }
    Ok(held)
}

impl Held {
    /// As the query language sees it.
    pub(super) fn candidate(&self) -> Candidate<'_> {
        let (format, kind) = match self.credential.format {
            Format::SdJwtVc => (WireFormat::SdJwtVc, CredentialKind::Vct(&self.type_names)),
            Format::LdpVc => (WireFormat::LdpVc, CredentialKind::Types(&self.type_names)),
        };
        Candidate { format, kind, claims: self.content.root(), holder_bound: true, authorities: &[] }
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
        }
    }
}

fn takes_alg(names: Option<&Vec<String>>, algorithm: Algorithm) -> bool {
    names.is_none_or(|names| names.iter().any(|name| algorithm.is_named(name)))
}
