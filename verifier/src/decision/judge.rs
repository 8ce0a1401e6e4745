//! The judgement itself. Pure: what came, what was asked, the chain's facts and the time go in.

use credentials::catalogue::Catalogue;
use credentials::{CheckName, Findings, Flaw, UnixSeconds};
use protocol::Format;
use protocol::dcql::{DcqlQuery, Excess, MissReason, QueryId, Unsatisfied};
use protocol::openid4vp::TransactionData;
use registry::{LocalText, Record, RecordKey, UnixMillis};

use super::base::Base;
use super::check::{Check, CheckId, Decision, Outcome, Subject};
use super::credential::{Expect, Received};
use super::facts::{Facts, Missing, Named, usable};
use super::registry as chain;
use super::rules;
use super::shown::Shown;
use crate::purpose::Rules;

/// What is asked, of whom, and when.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) query: &'a DcqlQuery,
    pub(crate) nonce: &'a str,
    /// Where the answer was sent, as the request says.
    pub(crate) response_uri: &'a str,
    pub(crate) client_id: &'a str,
    /// How old a holder's signature may be, in seconds.
    pub(crate) binding_max_age: i64,
    pub(crate) now: UnixMillis,
}

/// What more an answer is measured by; the default is nothing.
#[derive(Clone, Copy, Default)]
pub(crate) struct Terms<'a> {
    /// The policy's.
    pub(crate) rules: Option<&'a Rules>,
    /// What the holder was to authorise.
    pub(crate) transactions: &'a [TransactionData],
    /// The SHA-256 thumbprint of the key that the answer was encrypted to, if it was.
    pub(crate) sealed_to: Option<&'a [u8; 32]>,
}

/// The decision, and the claims of what was genuine.
pub(crate) struct Judged {
    pub(crate) decision: Decision,
    pub(crate) shown: Vec<Shown>,
}

/// Judges an answer by a policy.
pub(crate) fn judge_by(
    received: &[Received],
    asked: Asked<'_>,
    terms: Terms<'_>,
    catalogue: &Catalogue,
    facts: &Facts,
) -> Judged {
    let (mut subjects, mut checks, mut shown) = (Vec::new(), Vec::new(), Vec::new());
    for (index, one) in received.iter().enumerate() {
        let named = one.named(catalogue);
        let found = rules::doubted(judge_one(one, &named, asked, terms, facts), facts);
        let genuine =
            found.iter().all(|check| check.outcome == Outcome::Passed || !check.id.is_about_the_answer());
        if genuine && let Some(credential_type) = one.credential_type(catalogue) {
            shown.push(Shown::of(one, credential_type, asked.query));
        }
        checks.extend(found.into_iter().map(|check| check.about(index)));
        subjects.extend(
            one.base().map(|base| subject_of(base, one.format(), Some(one.query.clone()), named, facts)),
        );
    }
    checks.extend(as_a_whole(received, asked.query));
    checks.extend(rules::authorised(terms.transactions, received));
    if let Some(policy) = terms.rules {
        checks.extend(policy.mandate.as_ref().map(|rule| rules::mandated(rule, received, catalogue)));
        let max_age = policy.evidence_max_age;
        checks.extend(max_age.map(|max_age| rules::evidence_is_fresh(max_age, facts, asked.now)));
    }
    let decision = Decision::of(subjects, checks);
    let refuses = terms.rules.is_some_and(|policy| policy.unknown_is_refused);
    Judged { decision: if refuses { decision.refusing_unknown() } else { decision }, shown }
}

