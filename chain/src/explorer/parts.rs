//! Pieces that several pages show alike.

use registry::{Did, Hash32, Interval, RecordKey, Slug, UnixMillis};
use service::dates;
use service::ui::{Icon, Markup, PreEscaped, State, badge, copy, html, icon};

use crate::explorer::View;

/// A text with places filled by markup. The catalogue's own texts are plain.
pub(super) fn say(view: &View, key: &'static str, values: &[(&str, Markup)]) -> Markup {
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.0.as_str())).collect();
    PreEscaped(view.t.with(key, &values))
}

/// A time to the second, in China's time.
pub(super) fn instant(view: &View, time: UnixMillis) -> Markup {
    let text = format!("{}:{:02}", dates::moment(view.lang(), time), time.seconds() % 60);
    html! { time datetime=(time) { (text) } }
}

/// The day of a time.
pub(super) fn day(view: &View, time: UnixMillis) -> Markup {
    html! { time datetime=(time) { (dates::day_of(view.lang(), time)) } }
}

/// The beginning and the end of something long; the whole is its title.
pub(super) fn short(text: &str) -> Markup {
    let end = text.get(text.len().saturating_sub(6)..).unwrap_or_default();
    let begin = text.get(..text.len().min(12)).unwrap_or_default();
    html! { @if text.len() > 24 { code title=(text) { (begin) "…" (end) } } @else { code { (text) } } }
}

pub(super) fn hash(hash: &Hash32) -> Markup {
    short(&hash.to_string())
}

/// An organisation by its name, or the end of its DID; leads to its page.
pub(super) fn organisation(view: &View, did: &Did) -> Markup {
    let id = did.to_string();
    let tail = id.rsplit(':').next().unwrap_or_default();
    html! {
        a href={ "/organisations/" (did) } title=(id) {
            @match view.name(did) { Some(name) => (name), None => (short(tail)) }
        }
    }
}

/// A credential type by its name; leads to its page.
pub(super) fn credential_type(view: &View, slug: &Slug) -> Markup {
    html! { a href={ "/types/" (slug) } { (view.type_name(slug)) } }
}

pub(super) fn block(view: &View, height: u64) -> Markup {
    let text = view.t.with("block.number", &[("height", &number(height))]);
    html! { a href={ "/blocks/" (height) } { (text) } }
}

/// A number with its thousands apart.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Where a record is shown as JSON with its evidence.
pub(super) fn record_link(view: &View, key: &RecordKey) -> Markup {
    html! { a.record-link href={ "/records/" (key) } { (icon(Icon::Shield)) span { (view.t.get("record.link")) } } }
}

pub(super) fn copied(view: &View, value: &str) -> Markup {
    copy(view.lang(), value, view.t.get("copy"))
}

/// Where a grant stands: the last of its intervals decides.
pub(super) fn standing(view: &View, intervals: &[Interval]) -> Markup {
    let (t, now) = (view.t, view.now());
    let (state, word) = match intervals.iter().find(|interval| interval.covers(now)).or(intervals.last()) {
        Some(interval) if interval.covers(now) => (State::Valid, t.get("grant.holds")),
        Some(interval) if interval.from > now => (State::Waiting, t.get("grant.begins")),
        Some(interval) if interval.withdrawn.is_some_and(|end| end <= now) => {
            (State::Revoked, t.get("grant.withdrawn"))
        }
        _ => (State::Expired, t.get("grant.ended")),
    };
    badge(state, word)
}

/// From when until when, a line for each interval.
pub(super) fn periods(view: &View, intervals: &[Interval]) -> Markup {
    html! { @for interval in intervals { div { (period(view, interval.from, interval.end())) } } }
}

pub(super) fn period(view: &View, from: UnixMillis, until: Option<UnixMillis>) -> Markup {
    let from = day(view, from);
    match until {
        Some(until) => say(view, "period.closed", &[("from", from), ("until", day(view, until))]),
        None => say(view, "period.open", &[("from", from)]),
    }
}

/// Links to what comes before and after in a list.
pub(super) fn pager(newer: Option<(String, &str)>, older: Option<(String, &str)>) -> Markup {
    html! {
        nav.row.apart.pager {
            @match newer { Some((href, word)) => a.button.quiet.small href=(href) rel="prev" { (icon(Icon::Back)) span { (word) } }, None => span {} }
            @match older { Some((href, word)) => a.button.quiet.small href=(href) rel="next" { span { (word) } (icon(Icon::Arrow)) }, None => span {} }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1000, 1_234_567].map(super::number), ["0", "999", "1,000", "1,234,567"]);
    }
}
