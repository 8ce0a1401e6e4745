//! The face of a card: what lists show of it, and what its state follows from.
//!
//! A card's credentials are tens of kilobytes. Its face is one or two, kept beside it, and never changes: a list opens no credential.

use credentials::{
    UnixSeconds,
    catalogue::{Catalogue, CredentialType},
    status::StatusRef,
};
use registry::{Did, KeyId, LocalText, SignatureTag, Slug, UnixMillis};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Card, CardState, Format, show};
use crate::{
    held::{RegistryStatus, StoredCard, StoredCredential, registry_status},
    vault::VaultError,
};

/// What stands on a card. All of it follows from the card: whoever changes how raises the schema version, so that the faces of cards
/// that are there already are made anew.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Face {
    /// The catalogue's id of its type.
    pub(crate) kind: Slug,
    pub(crate) issuer: Did,
    pub(crate) issuer_name: LocalText,
    pub(crate) received: UnixMillis,
    /// What it says of its subject.
    pub(crate) claims: Map<String, Value>,
    pub(crate) credentials: Vec<Trace>,
}

/// What of one credential the chain can tell something about.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Trace {
    pub(crate) id: String,
    pub(crate) format: Format,
    /// The issuer's key that signed it.
    pub(crate) issuer_key: KeyId,
    pub(crate) issued: UnixMillis,
    pub(crate) expires: Option<UnixSeconds>,
    pub(crate) status: Option<StatusRef>,
    /// Which signature of its issuer's it carries; none if it can't be read, or its proof hides it.
    pub(crate) signature: Option<SignatureTag>,
}

impl Trace {
    fn of(credential: &StoredCredential) -> Self {
        Self {
            id: credential.id.clone(),
            format: credential.format,
            issuer_key: credential.issuer_key.clone(),
            issued: credential.issued,
            expires: credential.expires,
            status: credential.status.clone(),
            signature: credential.content().ok().and_then(|content| content.issuer_signature()),
        }
    }

    /// Where on the chain its status is; `None` if it has none there.
    pub(crate) fn registry_status(&self) -> Option<RegistryStatus> {
        registry_status(self.status.as_ref())
    }
}

impl Face {
    /// # Errors
    /// [`VaultError::OtherForm`] for a card of a type that the catalogue does not have, or that can't be read.
    pub(crate) fn of(card: &StoredCard, catalogue: &Catalogue) -> Result<Self, VaultError> {
        let other_form = || VaultError::OtherForm("cards");
        let kind = catalogue.by_id(card.kind.as_str()).ok_or_else(other_form)?;
        let first = card.credentials.first().ok_or_else(other_form)?;
        Ok(Self {
            kind: card.kind.clone(),
            issuer: card.issuer.clone(),
            issuer_name: card.issuer_name.clone(),
            received: card.received,
            claims: first.content()?.claims(kind),
            credentials: card.credentials.iter().map(Trace::of).collect(),
        })
    }

    /// The card as the holder sees it.
    pub(crate) fn show(&self, id: &str, kind: &CredentialType, state: CardState) -> Card {
        let claims = show::claim_views(kind, &self.claims);
        let holder_line = claims.iter().find(|claim| claim.name == kind.holder_line);
        let mut formats: Vec<_> = self.credentials.iter().map(|credential| credential.format).collect();
        sorted::sort(&mut formats);
        formats.dedup();
        Card {
            id: id.to_owned(),
            kind: kind.id.clone(),
            label: show::local(&kind.label),
            colours: kind.colours.clone(),
            pattern: kind.pattern,
            issuer: self.issuer.clone(),
            issuer_name: self.issuer_name.clone(),
            holder_line: holder_line.and_then(|claim| claim.value.as_str()).unwrap_or_default().to_owned(),
            formats,
            received: self.received,
            valid_until: self.credentials.iter().filter_map(|credential| credential.expires).min(),
            state,
            claims,
        }
    }
}
