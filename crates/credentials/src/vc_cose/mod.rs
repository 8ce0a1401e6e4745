//! W3C verifiable credentials 2.0 in COSE envelopes: `vc+cose`, `vp+cose` (Securing Verifiable Credentials using JOSE
//! and COSE §3.3). The payload is the document as JSON.
//!
//! An issuer makes one with [`issue`]; a wallet checks it as [`UnverifiedCredential`] and presents it with
//! [`Presenting`]; a verifier checks [`UnverifiedPresentation`] first and then, each with its issuer's key, the
//! credentials inside.

mod credential;
mod issue;
mod present;
mod presentation;
mod read;

pub use crate::Expect;
pub use crate::vcdm::VerifiedCredential;
pub use credential::UnverifiedCredential;
pub use issue::{Document, issue, secure};
pub use present::Presenting;
pub use presentation::{UnverifiedPresentation, VerifiedPresentation};
pub use read::ParseError;

/// The media type of a secured credential (§6.1.2).
pub const TYP: &str = "application/vc+cose";
/// The media type of a secured presentation (§6.1.5).
pub const PRESENTATION_TYP: &str = "application/vp+cose";
