//! Pages: one layout and one family of components, drawn with [maud] and styled by `assets/huizheng.css`.
//!
//! A page is `Page::new(&visitor, title).brand(…).nav(…).body(html! { … })`; everything below is a function or a
//! small struct that renders to [`Markup`]. Inline styles and scripts are refused by the content policy, so behaviour
//! comes from `data-` attributes that `assets/huizheng.js` knows.

#![expect(clippy::needless_pass_by_value, reason = "markup is made where it is handed over")]

mod card;
mod checks;
mod consent;
mod errors;
mod form;
mod icon;
mod live;
mod page;
mod panel;
mod pattern;
mod phone;
mod state;
mod table;
mod two_ways;
mod visitor;

pub use card::{CardView, card, card_stack};
pub use checks::{Check, Outcome, checks};
pub use consent::{ConsentView, Leaf, WhoAsks, consent, kept_for};
pub(crate) use errors::friendly;
pub use errors::friendly_errors;
pub use form::{
    Choice, Field, Kind, button, csrf_field, danger_button, errors, fill_button, form, link_button, upload,
};
pub use icon::{Icon, icon};
pub use live::{Seen, countdown, live, news};
pub use maud::{Markup, PreEscaped, html};
pub use page::MARK;
pub use page::{Brand, NavItem, Page, Width};
pub use panel::{QrPanel, Tone, copy, empty, heading, notice, panel, qr_panel, stepper, toast};
pub use pattern::pattern;
pub use phone::{PhoneTab, phone};
pub use state::{State, badge};
pub use table::{Table, details, facts};
pub use two_ways::two_ways;
pub use visitor::{Theme, Visitor};

use std::sync::LazyLock;

use crate::i18n::{Strings, Texts};
use crate::lang::Lang;

static STRINGS: LazyLock<Strings> = LazyLock::new(|| {
    Strings::embedded(include_str!("../../strings/zh.toml"), include_str!("../../strings/en.toml"))
});

/// The texts of the components themselves.
pub(crate) fn texts(lang: Lang) -> Texts<'static> {
    STRINGS.of(lang)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_text_exists_in_both_languages() {
        assert_eq!(super::STRINGS.faults(), Vec::<String>::new());
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ui");
        assert_eq!(super::STRINGS.used_but_missing(source), Vec::<String>::new());
    }
}
