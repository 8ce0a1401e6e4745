//! Putting disclosures where their digests stand (RFC 9901 §7.1).

use serde_json::{Map, Value};

use super::disclosure::{DIGEST_OF_ELEMENT, DIGESTS, Disclosure, DisclosureError};
use super::hash::HASH_NAME;
use crate::claim::Step;
use crate::json::MAX_DEPTH;

/// The claims with everything disclosed in its place.
#[derive(Clone)]
pub(super) struct Processed {
    pub(super) claims: Map<String, Value>,
    /// Where each disclosure went, by its number.
    pub(super) places: Vec<Vec<Step>>,
}

/// Resolves every digest of the payload, whose hash was read already. Every disclosure must be used, exactly once.
pub(super) fn process(
    mut claims: Map<String, Value>,
    disclosures: &[Disclosure],
) -> Result<Processed, DisclosureError> {
    claims.remove(HASH_NAME);
    let digest = |at: usize| &disclosures[at].digest;
    let by_digest = sorted::order(disclosures.len(), &|a, b| digest(a).cmp(digest(b)));
    if by_digest.windows(2).any(|pair| disclosures[pair[0]].digest == disclosures[pair[1]].digest) {
        return Err(DisclosureError::Duplicate);
    }
    let mut work = Work {
        disclosures,
        by_digest,
        places: vec![None; disclosures.len()],
        digests: Vec::new(),
        here: Vec::new(),
    };
    work.object(&mut claims)?;
    sorted::sort(&mut work.digests);
    if work.digests.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(DisclosureError::DigestTwice);
    }
    let places = work.places.into_iter().collect::<Option<Vec<_>>>().ok_or(DisclosureError::Orphan)?;
    Ok(Processed { claims, places })
}

struct Work<'d> {
    disclosures: &'d [Disclosure],
    by_digest: Vec<usize>,
    places: Vec<Option<Vec<Step>>>,
    digests: Vec<String>,
    here: Vec<Step>,
}

impl<'d> Work<'d> {
    fn value(&mut self, value: &mut Value) -> Result<(), DisclosureError> {
        if self.here.len() > MAX_DEPTH {
            return Err(DisclosureError::TooDeep);
        }
        match value {
            Value::Object(map) => self.object(map),
            Value::Array(list) => self.array(list),
            _ => Ok(()),
        }
    }

    fn object(&mut self, map: &mut Map<String, Value>) -> Result<(), DisclosureError> {
        let digests = map.remove(DIGESTS);
        if map.contains_key(DIGEST_OF_ELEMENT) {
            return Err(DisclosureError::DigestsMalformed);
        }
        for (name, value) in map.iter_mut() {
            // Only what can hold digests needs its place noted.
            if value.is_object() || value.is_array() {
                self.inside(Step::Member(name.clone()), value)?;
            }
        }
        let digests = match digests {
            None => return Ok(()),
            Some(Value::Array(digests)) => digests,
            Some(_) => return Err(DisclosureError::DigestsMalformed),
        };
        for digest in digests {
            let Value::String(digest) = digest else { return Err(DisclosureError::DigestsMalformed) };
            let Some(number) = self.take(digest)? else { continue };
            let Disclosure { name: Some(name), value, .. } = &self.disclosures[number] else {
                return Err(DisclosureError::Orphan);
            };
            if map.contains_key(name) {
                return Err(DisclosureError::NameTaken);
            }
            let mut value = value.clone();
            self.here.push(Step::Member(name.clone()));
            self.places[number] = Some(self.here.clone());
            self.value(&mut value)?;
            self.here.pop();
            map.insert(name.clone(), value);
        }
        Ok(())
    }

    fn array(&mut self, list: &mut Vec<Value>) -> Result<(), DisclosureError> {
        let mut shown = Vec::with_capacity(list.len());
        for mut element in std::mem::take(list) {
            let at = Step::Element(shown.len());
            let hidden = match &mut element {
                Value::Object(map) if map.contains_key(DIGEST_OF_ELEMENT) => map.remove(DIGEST_OF_ELEMENT),
                _ => None,
            };
            match hidden {
                None => {
                    self.inside(at, &mut element)?;
                    shown.push(element);
                }
                Some(Value::String(digest)) if element.as_object().is_some_and(Map::is_empty) => {
                    let Some(number) = self.take(digest)? else { continue };
                    let Disclosure { name: None, value, .. } = &self.disclosures[number] else {
                        return Err(DisclosureError::Orphan);
                    };
                    let mut value = value.clone();
                    self.here.push(at);
                    self.places[number] = Some(self.here.clone());
                    self.value(&mut value)?;
                    self.here.pop();
                    shown.push(value);
                }
                Some(_) => return Err(DisclosureError::DigestsMalformed),
            }
        }
        *list = shown;
        Ok(())
    }

    fn inside(&mut self, step: Step, value: &mut Value) -> Result<(), DisclosureError> {
        self.here.push(step);
        self.value(value)?;
        self.here.pop();
        Ok(())
    }

    /// Notes a digest and finds its disclosure. One that is met a second time is refused at once, so that no
    /// disclosure can contain itself or be copied a thousandfold.
    fn take(&mut self, digest: String) -> Result<Option<usize>, DisclosureError> {
        let found = self.by_digest.binary_search_by(|number| self.disclosures[*number].digest.cmp(&digest));
        self.digests.push(digest);
        let Ok(at) = found else { return Ok(None) };
        let number = self.by_digest[at];
        if self.places[number].is_some() { Err(DisclosureError::DigestTwice) } else { Ok(Some(number)) }
    }
}
