//! What lets verifiers find out that they have met the same holder, or that two cards are one person's.

use serde::Serialize;

use super::consent::{CardOption, Choice, ConsentRequest, Question};

/// What an app does about answers by which its holder could be linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LinkPolicy {
    /// They are said, and the holder decides.
    #[default]
    Say,
    /// They don't leave: [`PresentError::WouldLink`](super::PresentError::WouldLink).
    Refuse,
}

/// A way by which an answer links its holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "link", rename_all = "kebab-case")]
pub enum Link {
    /// Cards that don't tell by themselves that they are of one person do so when they are shown together.
    Together {
        /// The questions that they answer.
        questions: Vec<String>,
    },
    /// Other verifiers have seen this very copy, for there was no unused one left: they could compare notes.
    Reused {
        /// The question that it answers.
        question: String,
        /// How many others.
        others: u32,
    },
}

/// How often the copy that would be shown was shown before. Copies are of one-use keys as long as there are unused ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reuse {
    /// Whether this verifier has seen it, and will know its holder again.
    pub known_here: bool,
    /// How many other verifiers have seen it.
    pub others: u32,
    /// Copies of the card in this format that nobody has seen.
    pub unused: u32,
}

impl ConsentRequest {
    /// What would link the holder if she answered so.
    #[must_use]
    pub fn links(&self, choice: &Choice) -> Vec<Link> {
        let chosen: Vec<(&Question, &CardOption)> = self
            .questions
            .iter()
            .flat_map(|question| self.chosen(question, choice).map(move |option| (question, option)))
            .collect();
        let reused = chosen.iter().filter(|(_, option)| option.reuse.others > 0);
        let reused = reused.map(|(question, option)| Link::Reused {
            question: question.id.clone(),
            others: option.reuse.others,
        });
        together(&chosen).into_iter().chain(reused).collect()
    }

    /// The options by which a choice answers a question.
    fn chosen<'q>(
        &'q self,
        question: &'q Question,
        choice: &'q Choice,
    ) -> impl Iterator<Item = &'q CardOption> {
        let named = choice.of(&question.id);
        let by_default = named.is_empty() && self.is_wanted(question.set, choice);
        question
            .options
            .iter()
            .enumerate()
            .filter(move |(at, option)| if by_default { *at == 0 } else { named.contains(&option.id) })
            .map(|(_, option)| option)
    }
}

/// The questions whose answers are of different cards, unless each card says of whom it is and all say the same.
fn together(chosen: &[(&Question, &CardOption)]) -> Option<Link> {
    let (_, first) = chosen.first()?;
    if chosen.iter().all(|(_, option)| option.card == first.card || say_the_same(first, option)) {
        return None;
    }
    let mut questions: Vec<String> = Vec::new();
    for (question, _) in chosen {
        if !questions.contains(&question.id) {
            questions.push(question.id.clone());
        }
    }
    Some(Link::Together { questions })
}

/// Whether both show the same value under the same name that only one person has: then nothing new is told by both.
fn say_the_same(one: &CardOption, other: &CardOption) -> bool {
    use credentials::catalogue::Kind;
    let tells = |kind: Option<Kind>| {
        matches!(kind, Some(Kind::IdNumber | Kind::CreditCode | Kind::LicenceIdentifier))
    };
    let shown = one.leaves.iter().filter(|claim| tells(claim.kind));
    shown
        .into_iter()
        .any(|claim| other.leaves.iter().any(|same| tells(same.kind) && same.value == claim.value))
}

#[cfg(test)]
mod tests {
    use credentials::catalogue::Kind;
    use registry::{LocalText, UnixMillis};
    use serde_json::json;

    use super::*;
    use crate::card::{CardState, ClaimView, Format};

