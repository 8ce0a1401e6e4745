//! Correcting what was issued: a new application in place of the old one, whose credentials are revoked with it.
//!
//! One write notes both: the revocations that are asked for, and the application that takes their place. The new one gives
//! nothing to collect until every revocation is final on the chain (`offers`). So a crash, or a chain that is away, leaves
//! either nothing or both on their way; and nobody holds the old and the new at once.

use credentials::catalogue::{CredentialType, Kind, LicenceIdentifier};
use rand_core::OsRng;
use serde_json::{Map, Value};
use store::{Store, StoreError};

use crate::audit::{Deed, Note as _, Noting};
use crate::clock::Moment;
use crate::desk::{put_changed, put_new};
use crate::model::{
    Application, Change, ChangeRefused, Correction, Happening, Id, Member, Pending, Personal, Standing,
};
use crate::status::Why;
use crate::tables::{APPLICATIONS, CREDENTIALS, PENDING};

/// What corrects a credential.
pub(crate) struct Corrected {
    /// The application that takes the old one's place.
    pub(crate) application: Application,
    /// The revocations that are noted and must be carried out now.
    pub(crate) revokes: Vec<Id>,
}

/// Why nothing was corrected, and nothing revoked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReissueRefused {
    /// There is no such credential.
    #[error("there is no such credential")]
    Unknown,
    /// A credential's status doesn't allow it.
    #[error(transparent)]
    Status(#[from] ChangeRefused),
    /// It was corrected before.
    #[error("this credential was corrected before")]
    Again(Id),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Notes the correction of a credential with claims that were checked. Durable when it returns; the revocations are not
/// carried out yet.
pub(crate) async fn correct(
    store: &Store,
    credential: Id,
    made: Application,
    claims: Map<String, Value>,
    by: Member,
    why: Why,
    now: Moment,
) -> Result<Corrected, ReissueRefused> {
    let noting = Noting::by(&by.actor(), now);
    let noted = store.write_async(move |tx| {
        let record = tx.get(&CREDENTIALS, credential.key())?.ok_or(ReissueRefused::Unknown)?;
        let mut old = tx.get(&APPLICATIONS, record.application.key())?.ok_or(ReissueRefused::Unknown)?;
        if let Some(by) = old.corrected_by {
            return Err(ReissueRefused::Again(by));
        }
        record.standing.allows(Change::Revoke)?;
        let mut revokes = Vec::new();
        for id in old.issued.values().copied().collect::<Vec<_>>() {
            let mut record = tx.get(&CREDENTIALS, id.key())?.ok_or(ReissueRefused::Unknown)?;
            if record.standing == Standing::Revoked {
                continue;
            }
            record.ask(Pending {
                change: Change::Revoke,
                by: by.actor(),
                at: now.seconds,
                code: why.code.clone(),
                reason: Personal(why.text.clone()),
            })?;
            // Whoever carries it out claims it.
            tx.put(&PENDING, id.key(), &None)?;
            tx.put(&CREDENTIALS, id.key(), &record)?;
            let deed = Deed::new("status-change-asked").about("credential", id);
            noting.note(tx, deed.about("change", Change::Revoke.code()))?;
            revokes.push(id);
        }
        let mut application = made;
        application.corrects = Some(Correction { of: old.id, revokes: revokes.clone() });
        old.corrected_by = Some(application.id);
        let state = old.state;
        put_changed(tx, state, &old)?;
        put_new(tx, &application, &claims)?;
        let deed = Deed::new("credential-corrected").about("credential", credential);
        noting.note(tx, deed.about("application", application.id))?;
        Ok(Corrected { application, revokes })
    });
    noted.await
}

/// The application that a correction makes: approved by who corrects.
pub(crate) fn made(
    of: &CredentialType,
    holder: String,
    marks: Vec<String>,
    by: &Member,
    now: Moment,
) -> Application {
    let id = Id::new(now.ms, &mut OsRng);
    let mut made = Application::prepared(id, &of.id, holder, by.actor(), now.seconds, Happening::Reissued);
    made.marks = marks;
    made
}

/// The next version of every e-licence identifier among the claims (GB/T 36904); false if one has no next version.
pub(crate) fn next_version(of: &CredentialType, claims: &mut Map<String, Value>) -> bool {
    let identifiers = of.claims.iter().filter(|claim| claim.kind == Kind::LicenceIdentifier);
    for name in identifiers.map(|claim| &claim.name) {
        let Some(text) = claims.get(name).and_then(Value::as_str) else { continue };
        let next = LicenceIdentifier::parse(text).ok().and_then(|identifier| identifier.next_version());
        let Some(next) = next else { return false };
        claims.insert(name.clone(), next.as_str().into());
    }
    true
}
