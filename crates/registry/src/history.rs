//! Questions to what is proven: was this key valid then, was this issuer accredited then, may this verifier ask this,
//! what is this credential's status?
//!
//! Each takes the fact it needs as [`Proven`], answers with what it found, and refuses with the reason.

use std::time::Duration;

use crate::did::{Did, KeyId};
use crate::evidence::Proven;
use crate::purposes::Purpose;
use crate::record::{
    Interval, KeptSignature, PurposeRecord, Record, RecordKey, SignatureTag, Status, StatusListId,
    TrustRecord, VerificationKey,
};
use crate::text::Slug;
use crate::time::UnixMillis;

/// Why a key did not count at a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyNotValid {
    /// The fact is about something else than this DID's current version.
    #[error("the proven record is not the current version of this key's DID")]
    OtherRecord,
    /// The DID is not on the chain.
    #[error("the DID is not registered")]
    UnknownDid,
    /// The DID has no such key, or had it so long ago that its current version no longer remembers.
    #[error("the DID has no key of this name")]
    UnknownKey,
    /// The key was never for this purpose.
    #[error("the key is not for this purpose")]
    OtherPurpose,
    /// The key did not hold yet.
    #[error("the key held only from {from}")]
    NotYet {
        /// From when it held.
        from: UnixMillis,
    },
    /// The key no longer held: it was replaced, or the DID deactivated.
    #[error("the key was retired at {at}")]
    Retired {
        /// From when it no longer held.
        at: UnixMillis,
    },
    /// The key was no longer its owner's alone.
    #[error("the key was compromised from {since} on")]
    Compromised {
        /// From when.
        since: UnixMillis,
    },
    /// It held, but was compromised later, and whoever has it can date back what it signs: it counts only if its owner
    /// stands by this very signature ([`kept_nevertheless`]).
    #[error("the key was compromised from {since} on, and can have dated this back")]
    Doubted {
        /// From when it was compromised.
        since: UnixMillis,
    },
}

/// Whether `key` held for `purpose` at `t`, by the proven current version of its DID. Rotation does not change the
/// answer for times before it. A declared compromise does for all: what says it is from after its date does not count, and what
/// says it is from before is [`KeyNotValid::Doubted`], since the time is only what its signer wrote.
///
/// # Errors
/// [`KeyNotValid`].
pub fn key_valid_at<'a>(
    did: &'a Proven,
    key: &KeyId,
    purpose: Purpose,
    t: UnixMillis,
) -> Result<&'a VerificationKey, KeyNotValid> {
    if *did.key() != RecordKey::Did(key.did.clone()) {
        return Err(KeyNotValid::OtherRecord);
    }
    let record = match did.record() {
        None => return Err(KeyNotValid::UnknownDid),
        Some(Record::Did(record)) => record,
        Some(_) => return Err(KeyNotValid::OtherRecord),
    };
    let found = record.key(&key.fragment).ok_or(KeyNotValid::UnknownKey)?;
    if !found.purposes.contains(purpose) {
        return Err(KeyNotValid::OtherPurpose);
    }
    if t < found.from {
        return Err(KeyNotValid::NotYet { from: found.from });
    }
    match (found.compromised_since, found.until) {
        (Some(since), _) if since <= t => Err(KeyNotValid::Compromised { since }),
        (_, Some(at)) if at <= t => Err(KeyNotValid::Retired { at }),
        (Some(since), _) => Err(KeyNotValid::Doubted { since }),
        (None, _) => Ok(found),
    }
}

/// Whether `key` held for `purpose` at any instant of a second, which begins at `second`: credentials write their time in whole
/// seconds, the chain in milliseconds. So what is signed right after a key came into force, or right before it was replaced, counts.
///
/// # Errors
/// [`KeyNotValid`]; [`KeyNotValid::Doubted`] wherever it held only in doubt.
pub fn key_valid_in_second<'a>(
    did: &'a Proven,
    key: &KeyId,
    purpose: Purpose,
    second: UnixMillis,
) -> Result<&'a VerificationKey, KeyNotValid> {
    in_second(
        second,
        |t| key_valid_at(did, key, purpose, t),
        |refused| match refused {
            KeyNotValid::NotYet { from } => Some(*from),
            _ => None,
        },
    )
}

/// Whether something held at either end of a second, or began in it.
fn in_second<T, E>(
    second: UnixMillis,
    held: impl Fn(UnixMillis) -> Result<T, E>,
    begins: impl Fn(&E) -> Option<UnixMillis>,
) -> Result<T, E> {
    let last = second.after(Duration::from_millis(999));
    held(last).or_else(|_| held(second)).or_else(|refused| match begins(&refused) {
        Some(from) if from <= last => held(from),
        _ => Err(refused),
    })
}

