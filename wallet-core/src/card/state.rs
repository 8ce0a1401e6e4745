//! How a card stands, by the evidence at hand.

use std::time::Duration;

use credentials::UnixSeconds;
use registry::{
    Proven, Purpose, Record, RecordKey, Status, UnixMillis,
    history::{KeyNotValid, kept_nevertheless, key_valid_in_second, list_has, status_at},
};
use serde::{Deserialize, Serialize};

use super::{Face, Trace};

/// How a card stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum CardState {
    /// Good, as of this time.
    Valid {
        /// The time of the evidence.
        as_of: UnixMillis,
    },
    /// Its issuer has suspended it, and may lift that.
    Suspended {
        /// The time of the evidence.
        as_of: UnixMillis,
    },
    /// Its issuer has revoked it, for good.
    Revoked {
        /// The time of the evidence.
        as_of: UnixMillis,
    },
    /// Its time is over.
    Expired {
        /// Since when.
        since: UnixSeconds,
    },
    /// The issuer's key that signed it was no longer the issuer's alone, and the issuer doesn't stand by it: get it issued again.
    NotTrusted {
        /// The time of the evidence.
        as_of: UnixMillis,
    },
    /// Its credentials can't be read any more: the disk, or somebody, changed them. Its face is left. Get it issued again.
    Damaged,
    /// There is no evidence, or it is too old to rely on.
    Unknown {
        /// What was known last, and when.
        last: Option<LastKnown>,
    },
}

/// What was known last of a card whose evidence is too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastKnown {
    /// Whether it was suspended then; otherwise it was good.
    pub suspended: bool,
    /// The time of that evidence.
    pub as_of: UnixMillis,
}

impl CardState {
    /// A stable id: `valid`, `suspended`, `revoked`, `expired`, `not-trusted`, `damaged`, `unknown`.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::Valid { .. } => "valid",
            Self::Suspended { .. } => "suspended",
            Self::Revoked { .. } => "revoked",
            Self::Expired { .. } => "expired",
            Self::NotTrusted { .. } => "not-trusted",
            Self::Damaged => "damaged",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// The worse the higher: a card of several credentials is as bad as its worst.
    fn badness(&self) -> u8 {
        match self {
            Self::Valid { .. } => 0,
            Self::Unknown { .. } => 1,
            Self::Suspended { .. } => 2,
            Self::Expired { .. } => 3,
            Self::NotTrusted { .. } => 4,
            Self::Revoked { .. } => 5,
            Self::Damaged => 6,
        }
    }
}

/// What the state of a card follows from, and what else a counter must know of it.
pub(crate) fn facts_needed(card: &Face) -> Vec<RecordKey> {
    // The accreditation is for whoever is shown the card with no network.
    let mut keys =
        vec![RecordKey::Did(card.issuer.clone()), RecordKey::Trust(card.issuer.clone(), card.kind.clone())];
    for status in card.credentials.iter().filter_map(Trace::registry_status) {
        keys.push(RecordKey::chunk_of(&status.list, status.index));
        keys.push(RecordKey::StatusList(status.list));
    }
    sorted::sort(&mut keys);
    keys.dedup();
    keys
}

/// What it may ever follow from.
pub(crate) fn facts_that_count(card: &Face) -> Vec<RecordKey> {
    let places = card.credentials.iter().filter_map(Trace::registry_status);
    let kept = places.map(|place| RecordKey::kept_of(&place.list, place.index));
    facts_needed(card).into_iter().chain(kept).collect()
}

/// What it follows from beside, by the facts at hand: whether an issuer whose key was compromised stands by what it signed.
pub(crate) fn further_facts_needed<E>(
    card: &Face,
    mut fact: impl FnMut(&RecordKey) -> Result<Option<Proven>, E>,
) -> Result<Vec<RecordKey>, E> {
    let did = fact(&RecordKey::Did(card.issuer.clone()))?;
    let Some(Record::Did(record)) = did.as_ref().and_then(Proven::record) else { return Ok(Vec::new()) };
    let compromised = |credential: &&Trace| {
        let key = record.key(&credential.issuer_key.fragment);
        key.is_some_and(|key| key.compromised_since.is_some())
    };
    let places = card.credentials.iter().filter(compromised).filter_map(Trace::registry_status);
    Ok(places.map(|place| RecordKey::kept_of(&place.list, place.index)).collect())
}

/// What a counter must know of one credential of a card, by the facts at hand.
pub(crate) fn facts_of<E>(
    mut card: Face,
    credential: &str,
    fact: impl FnMut(&RecordKey) -> Result<Option<Proven>, E>,
) -> Result<Vec<RecordKey>, E> {
    card.credentials.retain(|one| one.id == credential);
    let mut keys = facts_needed(&card);
    keys.extend(further_facts_needed(&card, fact)?);
    Ok(keys)
}

