//! Correcting what was issued: a new application in place of the old one, whose credentials are revoked with it.
//!
//! One write notes both: the revocations that are asked for, and the application that takes their place. The new one gives
//! nothing to collect until every revocation is final on the chain (`offers`). So a crash, or a chain that is away, leaves
//! either nothing or both on their way; and nobody holds the old and the new at once.
//!
//! Where the type takes two approvals, whoever corrects is the first. The new application waits on the desk, nothing is revoked,
//! and the old one counts as before; the second approval is the write that notes both.

use credentials::catalogue::{CredentialType, Kind, LicenceIdentifier};
use rand_core::OsRng;
use serde_json::{Map, Value};
use store::{Store, StoreError, Tx};

use crate::audit::{Deed, Note as _, Noting};
use crate::clock::Moment;
use crate::desk::{DecideError, put_changed, put_new};
use crate::model::{
    Actor, Application, Change, ChangeRefused, Correction, Id, Member, Pending, Personal, Standing, State,
};
use crate::status::{ChangeError, Statuses};
use crate::tables::{APPLICATIONS, CREDENTIALS, PENDING};

/// The catalogue's code of a revocation because of a correction.
const CORRECTED: &str = "corrected";

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
    /// Another correction of it waits for its second approval.
    #[error("a correction of this credential waits for its second approval")]
    Waits(Id),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of the revocations that a correction asks for.
#[derive(Debug)]
pub(crate) struct Revocations {
    /// Whether all of them are final on the chain.
    pub(crate) all: bool,
    /// The credentials that the chain refuses to revoke.
    pub(crate) refused: Vec<Id>,
}

/// Notes the correction of a credential with claims that were checked; `made` takes the place of the application before.
/// Durable when it returns; the revocations, if it is approved already, are not carried out yet.
pub(crate) async fn correct(
    store: &Store,
    credential: Id,
    made: Application,
    claims: Map<String, Value>,
    by: Member,
    reason: String,
    now: Moment,
) -> Result<Application, ReissueRefused> {
    let by = by.actor();
    let noting = Noting::by(&by, now);
    let noted = store.write_async(move |tx| {
        let record = tx.get(&CREDENTIALS, credential.key())?.ok_or(ReissueRefused::Unknown)?;
        let mut old = tx.get(&APPLICATIONS, record.application.key())?.ok_or(ReissueRefused::Unknown)?;
        if let Some(by) = old.corrected_by {
            return Err(ReissueRefused::Again(by));
        }
        if let Some(by) = old.being_corrected_by {
            return Err(ReissueRefused::Waits(by));
        }
        record.standing.allows(Change::Revoke)?;
        let mut application = made;
        let reason = Personal(reason);
        let (revokes, word) = if application.state.is_collectable() {
            old.corrected_by = Some(application.id);
            (ask_to_revoke::<ReissueRefused>(tx, &old, &by, &reason, &noting, now)?, "credential-corrected")
        } else {
            old.being_corrected_by = Some(application.id);
            (Vec::new(), "correction-asked")
        };
        application.corrects = Some(Correction { of: old.id, revokes, reason });
        put_changed(tx, old.state, &old)?;
        put_new(tx, &application, &claims)?;
        let deed = Deed::new(word).about("credential", credential);
        noting.note(tx, deed.about("application", application.id))?;
        Ok(application)
    });
    noted.await
}

/// Settles what an application corrects, in the write that decides it: once it is approved, what was issued before is asked to
/// be revoked; once it is rejected, that stays as it was. Of an application that corrects nothing, nothing.
pub(crate) fn decided(
    tx: &mut Tx<'_>,
    application: &mut Application,
    by: &Actor,
    noting: &Noting,
    now: Moment,
) -> Result<(), DecideError> {
    let Some(correction) = &mut application.corrects else { return Ok(()) };
    if !matches!(application.state, State::Approved | State::Rejected) {
        return Ok(());
    }
    let mut old = tx.get(&APPLICATIONS, correction.of.key())?.ok_or(DecideError::Unknown)?;
    old.being_corrected_by = None;
    if application.state == State::Approved {
        correction.revokes = ask_to_revoke::<DecideError>(tx, &old, by, &correction.reason, noting, now)?;
        if correction.revokes.is_empty() {
            // Withdrawn since: nothing takes its place.
            return Err(ChangeRefused::Revoked.into());
        }
        old.corrected_by = Some(application.id);
        noting.note(tx, Deed::new("credential-corrected").about("application", application.id))?;
    }
    Ok(put_changed(tx, old.state, &old)?)
}

/// Asks for the revocation of everything that was issued on an application and still counts; says what that is.
fn ask_to_revoke<E: From<ChangeRefused> + From<StoreError>>(
    tx: &mut Tx<'_>,
    old: &Application,
    by: &Actor,
    reason: &Personal<String>,
    noting: &Noting,
    now: Moment,
) -> Result<Vec<Id>, E> {
    let mut revokes = Vec::new();
    for id in old.issued.values().copied() {
        let Some(mut record) = tx.get(&CREDENTIALS, id.key())? else { continue };
        if record.standing == Standing::Revoked {
            continue;
        }
        record.ask(Pending {
            change: Change::Revoke,
            by: by.clone(),
            at: now.seconds,
            code: Some(CORRECTED.to_owned()),
            reason: reason.clone(),
        })?;
        // Whoever carries it out claims it.
        tx.put(&PENDING, id.key(), &None)?;
        tx.put(&CREDENTIALS, id.key(), &record)?;
        let deed = Deed::new("status-change-asked").about("credential", id);
        noting.note(tx, deed.about("change", Change::Revoke.code()))?;
        revokes.push(id);
    }
    Ok(revokes)
}

/// Carries out the revocations that a correction noted. What the chain doesn't take now is made later.
pub(crate) async fn carry_out(statuses: &Statuses, revokes: &[Id], now: Moment) -> Revocations {
    let mut outcome = Revocations { all: true, refused: Vec::new() };
    for id in revokes {
        match statuses.complete(*id, now).await {
            Ok(_) => {}
            Err(ChangeError::ChainRefuses { .. }) => {
                outcome.all = false;
                outcome.refused.push(*id);
            }
            Err(_) => outcome.all = false,
        }
    }
    outcome
}

/// Whether something that this application corrects still counts: then nothing takes its place.
pub(crate) fn waits_for_revocation(tx: &Tx<'_>, application: &Application) -> Result<bool, StoreError> {
    for before in application.corrects.iter().flat_map(|correction| &correction.revokes) {
        let record = tx.get(&CREDENTIALS, before.key())?;
        if record.is_some_and(|record| record.standing != Standing::Revoked) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The application that a correction makes: approved by who corrects, or waiting for the second approval.
pub(crate) fn made(
    of: &CredentialType,
    holder: String,
    marks: Vec<String>,
    by: &Member,
    now: Moment,
) -> Application {
    let (id, approvals) = (Id::new(now.ms, &mut OsRng), of.desk.approvals());
    let made = Application::reissued(id, &of.id, holder, by.actor(), now.seconds, approvals);
    Application { marks, ..made }
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
