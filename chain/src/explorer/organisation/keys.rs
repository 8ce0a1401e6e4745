//! An organisation's keys: those that hold and those that once held.

use registry::{DidRecord, PublicKey, Purpose, VerificationKey};
use service::ui::{Markup, State, Table, badge, html};

use crate::explorer::View;
use crate::explorer::parts::{instant, period, short};

/// A row for each key.
pub(super) fn table(view: &View, record: &DidRecord) -> Markup {
    let t = view.t;
    let columns =
        [t.get("keys.name"), t.get("keys.use"), t.get("keys.state"), t.get("keys.period"), t.get("keys.key")];
    let table = record.keys.iter().fold(Table::new(t.get("keys.caption"), columns), |table, key| {
        table.row([
            html! { code { "#" (key.fragment) } },
            purposes(view, key),
            state(view, key),
            period(view, key.from, key.until),
            html! { (short(&key.key.to_string())) " " span.quiet { (kind(&key.key)) } },
        ])
    });
    table.render()
}

/// The key's algorithm by its usual name.
fn kind(key: &PublicKey) -> &'static str {
    match key {
        PublicKey::Ed25519(_) => "Ed25519",
        PublicKey::P256(_) => "P-256",
    }
}

fn purposes(view: &View, key: &VerificationKey) -> Markup {
    let t = view.t;
    let word = |purpose| match purpose {
        Purpose::AssertionMethod => t.get("keys.assertion"),
        Purpose::Authentication => t.get("keys.authentication"),
        Purpose::CapabilityInvocation => t.get("keys.invocation"),
    };
    html! { @for purpose in key.purposes.iter() { div { (word(purpose)) } } }
}

fn state(view: &View, key: &VerificationKey) -> Markup {
    let t = view.t;
    match (key.compromised_since, key.until) {
        (Some(since), _) => {
            html! { (badge(State::Revoked, t.get("keys.compromised"))) div { (instant(view, since)) } }
        }
        (None, Some(_)) => badge(State::Expired, t.get("keys.retired")),
        (None, None) => badge(State::Valid, t.get("keys.holds")),
    }
}
