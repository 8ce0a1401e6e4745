//! Everything in clear.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::TO_COLLECT;
use crate::{
    Wallet,
    chain::Chain,
    held::{CARDS, StoredCard},
    log::LOG,
    receive,
    vault::VaultError,
};

impl Wallet {
    /// Everything that the wallet keeps about its holder, to be read by her and by programs (PIPL art. 45): cards with
    /// their claims and the credentials themselves, what is to be collected again, what is under way with issuers and what of it
    /// came, logins that wait for a browser, the log; and what tells where she has been: the chain's records of which it has
    /// evidence, and the keys by which she is known. In clear: it is hers to guard. Only what lets somebody act in her place is
    /// not in it: tokens, and the keys themselves, which no device gives.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn export(&self) -> Result<Value, VaultError> {
        let context = self.context();
        let mut cards = context.vault.all(&CARDS)?;
        sorted::sort_by_key(&mut cards, |(_, card)| std::cmp::Reverse(card.received));
        let cards: Vec<Value> = cards.iter().map(|(id, card)| self.exported(id, card)).collect();
        let to_collect = context.vault.all(&TO_COLLECT)?;
        let to_collect: Vec<Value> = to_collect.iter().map(|(id, card)| self.exported(id, card)).collect();
        let log = context.vault.all(&LOG)?;
        let log: Vec<Value> = log
            .iter()
            .map(|(id, record)| json!({ "id": id, "at": record.at, "event": record.event }))
            .collect();
        let evidence = Chain::kept_of(&context.vault)?.into_iter();
        let evidence: Vec<Value> =
            evidence.map(|(key, at)| json!({ "record": key.to_string(), "at": at })).collect();
        let keys: BTreeSet<String> =
            sorted::collect(receive::all_keys(context)?.into_iter().map(|key| key.0));
        Ok(json!({
            "exported": context.now(),
            "cards": cards,
            "unreadableCards": self.unreadable_cards()?,
            "toCollect": to_collect,
            "waiting": receive::waiting(context)?,
            "collecting": receive::exported_collecting(context)?,
            "logins": receive::exported_logins(context)?,
            "issuersKeys": receive::exported_instances(context)?,
            "keys": keys,
            "biometrics": self.has_biometrics()?,
            "evidence": evidence,
            "log": log,
        }))
    }

    fn exported(&self, id: &str, card: &StoredCard) -> Value {
        let one = |one: &crate::held::StoredCredential| {
            json!({
                "format": one.format, "credential": one.text, "shownTo": one.shown_to, "key": one.key,
                "issued": one.issued, "expires": one.expires,
            })
        };
        json!({
            "id": id,
            "card": self.shown(id, card).ok(),
            "collectedAt": card.collected_at,
            "credentials": card.credentials.iter().map(one).collect::<Vec<_>>(),
        })
    }
}