/// The state of a card: that of its worst credential. `fact` gives the newest fact at hand about a record.
pub(crate) fn state<E>(
    card: &Face,
    now: UnixMillis,
    stale: Duration,
    mut fact: impl FnMut(&RecordKey) -> Result<Option<Proven>, E>,
) -> Result<CardState, E> {
    let mut worst = None;
    for credential in &card.credentials {
        let state = of_credential(card, credential, now, stale, &mut fact)?;
        worst = match worst {
            Some(worse) if CardState::badness(&worse) >= state.badness() => Some(worse),
            _ => Some(state),
        };
    }
    Ok(worst.unwrap_or(CardState::Unknown { last: None }))
}

fn of_credential<E>(
    card: &Face,
    credential: &Trace,
    now: UnixMillis,
    stale: Duration,
    fact: &mut impl FnMut(&RecordKey) -> Result<Option<Proven>, E>,
) -> Result<CardState, E> {
    let (standing, as_of) = standing(card, credential, fact)?;
    // Revocation and compromise are final, however old the evidence.
    match standing {
        Standing::Revoked => return Ok(CardState::Revoked { as_of }),
        Standing::Compromised => return Ok(CardState::NotTrusted { as_of }),
        Standing::Valid | Standing::Suspended | Standing::NotKnown => {}
    }
    if let Some(since) = credential.expires.filter(|end| UnixMillis::from_seconds(end.0) <= now) {
        return Ok(CardState::Expired { since });
    }
    let old = as_of.until(now) > stale;
    Ok(match standing {
        Standing::Valid | Standing::Suspended if old => {
            let suspended = matches!(standing, Standing::Suspended);
            CardState::Unknown { last: Some(LastKnown { suspended, as_of }) }
        }
        Standing::Suspended => CardState::Suspended { as_of },
        Standing::Valid => CardState::Valid { as_of },
        Standing::Revoked | Standing::Compromised | Standing::NotKnown => CardState::Unknown { last: None },
    })
}

#[derive(Clone, Copy)]
enum Standing {
    Valid,
    Suspended,
    Revoked,
    Compromised,
    NotKnown,
}

/// What the facts say, and the time of the oldest that says so.
fn standing<E>(
    card: &Face,
    credential: &Trace,
    fact: &mut impl FnMut(&RecordKey) -> Result<Option<Proven>, E>,
) -> Result<(Standing, UnixMillis), E> {
    let unknown = (Standing::NotKnown, UnixMillis(0));
    let Some(did) = fact(&RecordKey::Did(card.issuer.clone()))? else { return Ok(unknown) };
    match key_valid_in_second(&did, &credential.issuer_key, Purpose::AssertionMethod, credential.issued) {
        Ok(_) => {}
        Err(KeyNotValid::Compromised { .. }) => return Ok((Standing::Compromised, did.time())),
        Err(KeyNotValid::Doubted { .. }) => match stood_by(credential, fact)? {
            Some(true) => {}
            Some(false) => return Ok((Standing::Compromised, did.time())),
            None => return Ok(unknown),
        },
        Err(_) => return Ok(unknown),
    }
    let Some(place) = credential.registry_status() else {
        // Without any status it is as good as its issuer's key; with one elsewhere, nothing here can tell.
        let has_none = credential.status.as_ref().is_none_or(credentials::status::StatusRef::is_empty);
        return Ok(if has_none { (Standing::Valid, did.time()) } else { unknown });
    };
    let list = fact(&RecordKey::StatusList(place.list.clone()))?;
    let chunk = fact(&RecordKey::chunk_of(&place.list, place.index))?;
    let (Some(list), Some(chunk)) = (list, chunk) else { return Ok(unknown) };
    if list_has(&list, &place.list, place.index).is_err() {
        return Ok(unknown);
    }
    let standing = match status_at(&chunk, &place.list, place.index) {
        Ok(Status::Valid) => Standing::Valid,
        Ok(Status::Suspended) => Standing::Suspended,
        Ok(Status::Revoked) => Standing::Revoked,
        Err(_) => Standing::NotKnown,
    };
    Ok((standing, did.time().min(chunk.time())))
}

/// Whether the issuer stands by a signature of its key that was compromised later; none while that is not known.
fn stood_by<E>(
    credential: &Trace,
    fact: &mut impl FnMut(&RecordKey) -> Result<Option<Proven>, E>,
) -> Result<Option<bool>, E> {
    let (Some(place), Some(signature)) = (credential.registry_status(), credential.signature) else {
        return Ok(Some(false));
    };
    let kept = fact(&RecordKey::kept_of(&place.list, place.index))?;
    Ok(kept.map(|kept| kept_nevertheless(&kept, &place.list, place.index, signature).is_ok()))
}
