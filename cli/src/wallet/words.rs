//! States and values for the terminal.

use service::{Lang, dates};
use wallet_core::{Card, CardState, ClaimView};

use crate::term::{Ink, Paint, plain};

/// The state in a word, painted by what it means.
pub(super) fn state(paint: Paint, state: &CardState) -> String {
    let ink = match state {
        CardState::Valid { .. } => Ink::Good,
        CardState::Suspended { .. } | CardState::Unknown { .. } => Ink::Unsure,
        CardState::Revoked { .. } | CardState::NotTrusted { .. } | CardState::Damaged => Ink::Bad,
        CardState::Expired { .. } => Ink::Faint,
    };
    paint.text(ink, state.id())
}

/// A claim's value on one line.
pub(super) fn value(claim: &ClaimView) -> String {
    if claim.text.zh == claim.text.en {
        plain(&claim.text.en)
    } else {
        plain(&format!("{} · {}", claim.text.zh, claim.text.en))
    }
}

/// A claim's name in both languages.
pub(super) fn label(claim: &ClaimView) -> String {
    plain(&format!("{} {}", claim.label.zh, claim.label.en))
}

/// A card in one line.
pub(super) fn title(card: &Card) -> String {
    plain(&format!("{} {}", card.label.zh, card.label.en))
}

/// A day, as English writes it.
pub(super) fn day(card: &Card) -> String {
    let end = card.valid_until.map(|end| dates::day_of(Lang::En, registry::UnixMillis::from_seconds(end.0)));
    end.unwrap_or_else(|| "no end".to_owned())
}
