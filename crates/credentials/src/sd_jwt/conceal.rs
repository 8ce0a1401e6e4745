//! Hiding claims behind digests: what every kind of SD-JWT is issued with (RFC 9901 §4.2).

use std::collections::BTreeMap;

use rand_core::CryptoRngCore;
use serde_json::{Map, Value, json};

use super::disclosure::{DIGEST_OF_ELEMENT, DIGESTS, Disclosure, decoy};
use super::hash::HASH_NAME;
use super::issue::{IssueError, Prepared};
use super::{Hash, MAX_DISCLOSURES};
use crate::ClaimPath;
use crate::claim::Step;
use crate::jws::{self, CreateError, Header};
use crate::key::PublicKey;

/// What to hide, and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct Concealing<'a> {
    /// Which claims the holder may hold back, anywhere in the tree: members, elements of arrays, parts of hidden
    /// parts. The rest always shows.
    pub disclosable: &'a [ClaimPath],
    /// What digests are made with.
    pub hash: Hash,
    /// So many false digests at the top, to hide how many claims there are.
    pub decoys: usize,
    /// So many in each object and array further down that has something to hide.
    pub inner_decoys: usize,
}

/// A payload with digests in place of what was hidden.
#[derive(Clone)]
pub struct Concealed {
    pub(super) payload: Map<String, Value>,
    pub(super) disclosures: Vec<String>,
}

