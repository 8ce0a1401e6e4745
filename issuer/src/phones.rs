//! Lost phones: what a phone collected here is revoked, and the phone gets nothing more.
//!
//! A department knows a phone by the key that it shows for its tokens (RFC 9449); a wallet shows each department another one,
//! and the same one to it each time. One write takes note of the loss: the phone's tokens are worth nothing from then, and a
//! revocation is asked for of everything that is on it. They are final on the chain at once, or when the chain is back; what
//! was revoked so its holder collects again on a new phone, under fresh keys.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use store::{Range, Store, StoreError, Tx, View};

use crate::audit::{Deed, Note as _, Noting};
use crate::clock::Moment;
use crate::core::Core;
use crate::model::{
    Actor, Application, Change, CredentialRecord, Id, PHONE_LOST, Pending, Personal, Standing,
};
use crate::status::{ChangeError, Why};
use crate::tables::{APPLICATIONS, CREDENTIALS, ON_PHONE, PENDING, PHONES_LOST};

/// Credentials of one phone that are dealt with at once.
const MOST: usize = 1000;

/// What was on a phone that was declared lost.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    /// Revoked, finally.
    pub(crate) revoked: Vec<Id>,
    /// Noted: the chain is away or is just being told. They are revoked once it is there.
    pub(crate) waiting: Vec<Id>,
    /// The chain refuses to revoke these; somebody must see to it.
    pub(crate) refused: Vec<Id>,
}

/// Why no phone was declared lost.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LostRefused {
    /// There is no such credential or application.
    #[error("there is no such credential")]
    Unknown,
    /// Nothing was collected on it.
    #[error("nothing was collected yet")]
    NothingCollected,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is on the phone that holds a credential, as far as it came from here and still counts; the newest last. Where no phone
/// is known, what was collected on the same application.
pub(crate) fn on_phone(store: &Store, credential: Id) -> Result<Vec<CredentialRecord>, LostRefused> {
    store.read(|view| {
        let record = view.get(&CREDENTIALS, credential.key())?.ok_or(LostRefused::Unknown)?;
        still_counting(&view, &record)
    })
}

/// Whether a phone was declared lost.
pub(crate) fn is_lost(store: &Store, phone: &str) -> Result<bool, StoreError> {
    Ok(store.get(&PHONES_LOST, phone)?.is_some())
}

/// The staff declares the phone lost that holds a credential: everything on it is revoked, whoever's it is.
pub(crate) async fn lost(
    app: &Core,
    credential: Id,
    by: Actor,
    reason: String,
) -> Result<Declared, LostRefused> {
    declare(app, Named::Credential(credential), by, reason).await
}

/// Who applied declares the phone lost on which it was collected: what is revoked is hers. Of other holders, who may carry
/// credentials on the same phone, their own word or a clerk's is needed.
pub(crate) async fn lost_by_applicant(app: &Core, application: Id) -> Result<Declared, LostRefused> {
    declare(app, Named::Application(application), Actor::Applicant, String::new()).await
}

#[derive(Clone, Copy)]
enum Named {
    Credential(Id),
    Application(Id),
}

async fn declare(app: &Core, named: Named, by: Actor, reason: String) -> Result<Declared, LostRefused> {
    let now = app.now();
    let why = Why { code: Some(PHONE_LOST.to_owned()), text: reason };
    let asked = app.store.write_async(move |tx| note(tx, named, &by, &why, now)).await?;
    let outcomes = join_all(asked.iter().map(|id| app.statuses.complete(*id, now))).await;
    let mut declared = Declared::default();
    for (id, outcome) in asked.into_iter().zip(outcomes) {
        match outcome {
            Ok(_) => declared.revoked.push(id),
            Err(ChangeError::ChainRefuses { .. }) => declared.refused.push(id),
            Err(ChangeError::Store(error)) => return Err(error.into()),
            Err(ChangeError::Unknown | ChangeError::Refused(_) | ChangeError::Queued) => {
                declared.waiting.push(id);
            }
        }
    }
    Ok(declared)
}

