//! A credential as a card.

use maud::{Markup, PreEscaped, html};

use super::pattern::pattern;
use super::state::{State, badge};
use crate::lang::Lang;

/// What a card shows.
#[derive(Debug, Clone)]
pub struct CardView<'c> {
    /// Who issued it, in the visitor's language.
    pub issuer: &'c str,
    /// The type in the visitor's language ("Business licence").
    pub title: &'c str,
    /// The type in the other language, smaller.
    pub subtitle: &'c str,
    /// The line that names the holder ("合肥云杉软件有限公司").
    pub holder: &'c str,
    /// The validity in words ("Valid until 3 March 2027"); may be empty.
    pub validity: &'c str,
    /// Its state, and the word for it.
    pub state: State,
    /// The type's colour, `#rrggbb`, from the catalogue.
    pub colour: &'c str,
    /// What the pattern is drawn from, from the catalogue.
    pub seed: &'c str,
    /// Where the card leads, if anywhere.
    pub href: Option<&'c str>,
}

/// Draws it. A revoked or expired card is plainly dead.
pub fn card(lang: Lang, view: &CardView<'_>) -> Markup {
    let dead = matches!(view.state, State::Revoked | State::Expired | State::Refused);
    let face = html! {
        (PreEscaped(pattern(view.colour, view.seed)))
        div.card-face {
            div.card-top {
                span.card-issuer { (view.issuer) }
                (badge(view.state, view.state.word(lang)))
            }
            div.card-title { (view.title) @if !view.subtitle.is_empty() { small { (view.subtitle) } } }
            div.card-bottom {
                span.card-holder { (view.holder) }
                @if !view.validity.is_empty() { span.card-validity { (view.validity) } }
            }
            @if dead { span.card-stamp aria-hidden="true" { (view.state.word(lang)) } }
        }
    };
    html! {
        @match view.href {
            Some(href) => a.credential.dead[dead] href=(href) { (face) },
            None => div.credential.dead[dead] { (face) },
        }
    }
}

/// Cards above one another, as a list.
pub fn card_stack(lang: Lang, views: &[CardView<'_>]) -> Markup {
    html! { ul.card-stack { @for view in views { li { (card(lang, view)) } } } }
}
