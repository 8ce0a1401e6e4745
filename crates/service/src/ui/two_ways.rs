//! A code to scan, and the same as a link for a wallet on this device.

use maud::{Markup, html};

use super::form::link_button;
use super::texts;
use crate::lang::Lang;

/// Where there is room for both, the code is first and the link below it. On a phone, which can't scan its own screen, the link is
/// first, then what is to be read and typed there, and the code is for another device.
pub fn two_ways(lang: Lang, open: &str, link: &str, code: Markup, to_type: Option<Markup>) -> Markup {
    let t = texts(lang);
    // The link is there twice and shown once, so that the focus goes through the page as the eye does.
    html! {
        div.two-ways {
            div.here.narrow-only { (link_button(open, link, false)) }
            h3.narrow-only { (t.get("qr.on_another")) }
            (code)
            @if let Some(to_type) = to_type { div.stack.to-type { (to_type) } }
            div.row.wide-only { (link_button(open, link, true)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_phone_shows_first_is_first_in_the_page() {
        let page =
            two_ways(Lang::En, "Open", "openid4vp://?a=1&b=2", html! { i { "code" } }, None).into_string();
        let place = |text: &str| page.find(text).expect("there");
        assert!(
            place("narrow-only") < place("On another device") && place("On another device") < place("<i>")
        );
        assert!(place("<i>") < place("wide-only"));
        assert_eq!(page.matches("openid4vp://?a=1&amp;b=2").count(), 2);
        assert!(!page.contains("to-type"));
    }
}
