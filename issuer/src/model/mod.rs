//! What the issuer keeps: applications, offers, credentials, and how each may change.
//!
//! Pure: every change takes its moment and its author, and says no by a named error. The store and the chain are
//! somebody else's business (`desk`, `offers`, `issuance`, `status`).

mod application;
mod authorization;
mod credential;
mod id;
mod offer;
mod personal;
mod presentation;
mod record;
mod role;

pub use application::{
    Actor, Application, Correction, Decided, DecisionRefused, Event, Happening, Presented, State,
};
pub use authorization::{Authorization, CodeRefused, Shown, Stage, Stopped};
pub use credential::{
    Change, ChangeRefused, CredentialCopy, CredentialRecord, Notified, PHONE_LOST, Pending, RefusedChange,
    Standing, StatusIndex,
};
pub use id::{BadId, Id};
pub use offer::{MAX_WRONG_CODES, Offer, OfferState, Redemption};
pub use personal::Personal;
pub use presentation::{Answered, Flaw, NotTaken, Presentation, Refusal, Waiting};
pub use record::{Half, Handed, Job, JobState, Record};
pub use role::{Member, Role, Roles};
