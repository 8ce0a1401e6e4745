//! Which credentials answer a query (§6.4), for the holder's side.

use std::collections::{BTreeMap, BTreeSet};

use super::{Candidate, ClaimPath, ClaimQuery, CredentialQuery, DcqlQuery, QueryId};

/// Which of the candidates answer which part of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matches {
    /// For each credential query the candidates that answer it, in the candidates' order. Every id of the query is here.
    pub found: BTreeMap<QueryId, Vec<Match>>,
    /// For each credential query the candidates of its type that do not answer it, and why: what to tell the holder.
    pub missed: BTreeMap<QueryId, Vec<Miss>>,
    /// The query's credential sets; without any, one required set with one option of all credential queries.
    pub sets: Vec<SetMatch>,
}

/// A candidate that answers a credential query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Its index among the candidates.
    pub candidate: usize,
    /// The exact paths of the claims to show, in the order asked for; `null` steps are resolved.
    pub claims: Vec<ClaimPath>,
    /// Which of the query's claim sets this is, from 0; `None` if it has none.
    pub claim_set: Option<usize>,
}

/// A candidate of the right type that does not answer a credential query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// Its index among the candidates.
    pub candidate: usize,
    /// Why not.
    pub reason: MissReason,
}

/// Why a candidate of the right type does not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MissReason {
    /// The holder could not prove possession of its key.
    NotHolderBound,
    /// Its issuer is trusted by none of the authorities asked for.
    NotTrusted,
    /// It has no such claim (of the preferred alternative).
    NoClaim(ClaimPath),
    /// The claim has none of the values asked for.
    OtherValue(ClaimPath),
}

/// A credential set and which of its options can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetMatch {
    /// Must one be answered?
    pub required: bool,
    /// All options, the preferred first, each with whether every one of its credential queries has a match.
    pub options: Vec<(Vec<QueryId>, bool)>,
}

impl SetMatch {
    /// The first option that can be answered.
    pub fn best(&self) -> Option<&[QueryId]> {
        self.options.iter().find(|(_, possible)| *possible).map(|(ids, _)| ids.as_slice())
    }
}

impl Matches {
    /// Can every required set be answered?
    pub fn satisfiable(&self) -> bool {
        self.sets.iter().all(|set| !set.required || set.best().is_some())
    }

    /// The credential queries to answer: the best option of every required set. Empty when not satisfiable.
    pub fn wanted(&self) -> Vec<&QueryId> {
        if !self.satisfiable() {
            return Vec::new();
        }
        let mut wanted = BTreeSet::new();
        wanted.extend(self.sets.iter().filter(|set| set.required).filter_map(SetMatch::best).flatten());
        wanted.into_iter().collect()
    }
}

impl DcqlQuery {
    /// Finds which candidates answer this (valid) query.
    pub fn matches(&self, candidates: &[Candidate<'_>]) -> Matches {
        let (mut found, mut missed) = (BTreeMap::new(), BTreeMap::new());
        for query in &self.credentials {
            let (mut matches, mut misses) = (Vec::new(), Vec::new());
            for (index, candidate) in candidates.iter().enumerate().filter(|(_, c)| c.is_of(query)) {
                match query.answered_by(candidate) {
                    Ok((claims, claim_set)) => matches.push(Match { candidate: index, claims, claim_set }),
                    Err(reason) => misses.push(Miss { candidate: index, reason }),
                }
            }
            found.insert(query.id.clone(), matches);
            missed.insert(query.id.clone(), misses);
        }
        let possible =
            |ids: &[QueryId]| ids.iter().all(|id| found.get(id).is_some_and(|matches| !matches.is_empty()));
        let sets = self
            .sets()
            .into_iter()
            .map(|(required, options)| SetMatch {
                required,
                options: options.into_iter().map(|ids| (ids.clone(), possible(&ids))).collect(),
            })
            .collect();
        Matches { found, missed, sets }
    }

    /// The credential sets, or the one that stands for their absence: everything, required (§6.4.2).
    pub(super) fn sets(&self) -> Vec<(bool, Vec<Vec<QueryId>>)> {
        match &self.credential_sets {
            Some(sets) => sets.iter().map(|set| (set.required, set.options.clone())).collect(),
            None => {
                vec![(true, vec![self.credentials.iter().map(|credential| credential.id.clone()).collect()])]
            }
        }
    }
}

impl CredentialQuery {
    /// The exact claims of the first alternative that the candidate, which is of the type asked for, can show.
    pub(super) fn answered_by(
        &self,
        candidate: &Candidate<'_>,
    ) -> Result<(Vec<ClaimPath>, Option<usize>), MissReason> {
        if self.require_cryptographic_holder_binding && !candidate.holder_bound {
            return Err(MissReason::NotHolderBound);
        }
        if !candidate.is_trusted_by(self.trusted_authorities.as_deref()) {
            return Err(MissReason::NotTrusted);
        }
        let mut first_miss = None;
        for (index, claims) in self.alternatives().into_iter().enumerate() {
            match resolve_all(&claims, candidate) {
                Ok(paths) => return Ok((paths, self.claim_sets.is_some().then_some(index))),
                Err(miss) => first_miss = first_miss.or(Some(miss)),
            }
        }
        // A valid query has at least one alternative.
        Err(first_miss.unwrap_or(MissReason::NotTrusted))
    }
}

fn resolve_all(claims: &[&ClaimQuery], candidate: &Candidate<'_>) -> Result<Vec<ClaimPath>, MissReason> {
    let mut paths = Vec::new();
    for claim in claims {
        let selected =
            claim.path.select(candidate.claims).map_err(|_| MissReason::NoClaim(claim.path.clone()))?;
        match &claim.values {
            None => paths.extend(selected.into_iter().map(|(path, _)| path)),
            Some(values) => {
                let before = paths.len();
                let fitting =
                    selected.into_iter().filter(|(_, found)| values.iter().any(|value| value.is(found)));
                paths.extend(fitting.map(|(path, _)| path));
                if paths.len() == before {
                    return Err(MissReason::OtherValue(claim.path.clone()));
                }
            }
        }
    }
    Ok(paths)
}
