//! W3C verifiable credentials 2.0 secured with Data Integrity in JCS form: `eddsa-jcs-2022` (EdDSA cryptosuites 1.0
//! §3.3) and `ecdsa-jcs-2019` on P-256 (ECDSA cryptosuites 1.0 §3.3).
//!
//! An issuer makes a credential with [`Issuance`]; a wallet checks it as [`UnverifiedCredential`] and presents it
//! with [`Presenting`]; a verifier checks [`UnverifiedPresentation`] first and then, each with its issuer's key, the
//! credentials inside.

mod base58;
mod credential;
mod document;
mod issue;
mod present;
mod presentation;
mod proof;
mod secure;

pub use credential::{UnverifiedCredential, VerifiedCredential};
pub use document::ParseError;
pub use issue::{Issuance, IssueError};
pub use present::Presenting;
pub use presentation::{Expect, UnverifiedPresentation, VerifiedPresentation};
pub use proof::{Cryptosuite, Purpose};
pub use secure::{Prepared, ProofOptions, SecureError, secure};

/// The first context of every VCDM 2.0 document (VCDM 2.0 §4.3).
pub const CONTEXT_V2: &str = "https://www.w3.org/ns/credentials/v2";
/// The context of this system's credential types.
pub const CONTEXT_HUIZHENG: &str = "https://schema.huizheng.example/2026/v1";
