//! What became of an organisation, put together from its records: each says when what began and ended.

use registry::{DidRecord, Interval, Record, RecordKey, UnixMillis};
use service::Problem;
use service::ui::{Markup, html};

use crate::explorer::View;
use crate::explorer::parts::{credential_type, instant, say};

/// The newest first.
pub(super) fn timeline(view: &View, record: &DidRecord) -> Result<Markup, Problem> {
    let did = &record.did;
    let mut events: Vec<(UnixMillis, Markup)> = Vec::new();
    let plain = |key: &'static str| say(view, key, &[]);
    events.push((record.created, plain("history.created")));
    for key in view.keys(&format!("did/{did}/v/")) {
        if let (RecordKey::DidVersion(_, version), Some(Record::Did(old))) = (&key, view.record(&key)?)
            && let Some(until) = old.until
        {
            let next = html! { a href={ "/records/" (key) } { (version) } };
            events.push((until, say(view, "history.replaced", &[("version", next)])));
        }
    }
    for key in &record.keys {
        if let Some(since) = key.compromised_since {
            let key = html! { code { "#" (key.fragment) } };
            events.push((since, say(view, "history.compromised", &[("key", key)])));
        }
    }
    if let Some(at) = record.deactivated {
        events.push((at, plain("history.deactivated")));
    }
    for grant in view.accreditations(&format!("{did}/"))? {
        let of = credential_type(view, &grant.credential_type);
        intervals(
            view,
            &grant.intervals,
            &of,
            ["history.accredited", "history.accreditation_withdrawn"],
            &mut events,
        );
    }
    for purpose in view.purposes(&format!("{did}/"))? {
        let of = html! { (purpose.purpose_name.in_language(view.lang().code())) };
        intervals(
            view,
            &purpose.intervals,
            &of,
            ["history.allowed", "history.purpose_withdrawn"],
            &mut events,
        );
    }
    for list in crate::explorer::status_lists::of(view, &format!("status/{did}/"))? {
        let number = html! { (list.record.list.number) };
        events.push((list.record.created, say(view, "history.list", &[("list", number)])));
    }
    events.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    Ok(html! {
        ol.timeline { @for (time, event) in &events { li { span.when { (instant(view, *time)) } span { (event) } } } }
    })
}

fn intervals(
    view: &View,
    intervals: &[Interval],
    of: &Markup,
    [granted, withdrawn]: [&'static str; 2],
    events: &mut Vec<(UnixMillis, Markup)>,
) {
    for interval in intervals {
        events.push((interval.from, say(view, granted, &[("of", of.clone())])));
        if let Some(at) = interval.withdrawn {
            events.push((at, say(view, withdrawn, &[("of", of.clone())])));
        }
    }
}
