//! What wallet and counter show each other with no network between them: a message, in one QR code or several.
//!
//! *Two-way*: the counter shows an [`Ask`] with a challenge, the wallet answers with an [`Answer`] bound to it.
//! *One-way*: the counter's `Ask` is printed and names its place instead; the wallet's `Answer` is bound to the place, a
//! random number and the minute, and lives [`ONE_WAY_SECONDS`]. Both carry *staples*: evidence bundles of the chain, so
//! that each side can check the other with nothing but its anchor.
//!
//! A [`Message`] becomes bytes ([`Message::to_bytes`]), bytes become [`frames`], each the text of one QR code, and a
//! [`Collector`] puts frames together again in whatever order a camera sees them. docs/offline-qr.md has the format byte
//! by byte.

mod base45;
mod bytes;
mod collect;
mod frame;
mod message;
mod packed;
mod request;
mod squeeze;

pub use collect::{Collected, Collector};
pub use frame::{FrameError, FrameSize, MAX_FRAMES, MAX_PAYLOAD, TooLarge, frames};
pub use message::{Answer, Ask, Message, MessageError};
pub use request::{
    BadOfflineRequest, Binding, CheckedOfflineRequest, MAX_CHALLENGE_SECONDS, OFFLINE_RESPONSE_URI,
    OFFLINE_TYPE, ONE_WAY_SECONDS, OfflineRequest, one_way_nonce, place_of,
};
