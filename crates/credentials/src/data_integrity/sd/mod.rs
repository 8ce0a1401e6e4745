//! Selective disclosure with `ecdsa-sd-2023` (ECDSA cryptosuites 1.0 §3.4 to §3.6).
//!
//! The issuer turns the credential into statements and signs each with a key made for this credential alone; the base
//! proof ties that key, the proof's options and the mandatory statements together. The holder [`derive`](derive())s a
//! credential that shows the mandatory statements and those chosen. Blank nodes carry labels from an HMAC, so that
//! what is hidden leaves no trace in what is shown. The statements shown are linkable: the same signatures are
//! shown each time.

mod derive;
mod issue;
mod value;

pub use super::selective::Issuing;
pub use derive::{DeriveError, derive};
pub use issue::{PreparedBase, Secrets};
pub(super) use value::Value;