    fn option(card: &str, leaves: &[(&str, Kind, &str)], others: u32) -> CardOption {
        let text = || LocalText::new("", "");
        let claim = |(name, kind, value): &(&str, Kind, &str)| ClaimView {
            name: (*name).to_owned(),
            label: text(),
            kind: Some(*kind),
            value: json!(value),
            text: text(),
        };
        CardOption {
            id: format!("{card}-copy"),
            card: card.to_owned(),
            label: text(),
            issuer_name: text(),
            holder_line: String::new(),
            format: Format::SdJwtVc,
            state: CardState::Valid { as_of: UnixMillis(0) },
            leaves: leaves.iter().map(claim).collect(),
            stays: Vec::new(),
            reuse: Reuse { known_here: false, others, unused: 0 },
            warnings: Vec::new(),
        }
    }

    fn question(id: &str, set: Option<u32>, options: Vec<CardOption>) -> Question {
        let (label, optional) = (LocalText::new("", ""), set.is_some());
        Question { id: id.to_owned(), label, optional, set, multiple: false, options }
    }

    fn links(questions: Vec<Question>, choice: &Choice) -> Vec<Link> {
        super::super::consent::tests::asking(questions).links(choice)
    }

    #[test]
    fn two_cards_tell_that_they_are_of_one_person_unless_they_say_so_anyway() {
        let age = option("id", &[("ageOver18", Kind::Bool, "true")], 0);
        let firm = option("licence", &[("creditCode", Kind::CreditCode, "91")], 0);
        let both = vec![question("a", None, vec![age.clone()]), question("b", None, vec![firm.clone()])];
        let together = Link::Together { questions: vec!["a".into(), "b".into()] };
        assert_eq!(links(both, &Choice::first()), std::slice::from_ref(&together));
        let alone = vec![question("a", None, vec![age.clone()]), question("b", Some(0), vec![firm.clone()])];
        assert_eq!(links(alone.clone(), &Choice::first()), [], "what is left out links nothing");
        assert_eq!(links(alone, &Choice::first().with("b", "licence-copy")), [together]);

        let tax = option("tax", &[("taxpayer", Kind::CreditCode, "91")], 0);
        let known = vec![question("a", None, vec![firm.clone()]), question("b", None, vec![tax])];
        assert_eq!(links(known, &Choice::first()), [], "the number is on both");
        let twice = vec![question("a", None, vec![age.clone()]), question("b", None, vec![age])];
        assert_eq!(links(twice, &Choice::first()), [], "one card");
    }

    #[test]
    fn a_set_that_is_answered_links_by_all_of_it() {
        let age = option("id", &[("ageOver18", Kind::Bool, "true")], 0);
        let firm = option("licence", &[("creditCode", Kind::CreditCode, "91")], 0);
        let tax = option("tax", &[("rating", Kind::Enum, "A")], 2);
        let asked = vec![
            question("a", None, vec![age]),
            question("b", Some(0), vec![firm.clone()]),
            question("c", Some(0), vec![tax]),
            question("d", Some(1), vec![firm]),
        ];
        let together = |questions: &[&str]| Link::Together {
            questions: questions.iter().map(|&question| question.to_owned()).collect(),
        };
        let reused = Link::Reused { question: "c".into(), others: 2 };
        assert_eq!(
            links(asked.clone(), &Choice::first()),
            [],
            "no set is answered unless one of it is named"
        );
        let one_named = links(asked.clone(), &Choice::first().with("b", "licence-copy"));
        assert_eq!(one_named, [together(&["a", "b", "c"]), reused], "the set's other card leaves with it");
        let other_set = links(asked, &Choice::first().with("d", "licence-copy"));
        assert_eq!(other_set, [together(&["a", "d"])]);
    }

    #[test]
    fn a_copy_that_others_have_seen_links_the_option_that_is_chosen() {
        let (used, unused) = (option("old", &[], 2), option("new", &[], 0));
        let asked = vec![question("a", None, vec![unused, used])];
        assert_eq!(links(asked.clone(), &Choice::first()), []);
        let reused = Link::Reused { question: "a".into(), others: 2 };
        assert_eq!(links(asked, &Choice::first().with("a", "old-copy")), [reused]);
    }
}
