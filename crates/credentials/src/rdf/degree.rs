//! Telling blank nodes apart by those around them (RDFC-1.0 §4.7 and §4.8). This is where hostile graphs cost.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Node;
use super::dataset::Quad;
use super::rdfc::{Graph, Names, TooMuchWork};

/// Recursion this deep only happens in graphs made for it: documents nest less deeply.
const DEEPEST: usize = 192;

/// Temporary labels `b0`, `b1`, … in the order in which they were issued.
#[derive(Clone)]
pub(super) struct Issuer(Vec<u32>);

impl Issuer {
    pub(super) fn starting_with(blank: u32) -> Self {
        Self(vec![blank])
    }

    pub(super) fn order(&self) -> &[u32] {
        &self.0
    }

    fn of(&self, blank: u32) -> Option<usize> {
        self.0.iter().position(|issued| *issued == blank)
    }

    fn issue(&mut self, blank: u32) -> usize {
        self.of(blank).unwrap_or_else(|| {
            self.0.push(blank);
            self.0.len() - 1
        })
    }
}

impl Graph<'_> {
    /// §4.7: the hash of a related blank node as seen from one quad.
    fn hash_related(
        &self,
        related: u32,
        quad: &Quad,
        issuer: &Issuer,
        names: &Names,
        position: char,
    ) -> String {
        let mut input = String::with_capacity(160);
        input.push(position);
        if position != 'g' {
            input.push_str(self.dataset.text(quad.predicate));
        }
        // Writing to a string can't fail.
        let _ = if let Some(name) = names.of(related) {
            write!(input, "_:c14n{name}")
        } else if let Some(name) = issuer.of(related) {
            write!(input, "_:b{name}")
        } else {
            input.push_str(self.first.get(related as usize).map_or("", String::as_str));
            Ok(())
        };
        self.algorithm.hex(input.as_bytes())
    }

    /// §4.8.
    pub(super) fn hash_n_degree(
        &self,
        blank: u32,
        mut issuer: Issuer,
        names: &Names,
        depth: usize,
    ) -> Result<(String, Issuer), TooMuchWork> {
        if depth > DEEPEST {
            return Err(TooMuchWork);
        }
        let mut related: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for quad in self.mentions(blank) {
            self.spend(1)?;
            let places = [(Some(quad.subject), 's'), (Some(quad.object), 'o'), (quad.graph, 'g')];
            for (node, position) in places {
                let Some(Node::Blank(other)) = node else { continue };
                if other != blank {
                    let hash = self.hash_related(other, quad, &issuer, names, position);
                    related.entry(hash).or_default().push(other);
                }
            }
        }
        let mut data = String::new();
        for (hash, mut blanks) in related {
            data.push_str(&hash);
            sorted::sort(&mut blanks);
            let mut chosen: Option<(String, Issuer)> = None;
            loop {
                self.spend(blanks.len() + issuer.0.len() / 8)?;
                let best = chosen.as_ref().map(|(path, _)| path.as_str());
                if let Some(better) = self.path(&blanks, issuer.clone(), names, best, depth)? {
                    chosen = Some(better);
                }
                if !next_permutation(&mut blanks) {
                    break;
                }
            }
            if let Some((path, chosen)) = chosen {
                data.push_str(&path);
                issuer = chosen;
            }
        }
        Ok((self.algorithm.hex(data.as_bytes()), issuer))
    }

    /// The path of one order of the related blank nodes, if it is less than the best so far.
    fn path(
        &self,
        order: &[u32],
        mut issuer: Issuer,
        names: &Names,
        best: Option<&str>,
        depth: usize,
    ) -> Result<Option<(String, Issuer)>, TooMuchWork> {
        let is_worse = |path: &str| best.is_some_and(|best| path.len() >= best.len() && path > best);
        let mut path = String::new();
        let mut deeper = Vec::new();
        for blank in order {
            let _ = if let Some(name) = names.of(*blank) {
                write!(path, "_:c14n{name}")
            } else {
                if issuer.of(*blank).is_none() {
                    deeper.push(*blank);
                }
                write!(path, "_:b{}", issuer.issue(*blank))
            };
            if is_worse(&path) {
                return Ok(None);
            }
        }
        for blank in deeper {
            self.spend(issuer.0.len() / 8)?;
            let (hash, after) = self.hash_n_degree(blank, issuer.clone(), names, depth + 1)?;
            let _ = write!(path, "_:b{}<{hash}>", issuer.issue(blank));
            issuer = after;
            if is_worse(&path) {
                return Ok(None);
            }
        }
        Ok(best.is_none_or(|best| path.as_str() < best).then_some((path, issuer)))
    }
}

/// The next order of the list by size; repeated members are not told apart. `false` after the last.
fn next_permutation(list: &mut [u32]) -> bool {
    let Some(at) = list.windows(2).rposition(|pair| pair[0] < pair[1]) else { return false };
    let Some(other) = list.iter().rposition(|n| *n > list[at]) else { return false };
    list.swap(at, other);
    if let Some(rest) = list.get_mut(at + 1..) {
        rest.reverse();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::next_permutation;

    #[test]
    fn every_order_once() {
        let mut list = [1, 2, 2, 3];
        let mut seen = vec![list];
        while next_permutation(&mut list) {
            seen.push(list);
        }
        assert_eq!(seen.len(), 12);
        assert!(seen.is_sorted() && seen.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(!next_permutation(&mut []) && !next_permutation(&mut [1]));
    }
}
