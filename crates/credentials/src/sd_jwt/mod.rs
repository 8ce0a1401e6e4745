//! Selectively disclosable tokens: SD-JWT (RFC 9901), and above it SD-JWT VC (draft, `dc+sd-jwt`).
//!
//! An issuer makes one with [`Issuance`]; a wallet reads it as [`Unverified`], checks it with
//! [`Unverified::verify_issued`], and presents a choice of claims with [`Unverified::select`] and
//! [`Selection::bind`]; a verifier checks with [`Unverified::verify_presented`]. SD-JWTs of other kinds are made with
//! [`Concealing`] and read with [`Unverified::parse_plain`]; [`JsonForm`] is the form in JSON.

mod conceal;
mod disclosure;
mod hash;
mod issue;
mod json_form;
mod present;
mod process;
mod read;
mod verify;

pub use crate::Expect;
pub use conceal::{Concealed, Concealing};
pub use disclosure::DisclosureError;
pub use hash::Hash;
pub use issue::{Issuance, IssueError, Prepared};
pub use json_form::{JsonForm, JsonFormError};
pub use present::{SelectError, Selection, ToBind};
pub use read::{ParseError, Unverified};
pub use verify::Verified;

pub(crate) use read::Profile;

/// The media type of an SD-JWT VC (SD-JWT VC §2.2.1).
pub const TYP: &str = "dc+sd-jwt";
/// The media type of a key binding (RFC 9901 §4.3).
pub const KEY_BINDING_TYP: &str = "kb+jwt";
/// A text may carry so many disclosures.
pub const MAX_DISCLOSURES: usize = 512;
