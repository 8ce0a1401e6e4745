//! The checks that the chain answers: the issuer's key, its accreditation, the status.

use std::time::Duration;

use registry::history::{
    KeyNotValid, NotGranted, NotKept, accredited_in_second, kept_nevertheless, key_valid_in_second, list_has,
    status_at,
};
use registry::{Purpose, Record, RecordKey, Status, UnixMillis, VerificationKey};

use super::check::{Check, CheckId};
use super::facts::{Facts, Named};

/// How far the clocks of an issuer and the chain may be apart.
const SKEW: Duration = Duration::from_secs(120);

/// The key that the credential names, as the chain has it, current or retired; or the check that fails.
pub(super) fn issuer_key<'f>(named: &Named, facts: &'f Facts) -> Result<&'f VerificationKey, Check> {
    const ID: CheckId = CheckId::IssuerSignature;
    let Some(did) = &named.issuer else { return Err(Check::failed(ID, "issuer_not_of_the_chain")) };
    let Some(key) = &named.key else { return Err(Check::failed(ID, "no_key_named")) };
    if key.did != *did {
        return Err(Check::failed(ID, "key_of_another_controller"));
    }
    let proven =
        facts.get(&RecordKey::Did(did.clone())).ok_or_else(|| Check::unknown(ID, facts.missing()))?;
    match proven.record() {
        Some(Record::Did(record)) => {
            record.key(&key.fragment).ok_or_else(|| Check::failed(ID, "key_not_registered"))
        }
        Some(_) | None => Err(Check::failed(ID, "issuer_not_registered")),
    }
}

/// Was the key the issuer's, for signing credentials, when it signed?
pub(super) fn key_when_issued(named: &Named, issued: Option<UnixMillis>, facts: &Facts) -> Check {
    const ID: CheckId = CheckId::IssuerKeyValidWhenIssued;
    let (Some(did), Some(key)) = (&named.issuer, &named.key) else {
        return Check::failed(ID, "key_not_of_the_chain");
    };
    let Some(issued) = issued else { return Check::unknown(ID, "no_issue_date") };
    let record = RecordKey::Did(did.clone());
    let Some(proven) = facts.get(&record) else { return Check::unknown(ID, facts.missing()) };
    match key_valid_in_second(proven, key, Purpose::AssertionMethod, issued) {
        Ok(_) => Check::passed(ID).at(issued),
        Err(KeyNotValid::OtherRecord) => Check::failed(ID, "key_of_another_controller"),
        Err(KeyNotValid::UnknownDid) => Check::failed(ID, "issuer_not_registered"),
        Err(KeyNotValid::UnknownKey) => Check::failed(ID, "key_not_registered"),
        Err(KeyNotValid::OtherPurpose) => Check::failed(ID, "key_not_for_credentials"),
        Err(KeyNotValid::NotYet { from }) => Check::failed(ID, "key_later").at(from),
        Err(KeyNotValid::Retired { at }) => Check::failed(ID, "key_retired").at(at),
        Err(KeyNotValid::Compromised { since }) => Check::failed(ID, "key_compromised").at(since),
        Err(KeyNotValid::Doubted { since }) => stood_by(named, issued, since, facts),
    }
}

/// Does the issuer stand by this signature of a key that was compromised later? The date alone says nothing: whoever has the
/// key can write any.
fn stood_by(named: &Named, issued: UnixMillis, since: UnixMillis, facts: &Facts) -> Check {
    const ID: CheckId = CheckId::IssuerKeyValidWhenIssued;
    let doubted = Check::failed(ID, "key_compromised_later").at(since);
    let (Some((list, index)), Some(signature)) = (&named.entry, named.signature) else { return doubted };
    if named.issuer.as_ref() != Some(&list.owner) {
        return doubted;
    }
    let Some(kept) = facts.get(&RecordKey::kept_of(list, *index)) else {
        return Check::unknown(ID, facts.missing());
    };
    match kept_nevertheless(kept, list, *index, signature) {
        Ok(()) => Check::passed(ID).at(issued),
        Err(NotKept::OtherRecord | NotKept::Unknown) => doubted,
    }
}

/// Was the issuer accredited for this type when it issued?
pub(super) fn accredited(named: &Named, issued: Option<UnixMillis>, facts: &Facts) -> Check {
    const ID: CheckId = CheckId::IssuerAccredited;
    let Some(did) = &named.issuer else { return Check::failed(ID, "issuer_not_of_the_chain") };
    let Some(credential_type) = &named.credential_type else {
        return Check::failed(ID, "type_not_in_catalogue");
    };
    let Some(issued) = issued else { return Check::unknown(ID, "no_issue_date") };
    let record = RecordKey::Trust(did.clone(), credential_type.clone());
    let Some(proven) = facts.get(&record) else { return Check::unknown(ID, facts.missing()) };
    match accredited_in_second(proven, did, credential_type, issued) {
        Ok(_) => Check::passed(ID).at(issued),
        Err(NotGranted::OtherRecord | NotGranted::Never) => Check::failed(ID, "never_accredited"),
        Err(NotGranted::NotYet { from }) => Check::failed(ID, "accredited_later").at(from),
        Err(NotGranted::Lapsed { at }) => Check::failed(ID, "accreditation_lapsed").at(at),
        Err(NotGranted::Withdrawn { at }) => Check::failed(ID, "accreditation_withdrawn").at(at),
    }
}

/// Is it neither revoked nor suspended now?
pub(crate) fn status(named: &Named, has_status: bool, issued: Option<UnixMillis>, facts: &Facts) -> Check {
    const ID: CheckId = CheckId::Status;
    let Some((list, index)) = &named.entry else {
        return if has_status {
            Check::unknown(ID, "status_elsewhere")
        } else {
            Check::unknown(ID, "no_status")
        };
    };
    if named.issuer.as_ref() != Some(&list.owner) {
        return Check::failed(ID, "list_of_another");
    }
    let opened = facts.get(&RecordKey::StatusList(list.clone()));
    let chunk = facts.get(&RecordKey::chunk_of(list, *index));
    let (Some(opened), Some(chunk)) = (opened, chunk) else { return Check::unknown(ID, facts.missing()) };
    if list_has(opened, list, *index).is_err() {
        return Check::failed(ID, "no_such_entry");
    }
    // An issue date from before the list existed is made up: so a stolen key can't date back what it signs.
    if let (Some(Record::StatusList(record)), Some(issued)) = (opened.record(), issued)
        && issued.after(SKEW) < record.created
    {
        return Check::failed(ID, "older_than_its_list").at(record.created);
    }
    match status_at(chunk, list, *index) {
        Ok(Status::Valid) => Check::passed(ID).at(chunk.time()),
        Ok(Status::Revoked) => Check::failed(ID, "revoked").at(chunk.time()),
        Ok(Status::Suspended) => Check::failed(ID, "suspended").at(chunk.time()),
        Err(_) => Check::failed(ID, "no_such_entry"),
    }
}
