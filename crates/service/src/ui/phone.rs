//! A phone's screen: the whole screen on a phone, inside a frame on a desk.

use maud::{Markup, html};

use super::icon::{Icon, icon};

/// A tab at the lower edge.
#[derive(Debug, Clone)]
pub struct PhoneTab<'p> {
    /// Its sign.
    pub icon: Icon,
    /// Its word.
    pub label: &'p str,
    /// Where it leads.
    pub href: &'p str,
    /// Whether it is the current one.
    pub current: bool,
}

/// The screen with a title bar, which is the page's `h1` (with a way back, if `back` is given), content, and tabs (none before signing in).
pub fn phone(
    title: &str,
    back: Option<(&str, &str)>,
    content: Markup,
    tabs: &[PhoneTab<'_>],
    tabs_label: &str,
) -> Markup {
    html! {
        div.phone { div.phone-screen {
            div.phone-bar {
                @if let Some((href, label)) = back { a.phone-back href=(href) aria-label=(label) { (icon(Icon::Back)) } }
                h1.phone-title { (title) }
            }
            div.phone-body { (content) }
            @if !tabs.is_empty() {
                nav.phone-tabs aria-label=(tabs_label) { @for tab in tabs {
                    a href=(tab.href) aria-current=[tab.current.then_some("page")] { (icon(tab.icon)) span { (tab.label) } }
                } }
            }
        } }
    }
}
