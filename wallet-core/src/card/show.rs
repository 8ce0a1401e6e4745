//! Claims as they are shown.

use credentials::catalogue::{self, CredentialType};
use registry::LocalText;
use serde_json::{Map, Value};

use super::{ClaimView, text};

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
