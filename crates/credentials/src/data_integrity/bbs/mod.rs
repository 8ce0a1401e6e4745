//! Unlinkable selective disclosure with `bbs-2023` (BBS cryptosuites, W3C Candidate Recommendation Draft of April 2024, §3.3).
//! **Experimental**: neither the suite nor the BBS draft is final.
//!
//! Like [`sd`](super::sd), but one BBS signature covers all statements that are not mandatory, and what the holder shows is a
//! proof made anew each time: two showings share no bytes of it. What is always shown still links them: an `id`, the index
//! of a status, an unusual date. Leave such statements out of the mandatory ones.
//!
//! The keys are [`crate::bbs`]'s and not [`PublicKey`](crate::key::PublicKey): whoever takes such credentials says so with
//! [`verify_bbs`](super::UnverifiedCredential::verify_bbs). Of the suite's features the baseline is made and read. Anonymous
//! holder binding and pseudonyms are refused by name when a proof is read.

mod derive;
mod issue;
mod value;

pub use super::selective::{Issuing, LabelKey};
pub use derive::{DeriveError, derive};
pub use issue::IssueError;
pub(super) use value::{ReadError, Value};
