//! Presenting credentials: OpenID4VP 1.0 within HAIP 1.0: signed requests, `direct_post` and `direct_post.jwt`.
//!
//! A request goes through [`request`] (is it genuine?), [`purpose`] (may they ask this?), [`candidates`] and
//! [`survey`] (which cards answer, and what of them would leave?) to the holder; her yes through [`answer`] to the
//! verifier.

mod answer;
mod candidates;
mod confirmation;
mod consent;
mod encryption;
mod error;
mod links;
mod offline;
mod purpose;
mod request;
mod review;
mod selection;
mod survey;

pub use answer::Presented;
pub(crate) use answer::{decline, present};
pub(crate) use consent::Pending;
pub use consent::{CardOption, Choice, ConsentRequest, Question, Verifier, Warning};
pub use error::{Missing, MissingReason, PresentError, RequestRefused};
pub use links::{Link, LinkPolicy, Reuse};
pub use offline::{OfflineCode, TooBig};
pub(crate) use offline::{present as present_offline, review as review_offline};
pub(crate) use review::review;
