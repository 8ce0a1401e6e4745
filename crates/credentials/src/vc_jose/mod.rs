//! W3C verifiable credentials 2.0 as signed tokens: `vc+jwt`, `vp+jwt`, and with selective disclosure `vc+sd-jwt`,
//! `vp+sd-jwt` (Securing Verifiable Credentials using JOSE and COSE §3.1, §3.2). The payload is the document itself.
//!
//! An issuer makes one with [`issue`] or [`issue_sd`]; a wallet checks it as [`UnverifiedCredential`] and presents it
//! with [`Presenting`]; a verifier checks [`UnverifiedPresentation`] first and then, each with its issuer's key, the
//! credentials inside ([`crate::envelope`]).
//!
//! A token may say of itself what the document says (`iss`, `sub`, `jti`), but nothing else; both `exp` and
//! `validUntil` end it. `vc` and `vp`, which older tokens wrapped their document in, are refused.

mod credential;
mod issue;
mod present;
mod presentation;
mod read;

pub use crate::Expect;
pub use crate::vcdm::VerifiedCredential;
pub use credential::UnverifiedCredential;
pub use issue::{Document, IssueError, issue, issue_sd, secure, secure_sd};
pub use present::Presenting;
pub use presentation::{PresentationError, UnverifiedPresentation, VerifiedPresentation};
pub use read::{Form, ParseError};

/// The type of a credential as a token (§6.1.1).
pub const TYP: &str = "vc+jwt";
/// The type of a presentation as a token (§6.1.2).
pub const PRESENTATION_TYP: &str = "vp+jwt";
/// The type of a credential with selective disclosure (§6.1.3).
pub const SD_TYP: &str = "vc+sd-jwt";
/// The type of a presentation with selective disclosure (§6.1.4).
pub const SD_PRESENTATION_TYP: &str = "vp+sd-jwt";
