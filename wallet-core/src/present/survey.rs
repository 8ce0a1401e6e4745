//! Which cards answer, and what of them would leave.

use std::collections::BTreeMap;

use protocol::dcql::{DcqlQuery, Match, Matches, MissReason, QueryId};
use registry::{Did, LocalText, PurposeRecord};

use super::{
    CardOption, Missing, MissingReason, Question, RequestRefused, Warning, candidates::Held,
    consent::OpenOption, links::Reuse, purpose::kinds, request::Genuine, selection::Selection,
};
use crate::{
    card::{self, CardState},
    context::Context,
    log,
};

/// Which credentials answer what, and what of them would leave.
pub(super) struct Survey<'h> {
    verifier: &'h Did,
    query: &'h DcqlQuery,
    held: &'h [Held],
    pub(super) matches: Matches,
    selections: BTreeMap<(QueryId, usize), Selection>,
    too_much: BTreeMap<QueryId, Vec<String>>,
    not_taken: BTreeMap<QueryId, bool>,
}

impl<'h> Survey<'h> {
    pub(super) fn of(genuine: &'h Genuine, purpose: &PurposeRecord, held: &'h [Held]) -> Self {
        let all: Vec<_> = held.iter().map(Held::candidate).collect();
        let query = &genuine.request.query;
        let mut matches = query.matches(&all);
        let (mut selections, mut too_much, mut not_taken) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (id, found) in &mut matches.found {
            found.retain(|Match { candidate, claims, .. }| {
                let Some(one) = held.get(*candidate) else { return false };
                if !one.is_taken_by(&genuine.request.client_metadata) {
                    not_taken.insert(id.clone(), true);
                    return false;
                }
                let Some(selection) = Selection::of(&one.content, one.kind, claims) else { return false };
                let allowed = purpose.asks.iter().find(|ask| ask.credential_type == one.card.kind);
                let beyond = selection.beyond(allowed.map_or(&[], |ask| ask.claims.as_slice()));
                if !beyond.is_empty() {
                    too_much.insert(id.clone(), beyond);
                    return false;
                }
                selections.insert((id.clone(), *candidate), selection);
                true
            });
        }
        let answered =
            |ids: &[QueryId]| ids.iter().all(|id| matches.found.get(id).is_some_and(|f| !f.is_empty()));
        let possible: Vec<Vec<bool>> = matches
            .sets
            .iter()
            .map(|set| set.options.iter().map(|(ids, _)| answered(ids)).collect())
            .collect();
        for (set, possible) in matches.sets.iter_mut().zip(possible) {
            set.options.iter_mut().zip(possible).for_each(|((_, can), possible)| *can = possible);
        }
        Self { verifier: &genuine.verifier, query, held, matches, selections, too_much, not_taken }
    }

    pub(super) fn fitting(&self, id: &QueryId) -> impl Iterator<Item = (&'h Held, &Selection)> {
        let found = self.matches.found.get(id).into_iter().flatten();
        found.filter_map(|found| {
            let selection = self.selections.get(&(id.clone(), found.candidate))?;
            Some((self.held.get(found.candidate)?, selection))
        })
    }

