//! Receiving credentials: OpenID4VCI 1.0, by a pre-authorized code or by logging in.

mod authorize;
mod collecting;
mod deferred;
mod dpop;
mod error;
mod instance;
mod issuance;
mod keep;
mod later;
mod loose;
mod offer;
mod received;
mod refresh;
mod token;
mod verify;

pub use authorize::{AuthorizeError, LoginStarted, WalletClient};
pub(crate) use authorize::{
    all_keys, begin as begin_login, exported as exported_logins, finish as finish_login,
};
pub(crate) use collecting::UnderWay;
pub(crate) use deferred::{old, renew_rows};
pub use error::{OfferRefused, ReceiveError, Rejected};
pub(crate) use instance::{Shown, exported as exported_instances, forget_unless_needed};
pub(crate) use keep::delete as delete_card;
pub use later::{PickedUp, WaitedFor};
pub(crate) use later::{
    Renewal, exported as exported_collecting, give_up, pick_up, renew, waited_for, waiting,
};
pub(crate) use loose::sweep;
pub use offer::{Offer, OfferedCredential};
pub(crate) use offer::{of_issuer, preview};
pub(crate) use received::receive;
pub use received::{Failed, Received};
