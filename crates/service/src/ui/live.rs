//! Parts of a page that change by themselves.

use maud::{Markup, html};

use super::texts;
use crate::lang::Lang;

/// Replaces its content with what `url` answers (an HTML fragment), every `seconds`, until an answer carries the
/// header `x-live: done`. Works without scripts too: what is inside now is the present state.
pub fn live(url: &str, seconds: u32, content: Markup) -> Markup {
    html! { div.live data-live=(url) data-live-seconds=(seconds) aria-live="polite" { (content) } }
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
