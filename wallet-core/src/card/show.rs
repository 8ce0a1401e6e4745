//! From what is kept to what is shown.

use credentials::catalogue::{self, CredentialType};
use registry::LocalText;
use serde_json::{Map, Value};

use super::{Card, CardState, ClaimView, text};
use crate::{held::StoredCard, vault::VaultError};

/// The card as the holder sees it.
pub(crate) fn show(
    id: &str,
    stored: &StoredCard,
    kind: &CredentialType,
    state: CardState,
) -> Result<Card, VaultError> {
    let first = stored.credentials.first().ok_or(VaultError::OtherForm("cards"))?;
    let claims = claim_views(kind, &first.content()?.claims(kind));
    let holder_line = claims.iter().find(|claim| claim.name == kind.holder_line);
    let mut formats: Vec<_> = stored.credentials.iter().map(|credential| credential.format).collect();
    sorted::sort(&mut formats);
    formats.dedup();
    Ok(Card {
        id: id.to_owned(),
        kind: kind.id.clone(),
        label: local(&kind.label),
        colours: kind.colours.clone(),
        pattern: kind.pattern,
        issuer: stored.issuer.clone(),
        issuer_name: stored.issuer_name.clone(),
        holder_line: holder_line.and_then(|claim| claim.value.as_str()).unwrap_or_default().to_owned(),
        formats,
        received: stored.received,
        valid_until: stored.credentials.iter().filter_map(|credential| credential.expires).min(),
        state,
        claims,
    })
}

/// Claims in the order of their type, those that the type does not know last.
pub(crate) fn claim_views(kind: &CredentialType, claims: &Map<String, Value>) -> Vec<ClaimView> {
    let known = kind.claims.iter().filter_map(|claim| {
        let value = claims.get(&claim.name)?;
        Some(ClaimView {
            name: claim.name.clone(),
            label: local(&claim.label),
            kind: Some(claim.kind),
            text: text::of(claim, value),
            value: value.clone(),
        })
    });
    let unknown =
        claims.iter().filter(|(name, _)| kind.claim(name).is_none()).map(|(name, value)| ClaimView {
            name: name.clone(),
            label: kind.label_of(name).map_or_else(|| LocalText::new(name, name), local),
            kind: None,
            text: match kind.element_in_words(name, value) {
                Some(words) => LocalText::new(words.clone(), words),
                None => text::plain(value),
            },
            value: value.clone(),
        });
    known.chain(unknown).collect()
}

pub(crate) fn local(text: &catalogue::Text) -> LocalText {
    LocalText::new(&text.zh, &text.en)
}
