//! The issuer service: apply, approve, issue, change.
//!
//! A citizen applies on the portal or over JSON; a clerk decides; the citizen's wallet collects over OpenID4VCI 1.0; the
//! department revokes, suspends and reinstates, and says so only once the chain does.
//!
//! ```no_run
//! # async fn run(config: issuer::Config) -> Result<(), issuer::StartError> {
//! let issuer = issuer::Issuer::bind(config).await?;
//! println!("{} is {}", issuer.base_url(), issuer.did());
//! issuer.join().await;
//! # Ok(())
//! # }
//! ```
//!
//! Inside: [`model`] says what there is and how it may change, without store, chain or clock; `desk`, `offers`,
//! `issuance` and `status` do it durably; `routes` and `pages` are the two ways to ask for it.

mod access;
mod accounts;
mod attachments;
mod bulk;
mod client;
mod clock;
mod collect;
mod config;
mod core;
mod desk;
mod identity;
mod issuance;
mod ledger;
mod marks;
mod metadata;
pub mod model;
mod offers;
mod pages;
mod reason;
mod records;
mod reissue;
mod routes;
mod seals;
mod start;
mod status;
mod tables;
mod vc_api;

pub use clock::{Clock, SystemClock};
pub use config::{Config, ConfigError, Policy, StaffAccount};
pub use metadata::MetadataError;
pub use service::OrganisationError;
pub use start::{Issuer, RunningIssuer, StartError};
pub use status::OpenListError;