/// Why a signature is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    /// The fact is about something else.
    #[error("the proven record is about something else")]
    OtherRecord,
    /// Its owner does not stand by it: forged, or to be issued again.
    #[error("the issuer does not stand by this signature")]
    Unknown,
}

/// Whether the owner of a compromised key stands by a signature, by the proven record at [`RecordKey::kept_of`]. `list` must be
/// the key's owner's, which is the caller's to see to.
///
/// # Errors
/// [`NotKept`].
pub fn kept_nevertheless(
    kept: &Proven,
    list: &StatusListId,
    index: u32,
    signature: SignatureTag,
) -> Result<(), NotKept> {
    if *kept.key() != RecordKey::kept_of(list, index) {
        return Err(NotKept::OtherRecord);
    }
    match kept.record() {
        None => Err(NotKept::Unknown),
        Some(Record::Kept(record)) => {
            let wanted = KeptSignature { index, tag: signature };
            record.kept.contains(&wanted).then_some(()).ok_or(NotKept::Unknown)
        }
        Some(_) => Err(NotKept::OtherRecord),
    }
}

/// Why nothing was granted at a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotGranted {
    /// The fact is about something else.
    #[error("the proven record is about something else")]
    OtherRecord,
    /// It never was.
    #[error("it was never granted")]
    Never,
    /// It was granted only later.
    #[error("it was granted only from {from}")]
    NotYet {
        /// The first start.
        from: UnixMillis,
    },
    /// It had lapsed.
    #[error("it lapsed at {at}")]
    Lapsed {
        /// When.
        at: UnixMillis,
    },
    /// Governance had withdrawn it.
    #[error("it was withdrawn at {at}")]
    Withdrawn {
        /// When.
        at: UnixMillis,
    },
}

/// Whether `did` was accredited for `credential_type` at `t`, by the proven record of that accreditation.
///
/// # Errors
/// [`NotGranted`].
pub fn accredited_at<'a>(
    trust: &'a Proven,
    did: &Did,
    credential_type: &Slug,
    t: UnixMillis,
) -> Result<&'a TrustRecord, NotGranted> {
    if *trust.key() != RecordKey::Trust(did.clone(), credential_type.clone()) {
        return Err(NotGranted::OtherRecord);
    }
    match trust.record() {
        None => Err(NotGranted::Never),
        Some(Record::Trust(record)) => granted_at(&record.intervals, t).map(|()| record),
        Some(_) => Err(NotGranted::OtherRecord),
    }
}

/// Whether `did` was accredited for `credential_type` at any instant of the second that begins at `second`, as
/// [`key_valid_in_second`].
///
/// # Errors
/// [`NotGranted`].
pub fn accredited_in_second<'a>(
    trust: &'a Proven,
    did: &Did,
    credential_type: &Slug,
    second: UnixMillis,
) -> Result<&'a TrustRecord, NotGranted> {
    in_second(
        second,
        |t| accredited_at(trust, did, credential_type, t),
        |refused| match refused {
            NotGranted::NotYet { from } => Some(*from),
            _ => None,
        },
    )
}

/// Why it is not shown that something never was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotNever {
    /// The fact is about something else.
    #[error("the proven record is about something else")]
    OtherRecord,
    /// It was granted, whether or not that still holds.
    #[error("it was granted from {from}")]
    Granted {
        /// The first start.
        from: UnixMillis,
    },
}

/// Whether `did` was never accredited for `credential_type`, up to the time this answers with: that of the block in which
/// nothing stood at the accreditation's key. Records are never removed, so absence then is absence at every time before.
///
/// # Errors
/// [`NotNever`].
pub fn never_accredited(trust: &Proven, did: &Did, credential_type: &Slug) -> Result<UnixMillis, NotNever> {
    if *trust.key() != RecordKey::Trust(did.clone(), credential_type.clone()) {
        return Err(NotNever::OtherRecord);
    }
    match trust.record() {
        None => Ok(trust.time()),
        Some(Record::Trust(record)) => match record.intervals.first() {
            Some(first) => Err(NotNever::Granted { from: first.from }),
            None => Ok(trust.time()),
        },
        Some(_) => Err(NotNever::OtherRecord),
    }
}

