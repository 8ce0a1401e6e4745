//! Finding entries of the log, and deleting old ones.

use registry::{Did, LocalText, UnixMillis};

use crate::{
    Wallet,
    log::{Event, LOG, LogEntry},
    vault::VaultError,
};

/// What is looked for; what is not set is not looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// Stands somewhere in a name, a purpose, a claim or its label, in any case.
    pub text: Option<String>,
    /// By or to this verifier.
    pub verifier: Option<Did>,
    /// Of this card.
    pub card: Option<String>,
    /// Not before.
    pub from: Option<UnixMillis>,
    /// Before.
    pub until: Option<UnixMillis>,
    /// Only where something left.
    pub shared_only: bool,
}

impl Wallet {
    /// At most `limit` entries of the log before the entry `before` that fit a query, the newest first.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn search_log(
        &self,
        query: &LogQuery,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<LogEntry>, VaultError> {
        const PAGE: usize = 256;
        let (mut found, mut before) = (Vec::new(), before.map(str::to_owned));
        loop {
            let page = self.log(before.as_deref(), PAGE)?;
            let Some(last) = page.last() else { return Ok(found) };
            before = Some(last.id.clone());
            for entry in page.into_iter().filter(|entry| query.fits(entry)) {
                if found.len() == limit {
                    return Ok(found);
                }
                found.push(entry);
            }
        }
    }

    /// Deletes all entries of the log from before a time, as [`Wallet::delete_log_entry`] does one, and says how many.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn delete_log_before(&self, time: UnixMillis) -> Result<usize, VaultError> {
        let entries = self.context().vault.all(&LOG)?.into_iter();
        let old: Vec<String> = entries.filter(|(_, entry)| entry.at < time).map(|(id, _)| id).collect();
        let count = old.len();
        self.context().vault.write(move |tx| old.iter().try_for_each(|id| tx.remove(&LOG, id))).await?;
        if count > 0 {
            self.context().forget_strangers(UnixMillis(u64::MAX)).await?;
        }
        Ok(count)
    }
}

impl LogQuery {
    fn fits(&self, entry: &LogEntry) -> bool {
        let Self { text, verifier, card, from, until, shared_only } = self;
        let by = |wanted: &Did| match &entry.event {
            Event::Presented { asked, .. } | Event::Declined { asked } => asked.verifier == *wanted,
            Event::Refused { client_id, .. } => client_id.ends_with(&wanted.to_string()),
            Event::Received { .. } | Event::Deleted { .. } => false,
        };
        let of_card = |wanted: &String| match &entry.event {
            Event::Received { card, .. } => card == wanted,
            Event::Presented { shared, .. } => shared.iter().any(|shared| shared.card == *wanted),
            Event::Declined { .. } | Event::Refused { .. } | Event::Deleted { .. } => false,
        };
        from.is_none_or(|from| entry.at >= from)
            && until.is_none_or(|until| entry.at < until)
            && (!shared_only || matches!(entry.event, Event::Presented { .. }))
            && verifier.as_ref().is_none_or(by)
            && card.as_ref().is_none_or(of_card)
            && text.as_ref().is_none_or(|text| {
                let text = text.to_lowercase();
                words(&entry.event).iter().any(|word| word.to_lowercase().contains(&text))
            })
    }
}

/// Everything in an entry that people read.
fn words(event: &Event) -> Vec<&str> {
    fn both(text: &LocalText) -> [&str; 2] {
        [&text.zh, &text.en]
    }
    match event {
        Event::Received { label, issuer_name, .. } | Event::Deleted { label, issuer_name } => {
            [both(label), both(issuer_name)].concat()
        }
        Event::Presented { asked, shared, .. } => {
            let mut words = [both(&asked.verifier_name), both(&asked.purpose_name)].concat();
            for one in shared {
                words.extend(both(&one.label));
                words.extend(one.claims.iter().map(String::as_str));
                words.extend(one.labels.iter().flat_map(both));
            }
            words
        }
        Event::Declined { asked } => [both(&asked.verifier_name), both(&asked.purpose_name)].concat(),
        Event::Refused { client_id, name, reason, claims } => {
            let mut words = vec![client_id.as_str(), reason.as_str()];
            words.extend(name.iter().flat_map(both));
            words.extend(claims.iter().map(String::as_str));
            words
        }
    }
}
