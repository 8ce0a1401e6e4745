//! W3C verifiable credentials 2.0 secured with Data Integrity: over JCS with `eddsa-jcs-2022` and `ecdsa-jcs-2019`,
//! over RDF with `eddsa-rdfc-2022` and `ecdsa-rdfc-2019`, and statement by statement with `ecdsa-sd-2023` ([`sd`]). With the feature
//! `bbs`, unlinkably with `bbs-2023`; with the feature `sm2`, `sm2-jcs-2026` on SM2 keys.
//!
//! An issuer makes a credential with [`Issuance`]; a wallet checks it as [`UnverifiedCredential`] and presents it
//! with [`Presenting`]; a verifier checks [`UnverifiedPresentation`] first and then, each with its issuer's key, the
//! credentials inside.

mod base58;
#[cfg(feature = "bbs")]
pub mod bbs;
mod components;
mod credential;
mod document;
mod draft;
mod issue;
mod present;
mod presentation;
mod proof;
pub mod sd;
mod secure;
mod selective;
mod statements;
mod suite;

pub use crate::Expect;
pub use crate::vcdm::VerifiedCredential;
pub use credential::UnverifiedCredential;
pub use document::{ParseError, Reading};
pub use draft::Draft;
pub use issue::{Issuance, IssueError};
pub use present::Presenting;
pub use presentation::{UnverifiedPresentation, VerifiedPresentation};
pub use proof::Purpose;
pub use secure::{Making, Prepared, ProofOptions, SecureError, secure};
pub use suite::Cryptosuite;

pub(crate) use document::{heading, id_of};

/// The first context of every VCDM 2.0 document (VCDM 2.0 §4.3).
pub const CONTEXT_V2: &str = "https://www.w3.org/ns/credentials/v2";
/// The first context of every VCDM 1.1 document.
pub const CONTEXT_V1: &str = "https://www.w3.org/2018/credentials/v1";
/// The context of this system's credential types.
pub const CONTEXT_HUIZHENG: &str = "https://schema.huizheng.example/2026/v1";