/// Why a verifier may not ask.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PurposeRefusal {
    /// The purpose is not registered for this verifier now.
    #[error("the purpose is not registered for this verifier: {0}")]
    NotRegistered(#[from] NotGranted),
    /// More is asked than the purpose allows.
    #[error("of {credential_type} it asks for more than its purpose allows: {}", claims.join(", "))]
    AsksTooMuch {
        /// Of which credential type.
        credential_type: Slug,
        /// The claims that are too much; all of them when the type itself is.
        claims: Vec<String>,
    },
}

/// Whether `did` may ask for `asked` claims (credential type, claim names) for `purpose` at `t`, by the proven record of
/// that purpose.
///
/// # Errors
/// [`PurposeRefusal`].
pub fn purpose_allows<'a>(
    registered: &'a Proven,
    did: &Did,
    purpose: &Slug,
    asked: &[(Slug, Vec<String>)],
    t: UnixMillis,
) -> Result<&'a PurposeRecord, PurposeRefusal> {
    if *registered.key() != RecordKey::Purpose(did.clone(), purpose.clone()) {
        return Err(NotGranted::OtherRecord.into());
    }
    let record = match registered.record() {
        None => return Err(NotGranted::Never.into()),
        Some(Record::Purpose(record)) => record,
        Some(_) => return Err(NotGranted::OtherRecord.into()),
    };
    granted_at(&record.intervals, t)?;
    for (credential_type, claims) in asked {
        let allowed = record.asks.iter().find(|ask| ask.credential_type == *credential_type);
        let is_allowed = |claim: &String| allowed.is_some_and(|ask| ask.claims.contains(claim));
        let too_much: Vec<String> = claims.iter().filter(|claim| !is_allowed(claim)).cloned().collect();
        if allowed.is_none() || !too_much.is_empty() {
            return Err(PurposeRefusal::AsksTooMuch {
                credential_type: credential_type.clone(),
                claims: too_much,
            });
        }
    }
    Ok(record)
}

fn granted_at(intervals: &[Interval], t: UnixMillis) -> Result<(), NotGranted> {
    if intervals.iter().any(|interval| interval.covers(t)) {
        return Ok(());
    }
    let Some(last) = intervals.iter().rev().find(|interval| interval.from <= t) else {
        return Err(intervals
            .first()
            .map_or(NotGranted::Never, |first| NotGranted::NotYet { from: first.from }));
    };
    match (last.withdrawn, last.end()) {
        (Some(at), Some(end)) if at == end => Err(NotGranted::Withdrawn { at }),
        (_, Some(at)) => Err(NotGranted::Lapsed { at }),
        (_, None) => Err(NotGranted::Never),
    }
}

/// Why a status is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatusUnknown {
    /// The fact is about another chunk or list.
    #[error("the proven record is not the part of the list that holds this entry")]
    OtherRecord,
    /// The list is not on the chain.
    #[error("the status list is not registered")]
    UnknownList,
    /// The entry is beyond the list's end.
    #[error("the status list has no such entry")]
    OutOfRange,
    /// The entry holds a value without meaning.
    #[error("the entry holds a value without meaning")]
    Meaningless,
}

/// The status of entry `index` of `list`, by the proven chunk at [`RecordKey::chunk_of`]. A chunk shown to be absent
/// means that nothing in it was ever changed: valid. Whether the list has the entry at all is
/// [`list_has`]'s to say; an issuer that names a list it never opened can also never revoke.
///
/// # Errors
/// [`StatusUnknown`].
pub fn status_at(chunk: &Proven, list: &StatusListId, index: u32) -> Result<Status, StatusUnknown> {
    if *chunk.key() != RecordKey::chunk_of(list, index) {
        return Err(StatusUnknown::OtherRecord);
    }
    match chunk.record() {
        None => Ok(Status::Valid),
        Some(Record::StatusChunk(chunk)) => chunk.status(index).ok_or(StatusUnknown::Meaningless),
        Some(_) => Err(StatusUnknown::OtherRecord),
    }
}

/// Whether `list` is open and has entry `index`, by its proven record at [`RecordKey::StatusList`].
///
/// # Errors
/// [`StatusUnknown`].
pub fn list_has(proven: &Proven, list: &StatusListId, index: u32) -> Result<(), StatusUnknown> {
    if *proven.key() != RecordKey::StatusList(list.clone()) {
        return Err(StatusUnknown::OtherRecord);
    }
    match proven.record() {
        None => Err(StatusUnknown::UnknownList),
        Some(Record::StatusList(record)) if index < record.length => Ok(()),
        Some(Record::StatusList(_)) => Err(StatusUnknown::OutOfRange),
        Some(_) => Err(StatusUnknown::OtherRecord),
    }
}
