//! What must be durable before a credential leaves: its record, its place on a status list, the nonce used up.
//!
//! One write does it all, so a crash leaves either nothing or a credential that can be made again: asked for once more
//! by the same key, the same record is signed anew, on the same status entry.

use credentials::UnixSeconds;
use credentials::catalogue::CredentialType;
use rand_core::{OsRng, RngCore};
use registry::Slug;
use serde::{Deserialize, Serialize};
use store::{Range, Store, StoreError, Tx};

use super::draft::Draft;
use crate::audit::{Deed, Note as _, Noting};
use crate::clock::Moment;
use crate::desk::put_changed;
use crate::identity::Slot;
use crate::keys::may_sign_in;
use crate::model::{
    CredentialCopy, CredentialRecord, Id, OfferState, Personal, Standing, State, StatusIndex,
};
use crate::reissue::waits_for_revocation;
use crate::seals::Nonce;
use crate::tables::{
    APPLICATIONS, CLAIMS, CREDENTIALS, ENTRIES, LISTS, ListFill, NONCES_USED, OFFERS, ON_PHONE, PHONES_LOST,
    count,
};

/// What is asked for, after the key proof was checked.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The offer that the access token stands for.
    pub(crate) offer: Id,
    /// The phone that asks, if it showed a key for its token.
    pub(crate) phone: Option<String>,
    /// How the credential was named in the request.
    pub(crate) named: Named,
    /// The proofs' nonces, each once.
    pub(crate) nonces: Vec<Nonce>,
    /// Thumbprints of the holder's keys, at least one, none twice: one copy each.
    pub(crate) holder_keys: Vec<String>,
    /// When the credential says it was issued.
    pub(crate) issued_at: UnixSeconds,
    /// Its type, which says when it stops counting.
    pub(crate) of: &'static CredentialType,
    /// The keys that it is about to be signed with.
    pub(crate) keys: Vec<(Slot, Slug)>,
}

/// How a request names a credential (OpenID4VCI 1.0 §8.2); both carry the configuration's id here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Named {
    /// `credential_configuration_id`.
    Configuration(String),
    /// `credential_identifier`, as the token response gave it.
    Identifier(String),
}

/// Why nothing was reserved, and nothing changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReserveError {
    /// A key is being replaced, or this instance has not the one that counts.
    #[error("the key that signs it is being replaced")]
    KeyChanging,
    /// The nonce was used before.
    #[error("the nonce was used before")]
    NonceUsed,
    /// The token stands for no redeemed offer.
    #[error("the access token grants nothing")]
    Token,
    /// The phone that asks was declared lost.
    #[error("the phone that asks was declared lost")]
    PhoneLost,
    /// A clerk still decides.
    #[error("it is not decided yet")]
    Undecided,
    /// A clerk decided against it.
    #[error("the application was not approved")]
    Rejected,
    /// The token's grant doesn't cover the configuration.
    #[error("the access token does not grant this credential")]
    NotGranted,
    /// The token response gave identifiers and the request didn't use one, or the other way round.
    #[error("the credential is named in another way than the token response said")]
    NamedWrongly,
    /// It was issued before, to another key.
    #[error("this credential was issued before, to another key")]
    IssuedToAnotherKey,
    /// It was issued before, to another key, and this offer replaces it: revoke this one first, and try again.
    #[error("another credential stands in its place, which must be revoked first")]
    Replaces(Id),
    /// It was issued before and is not valid any more.
    #[error("this credential was issued before and is no longer valid")]
    NoLongerValid,
    /// It corrects what still counts: the chain is away, or is just being told.
    #[error("what it corrects is not revoked yet")]
    Corrects,
    /// No status list is open: the chain was away since the last one filled up.
    #[error("no status list is open")]
    NoStatusList,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Named {
    /// The configuration's id.
    pub(crate) fn configuration(&self) -> &str {
        match self {
            Self::Configuration(id) | Self::Identifier(id) => id,
        }
    }
}

/// What was reserved.
pub(super) struct Reserved {
    pub(super) record: CredentialRecord,
    /// How full its status list is, if an entry was given out.
    pub(super) fill: Option<ListFill>,
    /// Whether it is what was drafted: then its signatures are noted, and what was signed may leave.
    pub(super) as_drafted: bool,
}

/// Reserves a credential, as it was drafted if it still can be. Durable when it returns.
pub(super) async fn reserve(
    store: &Store,
    wanted: Wanted,
    draft: Option<Draft>,
    now: Moment,
) -> Result<Reserved, ReserveError> {
    let noting = Noting::by_wallet(now);
    store.write_async(move |tx| reserve_in(tx, wanted, draft.as_ref(), &noting, now)).await
}

