//! The checks that led to a decision.

use maud::{Markup, html};

use super::icon::icon;
use super::state::{State, badge};
use super::texts;
use crate::lang::Lang;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Yes.
    Passed,
    /// No.
    Failed,
    /// Nobody can tell.
    Unknown,
}

impl Outcome {
    fn state(self) -> State {
        match self {
            Self::Passed => State::Accepted,
            Self::Failed => State::Refused,
            Self::Unknown => State::CannotTell,
        }
    }
}

/// One check, opening to its evidence.
#[derive(Debug, Clone)]
pub struct Check {
    /// The stable id (`issuer_signature`), kept in the page for tests and support.
    pub id: String,
    /// What was asked, in words ("Was the licence signed by its issuer?").
    pub title: String,
    /// How it came out.
    pub outcome: Outcome,
    /// The finding in one line.
    pub finding: String,
    /// The evidence: keys, block heights, times.
    pub evidence: Vec<(String, String)>,
}

/// The list of checks: what failed is open already.
pub fn checks(lang: Lang, checks: &[Check]) -> Markup {
    let t = texts(lang);
    html! {
        ul.checks {
            @for check in checks {
                @let state = check.outcome.state();
                li data-check=(check.id) data-outcome=(state.class()) {
                    details open[check.outcome != Outcome::Passed] {
                        summary {
                            span class={ "check-sign " (state.class()) } { (icon(state.icon())) }
                            span.check-title { (check.title) }
                            (badge(state, match check.outcome {
                                Outcome::Passed => t.get("check.passed"),
                                Outcome::Failed => t.get("check.failed"),
                                Outcome::Unknown => t.get("check.unknown"),
                            }))
                        }
                        div.check-body {
                            p { (check.finding) }
                            @if !check.evidence.is_empty() {
                                dl.evidence { @for (name, value) in &check.evidence { div { dt { (name) } dd { (value) } } } }
                            }
                        }
                    }
                }
            }
        }
    }
}
