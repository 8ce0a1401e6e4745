//! Consent on one screen: who asks, why, what leaves, what stays, for how long; yes and no weigh the same.

use maud::{Markup, html};

use super::form::csrf_field;
use super::icon::{Icon, icon};
use super::texts;
use crate::lang::Lang;

/// Who asks, as the register says.
#[derive(Debug, Clone)]
pub struct WhoAsks<'c> {
    /// The registered name.
    pub name: &'c str,
    /// What the mark beside the name means here ("Registered on the chain for this purpose since …").
    pub mark: &'c str,
    /// The registered purpose.
    pub purpose: &'c str,
    /// Consent or statutory, and the text it rests on.
    pub legal_basis: &'c str,
    /// How long what leaves may be kept ("for 30 days").
    pub kept: &'c str,
}

/// One value that would leave.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// Its name.
    pub label: String,
    /// The exact value; an image as a `data:image/…` URL.
    pub value: String,
    /// The card that it comes from.
    pub card: String,
}

/// The screen.
#[derive(Debug, Clone)]
pub struct ConsentView<'c> {
    /// Who asks.
    pub who: WhoAsks<'c>,
    /// What leaves.
    pub leaves: &'c [Leaf],
    /// Names of what stays on the phone.
    pub stays: &'c [String],
    /// Things to think about first; each is shown.
    pub warnings: &'c [String],
    /// Where to post; the fields are `decision=share` or `decision=decline`.
    pub action: &'c str,
    /// The session's CSRF token.
    pub csrf: &'c str,
    /// Further fields of the form (a choice between cards).
    pub extra: Markup,
}

/// For how long what is shown may be kept, in words: `not kept`, `1 day`, `10 years`.
pub fn kept_for(lang: Lang, days: u32) -> String {
    let t = texts(lang);
    let span = |one: &str, more: &str, n: u32| match n {
        1 => t.get(one).to_owned(),
        n => t.with(more, &[("n", &n.to_string())]),
    };
    match days {
        0 => t.get("consent.not_kept").to_owned(),
        days if days.is_multiple_of(365) => span("consent.year", "consent.years", days / 365),
        days => span("consent.day", "consent.days", days),
    }
}

/// Draws it, with headings of the second and third level: the page has its own title.
pub fn consent(lang: Lang, view: &ConsentView<'_>) -> Markup {
    let t = texts(lang);
    html! {
        form.consent method="post" action=(view.action) data-once {
            (csrf_field(view.csrf))
            section.who {
                span.who-sign { (icon(Icon::Building)) }
                div {
                    h2 { (view.who.name) }
                    p.verified { (icon(Icon::Shield)) span { (view.who.mark) } }
                }
            }
            dl.facts {
                div { dt { (t.get("consent.why")) } dd { (view.who.purpose) } }
                div { dt { (t.get("consent.basis")) } dd { (view.who.legal_basis) } }
                div { dt { (t.get("consent.kept")) } dd { (view.who.kept) } }
            }
            @for warning in view.warnings { div.notice.unsure { p { (icon(Icon::Info)) span { (warning) } } } }
            section.leaves {
                h3 { (icon(Icon::Out)) span { (t.get("consent.leaves")) } span.count { (view.leaves.len()) } }
                dl { @for leaf in view.leaves {
                    div {
                        dt { (leaf.label) @if !leaf.card.is_empty() { small { (leaf.card) } } }
                        @if leaf.value.starts_with("data:image/") { dd { img.portrait src=(leaf.value) alt=(leaf.label); } }
                        @else { dd { (leaf.value) } }
                    }
                } }
            }
            @if !view.stays.is_empty() {
                details.stays {
                    summary { (icon(Icon::Stay)) span { (t.get("consent.stays")) } span.count { (view.stays.len()) } }
                    ul { @for name in view.stays { li { (name) } } }
                }
            }
            (view.extra)
            div.two {
                button.button.even type="submit" name="decision" value="decline" formnovalidate {
                    (icon(Icon::Cross)) (t.get("consent.decline"))
                }
                button.button.even type="submit" name="decision" value="share" { (icon(Icon::Tick)) (t.get("consent.share")) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_it_is_kept_in_words() {
        let said = [0, 1, 30, 365, 366, 3650].map(|days| kept_for(Lang::En, days));
        assert_eq!(said, ["not at all", "1 day", "30 days", "1 year", "366 days", "10 years"]);
        assert_eq!([0, 1, 365, 730].map(|days| kept_for(Lang::Zh, days)), ["不保存", "1 天", "1 年", "2 年"]);
    }
}
