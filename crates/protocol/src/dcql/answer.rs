//! Does what a holder sent answer the query, and does it carry no more? For the verifier's side.

use std::collections::{BTreeMap, BTreeSet};

use super::{Candidate, ClaimPath, DcqlQuery, MissReason, QueryId};

/// A verified credential that a holder sent.
#[derive(Clone)]
pub struct Presented<'a> {
    /// The credential, its claims being what was shown.
    pub candidate: Candidate<'a>,
    /// The paths of what the holder chose to show: every disclosure of an SD-JWT, every [leaf](super::leaves) of the
    /// subject for a format that is shown whole. What can't be withheld is not here.
    pub disclosed: Vec<ClaimPath>,
}

/// The judgement on an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// What is missing; empty if the query is answered.
    pub unsatisfied: Vec<Unsatisfied>,
    /// What came without being asked for; empty if the holder sent no more than asked.
    pub excess: Vec<Excess>,
}

/// What is missing from an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsatisfied {
    /// No option of the required set at this place (from 0) is answered in full. Without sets there is one, at 0.
    Set(usize),
    /// What came for this credential query is of another format or type.
    OtherType(QueryId),
    /// What came for this credential query does not answer it.
    Credential(QueryId, MissReason),
    /// Nothing stands under this credential query's id.
    NothingSent(QueryId),
}

/// What came without being asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Excess {
    /// Presentations under an id that the query does not have.
    UnknownQuery(QueryId),
    /// A credential where another option of the same set was answered already, or that no set asks for.
    Credential(QueryId),
    /// More than one credential where one was asked for.
    Several(QueryId),
    /// A claim that was not asked for.
    Claim(QueryId, ClaimPath),
}

impl Answer {
    /// Was the query answered?
    pub fn satisfied(&self) -> bool {
        self.unsatisfied.is_empty()
    }

    /// Did no more come than was asked for?
    pub fn frugal(&self) -> bool {
        self.excess.is_empty()
    }
}

impl DcqlQuery {
    /// Judges what came, by credential query id.
    pub fn check(&self, presented: &BTreeMap<QueryId, Vec<Presented<'_>>>) -> Answer {
        let mut answer = Answer::default();
        let mut answered = BTreeSet::new();
        for (id, list) in presented {
            let Some(query) = self.credential(id) else {
                answer.excess.push(Excess::UnknownQuery(id.clone()));
                continue;
            };
            if list.is_empty() {
                answer.unsatisfied.push(Unsatisfied::NothingSent(id.clone()));
                continue;
            }
            if list.len() > 1 && !query.multiple {
                answer.excess.push(Excess::Several(id.clone()));
            }
            let before = answer.unsatisfied.len();
            for one in list {
                if !one.candidate.is_of(query) {
                    answer.unsatisfied.push(Unsatisfied::OtherType(id.clone()));
                } else if let Err(reason) = query.answered_by(&one.candidate) {
                    answer.unsatisfied.push(Unsatisfied::Credential(id.clone(), reason));
                }
                let beyond = query.beyond(&one.disclosed);
                answer.excess.extend(beyond.into_iter().map(|path| Excess::Claim(id.clone(), path)));
            }
            if answer.unsatisfied.len() == before {
                answered.insert(id);
            }
        }
        self.check_sets(presented, &answered, &mut answer);
        answer
    }

    fn check_sets(
        &self,
        presented: &BTreeMap<QueryId, Vec<Presented<'_>>>,
        answered: &BTreeSet<&QueryId>,
        answer: &mut Answer,
    ) {
        let mut justified: BTreeSet<QueryId> = BTreeSet::new();
        for (index, (required, options)) in self.sets().into_iter().enumerate() {
            let full = |option: &&Vec<QueryId>| option.iter().all(|id| answered.contains(id));
            // Of several options answered in full the largest is taken as meant, so that only a real surplus is one.
            match options.iter().rev().filter(full).max_by_key(|option| option.len()) {
                Some(option) => justified.extend(option.iter().cloned()),
                None if required => answer.unsatisfied.push(Unsatisfied::Set(index)),
                None => {}
            }
        }
        let surplus = answered.iter().filter(|id| presented.contains_key(**id) && !justified.contains(**id));
        // While a set is unanswered, what came in part for it is not called a surplus.
        if answer.unsatisfied.is_empty() {
            answer.excess.extend(surplus.map(|id| Excess::Credential((*id).clone())));
        }
    }
}

impl super::CredentialQuery {
    /// What of `disclosed` goes beyond this query, measured by the alternative it exceeds least.
    fn beyond(&self, disclosed: &[ClaimPath]) -> Vec<ClaimPath> {
        let beyond = |asked: &[&super::ClaimQuery]| -> Vec<ClaimPath> {
            let unasked = |shown: &&ClaimPath| !asked.iter().any(|claim| claim.path.accounts_for(shown));
            disclosed.iter().filter(unasked).cloned().collect()
        };
        self.alternatives().iter().map(|asked| beyond(asked)).min_by_key(Vec::len).unwrap_or_default()
    }
}
