//! A credential that is signed before its place is taken, so that one durable write does for its record and for the note of its
//! signature.
//!
//! What is signed here has left nobody's hands yet. It leaves if, in the write that reserves it, everything is as it was read:
//! the claims, the times, the places, the key. If anything is not, it is thrown away and nothing was lost but the work; then the
//! place is taken first and the signature noted after, in two writes.

use std::collections::BTreeSet;

use credentials::UnixSeconds;
use rand_core::OsRng;
use serde_json::{Map, Value};
use store::{Range, StoreError, Tx, View};

use super::proof::HolderProof;
use super::reserve::{Wanted, below};
use super::{CredentialKind, Issuance, sign};
use crate::clock::Moment;
use crate::identity::SigningKey;
use crate::keys::Signed;
use crate::model::{
    CredentialCopy, CredentialRecord, Id, Offer, OfferState, Personal, Standing, State, StatusIndex,
};
use crate::tables::{APPLICATIONS, CLAIMS, ENTRIES, LISTS, ListFill, NONCES_USED, OFFERS, SIGNED};

/// Tries to find a free place before the write does.
const TRIES: usize = 16;

/// What is about to be reserved, signed already.
pub(super) struct Draft {
    id: Id,
    places: Vec<StatusIndex>,
    claims: Map<String, Value>,
    valid_until: UnixSeconds,
    /// The key's name, and what to note under it.
    key: String,
    noted: Vec<Signed>,
}

/// What was read for a draft.
struct Read {
    record: CredentialRecord,
    claims: Map<String, Value>,
    valid_until: UnixSeconds,
}

impl Draft {
    pub(super) fn id(&self) -> Id {
        self.id
    }

    /// Takes the places that were signed, in the write that reserves them; `None` when anything is otherwise than it was read.
    pub(super) fn take(
        &self,
        tx: &mut Tx<'_>,
        (claims, valid_until): (&Map<String, Value>, UnixSeconds),
        now: Moment,
    ) -> Result<Option<(Vec<StatusIndex>, ListFill)>, StoreError> {
        if self.claims != *claims || self.valid_until != valid_until {
            return Ok(None);
        }
        let newest = tx.page(&LISTS, &Range::all().reversed(), 1)?;
        let Some((list, fill)) = newest.into_iter().next() else { return Ok(None) };
        let taken = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        let Some(used) = fill.used.checked_add(taken).filter(|used| *used <= fill.length) else {
            return Ok(None);
        };
        for place in &self.places {
            if place.list != list || tx.contains(&ENTRIES, (list, place.index))? {
                return Ok(None);
            }
        }
        for place in &self.places {
            tx.put(&ENTRIES, (list, place.index), &self.id)?;
        }
        let fill = ListFill { used, ..fill };
        tx.put(&LISTS, list, &fill)?;
        note(tx, &self.key, &self.noted, now)?;
        Ok(Some((self.places.clone(), fill)))
    }
}

/// Notes which signatures leave, to stand by them should the key be compromised later.
pub(super) fn note(tx: &mut Tx<'_>, key: &str, signed: &[Signed], now: Moment) -> Result<(), StoreError> {
    signed.iter().try_for_each(|row| tx.put(&SIGNED, (key, Id::new(now.ms, &mut OsRng).key()), row))
}

impl Issuance {
    /// Signs what is wanted before it is reserved, where nothing speaks against it; with the credentials in the order of the
    /// holders. `None` wherever the write has something to say, be it only which refusal.
    pub(super) fn draft(
        &self,
        kind: &CredentialKind,
        wanted: &Wanted,
        holders: &[HolderProof],
        signing: &SigningKey,
        now: Moment,
    ) -> Result<Option<(Draft, Vec<Value>)>, StoreError> {
        let Some(Read { record, claims, valid_until }) = self.store.read(|view| read(view, wanted, now))?
        else {
            return Ok(None);
        };
        let places: Vec<StatusIndex> = record.places().map(|(_, place)| place).collect();
        let mut made = Vec::with_capacity(places.len());
        for (holder, place) in holders.iter().zip(&places) {
            match sign::sign(self, kind, &record, *place, claims.clone(), holder, signing) {
                Ok(credential) => made.push(credential),
                Err(_) => return Ok(None),
            }
        }
        let signed: Vec<_> = places.iter().copied().zip(&made).collect();
        let noted = sign::noted(kind, record.id, &signed, now);
        if noted.len() != made.len() {
            return Ok(None);
        }
        let key = signing.name().to_string();
        Ok(Some((Draft { id: record.id, places, claims, valid_until, key, noted }, made)))
    }
}

/// The record as it would be written, if nothing speaks against it.
fn read(view: View<'_>, wanted: &Wanted, now: Moment) -> Result<Option<Read>, StoreError> {
    for nonce in &wanted.nonces {
        if view.get(&NONCES_USED, nonce.key)?.is_some() {
            return Ok(None);
        }
    }
    let Some(Offer { state: OfferState::Redeemed { .. }, application, .. }) =
        view.get(&OFFERS, wanted.offer.key())?
    else {
        return Ok(None);
    };
    let Some(application) = view.get(&APPLICATIONS, application.key())? else { return Ok(None) };
    let configuration = wanted.named.configuration();
    if !matches!(application.state, State::Approved | State::Issued)
        || application.issued.contains_key(configuration)
    {
        return Ok(None);
    }
    let Some(claims) = view.get(&CLAIMS, application.id.key())? else { return Ok(None) };
    let valid_until = wanted.of.ends(&claims, wanted.issued_at);
    let Some(places) = free(view, wanted.holder_keys.len())? else { return Ok(None) };
    let mut copies = wanted.holder_keys.iter().zip(places);
    let Some((holder_key, status)) = copies.next() else { return Ok(None) };
    let record = CredentialRecord {
        id: Id::new(now.ms, &mut OsRng),
        application: application.id,
        credential_type: application.credential_type,
        configuration: configuration.to_owned(),
        holder: Personal(application.holder.0),
        holder_key: holder_key.clone(),
        status,
        phone: wanted.phone.clone(),
        copies: copies
            .map(|(holder_key, status)| CredentialCopy { holder_key: holder_key.clone(), status })
            .collect(),
        issued_at: wanted.issued_at,
        valid_until: Some(valid_until),
        standing: Standing::Valid,
        pending: None,
        changes: Vec::new(),
        notified: Vec::new(),
        refused: None,
    };
    Ok(Some(Read { record, claims, valid_until }))
}

