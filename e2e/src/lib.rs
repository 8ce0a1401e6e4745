//! Whole stories, in process, over real HTTP: a driver for tests.
//!
//! A [`Play`] is the whole system with a chain, two issuers and a counter. A [`Holder`] is an honest wallet in it, a
//! [`Rogue`] a holder without one, who signs what no wallet would. A [`Desk`] is an issuer as its clerks and applicants
//! see it, a [`Counter`] a verifier, a [`Clerk`] somebody at its pages. [`others`] brings in organisations that the play has not, [`flaws`] credentials that
//! are not what they should be.

#![expect(clippy::expect_used, clippy::panic, reason = "what fails here fails the test that drives it")]

pub mod browser;
mod clerk;
mod counter;
mod desk;
pub mod flaws;
mod holder;
mod http;
pub mod others;
mod play;
mod rogue;
mod showing;
mod stage;
pub mod token;

pub use clerk::{AskedByCodes, Clerk};
pub use counter::{Asked, Counter, Decision, Request};
pub use desk::{Application, Desk, Offer};
pub use holder::Holder;
pub use http::{Answer, Http, Sent, Spoiling};
pub use play::Play;
pub use rogue::Rogue;
pub use showing::Showing;
pub use stage::Stage;

/// The catalogue id of the driver's licence.
pub const DRIVING: &str = "drivers-licence";
/// Its credential configuration as mdoc.
pub const DRIVING_MDOC: &str = "drivers-licence-mdoc";
/// Its credential configuration as SD-JWT VC.
pub const DRIVING_SD_JWT: &str = "drivers-licence-sd-jwt";
/// The catalogue id of the tax confirmation.
pub const TAX: &str = "tax-registration";
/// The catalogue id of the business licence.
pub const LICENCE: &str = "business-licence";
/// Its credential configuration as SD-JWT VC.
pub const LICENCE_SD_JWT: &str = "business-licence-sd-jwt";
/// Its credential configuration as W3C credential.
pub const LICENCE_VC: &str = "business-licence-vc";
