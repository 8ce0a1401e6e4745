//! Receiving credentials: OpenID4VCI 1.0, pre-authorized code.

mod error;
mod issuance;
mod offer;
mod token;
mod verify;

pub use error::{OfferRefused, ReceiveError, Rejected};
pub(crate) use issuance::receive;
pub use issuance::{Failed, Received};
pub(crate) use offer::preview;
pub use offer::{Offer, OfferedCredential};
