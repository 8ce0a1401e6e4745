//! What W3C CCG's VC-API asks of issuers, holders and verifiers: its messages, and issuing by mechanism.
//!
//! Services put it on the web ([`Mechanism`] names the paths, [`Instance`] issues, [`Secured`] verifies); nothing here knows of HTTP. Documents of VCDM 1.1 and 2.0
//! are taken, with sets and chains of proofs; tokens and COSE messages in envelopes.

mod derive;
mod instance;
mod mechanism;
mod pointers;
mod request;
mod secured;

pub use derive::DeriveFailed;
pub use instance::{Instance, IssueFailed};
pub use mechanism::Mechanism;
pub use request::{
    Check, DeriveOptions, DeriveRequest, IssueOptions, IssueRequest, PresentationOptions, RequestError,
    StatusChange, StatusRequest, VerifyCredentialOptions, VerifyCredentialRequest, VerifyPresentationRequest,
};
pub use secured::Secured;

use crate::data_integrity::Reading;

/// What documents are taken.
pub const READING: Reading = Reading { vcdm_1_1: true, several_proofs: true };