fn reserve_in(
    tx: &mut Tx<'_>,
    wanted: Wanted,
    draft: Option<&Draft>,
    noting: &Noting,
    now: Moment,
) -> Result<Reserved, ReserveError> {
    let configuration = wanted.named.configuration();
    for (slot, name) in &wanted.keys {
        if !may_sign_in(tx, *slot, name)? {
            return Err(ReserveError::KeyChanging);
        }
    }
    for nonce in &wanted.nonces {
        if tx.contains(&NONCES_USED, nonce.key)? {
            return Err(ReserveError::NonceUsed);
        }
    }
    if let Some(phone) = &wanted.phone
        && tx.contains(&PHONES_LOST, phone)?
    {
        return Err(ReserveError::PhoneLost);
    }
    let offer = tx.get(&OFFERS, wanted.offer.key())?.ok_or(ReserveError::Token)?;
    let OfferState::Redeemed { identifiers } = &offer.state else { return Err(ReserveError::Token) };
    match (&wanted.named, identifiers.is_empty()) {
        (Named::Configuration(_), false) | (Named::Identifier(_), true) => {
            return Err(ReserveError::NamedWrongly);
        }
        (Named::Configuration(id), true) if !offer.configurations.contains(id) => {
            return Err(ReserveError::NotGranted);
        }
        (Named::Identifier(id), false) if !identifiers.contains(id) => return Err(ReserveError::NotGranted),
        _ => {}
    }
    let mut application = tx.get(&APPLICATIONS, offer.application.key())?.ok_or(ReserveError::Token)?;
    match application.state {
        State::Approved | State::Issued => {}
        State::Rejected => return Err(ReserveError::Rejected),
        State::Submitted | State::InReview | State::NeedsCorrection => return Err(ReserveError::Undecided),
    }
    if application.corrected_by.is_some() {
        return Err(ReserveError::Token);
    }
    // An offer is not made before; but whoever logs in gets one of her own.
    if waits_for_revocation(tx, &application)? {
        return Err(ReserveError::Corrects);
    }
    for nonce in &wanted.nonces {
        tx.put(&NONCES_USED, nonce.key, &())?;
    }
    if let Some(before) = application.issued.get(configuration) {
        let record = tx.get(&CREDENTIALS, before.key())?.ok_or(ReserveError::Token)?;
        let replaced = offer.replaces.get(configuration) == Some(before);
        match before_this(&record, &wanted.holder_keys, replaced) {
            Before::SameAgain => return Ok(Reserved { record, fill: None, as_drafted: false }),
            Before::OutOfTheWay => {}
            Before::Refused(error) => return Err(error),
        }
    }
    let claims = tx.get(&CLAIMS, application.id.key())?.ok_or(ReserveError::Token)?;
    let ends = wanted.of.ends(&claims, wanted.issued_at);
    if ends <= now.seconds {
        return Err(ReserveError::NoLongerValid);
    }
    let drafted = match draft {
        Some(draft) => draft.take(tx, (&claims, ends), now)?.map(|taken| (draft.id(), taken)),
        None => None,
    };
    let as_drafted = drafted.is_some();
    let (id, (places, fill)) = match drafted {
        Some(drafted) => drafted,
        None => {
            let id = Id::new(now.ms, &mut OsRng);
            (id, take_entries(tx, id, wanted.holder_keys.len())?)
        }
    };
    let mut copies = wanted.holder_keys.into_iter().zip(places);
    let (holder_key, status) = copies.next().ok_or(ReserveError::Token)?;
    let copies = copies.map(|(holder_key, status)| CredentialCopy { holder_key, status }).collect();
    let record = CredentialRecord {
        id,
        application: application.id,
        credential_type: application.credential_type.clone(),
        configuration: configuration.to_owned(),
        holder: Personal(application.holder.0.clone()),
        holder_key,
        phone: wanted.phone,
        status,
        copies,
        issued_at: wanted.issued_at,
        valid_until: Some(ends),
        standing: Standing::Valid,
        pending: None,
        changes: Vec::new(),
        notified: Vec::new(),
        refused: None,
    };
    let before = application.state;
    application.note_issued(configuration, id, now.seconds);
    tx.put(&CREDENTIALS, id.key(), &record)?;
    if let Some(phone) = &record.phone {
        tx.put(&ON_PHONE, (phone, id.key()), &())?;
    }
    count(tx, "issued", 1)?;
    let deed = Deed::new("credential-issued").about("credential", id).about("status", status);
    noting.note(tx, deed.about("application", application.id).about("offer", offer.id))?;
    put_changed(tx, before, &application)?;
    Ok(Reserved { record, fill: Some(fill), as_drafted })
}