fn judge_one(one: &Received, named: &Named, asked: Asked<'_>, terms: Terms<'_>, facts: &Facts) -> Vec<Check> {
    let rule = terms.rules.and_then(|policy| policy.of_query(&one.query));
    let own_max_age = terms.rules.and_then(|policy| policy.binding_max_age);
    let is_mdoc = one.format() == Format::MsoMdoc;
    let Some(base) = one.base() else {
        return vec![Check::failed(CheckId::IssuerSignature, "signature_wrong")];
    };
    let issued = base.issued().map(|time| UnixMillis::from_seconds(time.0));
    let holder = one.check_holder(Expect {
        client_id: asked.client_id,
        nonce: asked.nonce,
        response_uri: asked.response_uri,
        now: UnixSeconds(asked.now.seconds()),
        max_age: asked.binding_max_age.min(own_max_age.unwrap_or(i64::MAX)),
        sealed_to: terms.sealed_to,
    });
    let mut checks = issuers_part(base, named, facts, asked.now, Some(&holder), is_mdoc);
    checks.extend(rule.and_then(|rule| rules::issued_lately(rule, issued, asked.now)));
    let status_max_age = terms.rules.and_then(|policy| policy.status_max_age);
    checks
        .extend(status_max_age.and_then(|max_age| rules::status_is_fresh(max_age, named, facts, asked.now)));
    let shown = [
        (CheckName::HolderBinding, CheckId::HolderBinding),
        (CheckName::Nonce, CheckId::Nonce),
        (CheckName::Audience, CheckId::Audience),
    ];
    // A binding that is there is checked, whether it is demanded or not.
    let is_bare = one.is_unbound() && rule.is_some_and(|rule| !rule.holder_binding);
    checks.extend(shown.map(|(name, id)| match is_bare {
        true => Check::not_demanded(id),
        false => of_findings(&holder, name, is_mdoc),
    }));
    checks
}

/// The checks of what the issuer made: signature, key, accreditation, status, dates.
pub(super) fn issuers_part(
    base: Base<'_>,
    named: &Named,
    facts: &Facts,
    now: UnixMillis,
    holder: Option<&Findings>,
    is_mdoc: bool,
) -> Vec<Check> {
    let issued = base.issued().map(|time| UnixMillis::from_seconds(time.0));
    let unchecked = || Check::unknown(CheckId::Validity, "signature_not_checked");
    let (signature, validity) = match chain::issuer_key(named, facts).map(|key| usable(&key.key)) {
        Err(check) => (check, unchecked()),
        Ok(None) => (Check::failed(CheckId::IssuerSignature, "key_unusable"), unchecked()),
        Ok(Some(key)) => {
            let mut found = base.check_issuer(&key, UnixSeconds(now.seconds()));
            // That an mdoc is of the type it is shown as is checked with its device.
            if let Some(holder) = holder {
                found.absorb(holder.clone());
            }
            (
                of_findings(&found, CheckName::IssuerSignature, is_mdoc),
                dated(of_findings(&found, CheckName::Validity, is_mdoc), base),
            )
        }
    };
    vec![
        signature,
        chain::key_when_issued(named, issued, facts),
        chain::accredited(named, issued, facts),
        chain::status(named, base.status().is_some(), issued, facts),
        validity,
    ]
}

/// The checks that the chain alone answers, of what was shown before: nothing of the credential is there any more but what it
/// names. The key's check is there only where it fails.
pub(crate) fn on_chain(
    named: &Named,
    has_status: bool,
    issued: Option<UnixMillis>,
    facts: &Facts,
) -> Vec<Check> {
    let mut checks = Vec::with_capacity(4);
    checks.extend(chain::issuer_key(named, facts).err());
    checks.push(chain::key_when_issued(named, issued, facts));
    checks.push(chain::accredited(named, issued, facts));
    checks.push(chain::status(named, has_status, issued, facts));
    checks
}

/// Whether a check could not be made because the chain did not say enough.
pub(crate) fn unreachable(check: &Check) -> bool {
    check.outcome == Outcome::Unknown && Missing::is(&check.reason)
}

/// A check of `credentials` as one of ours: the same name, and the flaw's name as the reason.
fn of_findings(findings: &Findings, name: CheckName, is_mdoc: bool) -> Check {
    let id = match name {
        CheckName::IssuerSignature => CheckId::IssuerSignature,
        CheckName::Validity => CheckId::Validity,
        CheckName::HolderBinding => CheckId::HolderBinding,
        CheckName::Nonce => CheckId::Nonce,
        CheckName::Audience => CheckId::Audience,
    };
    match findings.outcome(name) {
        credentials::Outcome::Passed => Check::passed(id),
        credentials::Outcome::Failed(flaw) => Check::failed(id, flaw.id()),
        // An mdoc's device signs nonce and audience unseen: while its signature is wrong, nobody can tell about them.
        credentials::Outcome::Unknown if is_mdoc => Check::unknown(id, "not_told_apart"),
        // Without a key binding there is nothing that could carry a nonce or an audience.
        credentials::Outcome::Unknown => Check::failed(id, Flaw::KeyBindingMissing.id()),
    }
}

