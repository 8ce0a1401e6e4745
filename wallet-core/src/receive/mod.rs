//! Receiving credentials: OpenID4VCI 1.0, by a pre-authorized code or by logging in.

mod authorize;
mod dpop;
mod error;
mod instance;
mod issuance;
mod later;
mod offer;
mod token;
mod verify;

pub use authorize::{AuthorizeError, LoginStarted, WalletClient};
pub(crate) use authorize::{all_keys, begin as begin_login, finish as finish_login};
pub use error::{OfferRefused, ReceiveError, Rejected};
pub(crate) use instance::forget_unless_needed;
pub(crate) use issuance::receive;
pub use issuance::{Failed, Received};
pub use later::PickedUp;
pub(crate) use later::{Renewal, pick_up, renew, waiting};
pub use offer::{Offer, OfferedCredential};
pub(crate) use offer::{of_issuer, preview};
