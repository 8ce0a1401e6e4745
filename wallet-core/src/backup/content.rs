//! What is in a backup, and what becomes of it on another device.

use std::fmt;

use protocol::Endpoint;
use registry::{Did, Hash32, LocalText, UnixMillis};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{BackupError, BadBackup};
use crate::{
    card::{self, Face},
    context::Context,
    held::{CARDS, StoredCard},
    log::{LOG, LogRecord},
    receive,
    vault::{Sealed, VaultError, VaultTx},
};

/// Cards that were restored, by the ids they had: their keys stayed in the other device, so they must be issued again.
pub(crate) const TO_COLLECT: Sealed<StoredCard> = Sealed::new("to-collect");

/// A card of a backup that can't be shown to anyone before its issuer gives it anew: its keys were the other device's.
/// Personal: `Debug` shows only which card it is.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToCollect {
    /// Its id.
    pub id: String,
    /// The catalogue's id of its type.
    pub kind: String,
    /// What its type is called.
    pub label: LocalText,
    /// Whose it is.
    pub holder_line: String,
    /// Who issued it.
    pub issuer: Did,
    /// The issuer's registered name.
    pub issuer_name: LocalText,
    /// Where it can be collected by logging in; `None`: ask the issuer for an offer.
    pub collect_at: Option<Endpoint>,
}

impl fmt::Debug for ToCollect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToCollect").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Content {
    made: UnixMillis,
    pub(super) chain: Hash32,
    cards: Vec<(String, StoredCard)>,
    log: Vec<(String, LogRecord)>,
    /// Credentials that the issuer was still preparing, by the issuer's address: only the other device could fetch them.
    waiting: Vec<Endpoint>,
}

/// What came of a restoration. Together it names everything that was in the backup. Personal: `Debug` counts.
#[derive(Clone, PartialEq, Eq)]
pub struct Restored {
    /// When the backup was made.
    pub made: UnixMillis,
    /// The cards, each to be collected again.
    pub to_collect: Vec<ToCollect>,
    /// Entries of the log that are there again.
    pub log_entries: usize,
    /// Issuers who were still preparing something: ask them anew.
    pub waiting: Vec<Endpoint>,
}

impl fmt::Debug for Restored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Restored")
            .field("made", &self.made)
            .field("to_collect", &self.to_collect.len())
            .field("log_entries", &self.log_entries)
            .field("waiting", &self.waiting.len())
            .finish()
    }
}

impl Content {
    /// Everything that the wallet keeps and another device can use. What is still to be collected stays so.
    pub(super) fn of(context: &Context) -> Result<Self, VaultError> {
        let vault = &context.vault;
        let mut cards = vault.all(&CARDS)?;
        cards.extend(vault.all(&TO_COLLECT)?);
        // A token that only this device's key makes worth something.
        cards.iter_mut().for_each(|(_, card)| card.renewal = None);
        Ok(Self {
            made: context.now(),
            chain: context.chain.anchor.chain_id,
            cards,
            log: vault.all(&LOG)?,
            waiting: receive::waiting(context)?,
        })
    }

    pub(super) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, BackupError> {
        serde_json::to_vec(self).map(Zeroizing::new).map_err(|_| VaultError::OtherForm("backup").into())
    }

    pub(super) fn read(plain: &[u8]) -> Result<Self, BadBackup> {
        objects::from_slice(plain).map_err(|_| BadBackup::Content)
    }

    /// Puts it into a new vault.
    pub(super) fn put(self, tx: &mut VaultTx<'_, '_>) -> Result<(), VaultError> {
        for (id, card) in &self.cards {
            tx.put(&TO_COLLECT, id, card)?;
        }
        for (id, record) in &self.log {
            tx.put(&LOG, id, record)?;
        }
        // Later entries have greater ids: go on after the last one.
        let last = self.log.last().and_then(|(id, _)| id.parse().ok()).unwrap_or_default();
        tx.go_on_after(last);
        Ok(())
    }

    /// Says what of it becomes what.
    pub(super) fn summary(&self, context: &Context) -> Restored {
        Restored {
            made: self.made,
            to_collect: self.cards.iter().map(|(id, card)| to_collect(context, id, card)).collect(),
            log_entries: self.log.len(),
            waiting: self.waiting.clone(),
        }
    }
}

/// What is to be collected, as it is listed. Of a card that this version can't show it says the type and the issuer.
pub(super) fn to_collect(context: &Context, id: &str, stored: &StoredCard) -> ToCollect {
    let kind = context.catalogue.by_id(stored.kind.as_str());
    let no_state = card::CardState::Unknown { last: None };
    let shown =
        kind.zip(Face::of(stored, context.catalogue).ok()).map(|(kind, face)| face.show(id, kind, no_state));
    let name = || LocalText::new(stored.kind.to_string(), stored.kind.to_string());
    ToCollect {
        id: id.to_owned(),
        kind: stored.kind.to_string(),
        label: kind.map_or_else(name, |kind| card::local(&kind.label)),
        holder_line: shown.map(|card| card.holder_line).unwrap_or_default(),
        issuer: stored.issuer.clone(),
        issuer_name: stored.issuer_name.clone(),
        collect_at: stored.collected_at.clone(),
    }
}