/// The date that a validity check turns on.
fn dated(check: Check, base: Base<'_>) -> Check {
    let (from, until) = base.valid();
    let date = match check.reason.as_str() {
        "not_yet_valid" => from,
        "created_in_future" => base.issued(),
        _ => until,
    };
    match date {
        Some(date) => check.at(UnixMillis::from_seconds(date.0)),
        None => check,
    }
}

fn as_a_whole(received: &[Received], query: &DcqlQuery) -> [Check; 2] {
    let answer = query.check(&Received::presented(received));
    let more = if answer.frugal() {
        Check::passed(CheckId::OnlyWhatWasAsked)
    } else {
        let name = |excess: &Excess| match excess {
            Excess::UnknownQuery(id) | Excess::Credential(id) | Excess::Several(id) => id.to_string(),
            Excess::Claim(_, path) => path.to_string(),
        };
        Check::failed(CheckId::OnlyWhatWasAsked, "more_than_asked")
            .naming(answer.excess.iter().take(MAX_NAMES).map(name).collect())
    };
    [more, satisfied(answer.unsatisfied.first())]
}

/// Whether everything came that was asked for; `missing` is the first that did not.
pub(super) fn satisfied(missing: Option<&Unsatisfied>) -> Check {
    match missing {
        None => Check::passed(CheckId::QuerySatisfied),
        Some(Unsatisfied::OtherType(id)) => {
            Check::failed(CheckId::QuerySatisfied, "another_type").naming(vec![id.to_string()])
        }
        Some(Unsatisfied::Credential(_, MissReason::OtherValue(path))) => {
            Check::failed(CheckId::QuerySatisfied, "another_value").naming(vec![path.to_string()])
        }
        Some(Unsatisfied::Credential(_, MissReason::NoClaim(path))) => {
            Check::failed(CheckId::QuerySatisfied, "claim_missing").naming(vec![path.to_string()])
        }
        Some(Unsatisfied::Credential(id, MissReason::NotTrusted)) => {
            Check::failed(CheckId::QuerySatisfied, "another_issuer").naming(vec![id.to_string()])
        }
        Some(Unsatisfied::Credential(id, _) | Unsatisfied::NothingSent(id)) => {
            Check::failed(CheckId::QuerySatisfied, "credential_missing").naming(vec![id.to_string()])
        }
        Some(Unsatisfied::Set(_)) => Check::failed(CheckId::QuerySatisfied, "credential_missing"),
    }
}

/// How many claims a finding names at most.
const MAX_NAMES: usize = 20;

/// What is known of a credential; `query` is the part of the query that it answers.
pub(super) fn subject_of(
    base: Base<'_>,
    format: Format,
    query: Option<QueryId>,
    named: Named,
    facts: &Facts,
) -> Subject {
    let moment = |time: UnixSeconds| UnixMillis::from_seconds(time.0);
    let (from, until) = base.valid();
    Subject {
        query,
        format,
        issuer_name: issuer_name(&named, facts),
        issuer: cut(base.issuer()),
        key: base.key().map(cut),
        issued: base.issued().map(moment),
        valid_from: from.map(moment),
        valid_until: until.map(moment),
        list: named.entry.map(|(list, _)| list.to_string()),
        credential_type: named.credential_type,
        block: facts.block(),
    }
}

/// The issuer's name as it was registered with its accreditation, whether that still holds or not.
fn issuer_name(named: &Named, facts: &Facts) -> Option<LocalText> {
    let (did, name) = (named.issuer.as_ref()?, named.credential_type.as_ref()?);
    match facts.get(&RecordKey::Trust(did.clone(), name.clone()))?.record()? {
        Record::Trust(record) => Some(record.issuer_name.clone()),
        _ => None,
    }
}

/// What a stranger wrote, short enough to keep.
fn cut(text: &str) -> String {
    text.chars().take(200).collect()
}
