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
mod attestation;
pub mod audit;
mod authorize;
pub mod backup;
mod bulk;
mod certificates;
mod citizens;
mod client;
mod clock;
mod collect;
mod config;
mod core;
mod desk;
mod dpop;
mod identity;
mod issuance;
mod keys;
mod ledger;
mod login;
mod marks;
mod metadata;
mod metrics;
pub mod model;
mod offers;
mod oidc;
mod onestop;
mod pages;
mod phones;
mod reason;
mod records;
mod reissue;
mod routes;
mod sealed;
mod seals;
pub mod settings;
mod start;
mod status;
mod tables;
mod vc_api;

pub use accounts::StaffLogin;
pub use attestation::WALLET_PROVIDER;
pub use citizens::{Citizen, Citizens, IdentitySource, OidcConfig, OpenIdConnect, Synthetic};
pub use clock::{Clock, SystemClock};
pub use config::{Config, ConfigError, Policy, StaffAccount, WalletClient};
pub use keys::KeysError;
pub use login::{Login, LoginError};
pub use metadata::MetadataError;
pub use oidc::{IdTokenAlgorithm, OidcClient};
pub use onestop::{Approval, Judge, Judgement, OneStop, OneStopError, Question, Shown, Unreadable, Verdict};
pub use service::OrganisationError;
pub use settings::SettingsError;
pub use start::{Issuer, RunningIssuer, StartError};
pub use status::OpenListError;
