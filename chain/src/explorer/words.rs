//! Transactions in words: who did what to whom.

use registry::{Action, Author, Record, RecordKey, Status, StatusChange, Transaction};
use service::ui::{Markup, html};

use crate::explorer::View;
use crate::explorer::parts::{credential_type, number, organisation, period, say};

/// One sentence that says what the transaction did.
pub(super) fn sentence(view: &View, transaction: &Transaction) -> Markup {
    let who = author(view, transaction);
    let of = |count: usize| html! { (number(count as u64)) };
    match &transaction.action {
        Action::DidCreate { document, .. } => {
            say(view, "did.did_create", &[("who", who), ("keys", of(document.keys.len()))])
        }
        Action::DidRotate { document } => {
            say(view, "did.did_rotate", &[("who", who), ("keys", of(document.keys.len()))])
        }
        Action::DidRecover { .. } => say(view, "did.did_recover", &[("who", who)]),
        Action::DidDeactivate => say(view, "did.did_deactivate", &[("who", who)]),
        Action::DidDeclareCompromised { fragment, since } => {
            let key = html! { code { (fragment) } };
            let since = super::parts::instant(view, *since);
            say(view, "did.compromised", &[("who", who), ("key", key), ("since", since)])
        }
        Action::StatusListCreate { number: list, length } => say(
            view,
            "did.list_create",
            &[("who", who), ("list", html! { (list) }), ("length", html! { (number(u64::from(*length))) })],
        ),
        Action::StatusUpdate { number: list, changes } => say(
            view,
            "did.status",
            &[("who", who), ("list", html! { (list) }), ("changes", counts(view, changes))],
        ),
        Action::Accredit { did, credential_type: kind, issuer_name, valid_from, valid_until } => {
            let org = html! { a href={ "/organisations/" (did) } { (issuer_name.in_language(view.lang().code())) } };
            let period = period(view, *valid_from, *valid_until);
            let values =
                [("who", who), ("org", org), ("type", credential_type(view, kind)), ("period", period)];
            if valid_until.is_none() {
                say(view, "did.accredit_open", &values)
            } else {
                say(view, "did.accredit", &values)
            }
        }
        Action::WithdrawAccreditation { did, credential_type: kind } => say(
            view,
            "did.withdraw",
            &[("who", who), ("org", organisation(view, did)), ("type", credential_type(view, kind))],
        ),
        Action::RegisterPurpose(draft) => {
            let tag = view.lang().code();
            let org =
                html! { a href={ "/organisations/" (draft.did) } { (draft.verifier_name.in_language(tag)) } };
            let types = html! {
                @for (index, ask) in draft.asks.iter().enumerate() {
                    @if index > 0 { (view.t.get("and")) }
                    (credential_type(view, &ask.credential_type))
                }
            };
            let purpose = html! { (draft.purpose_name.in_language(tag)) };
            say(view, "did.purpose", &[("who", who), ("org", org), ("types", types), ("purpose", purpose)])
        }
        Action::WithdrawPurpose { did, purpose } => say(
            view,
            "did.withdraw_purpose",
            &[("who", who), ("org", organisation(view, did)), ("purpose", purpose_name(view, did, purpose))],
        ),
        Action::RegisterSchema { credential_type: kind, name, .. } => {
            let kind = html! { a href={ "/types/" (kind) } { (name.in_language(view.lang().code())) } };
            say(view, "did.schema", &[("who", who), ("type", kind)])
        }
        Action::UpdateGovernance { members, threshold } => {
            let threshold = html! { (threshold) };
            say(
                view,
                "did.governance",
                &[("who", who), ("members", of(members.len())), ("threshold", threshold)],
            )
        }
        Action::UpdateValidators { validators } => {
            say(view, "did.validators", &[("who", who), ("validators", of(validators.len()))])
        }
        Action::AnchorLog { log, entries, .. } => {
            let entries = html! { (number(*entries)) };
            say(view, "did.anchor", &[("who", who), ("log", html! { code { (log) } }), ("entries", entries)])
        }
        Action::KeepSigned { number, kept } => {
            say(view, "did.keep", &[("who", who), ("list", html! { (number) }), ("count", of(kept.len()))])
        }
    }
}

fn author(view: &View, transaction: &Transaction) -> Markup {
    match &transaction.author {
        Author::Did(did) => organisation(view, did),
        Author::Governance => {
            let members = match view.record(&RecordKey::Governance) {
                Ok(Some(Record::Governance(record))) => record.members.len(),
                _ => 0,
            };
            let signed = html! { (transaction.signatures.len()) };
            say(view, "governance_signed", &[("signed", signed), ("members", html! { (members) })])
        }
    }
}

fn purpose_name(view: &View, did: &registry::Did, purpose: &registry::Slug) -> Markup {
    match view.record(&RecordKey::Purpose(did.clone(), purpose.clone())) {
        Ok(Some(Record::Purpose(record))) => html! { (record.purpose_name.in_language(view.lang().code())) },
        _ => html! { (purpose) },
    }
}

/// "2 revoked, 1 reinstated": how many, never which.
fn counts(view: &View, changes: &[StatusChange]) -> Markup {
    let t = view.t;
    let kinds = [
        (Status::Revoked, t.get("status.revoked")),
        (Status::Suspended, t.get("status.suspended")),
        (Status::Valid, t.get("status.reinstated")),
    ];
    let counted =
        kinds.map(|(kind, word)| (changes.iter().filter(|change| change.status == kind).count(), word));
    let said: Vec<String> = counted
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    html! { (said.join(t.get("comma"))) }
}
