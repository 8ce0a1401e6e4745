//! Events as they are written: by their kind, which decides which of the members must be there.
//!
//! A reader derived for each kind would keep an event in a general form first and know every type in it a second time: four times
//! the code, and on a phone every byte counts.

use registry::{Did, LocalText};
use serde::Deserialize;

use super::{Asked, Shared};

/// The kinds of events.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Received,
    Presented,
    Declined,
    Refused,
    Deleted,
}

/// What any event may have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    event: Kind,
    card: Option<String>,
    label: Option<LocalText>,
    issuer: Option<Did>,
    issuer_name: Option<LocalText>,
    asked: Option<Asked>,
    shared: Option<Vec<Shared>>,
    outcome: Option<super::Outcome>,
    client_id: Option<String>,
    name: Option<LocalText>,
    reason: Option<String>,
    claims: Option<Vec<String>>,
}

/// The kinds of outcomes.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Ending {
    Sent,
    Delivered,
    Shown,
    Rejected,
}

/// What any outcome may have.
#[derive(Deserialize)]
pub(super) struct Outcome {
    outcome: Ending,
    status: Option<u16>,
}

/// A member that its kind must have is not there.
#[derive(Debug, thiserror::Error)]
#[error("a member is missing")]
pub(super) struct Missing;

impl TryFrom<Event> for super::Event {
    type Error = Missing;

    fn try_from(written: Event) -> Result<Self, Missing> {
        let of_kind = || match written.event {
            Kind::Received => Some(Self::Received {
                card: written.card?,
                label: written.label?,
                issuer: written.issuer?,
                issuer_name: written.issuer_name?,
            }),
            Kind::Presented => Some(Self::Presented {
                asked: written.asked?,
                shared: written.shared?,
                outcome: written.outcome?,
            }),
            Kind::Declined => Some(Self::Declined { asked: written.asked? }),
            Kind::Refused => Some(Self::Refused {
                client_id: written.client_id?,
                name: written.name,
                reason: written.reason?,
                claims: written.claims?,
            }),
            Kind::Deleted => Some(Self::Deleted { label: written.label?, issuer_name: written.issuer_name? }),
        };
        of_kind().ok_or(Missing)
    }
}

impl TryFrom<Outcome> for super::Outcome {
    type Error = Missing;

    fn try_from(written: Outcome) -> Result<Self, Missing> {
        Ok(match written.outcome {
            Ending::Sent => Self::Sent,
            Ending::Delivered => Self::Delivered,
            Ending::Shown => Self::Shown,
            Ending::Rejected => Self::Rejected { status: written.status.ok_or(Missing)? },
        })
    }
}

#[cfg(test)]
mod tests {
    use registry::LocalText;
    use serde_json::{Value, json};

    use super::super::{Event, Outcome};

    fn name(text: &str) -> Value {
        serde_json::to_value(LocalText::new(text, text)).unwrap()
    }

    /// Each kind, as the first release wrote it.
    fn events() -> Vec<Value> {
        let asked = json!({
            "verifier": "did:hui:anhui:z4BZp8kTwvfpymf84mHQuVYmFoUEW", "verifierName": name("v"), "purpose": "p",
            "purposeName": name("p"), "legalBasis": "statutory", "retentionDays": 30,
        });
        let shared = json!({ "card": "c", "label": name("l"), "format": "dc+sd-jwt", "claims": ["name"], "labels": [name("n")] });
        let mut events = vec![
            json!({ "event": "declined", "asked": asked }),
            json!({ "event": "refused", "clientId": "x", "name": null, "reason": "signature", "claims": [] }),
            json!({ "event": "refused", "clientId": "x", "name": name("x"), "reason": "overreach", "claims": ["name"] }),
            json!({ "event": "deleted", "label": name("l"), "issuerName": name("i") }),
        ];
        for outcome in [
            json!({ "outcome": "sent" }),
            json!({ "outcome": "delivered" }),
            json!({ "outcome": "shown" }),
            json!({ "outcome": "rejected", "status": 400 }),
        ] {
            events.push(
                json!({ "event": "presented", "asked": asked, "shared": [shared], "outcome": outcome }),
            );
        }
        events
    }

    #[test]
    fn every_kind_is_read_as_it_is_written() {
        for written in events() {
            let event: Event =
                serde_json::from_value(written.clone()).unwrap_or_else(|why| panic!("{written}: {why}"));
            assert_eq!(serde_json::to_value(event).unwrap(), written);
        }
    }

    #[test]
    fn a_member_that_its_kind_must_have_is_missed() {
        for written in events() {
            for member in written.as_object().unwrap().keys().filter(|member| *member != "name") {
                let mut without = written.clone();
                without.as_object_mut().unwrap().remove(member);
                assert!(serde_json::from_value::<Event>(without).is_err(), "{written} without {member}");
            }
        }
        assert!(serde_json::from_value::<Outcome>(json!({ "outcome": "rejected" })).is_err());
    }
}
