//! The decision: named checks, each with what was found and the facts it rests on.
//!
//! [`judge`](judge::judge) is pure: credentials as they came, facts of the chain that were proven, and the time, go in;
//! the checks come out. Whatever can't be shown is unknown, and unknown is never accepted.

mod alone;
mod base;
mod check;
mod credential;
mod facts;
mod judge;
mod registry;
mod rules;
mod shown;
mod words;

pub(crate) use alone::Alone;
pub(crate) use check::{Check, Decision, SeenBlock, Subject};
pub use check::{CheckId, Outcome, Verdict};
pub use credential::BadPresentation;
pub(crate) use credential::{FORMATS, Received, unanswerable};
pub(crate) use facts::{Facts, Missing, Named, usable};
pub(crate) use judge::{Asked, Judged, Terms, judge_by, on_chain, unreachable};
pub(crate) use registry::status;
pub(crate) use shown::Shown;
pub(crate) use words::{evidence, finding, reason, texts, title};
