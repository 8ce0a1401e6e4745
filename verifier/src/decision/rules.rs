//! The checks that a policy adds: ages, mandates, and what the holder authorised.

use std::collections::BTreeSet;
use std::time::Duration;

use credentials::catalogue::Catalogue;
use protocol::openid4vp::TransactionData;
use registry::{RecordKey, Slug, UnixMillis};
use serde_json::Value;

use super::check::{Check, CheckId, Outcome};
use super::credential::Received;
use super::facts::{Facts, Named};
use crate::purpose::{AskRule, MandateRule};

/// How far an issuer's clock may be ahead.
const SKEW: Duration = Duration::from_secs(120);

/// What turns on the time that it is now.
const OF_NOW: [&str; 4] =
    ["key_binding_too_old", "key_binding_in_future", "created_in_future", "not_yet_valid"];

/// The same checks where the register has another time than this machine: what fails by the time here alone is not known then.
pub(super) fn doubted(mut checks: Vec<Check>, facts: &Facts) -> Vec<Check> {
    let is_of_now =
        |check: &Check| check.outcome == Outcome::Failed && OF_NOW.contains(&check.reason.as_str());
    if facts.doubt_the_clock() {
        for check in checks.iter_mut().filter(|check| is_of_now(check)) {
            *check = Check { subject: check.subject, ..Check::unknown(check.id, "clock_doubted") };
        }
    }
    checks
}

/// Was it issued lately enough?
pub(super) fn issued_lately(rule: &AskRule, issued: Option<UnixMillis>, now: UnixMillis) -> Option<Check> {
    const ID: CheckId = CheckId::CredentialAge;
    let within = rule.issued_within?;
    Some(match issued {
        None => Check::unknown(ID, "no_issue_date"),
        Some(issued) if issued > now.after(SKEW) => Check::failed(ID, "created_in_future").at(issued),
        Some(issued) if issued.after(within) < now => Check::failed(ID, "too_old").at(issued),
        Some(issued) => Check::passed(ID).at(issued),
    })
}

/// Are the register's facts fresh enough to decide by?
pub(super) fn evidence_is_fresh(max_age: Duration, facts: &Facts, now: UnixMillis) -> Check {
    const ID: CheckId = CheckId::EvidenceAge;
    match facts.block() {
        None => Check::unknown(ID, facts.missing()),
        Some(block) if block.time.after(max_age) < now => Check::unknown(ID, "too_old").at(block.time),
        Some(block) => Check::passed(ID).at(block.time),
    }
}

/// Is what the register says of its status fresh enough to decide by? Of a credential whose status is not in the register the status'
/// own check says so.
pub(super) fn status_is_fresh(
    max_age: Duration,
    named: &Named,
    facts: &Facts,
    now: UnixMillis,
) -> Option<Check> {
    const ID: CheckId = CheckId::StatusAge;
    let (list, index) = named.entry.as_ref()?;
    Some(match facts.get(&RecordKey::chunk_of(list, *index)).map(registry::Proven::time) {
        None => Check::unknown(ID, facts.missing()),
        Some(time) if time.after(max_age) < now => Check::unknown(ID, "too_old").at(time),
        Some(time) => Check::passed(ID).at(time),
    })
}

/// Does the mandate authorise its holder to act for the company of the licence, in this matter? That both are genuine is for
/// the other checks.
pub(super) fn mandated(rule: &MandateRule, received: &[Received], catalogue: &Catalogue) -> Check {
    const ID: CheckId = CheckId::Mandate;
    let [codes, principals, matters] =
        MandateRule::PARTS.map(|(kind, claim)| values(received, catalogue, kind, claim));
    let text = |values: &[Value]| -> BTreeSet<String> {
        values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (codes, principals) = (text(&codes), text(&principals));
    if codes.is_empty() {
        return Check::failed(ID, "no_licence");
    }
    if principals.is_empty() || matters.is_empty() {
        return Check::failed(ID, "no_mandate");
    }
    // One company is acted for, by whatever number of mandates.
    if codes.len() > 1 || codes != principals {
        return Check::failed(ID, "other_company");
    }
    let covers = |list: &Value| {
        list.as_array().is_some_and(|list| list.iter().any(|matter| matter.as_str() == Some(&rule.matter)))
    };
    match matters.iter().any(covers) {
        true => Check::passed(ID),
        false => Check::failed(ID, "other_matter").naming(vec![rule.matter.clone()]),
    }
}

/// Did the holder's key sign every transaction that she was to authorise, with one of the credentials it named?
pub(super) fn authorised(transactions: &[TransactionData], received: &[Received]) -> Option<Check> {
    const ID: CheckId = CheckId::Transaction;
    if transactions.is_empty() {
        return None;
    }
    let is_authorised = |transaction: &TransactionData| {
        let mut carriers = received.iter().filter(|one| transaction.credential_ids().contains(&one.query));
        carriers.any(|one| one.dangerous_binding_claims().is_some_and(|claims| transaction.is_in(claims)))
    };
    Some(match transactions.iter().all(is_authorised) {
        true => Check::passed(ID),
        false => Check::failed(ID, "not_authorised"),
    })
}

/// The same of a credential that came alone: whatever it is, the other one is missing.
pub(super) fn mandated_alone(kind: Option<&Slug>) -> Check {
    let is_mandate = kind.is_some_and(|kind| kind.as_str() == MandateRule::PARTS[1].0);
    Check::failed(CheckId::Mandate, if is_mandate { "no_licence" } else { "no_mandate" })
}

/// The values of a claim in every credential of this type that came.
fn values(received: &[Received], catalogue: &Catalogue, kind: &str, claim: &str) -> Vec<Value> {
    let of_kind = received.iter().filter_map(|one| Some((one, one.credential_type(catalogue)?)));
    let of_kind = of_kind.filter(|(_, found)| found.id == kind);
    of_kind.filter_map(|(one, found)| one.subject_claims(found).remove(claim)).collect()
}