/// All of it in one write; says which revocations are to be carried out.
fn note(tx: &mut Tx<'_>, named: Named, by: &Actor, why: &Why, now: Moment) -> Result<Vec<Id>, LostRefused> {
    let noting = Noting::by(by, now);
    let (starts, owner) = match named {
        Named::Credential(id) => (vec![id], None),
        Named::Application(id) => {
            let application = tx.get(&APPLICATIONS, id.key())?.ok_or(LostRefused::Unknown)?;
            (application.issued.values().copied().collect(), Some(application))
        }
    };
    let (mut phones, mut found) = (BTreeSet::new(), BTreeSet::new());
    for id in starts {
        let record = tx.get(&CREDENTIALS, id.key())?.ok_or(LostRefused::Unknown)?;
        phones.extend(record.phone.clone());
        found.extend(still_counting(tx, &record)?.into_iter().map(|record| record.id));
    }
    if phones.is_empty() && found.is_empty() {
        return Err(LostRefused::NothingCollected);
    }
    for phone in &phones {
        tx.put(&PHONES_LOST, phone, &now.seconds)?;
    }
    let mut asked = Vec::new();
    for id in found {
        let mut record = tx.get(&CREDENTIALS, id.key())?.ok_or(LostRefused::Unknown)?;
        if let Some(owner) = &owner
            && !is_of(tx, &record, owner)?
        {
            continue;
        }
        if record.pending.as_ref().is_none_or(|pending| pending.change != Change::Revoke) {
            // A suspension on its way is no reason to wait: the chain takes nothing after a revocation.
            record.pending = None;
            let reason = Personal(why.text.clone());
            let (change, at, code) = (Change::Revoke, now.seconds, why.code.clone());
            let pending = Pending { change, by: by.clone(), at, code, reason };
            // What is revoked meanwhile needs nothing.
            if record.ask(pending).is_err() {
                continue;
            }
            let deed = Deed::new("status-change-asked").about("credential", id);
            noting.note(tx, deed.about("change", Change::Revoke.code()))?;
            tx.put(&CREDENTIALS, id.key(), &record)?;
        }
        // Whoever carries it out claims it.
        tx.put(&PENDING, id.key(), &None)?;
        asked.push(id);
    }
    let count = u32::try_from(asked.len()).unwrap_or(u32::MAX);
    let deed = match named {
        Named::Credential(id) => Deed::new("phone-lost").about("credential", id),
        Named::Application(id) => Deed::new("phone-lost").about("application", id),
    };
    noting.note(tx, deed.about("credentials", count))?;
    Ok(asked)
}

/// Whether a credential is of the holder of an application: by the same application, or the same mark.
fn is_of(tx: &Tx<'_>, record: &CredentialRecord, owner: &Application) -> Result<bool, StoreError> {
    if record.application == owner.id {
        return Ok(true);
    }
    let other = tx.get(&APPLICATIONS, record.application.key())?;
    Ok(other.is_some_and(|other| other.marks.iter().any(|mark| owner.marks.contains(mark))))
}

fn still_counting(rows: &impl Rows, record: &CredentialRecord) -> Result<Vec<CredentialRecord>, LostRefused> {
    let ids = match &record.phone {
        Some(phone) => rows.ids(phone)?,
        None => rows.application(record.application)?.issued.into_values().collect(),
    };
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(rows.record(id)?.filter(|record| record.standing != Standing::Revoked));
    }
    Ok(found)
}

/// What is read for looking as for declaring.
trait Rows {
    fn ids(&self, phone: &str) -> Result<Vec<Id>, StoreError>;
    fn record(&self, id: Id) -> Result<Option<CredentialRecord>, StoreError>;
    fn application(&self, id: Id) -> Result<Application, LostRefused>;
}

impl Rows for View<'_> {
    fn ids(&self, phone: &str) -> Result<Vec<Id>, StoreError> {
        let page = self.page(&ON_PHONE, &Range::prefix((phone,)), MOST)?;
        Ok(page.into_iter().map(|((_, key), ())| Id::from_key(key)).collect())
    }

    fn record(&self, id: Id) -> Result<Option<CredentialRecord>, StoreError> {
        self.get(&CREDENTIALS, id.key())
    }

    fn application(&self, id: Id) -> Result<Application, LostRefused> {
        self.get(&APPLICATIONS, id.key())?.ok_or(LostRefused::Unknown)
    }
}

impl Rows for Tx<'_> {
    fn ids(&self, phone: &str) -> Result<Vec<Id>, StoreError> {
        let page = self.page(&ON_PHONE, &Range::prefix((phone,)), MOST)?;
        Ok(page.into_iter().map(|((_, key), ())| Id::from_key(key)).collect())
    }

    fn record(&self, id: Id) -> Result<Option<CredentialRecord>, StoreError> {
        self.get(&CREDENTIALS, id.key())
    }

    fn application(&self, id: Id) -> Result<Application, LostRefused> {
        self.get(&APPLICATIONS, id.key())?.ok_or(LostRefused::Unknown)
    }
}