impl Concealing<'_> {
    /// Hides the disclosable claims.
    ///
    /// # Errors
    /// [`IssueError::ReservedName`], [`IssueError::NoSuchClaim`], [`IssueError::TooMany`].
    pub fn conceal(
        &self,
        claims: Map<String, Value>,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Concealed, IssueError> {
        if claims.contains_key(HASH_NAME) {
            return Err(IssueError::ReservedName(HASH_NAME.to_owned()));
        }
        let mut root = Value::Object(claims);
        refuse_reserved(&root)?;
        let mut places = self.places(&root)?;
        let mut inner = BTreeMap::new();
        let mut disclosures = Vec::with_capacity(places.len());
        // The deepest first, so that a hidden parent contains the digests of its hidden children. Elements of one
        // array keep their place, for a digest takes the place of each.
        sorted::sort_by(&mut places, |a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        places.dedup();
        if places.len() > MAX_DISCLOSURES {
            return Err(IssueError::TooMany);
        }
        let mut at = 0;
        while let Some(place) = places.get(at) {
            disclosures.extend(hide(&mut root, place, self.hash, rng));
            at += 1;
            let parent = place.len() - 1;
            *inner.entry(&place[..parent]).or_insert(0_usize) += 1;
            // The last of this depth: nothing hides these parents yet.
            if places.get(at).is_none_or(|next| next.len() <= parent) {
                for (parent, _) in std::mem::take(&mut inner) {
                    self.finish_parent(&mut root, parent, rng);
                }
            }
        }
        let Value::Object(mut payload) = root else { return Err(CreateError::NotAnObject.into()) };
        if places.iter().all(|place| place.len() > 1) && self.decoys > 0 {
            payload.insert(DIGESTS.to_owned(), Value::Array(self.false_digests(self.decoys, rng)));
        }
        payload.insert(HASH_NAME.to_owned(), self.hash.name().into());
        Ok(Concealed { payload, disclosures })
    }

    /// Every place that is to be hidden, without `Every`.
    fn places(&self, root: &Value) -> Result<Vec<Vec<Step>>, IssueError> {
        let mut places = Vec::new();
        for path in self.disclosable {
            let before = places.len();
            expand(root, &path.0, &mut Vec::new(), &mut places);
            if places.len() == before || path.0.is_empty() {
                return Err(IssueError::NoSuchClaim(path.clone()));
            }
        }
        Ok(places)
    }

    /// Adds false digests beside the true ones. The order of digests must not tell the order of claims (§4.2.4.1);
    /// elements keep their order, false ones come after them.
    fn finish_parent(&self, root: &mut Value, parent: &[Step], rng: &mut impl CryptoRngCore) {
        let count = if parent.is_empty() { self.decoys } else { self.inner_decoys };
        match find(root, parent) {
            Some(Value::Object(map)) => {
                if let Some(Value::Array(digests)) = map.get_mut(DIGESTS) {
                    digests.extend(self.false_digests(count, rng));
                    sorted::sort_by(digests, |a, b| a.as_str().cmp(&b.as_str()));
                }
            }
            Some(Value::Array(list)) => {
                let digests = self.false_digests(count, rng);
                list.extend(digests.into_iter().map(|digest| json!({ DIGEST_OF_ELEMENT: digest })));
            }
            _ => {}
        }
    }

    fn false_digests(&self, count: usize, rng: &mut impl CryptoRngCore) -> Vec<Value> {
        let mut digests: Vec<Value> = (0..count).map(|_| decoy(self.hash, rng).into()).collect();
        sorted::sort_by(&mut digests, |a, b| a.as_str().cmp(&b.as_str()));
        digests
    }
}

impl Concealed {
    /// Adds a member that always shows.
    pub(super) fn say(&mut self, name: &str, value: impl Into<Value>) {
        self.payload.insert(name.to_owned(), value.into());
    }

    /// Lays out the token for `key` to sign; the header's `typ` says of what kind it is.
    ///
    /// # Errors
    /// [`CreateError`].
    pub fn prepare(self, header: &Header, key: &PublicKey) -> Result<Prepared, CreateError> {
        let token = jws::prepare(header, &Value::Object(self.payload), key)?;
        Ok(Prepared { token, disclosures: self.disclosures })
    }
}

/// Names that would be read as digests.
fn refuse_reserved(value: &Value) -> Result<(), IssueError> {
    match value {
        Value::Object(map) => map.iter().try_for_each(|(name, value)| {
            let taken = name == DIGESTS || name == DIGEST_OF_ELEMENT;
            if taken { Err(IssueError::ReservedName(name.clone())) } else { refuse_reserved(value) }
        }),
        Value::Array(list) => list.iter().try_for_each(refuse_reserved),
        _ => Ok(()),
    }
}

/// Every place that a path selects, without `Every`.
fn expand(value: &Value, rest: &[Step], here: &mut Vec<Step>, places: &mut Vec<Vec<Step>>) {
    let Some((step, rest)) = rest.split_first() else {
        places.push(here.clone());
        return;
    };
    let mut enter = |child: Option<&Value>, step: Step| {
        if let Some(child) = child {
            here.push(step);
            expand(child, rest, here, places);
            here.pop();
        }
    };
    match (step, value) {
        (Step::Member(name), Value::Object(map)) => enter(map.get(name), step.clone()),
        (Step::Element(at), Value::Array(list)) => enter(list.get(*at), step.clone()),
        (Step::Every(()), Value::Array(list)) => {
            for (at, element) in list.iter().enumerate() {
                enter(Some(element), Step::Element(at));
            }
        }
        _ => {}
    }
}

/// Takes what stands at a place out, leaves its digest, and gives its disclosure.
fn hide(root: &mut Value, place: &[Step], hash: Hash, rng: &mut impl CryptoRngCore) -> Option<String> {
    let (last, parents) = place.split_last()?;
    let parent = find(root, parents)?;
    match last {
        Step::Member(name) => {
            let map = parent.as_object_mut()?;
            let value = map.remove(name)?;
            let disclosure = Disclosure::create(Some(name), &value, rng);
            let digests = map.entry(DIGESTS).or_insert_with(|| Value::Array(Vec::new()));
            digests.as_array_mut()?.push(hash.digest(&disclosure).into());
            Some(disclosure)
        }
        Step::Element(at) => {
            let element = parent.get_mut(at)?;
            let disclosure = Disclosure::create(None, element, rng);
            *element = json!({ DIGEST_OF_ELEMENT: hash.digest(&disclosure) });
            Some(disclosure)
        }
        Step::Every(()) => None,
    }
}

fn find<'v>(root: &'v mut Value, place: &[Step]) -> Option<&'v mut Value> {
    place.iter().try_fold(root, |value, step| match step {
        Step::Member(name) => value.get_mut(name),
        Step::Element(at) => value.get_mut(at),
        Step::Every(()) => None,
    })
}
