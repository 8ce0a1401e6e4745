//! A document as statements: lines of canonical N-Quads whose blank nodes carry keyed labels.

use std::collections::{BTreeMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, Mac};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::Flaw;
use crate::jsonld::{Contexts, JsonLdError, Selection};
use crate::rdf::{Canonical, Dataset, HashAlgorithm, Work};

/// A document's statements, sorted.
pub(super) struct Statements<'d> {
    lines: Vec<String>,
    /// For each blank node its label, without `_:`.
    labels: Vec<String>,
    canonical: Canonical,
    document: &'d Map<String, Value>,
    contexts: &'d Contexts,
}

impl<'d> Statements<'d> {
    /// With labels from the HMAC key (§3.4.5, `createHmacIdLabelMapFunction`).
    pub(super) fn of(
        document: &'d Map<String, Value>,
        contexts: &'d Contexts,
        hmac_key: &[u8; 32],
    ) -> Result<Self, JsonLdError> {
        let dataset = contexts.to_rdf(document)?;
        let canonical = canonicalize(&dataset)?;
        let labels = labels(&canonical, &dataset, |number| keyed(hmac_key, number));
        // Every blank node that stands in a statement got one.
        let labels = labels.ok_or(JsonLdError::TooMuchWork)?;
        Ok(Self { lines: lines(&dataset, &labels), labels, canonical, document, contexts })
    }

    /// With the labels that a derived proof gives (§3.6.5).
    pub(super) fn shown(
        document: &'d Map<String, Value>,
        contexts: &'d Contexts,
        given: &BTreeMap<u32, [u8; 32]>,
    ) -> Result<Self, Flaw> {
        let dataset = contexts.to_rdf(document)?;
        let canonical = canonicalize(&dataset)?;
        // Two nodes under one label would become one, and a label too many may hide another reading.
        let all_different = given.values().collect::<HashSet<_>>().len() == given.len();
        let labels = labels(&canonical, &dataset, |number| given.get(&number).copied());
        let named = canonical.named();
        match labels {
            Some(labels) if all_different && named == given.len() => {
                Ok(Self { lines: lines(&dataset, &labels), labels, canonical, document, contexts })
            }
            _ => Err(Flaw::LabelMapWrong),
        }
    }

    /// Which of the lines come from the chosen parts of the document.
    pub(super) fn chosen(&self, selection: &Selection) -> Result<Vec<bool>, JsonLdError> {
        let part = self.contexts.to_rdf_of(self.document, selection)?;
        let chosen: HashSet<String> = lines(&part, &self.labels).into_iter().collect();
        Ok(self.lines.iter().map(|line| chosen.contains(line)).collect())
    }

    /// The lines of these numbers, which must rise.
    pub(super) fn numbered(&self, numbers: &[usize]) -> Result<Vec<bool>, Flaw> {
        let mut chosen = vec![false; self.lines.len()];
        let rising = numbers.windows(2).all(|pair| pair[0] < pair[1]);
        for number in numbers {
            *chosen.get_mut(*number).filter(|_| rising).ok_or(Flaw::StatementCountWrong)? = true;
        }
        Ok(chosen)
    }

    /// The lines chosen, and the others.
    pub(super) fn divided<'s>(
        &'s self,
        chosen: &'s [bool],
    ) -> (impl Iterator<Item = &'s str>, impl Iterator<Item = &'s str>) {
        let of = |wanted: bool| {
            let lines = self.lines.iter().zip(chosen);
            lines.filter(move |(_, chosen)| **chosen == wanted).map(|(line, _)| line.as_str())
        };
        (of(true), of(false))
    }

    /// The labels that whoever sees only the chosen parts needs: by the numbers that canonicalisation gives there.
    pub(super) fn labels_of(
        &self,
        selection: &Selection,
        hmac_key: &[u8; 32],
    ) -> Result<BTreeMap<u32, [u8; 32]>, JsonLdError> {
        let part = self.contexts.to_rdf_of(self.document, selection)?;
        let canonical = canonicalize(&part)?;
        let pairs = (0..part.blanks()).filter_map(|blank| {
            Some((canonical.label(blank)?, keyed(hmac_key, self.canonical.label(blank)?)?))
        });
        Ok(pairs.collect())
    }
}

pub(super) fn canonicalize(dataset: &Dataset) -> Result<Canonical, JsonLdError> {
    dataset.canonicalize(HashAlgorithm::Sha256, Work::default()).map_err(|_| JsonLdError::TooMuchWork)
}

/// SHA-256 of all lines.
pub(super) fn hash<'s>(lines: impl Iterator<Item = &'s str>) -> Vec<u8> {
    let mut hash = Sha256::new();
    lines.for_each(|line| hash.update(line));
    hash.finalize().to_vec()
}

fn lines(dataset: &Dataset, labels: &[String]) -> Vec<String> {
    dataset.lines(|blank, out| out.push_str(labels.get(blank as usize).map_or("", String::as_str)))
}

/// For each blank node the label that `of` gives for its canonical number; none if one is missing.
fn labels(
    canonical: &Canonical,
    dataset: &Dataset,
    of: impl Fn(u32) -> Option<[u8; 32]>,
) -> Option<Vec<String>> {
    (0..dataset.blanks())
        .map(|blank| match canonical.label(blank) {
            None => Some(String::new()),
            Some(number) => Some(format!("u{}", BASE64.encode(of(number)?))),
        })
        .collect()
}

/// HMAC-SHA-256 of a canonical label.
fn keyed(hmac_key: &[u8; 32], number: u32) -> Option<[u8; 32]> {
    // Keys of any length are taken.
    let mut mac = Hmac::<Sha256>::new_from_slice(hmac_key).ok()?;
    mac.update(format!("c14n{number}").as_bytes());
    Some(mac.finalize().into_bytes().into())
}
