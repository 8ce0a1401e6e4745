//! States: colour never alone, always with a sign and the word.

use maud::{Markup, html};

use super::icon::{Icon, icon};
use super::texts;
use crate::lang::Lang;

/// What state something is in; each has one colour and one sign everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// In force: green, tick.
    Valid,
    /// Accepted or approved: green, tick.
    Accepted,
    /// Refused or rejected: red, cross.
    Refused,
    /// Revoked for good: red, cross.
    Revoked,
    /// Damaged: red, cross.
    Damaged,
    /// Nobody can tell: amber, question mark.
    CannotTell,
    /// Suspended for now: amber, pause.
    Suspended,
    /// Expired: grey, clock.
    Expired,
    /// Waiting for someone: blue, hourglass.
    Waiting,
    /// Done: grey-green, tick.
    Done,
}

impl State {
    /// The name that the stylesheet knows it by.
    pub fn class(self) -> &'static str {
        match self {
            Self::Valid | Self::Accepted => "good",
            Self::Refused | Self::Revoked | Self::Damaged => "bad",
            Self::CannotTell | Self::Suspended => "unsure",
            Self::Expired | Self::Done => "quiet",
            Self::Waiting => "busy",
        }
    }

    /// Its sign.
    pub fn icon(self) -> Icon {
        match self {
            Self::Valid | Self::Accepted | Self::Done => Icon::Tick,
            Self::Refused | Self::Revoked | Self::Damaged => Icon::Cross,
            Self::CannotTell => Icon::Question,
            Self::Suspended => Icon::Pause,
            Self::Expired => Icon::Clock,
            Self::Waiting => Icon::Hourglass,
        }
    }

    /// Its word.
    pub fn word(self, lang: Lang) -> &'static str {
        let t = texts(lang);
        match self {
            Self::Valid => t.get("state.valid"),
            Self::Accepted => t.get("state.accepted"),
            Self::Refused => t.get("state.refused"),
            Self::Revoked => t.get("state.revoked"),
            Self::Damaged => t.get("state.damaged"),
            Self::CannotTell => t.get("state.cannot_tell"),
            Self::Suspended => t.get("state.suspended"),
            Self::Expired => t.get("state.expired"),
            Self::Waiting => t.get("state.waiting"),
            Self::Done => t.get("state.done"),
        }
    }
}

/// A badge: sign and word. Give another word than [`State::word`] where one says more.
pub fn badge(state: State, word: &str) -> Markup {
    html! { span class={ "badge " (state.class()) } { (icon(state.icon())) span { (word) } } }
}
