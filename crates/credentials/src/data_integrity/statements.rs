//! A document as statements, for the suites of selective disclosure: lines of canonical N-Quads whose blank nodes carry labels
//! from an HMAC.

use std::collections::{BTreeMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::selective::LabelKey;
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
    /// With the labels that `name` gives to so many blank nodes, by their canonical numbers.
    fn of(
        document: &'d Map<String, Value>,
        contexts: &'d Contexts,
        name: impl FnOnce(u32) -> Vec<String>,
    ) -> Result<Self, JsonLdError> {
        let dataset = contexts.to_rdf(document)?;
        let canonical = canonicalize(&dataset)?;
        let count = u32::try_from(canonical.named()).map_err(|_| JsonLdError::TooMuchWork)?;
        let names = name(count);
        let labels = labels(&canonical, &dataset, |number| names.get(number as usize).cloned());
        // Every blank node that stands in a statement got one.
        let labels = labels.ok_or(JsonLdError::TooMuchWork)?;
        Ok(Self { lines: lines(&dataset, &labels), labels, canonical, document, contexts })
    }

    /// As a base proof has it: with these labels, and which of the statements the pointers make mandatory.
    pub(super) fn signed(
        document: &'d Map<String, Value>,
        contexts: &'d Contexts,
        name: impl FnOnce(u32) -> Vec<String>,
        mandatory: &[String],
    ) -> Result<(Self, Vec<bool>), JsonLdError> {
        let statements = Self::of(document, contexts, name)?;
        let mandatory = statements.chosen(&Selection::of(document, mandatory)?)?;
        Ok((statements, mandatory))
    }

    /// As a derived proof has it: with the labels that it gives, by their canonical numbers, and the numbers of the
    /// mandatory statements, which must rise.
    pub(super) fn shown(
        document: &'d Map<String, Value>,
        contexts: &'d Contexts,
        labels: &BTreeMap<u32, String>,
        mandatory: &[usize],
    ) -> Result<(Self, Vec<bool>), Flaw> {
        let statements = Self::relabelled(document, contexts, labels)?;
        let mandatory = statements.numbered(mandatory)?;
        Ok((statements, mandatory))
    }

    fn relabelled(
        document: &'d Map<String, Value>,
        contexts: &'d Contexts,
        given: &BTreeMap<u32, String>,
    ) -> Result<Self, Flaw> {
        let dataset = contexts.to_rdf(document)?;
        let canonical = canonicalize(&dataset)?;
        // Two nodes under one label would become one, and a label too many may hide another reading.
        let all_different = given.values().collect::<HashSet<_>>().len() == given.len();
        let labels = labels(&canonical, &dataset, |number| given.get(&number).cloned());
        let named = canonical.named();
        match labels {
            Some(labels) if all_different && named == given.len() => {
                Ok(Self { lines: lines(&dataset, &labels), labels, canonical, document, contexts })
            }
            _ => Err(Flaw::LabelMapWrong),
        }
    }

    /// How many blank nodes have labels.
    #[cfg(feature = "bbs")]
    pub(super) fn blanks(&self) -> u32 {
        u32::try_from(self.canonical.named()).unwrap_or(u32::MAX)
    }

    /// Which of the lines come from the chosen parts of the document.
    pub(super) fn chosen(&self, selection: &Selection) -> Result<Vec<bool>, JsonLdError> {
        let part = self.contexts.to_rdf_of(self.document, selection)?;
        let chosen: HashSet<String> = lines(&part, &self.labels).into_iter().collect();
        Ok(self.lines.iter().map(|line| chosen.contains(line)).collect())
    }

    /// The lines of these numbers, which must rise.
    fn numbered(&self, numbers: &[usize]) -> Result<Vec<bool>, Flaw> {
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

    /// What whoever sees only the chosen parts needs to find the labels: for the canonical number of each blank node there the
    /// one that it has in the whole.
    pub(super) fn numbers_of(&self, selection: &Selection) -> Result<BTreeMap<u32, u32>, JsonLdError> {
        let part = self.contexts.to_rdf_of(self.document, selection)?;
        let canonical = canonicalize(&part)?;
        let pairs = (0..part.blanks())
            .filter_map(|blank| Some((canonical.label(blank)?, self.canonical.label(blank)?)));
        Ok(sorted::collect(pairs))
    }
}

/// HMAC-SHA-256 of a canonical label (ECDSA cryptosuites 1.0 §3.4.5, `createHmacIdLabelMapFunction`).
pub(super) fn keyed(key: &LabelKey, number: u32) -> [u8; 32] {
    // HMAC fills a key up to a block with zeros (RFC 2104 §2).
    let mut block = [0; 64];
    block[..32].copy_from_slice(key.0.as_ref());
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    mac.update(format!("c14n{number}").as_bytes());
    mac.finalize().into_bytes().into()
}

/// The label that such an HMAC makes.
pub(super) fn text(hmac: &[u8; 32]) -> String {
    format!("u{}", BASE64.encode(hmac))
}

fn canonicalize(dataset: &Dataset) -> Result<Canonical, JsonLdError> {
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
    of: impl Fn(u32) -> Option<String>,
) -> Option<Vec<String>> {
    (0..dataset.blanks())
        .map(|blank| match canonical.label(blank) {
            None => Some(String::new()),
            Some(number) => of(number),
        })
        .collect()
}
