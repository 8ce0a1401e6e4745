//! Parts of a page that change by themselves.
//!
//! A part carries the version of what it shows, and asks for what is newer than that. So no change is missed, however
//! soon after the page was drawn it comes.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use maud::{Markup, html};
use serde::Deserialize;

use super::texts;
use crate::lang::Lang;

/// Tells the page's script that no further change will come.
const DONE: HeaderName = HeaderName::from_static("x-live");
/// The version of what is in the answer.
const VERSION: HeaderName = HeaderName::from_static("x-live-version");

/// The query of a part that asks what is new.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Seen {
    /// The version that it shows; absent when it shows nothing yet.
    pub seen: Option<String>,
}

/// Replaces its content with what `url` answers (see [`news`]), every `seconds`. `version` names what is inside now: it
/// differs whenever the content would look different, is ASCII, and says nothing secret. Works without scripts too:
/// what is inside now is the present state.
pub fn live(url: &str, seconds: u32, version: &str, content: Markup) -> Markup {
    html! {
        div.live data-live=(url) data-live-seen=(version) data-live-seconds=(seconds) aria-live="polite" { (content) }
    }
}

/// The answer to a part that shows `seen`: nothing (204) if that is still the version, else the content as it is now.
/// `done` says that no further change will come.
pub fn news(seen: &Seen, version: &str, done: bool, content: impl FnOnce() -> Markup) -> Response {
    let mut response = if seen.seen.as_deref() == Some(version) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        content().into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(version) = HeaderValue::from_str(version) {
        headers.insert(VERSION, version);
    }
    if done {
        headers.insert(DONE, HeaderValue::from_static("done"));
    }
    response
}

/// A countdown in words to `expires`, both in unix seconds; it corrects itself for a wrong clock.
pub fn countdown(lang: Lang, expires: i64, now: i64) -> Markup {
    let t = texts(lang);
    let left = (expires - now).max(0);
    html! {
        p.countdown data-countdown=(left) data-total=(left) data-text=(t.get("countdown.left")) data-over=(t.get("countdown.over")) {
            progress max=(left.max(1)) value=(left) aria-hidden="true" {}
            span.countdown-text role="timer" { (in_words(lang, left)) }
        }
    }
}

fn in_words(lang: Lang, seconds: i64) -> String {
    let t = texts(lang);
    if seconds == 0 {
        return t.get("countdown.over").to_owned();
    }
    t.with("countdown.left", &[("m", &(seconds / 60).to_string()), ("s", &format!("{:02}", seconds % 60))])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(version: &str) -> Seen {
        Seen { seen: Some(version.to_owned()) }
    }

    #[test]
    fn a_part_carries_the_version_of_what_it_shows() {
        let part = live("/state", 2, "submitted-1", html! { "…" }).into_string();
        assert!(part.contains("data-live=\"/state\"") && part.contains("data-live-seen=\"submitted-1\""));
    }

    #[test]
    fn whoever_shows_the_version_hears_nothing_and_whoever_shows_another_hears_all() {
        let same = news(&seen("1"), "1", false, || html! { "one" });
        assert_eq!(same.status(), 204);
        for other in [seen("0"), Seen::default()] {
            let changed = news(&other, "1", false, || html! { "one" });
            assert_eq!(
                (changed.status().as_u16(), &changed.headers()["x-live-version"]),
                (200, &"1".parse().expect("header"))
            );
            assert!(changed.headers().get("x-live").is_none());
        }
        assert_eq!(news(&seen("0"), "1", true, || html! { "one" }).headers()["x-live"], "done");
    }
}