/// So many random places of the newest list that are free as far as is known.
fn free(view: View<'_>, count: usize) -> Result<Option<Vec<StatusIndex>>, StoreError> {
    let newest = view.page(&LISTS, &Range::all().reversed(), 1)?;
    let Some((list, ListFill { length, .. })) = newest.into_iter().next() else { return Ok(None) };
    let mut seen = BTreeSet::new();
    let mut places = Vec::with_capacity(count);
    for _ in 0..TRIES.saturating_add(count) {
        if places.len() == count {
            break;
        }
        let index = below(length, &mut OsRng);
        if seen.insert(index) && view.get(&ENTRIES, (list, index))?.is_none() {
            places.push(StatusIndex { list, index });
        }
    }
    Ok((places.len() == count).then_some(places))
}

#[cfg(test)]
mod tests {
    use store::Store;

    use super::*;

    const NOW: Moment = Moment { ms: 1_772_424_000_000, seconds: UnixSeconds(1_772_424_000) };

    fn draft(places: &[u32]) -> Draft {
        let id = Id::from_key(7);
        let signed = |index: &u32| Signed {
            credential: id,
            list: 3,
            index: *index,
            tag: registry::SignatureTag::of(&[1; 64]),
            at: NOW.seconds,
        };
        Draft {
            id,
            places: places.iter().map(|index| StatusIndex { list: 3, index: *index }).collect(),
            claims: Map::from_iter([("name".to_owned(), "n".into())]),
            valid_until: UnixSeconds(9),
            key: "key-3".to_owned(),
            noted: places.iter().map(signed).collect(),
        }
    }

    fn store(list: u32, length: u32, used: u32) -> Store {
        let store = Store::in_memory().expect("store");
        store.write(move |tx| tx.put(&LISTS, list, &ListFill { length, used })).expect("list");
        store
    }

    /// Whether it was taken; and how many signatures are noted.
    fn taken(store: &Store, draft: Draft, claims: Value, until: i64) -> (bool, usize) {
        let Value::Object(claims) = claims else { return (false, 0) };
        let taken =
            store.write(move |tx| draft.take(tx, (&claims, UnixSeconds(until)), NOW)).expect("stored");
        (taken.is_some(), store.page(&SIGNED, &Range::all(), 9).expect("read").len())
    }

    #[test]
    fn what_is_as_it_was_read_is_taken_and_noted_in_one_write() {
        let store = store(3, 100, 98);
        assert_eq!(taken(&store, draft(&[5, 6]), serde_json::json!({"name": "n"}), 9), (true, 2));
        assert_eq!(store.get(&LISTS, 3).expect("read").expect("there").used, 100);
        assert_eq!(store.get(&ENTRIES, (3, 6)).expect("read"), Some(Id::from_key(7)));
    }

    #[test]
    fn what_is_otherwise_is_not_taken_and_leaves_nothing() {
        let same = serde_json::json!({"name": "n"});
        for (flaw, store, claims, until) in [
            ("claims_corrected", store(3, 100, 0), serde_json::json!({"name": "m"}), 9),
            ("time_moved_on", store(3, 100, 0), same.clone(), 10),
            ("another_list_opened", store(4, 100, 0), same.clone(), 9),
            ("list_filled_up", store(3, 100, 99), same.clone(), 9),
            ("no_list", Store::in_memory().expect("store"), same.clone(), 9),
        ] {
            assert_eq!(taken(&store, draft(&[5, 6]), claims, until), (false, 0), "{flaw}");
            assert_eq!(store.get(&ENTRIES, (3, 5)).expect("read"), None, "{flaw}");
        }
        let store = store(3, 100, 1);
        store.write(|tx| tx.put(&ENTRIES, (3, 6), &Id::from_key(1))).expect("put");
        assert_eq!(taken(&store, draft(&[5, 6]), same, 9), (false, 0), "place_taken_meanwhile");
        assert_eq!(store.get(&ENTRIES, (3, 6)).expect("read"), Some(Id::from_key(1)));
        assert_eq!(store.get(&ENTRIES, (3, 5)).expect("read"), None);
    }

    #[test]
    fn places_are_different_and_free_and_none_are_given_where_too_few_are() {
        let store = store(3, 40, 0);
        let places = store.read(|view| free(view, 8)).expect("read").expect("free");
        let different: BTreeSet<u32> = places.iter().map(|place| place.index).collect();
        assert_eq!(different.len(), 8);
        for index in 0..40 {
            store.write(move |tx| tx.put(&ENTRIES, (3, index), &Id::from_key(1))).expect("put");
        }
        assert!(store.read(|view| free(view, 1)).expect("read").is_none());
    }
}
