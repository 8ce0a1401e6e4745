//! The Digital Credentials Query Language (OpenID4VP 1.0 §6 and §7).
//!
//! [`DcqlQuery::parse`] reads and checks a query, [`DcqlQuery::matches`] finds which of the holder's credentials answer
//! it, and [`DcqlQuery::check`] judges what a holder sent: does it answer the query, and does it carry no more.

mod answer;
mod candidate;
mod matching;
mod path;
mod query;
mod validate;

pub use answer::{Answer, Excess, Presented, Unsatisfied};
pub use candidate::{Candidate, CredentialKind, leaves};
pub use matching::{Match, Matches, Miss, MissReason, SetMatch};
pub use path::{ClaimPath, PathError, Step};
pub use query::{
    AuthorityType, ClaimId, ClaimQuery, ClaimValue, CredentialQuery, CredentialSet, DcqlQuery, Meta, QueryId,
    TrustedAuthority,
};
pub use validate::QueryError;