/// Gives out so many entries, at least one.
fn take_entries(
    tx: &mut Tx<'_>,
    credential: Id,
    count: usize,
) -> Result<(Vec<StatusIndex>, ListFill), ReserveError> {
    let (first, mut fill) = take_entry(tx, credential)?;
    let mut places = vec![first];
    while places.len() < count {
        let (place, filled) = take_entry(tx, credential)?;
        places.push(place);
        fill = filled;
    }
    Ok((places, fill))
}

/// Gives out a random free entry of the newest list. Lists are opened well before they fill up, so a free one is found
/// in a few tries; a full list is an error, never a loop without end.
fn take_entry(tx: &mut Tx<'_>, credential: Id) -> Result<(StatusIndex, ListFill), ReserveError> {
    let newest = tx.page(&LISTS, &Range::all().reversed(), 1)?;
    let Some((list, ListFill { length, used })) = newest.into_iter().next() else {
        return Err(ReserveError::NoStatusList);
    };
    if used >= length {
        return Err(ReserveError::NoStatusList);
    }
    let index = loop {
        let index = below(length, &mut OsRng);
        if !tx.contains(&ENTRIES, (list, index))? {
            break index;
        }
    };
    tx.put(&ENTRIES, (list, index), &credential)?;
    let fill = ListFill { length, used: used + 1 };
    tx.put(&LISTS, list, &fill)?;
    Ok((StatusIndex { list, index }, fill))
}

/// What is to be done about a credential that was issued before.
enum Before {
    /// The same holder asks again: the same credential.
    SameAgain,
    /// It was given up for a new one, and is revoked.
    OutOfTheWay,
    /// Nothing is issued.
    Refused(ReserveError),
}

/// What the department revoked or suspended, no applicant replaces: only what counts, or what the applicant gave up.
fn before_this(record: &CredentialRecord, holder_keys: &[String], replaced: bool) -> Before {
    let same = record.places().map(|(key, _)| key).eq(holder_keys.iter().map(String::as_str));
    match (record.standing, &record.pending) {
        (Standing::Valid, None) if same => Before::SameAgain,
        (Standing::Valid, None) if replaced => Before::Refused(ReserveError::Replaces(record.id)),
        (Standing::Valid, None) => Before::Refused(ReserveError::IssuedToAnotherKey),
        (Standing::Revoked, _) if replaced && record.is_given_up() => Before::OutOfTheWay,
        (_, Some(_)) if replaced && record.is_given_up() => {
            Before::Refused(ReserveError::Replaces(record.id))
        }
        _ => Before::Refused(ReserveError::NoLongerValid),
    }
}

/// A number from 0 up to but not including `bound`, each as likely as any other.
pub(super) fn below(bound: u32, random: &mut impl RngCore) -> u32 {
    let whole = u32::MAX - u32::MAX % bound;
    loop {
        let drawn = random.next_u32();
        if drawn < whole {
            return drawn % bound;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn store_with_list(length: u32) -> Store {
        let store = Store::in_memory().expect("store");
        store.write(move |tx| tx.put(&LISTS, 0, &ListFill { length, used: 0 })).expect("list");
        store
    }

    fn take(store: &Store) -> Result<StatusIndex, ReserveError> {
        Ok(store.write(|tx| take_entry(tx, Id::new(1, &mut OsRng)))?.0)
    }

    #[test]
    fn every_entry_is_given_out_once_and_then_none() {
        let store = store_with_list(200);
        let taken: BTreeSet<_> = (0..200).map(|_| take(&store).expect("free").index).collect();
        assert_eq!(taken.len(), 200);
        assert!(matches!(take(&store), Err(ReserveError::NoStatusList)));
    }

    #[test]
    fn entries_are_not_given_out_in_order() {
        let store = store_with_list(100_000);
        let taken: Vec<_> = (0..20).map(|_| take(&store).expect("free").index).collect();
        let mut sorted = taken.clone();
        sorted.sort_unstable();
        assert_ne!(taken, sorted, "twenty in order by chance: 1 in 10^18");
    }

    #[test]
    fn the_newest_list_is_used() {
        let store = store_with_list(10);
        store.write(|tx| tx.put(&LISTS, 1, &ListFill { length: 10, used: 0 })).expect("list");
        assert_eq!(take(&store).expect("free").list, 1);
    }
}
