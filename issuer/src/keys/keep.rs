//! Standing by what was signed before a key was compromised: each signature is named on the chain, so that no date that a thief
//! writes can pass for one of ours.

use std::collections::BTreeMap;

use registry::{KeptSignature, Slug};
use service::node::SubmitError;
use store::Range;

use super::compromise::Progress;
use super::row::Signed;
use super::{Keys, KeysError};
use crate::clock::Moment;
use crate::model::Standing;
use crate::tables::{COMPROMISED, CREDENTIALS, SIGNED};

/// Signatures named at once; the chain takes 1,024.
const AT_ONCE: usize = 512;
/// Pages in a row, before something else gets its turn.
const PAGES: usize = 16;

impl Keys {
    /// Names what is left to name, or as much as its turn allows. True when all is named.
    pub(super) async fn stand_by(&self, key: &Slug, now: Moment) -> Result<bool, KeysError> {
        for _ in 0..PAGES {
            let found = self.store.get(&COMPROMISED, key.as_str())?.ok_or(KeysError::Unknown)?;
            if found.progress != Progress::Declared {
                return Ok(true);
            }
            let range = Range::prefix((key.as_str(),));
            let range = match found.cursor {
                Some(cursor) => range.after((key.as_str(), cursor)),
                None => range,
            };
            let page = self.store.page(&SIGNED, &range, AT_ONCE)?;
            let Some(last) = page.last().map(|((_, at), _)| *at) else {
                self.progressed(key, Progress::Done, now).await?;
                return Ok(true);
            };
            let mut lists: BTreeMap<u32, Vec<KeptSignature>> = BTreeMap::new();
            let (mut kept, mut left_out) = (0, 0);
            for (_, signed) in &page {
                if signed.at.0 < found.since.seconds() && self.counts(signed)? {
                    let one = KeptSignature { index: signed.index, tag: signed.tag };
                    lists.entry(signed.list).or_default().push(one);
                } else {
                    left_out += 1;
                }
            }
            for (list, signatures) in lists {
                let count = u64::try_from(signatures.len()).unwrap_or_default();
                let named = self.name(list, signatures).await?;
                kept += named;
                left_out += count - named;
            }
            let name = key.clone();
            self.store
                .write_async(move |tx| {
                    let mut found = tx.get(&COMPROMISED, name.as_str())?.ok_or(KeysError::Unknown)?;
                    // Another instance may have been quicker.
                    if found.cursor.is_none_or(|cursor| cursor < last) {
                        found.cursor = Some(last);
                        found.kept += kept;
                        found.left_out += left_out;
                        tx.put(&COMPROMISED, name.as_str(), &found)?;
                    }
                    Ok::<_, KeysError>(())
                })
                .await?;
        }
        self.left_behind.notify_one();
        Ok(false)
    }

    fn counts(&self, signed: &Signed) -> Result<bool, KeysError> {
        let record = self.store.get(&CREDENTIALS, signed.credential.key())?;
        Ok(record.is_some_and(|record| record.standing != Standing::Revoked))
    }

    /// How many of these the chain took. Where it refuses them together, each goes by itself.
    async fn name(&self, list: u32, signatures: Vec<KeptSignature>) -> Result<u64, KeysError> {
        let count = u64::try_from(signatures.len()).unwrap_or_default();
        match self.ledger.keep(list, signatures.clone()).await {
            Ok(_) => Ok(count),
            Err(SubmitError::Rejected { code, .. }) if count > 1 => {
                tracing::warn!(%code, list, "the chain refuses to have these signatures named together");
                let mut named = 0;
                for one in signatures {
                    named += Box::pin(self.name(list, vec![one])).await?;
                }
                Ok(named)
            }
            Err(SubmitError::Rejected { code, .. }) => {
                tracing::error!(%code, list, "the chain refuses to have a signature named; its holder must collect again");
                Ok(0)
            }
            Err(error) => {
                tracing::warn!(%error, "signatures that we stand by are not on the chain yet");
                Err(KeysError::Queued)
            }
        }
    }
}
