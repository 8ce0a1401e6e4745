//! The canonicalisation algorithm (RDFC-1.0 §4.4).

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

use super::dataset::Quad;
use super::degree::Issuer;
use super::{Dataset, HashAlgorithm, Node};

/// How much work a canonicalisation may take. A step is about a microsecond: one related blank node, one identifier
/// copied, one quad looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work(pub u32);

impl Default for Work {
    /// Three times what the hardest of the honest graphs in the W3C's test suite takes.
    fn default() -> Self {
        Self(20_000)
    }
}

/// The graph's blank nodes are so alike that telling them apart takes more work than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the blank nodes of the graph take too much work to tell apart")]
pub struct TooMuchWork;

/// A dataset in canonical form.
#[derive(Clone)]
pub struct Canonical {
    lines: Vec<String>,
    labels: Vec<u32>,
    steps: u32,
}

impl Dataset {
    /// Names the blank nodes canonically and sorts the quads.
    ///
    /// # Errors
    /// [`TooMuchWork`].
    pub fn canonicalize(&self, algorithm: HashAlgorithm, work: Work) -> Result<Canonical, TooMuchWork> {
        let graph = Graph::new(self, algorithm, work);
        let labels = graph.name_blank_nodes()?;
        let lines = self.lines(|blank, out| {
            out.push_str("c14n");
            out.push_str(itoa::Buffer::new().format(labels.get(blank as usize).copied().unwrap_or_default()));
        });
        Ok(Canonical { lines, labels, steps: work.0 - graph.left.get() })
    }
}

impl Canonical {
    /// The lines of canonical N-Quads, each with its line feed.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The hash of the canonical N-Quads.
    #[must_use]
    pub fn digest(&self, algorithm: HashAlgorithm) -> Vec<u8> {
        algorithm.digest(self.lines.concat().as_bytes())
    }

    /// The number `n` of the canonical label `c14nn` of a blank node that stands in a quad.
    #[must_use]
    pub fn label(&self, blank: u32) -> Option<u32> {
        self.labels.get(blank as usize).copied().filter(|label| *label != UNNAMED)
    }

    /// How many blank nodes have a label.
    pub(crate) fn named(&self) -> usize {
        self.labels.iter().filter(|label| **label != UNNAMED).count()
    }

    /// How many steps it took.
    #[must_use]
    pub fn steps(&self) -> u32 {
        self.steps
    }
}

impl fmt::Debug for Canonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canonical").field("lines", &self.lines.len()).finish_non_exhaustive()
    }
}

const UNNAMED: u32 = u32::MAX;

/// The dataset as the algorithm sees it.
pub(super) struct Graph<'d> {
    pub(super) dataset: &'d Dataset,
    pub(super) algorithm: HashAlgorithm,
    quads: Vec<Quad>,
    /// For each blank node the quads that mention it.
    mentions: Vec<Vec<u32>>,
    /// For each blank node its first degree hash.
    pub(super) first: Vec<String>,
    left: Cell<u32>,
}

impl<'d> Graph<'d> {
    fn new(dataset: &'d Dataset, algorithm: HashAlgorithm, work: Work) -> Self {
        let quads = dataset.without_repetitions();
        let mut mentions = vec![Vec::new(); dataset.blanks as usize];
        for (at, quad) in (0..).zip(&quads) {
            for node in [Some(quad.subject), Some(quad.object), quad.graph] {
                let Some(Node::Blank(number)) = node else { continue };
                if let Some(list) = mentions.get_mut(number as usize)
                    && list.last() != Some(&at)
                {
                    list.push(at);
                }
            }
        }
        let mut graph =
            Graph { dataset, algorithm, quads, mentions, first: Vec::new(), left: Cell::new(work.0) };
        graph.first = (0..dataset.blanks).map(|blank| graph.hash_first_degree(blank)).collect();
        graph
    }

    pub(super) fn mentions(&self, blank: u32) -> impl Iterator<Item = &Quad> {
        let list = self.mentions.get(blank as usize).map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(|at| self.quads.get(*at as usize))
    }

    pub(super) fn spend(&self, steps: usize) -> Result<(), TooMuchWork> {
        let steps = u32::try_from(steps).map_err(|_| TooMuchWork)?;
        self.left.set(self.left.get().checked_sub(steps).ok_or(TooMuchWork)?);
        Ok(())
    }

    /// §4.4.3.
    fn name_blank_nodes(&self) -> Result<Vec<u32>, TooMuchWork> {
        let mut alike: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for (blank, hash) in (0..).zip(&self.first) {
            if self.mentions(blank).next().is_some() {
                alike.entry(hash).or_default().push(blank);
            }
        }
        let mut names = Names { labels: vec![UNNAMED; self.first.len()], next: 0 };
        for blanks in alike.values() {
            if let [only] = blanks.as_slice() {
                names.issue(*only);
            }
        }
        for blanks in alike.values().filter(|blanks| blanks.len() > 1) {
            let mut paths = Vec::new();
            for blank in blanks {
                if names.of(*blank).is_none() {
                    paths.push(self.hash_n_degree(*blank, Issuer::starting_with(*blank), &names, 0)?);
                }
            }
            sorted::sort_by(&mut paths, |(a, _), (b, _)| a.cmp(b));
            for blank in paths.iter().flat_map(|(_, issuer)| issuer.order()) {
                names.issue(*blank);
            }
        }
        Ok(names.labels)
    }

    /// §4.6.
    fn hash_first_degree(&self, reference: u32) -> String {
        let label = |blank: u32, out: &mut String| out.push(if blank == reference { 'a' } else { 'z' });
        let mut lines: Vec<String> = self
            .mentions(reference)
            .map(|quad| {
                let mut line = String::with_capacity(192);
                self.dataset.write(quad, &label, &mut line);
                line
            })
            .collect();
        sorted::sort(&mut lines);
        self.algorithm.hex(lines.concat().as_bytes())
    }
}

/// The canonical labels issued so far.
pub(super) struct Names {
    labels: Vec<u32>,
    next: u32,
}

impl Names {
    pub(super) fn of(&self, blank: u32) -> Option<u32> {
        self.labels.get(blank as usize).copied().filter(|label| *label != UNNAMED)
    }

    fn issue(&mut self, blank: u32) {
        if let Some(label) = self.labels.get_mut(blank as usize).filter(|label| **label == UNNAMED) {
            *label = self.next;
            self.next += 1;
        }
    }
}