    pub(super) fn question(
        &mut self,
        context: &Context,
        id: &QueryId,
        set: Option<u32>,
    ) -> Result<(Question, Vec<OpenOption>), RequestRefused> {
        let mut options = Vec::new();
        let states = context.states(self.fitting(id).map(|(held, _)| &held.face).collect::<Vec<_>>())?;
        for ((held, selection), state) in self.fitting(id).zip(states) {
            let kind = context.catalogue.by_id(held.card.kind.as_str()).ok_or(RequestRefused::UnknownType)?;
            let card = held.face.show(&held.card_id, kind, state);
            let leaves = card::claim_views(kind, &selection.leaves);
            let shared = log::Shared {
                card: held.card_id.clone(),
                label: card.label.clone(),
                format: held.credential.format,
                claims: leaves.iter().map(|claim| claim.name.clone()).collect(),
                labels: leaves.iter().map(|claim| claim.label.clone()).collect(),
            };
            let reuse = reuse(held, self.verifier);
            let open = OpenOption {
                card: held.card_id.clone(),
                credential: held.credential.id.clone(),
                paths: selection.paths.clone(),
                others: reuse.others,
                shared,
            };
            let option = CardOption {
                id: held.credential.id.clone(),
                card: card.id,
                label: card.label,
                issuer_name: card.issuer_name,
                holder_line: card.holder_line,
                format: held.credential.format,
                state: card.state,
                leaves,
                stays: card::claim_views(kind, &selection.stays),
                reuse,
                warnings: warnings(held, &card.state, self.verifier),
            };
            options.push((option, open));
        }
        // The newest stay first among those with as few warnings.
        sorted::sort_by_key(&mut options, |(option, _)| option.warnings.len());
        let (options, open): (Vec<CardOption>, Vec<OpenOption>) = options.into_iter().unzip();
        let label = options.first().map(|option| option.label.clone());
        let label = label.ok_or(RequestRefused::UnknownType)?;
        let multiple = self.query.credential(id).is_some_and(|query| query.multiple);
        let (id, optional) = (id.to_string(), set.is_some());
        Ok((Question { id, label, optional, set, multiple, options }, open))
    }

    /// What else could be answered, beside what must: the best option of each optional set, with the set's number.
    pub(super) fn optional(&self, wanted: &[QueryId]) -> Vec<(QueryId, Option<u32>)> {
        let mut more: Vec<(QueryId, Option<u32>)> = Vec::new();
        for (number, set) in (0..).zip(&self.matches.sets).filter(|(_, set)| !set.required) {
            for id in set.best().unwrap_or_default() {
                if !wanted.contains(id) && !more.iter().any(|(other, _)| other == id) {
                    more.push((id.clone(), Some(number)));
                }
            }
        }
        more
    }

    pub(super) fn missing(&self, context: &Context, query: &DcqlQuery) -> Vec<Missing> {
        let unanswered = query.credentials.iter().filter(|one| self.fitting(&one.id).next().is_none());
        unanswered
            .map(|one| {
                let kind = kinds(context.catalogue, one).into_iter().next();
                let label = kind.map_or_else(|| LocalText::new("", ""), |kind| card::local(&kind.label));
                let miss = self.matches.missed.get(&one.id).and_then(|misses| misses.first());
                let reason = match (self.too_much.get(&one.id), miss.map(|miss| &miss.reason)) {
                    (Some(claims), _) => MissingReason::ShowsTooMuch(claims.clone()),
                    (None, Some(MissReason::NoClaim(path))) => MissingReason::NoClaim(path.to_string()),
                    (None, Some(MissReason::OtherValue(path))) => MissingReason::OtherValue(path.to_string()),
                    (None, Some(MissReason::NotHolderBound | MissReason::NotTrusted)) => {
                        MissingReason::NotAccepted
                    }
                    (None, None) if self.not_taken.contains_key(&one.id) => MissingReason::NotAccepted,
                    (None, None) => MissingReason::NoCard,
                };
                Missing { label, reason }
            })
            .collect()
    }
}

fn reuse(held: &Held, verifier: &Did) -> Reuse {
    let copies = held.card.credentials.iter().filter(|copy| copy.format == held.credential.format);
    let unused = copies.filter(|copy| copy.shown_to.is_empty()).count();
    Reuse {
        known_here: held.credential.shown_to.contains(verifier),
        others: held.credential.seen_by_others(verifier),
        unused: u32::try_from(unused).unwrap_or(u32::MAX),
    }
}

fn warnings(held: &Held, state: &CardState, verifier: &Did) -> Vec<Warning> {
    let mut warnings = Vec::new();
    match state {
        CardState::Valid { .. } => {}
        CardState::Unknown { .. } => warnings.push(Warning::StateUnknown),
        CardState::Suspended { .. }
        | CardState::Revoked { .. }
        | CardState::Expired { .. }
        | CardState::NotTrusted { .. }
        | CardState::Damaged => warnings.push(Warning::NotInForce),
    }
    if !held.content.is_selective() {
        warnings.push(Warning::ShownWhole);
    }
    if held.credential.seen_by_others(verifier) > 0 {
        warnings.push(Warning::SeenByAnother);
    }
    warnings
}
