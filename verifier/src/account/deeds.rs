//! What the log says of decisions: policy, checks, result, who asked. No value that was shown, no name that came from outside.

use service::audit::{About, Account, Deed, Digest, Named};

use super::{Taken, program};
use crate::batch::Verified;
use crate::core::AskedBy;
use crate::decision::{Decision, Outcome as Found, Verdict};
use crate::purpose::Purpose;
use crate::request::Outcome;

/// Of what became of a request. The log names it by its digest: whoever knows a request's own name can answer it.
pub(super) fn outcome(taken: &Taken<'_>) -> Deed {
    let Taken { id, request, query, outcome, without_node, .. } = taken;
    let deed = match outcome {
        Outcome::Decided(decision) => {
            let deed = Deed::new("decided").about("result", decision.verdict.id());
            let deed = deed.about("checks", Checks(decision));
            // Of each of these a second look is noted later.
            if without_node.is_some() { deed.about("facts", "brought-along") } else { deed }
        }
        // With what word the wallet declined is the wallet's own text.
        Outcome::Declined { .. } => Deed::new("declined"),
    };
    let deed = match query {
        Some(AskedBy::Policy(purpose)) => by_policy(deed, Some(purpose)),
        // The purpose that goes with a query of one's own is the caller's text.
        _ => deed.about("query", "own").about("purpose", Digest::of(request.purpose.as_str().as_bytes())),
    };
    let deed = deed.about("presentation", Digest::of(id.as_str().as_bytes()));
    let asked_by = program(request).unwrap_or(&request.asked_by);
    deed.about("asked-by", Account(asked_by))
        .about("asked-as", if program(request).is_some() { "program" } else { "clerk" })
}

/// Of a credential that was received elsewhere.
pub(crate) fn verified(found: &Verified, policy: Option<&Purpose>) -> Deed {
    let deed = Deed::new("verified").about("result", found.decision.id());
    by_policy(deed, policy).about("not-passed", NotPassed(&found.not_passed))
}

/// Of many.
pub(crate) fn batch_verified(found: &[Verified], policy: Option<&Purpose>) -> Deed {
    let count = |verdict: Verdict| found.iter().filter(|one| one.decision == verdict).count() as u64;
    let results = [Verdict::Accepted, Verdict::Refused, Verdict::CannotTell];
    let deed = Deed::new("batch-verified").about("credentials", found.len() as u64);
    by_policy(results.into_iter().fold(deed, |deed, result| deed.about(result.id(), count(result))), policy)
}

fn by_policy(deed: Deed, policy: Option<&Purpose>) -> Deed {
    match policy {
        Some(policy) => deed.about("purpose", Named(&policy.id)).about("version", Version(&policy.version)),
        None => deed,
    }
}

/// Which policy, exactly: made here of its text.
#[derive(Clone, Copy)]
struct Version<'a>(&'a str);

impl About for Version<'_> {
    fn text(self) -> String {
        self.0.to_owned()
    }
}

/// Every check by its name, with the number of the credential it is about; what did not pass with what was found.
#[derive(Clone, Copy)]
struct Checks<'a>(&'a Decision);

impl About for Checks<'_> {
    fn text(self) -> String {
        let mut text = String::with_capacity(256);
        for check in &self.0.checks {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(check.id.id());
            if let Some(subject) = check.subject {
                text.push('.');
                text.push_str(&subject.to_string());
            }
            if check.outcome != Found::Passed {
                text.push(if check.outcome == Found::Failed { '=' } else { '?' });
                text.push_str(stable(&check.reason));
            }
        }
        text
    }
}

/// The checks that did not pass, with what was found.
#[derive(Clone, Copy)]
struct NotPassed<'a>(&'a [(String, String)]);

impl About for NotPassed<'_> {
    fn text(self) -> String {
        let one = |(check, found): &(String, String)| format!("{}={}", stable(check), stable(found));
        self.0.iter().map(one).collect::<Vec<_>>().join(" ")
    }
}

/// A word of the program. Whatever has another form is none, and is not repeated.
fn stable(word: &str) -> &str {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'_' || byte == b'-' || byte == b'.';
    if word.len() <= 64 && word.bytes().all(is_word) { word } else { "other" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::{Check, CheckId};

    #[test]
    fn checks_are_named_with_what_they_found_and_nothing_that_came_from_outside() {
        let checks = vec![
            Check::passed(CheckId::IssuerSignature).about(0),
            Check::failed(CheckId::Status, "revoked").about(0),
            Check::unknown(CheckId::EvidenceAge, "chain_unreachable"),
            Check::failed(CheckId::Nonce, "程知夏 34010219880321214X"),
        ];
        assert_eq!(
            Checks(&Decision::of(Vec::new(), checks)).text(),
            "issuer_signature.0 status.0=revoked evidence_age?chain_unreachable nonce=other"
        );
    }
}
