//! ISO mdoc: credentials in CBOR whose elements are disclosed one by one (ISO/IEC 18013-5), such as a mobile driving
//! licence.
//!
//! An issuer makes one with [`Issuance`]; a wallet reads it as [`Unverified`], checks it with
//! [`Unverified::verify_issued`], and presents a choice of elements with [`Unverified::select`] and
//! [`Selection::bind`]; a verifier reads a [`DeviceResponse`] and checks each document with
//! [`Presented::verify`]. What ties an answer to one request is the [`SessionTranscript`].

mod issue;
mod item;
mod mac;
mod mso;
mod present;
mod read;
mod response;
mod transcript;
mod verify;

pub use issue::{Elements, Issuance, IssueError, Prepared};
pub use mac::ReaderKey;
pub use mso::{Digests, SecurityObject};
pub use present::{SelectError, Selection, ToBind};
pub use read::{ParseError, Unverified};
pub use response::{DeviceResponse, Presented};
pub use transcript::SessionTranscript;
pub use verify::{Expect, Trust, Verified};

/// The document type of a mobile driving licence (ISO/IEC 18013-5 §7.1).
pub const MDL: &str = "org.iso.18013.5.1.mDL";
/// The namespace of its elements.
pub const MDL_NAMESPACE: &str = "org.iso.18013.5.1";

/// So many elements are read in one document.
pub const MAX_ELEMENTS: usize = 512;
