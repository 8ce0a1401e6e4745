//! The verifier service and the counter: ask, check, decide.
//!
//! A clerk chooses a [purpose](PurposeConfig); the counter shows a code; the wallet fetches the signed request, and posts
//! its answer (OpenID4VP 1.0 within HAIP 1.0, DCQL, `direct_post.jwt`). The answer is judged at once by named [checks](CheckId) from
//! facts of the chain that are proven against the pinned anchor, and the decision is shown with the reason in plain
//! words.
//!
//! What was shown is kept in memory only, and for a set time, unless the policy says otherwise; decisions on disk have no personal
//! value in them and go after the same time. That they were made stays in a log, chained by hashes and anchored on the chain.
//!
//! | address | for | what |
//! |---|---|---|
//! | `/`, `/sign-in`, `/requests/{id}` | clerks | the counter, in a session |
//! | `/requests/{id}/codes`, `/printed` | clerks | the same by codes, with no network between counter and phone |
//! | `/offline` | clerks | what was decided without the node, and what was found of it since |
//! | `/counter/…`, `/sw.js`, `/counter.webmanifest`, `/away` | browsers | what the pages load, and the app |
//! | `GET`, `POST /requests/{id}/object` | wallets | the signed request |
//! | `POST /requests/{id}/response` | wallets | the answer |
//! | `/api/requests`, `/api/requests/{id}`, `…/events`, `/api/policies` | programs | ask, and the decision; bearer token |
//! | `/api/audit`, `/api/claims` | auditors' and others' programs | the log; the claims that policies keep |
//! | `/openapi.json` | programmers | all of this but the pages, described |
//! | `/health/live`, `/health/ready` | operators | – |
//!
//! One verifier serves several organisations, its [tenants](Tenant): each has these addresses at a host of its own.

mod access;
mod account;
mod answer;
pub mod batch;
mod certificate;
mod client;
mod codes;
mod config;
mod core;
mod decision;
mod hosts;
mod identity;
mod journal;
pub mod judging;
mod kept;
mod limits;
mod metrics;
pub mod offline;
pub mod operate;
mod pages;
mod peers;
mod purpose;
mod registry_cache;
mod request;
mod routes;
mod row_key;
mod sealing;
mod sessions;
pub mod settings;
mod signer;
mod start;
mod tenant;
mod vc_api;
mod webhook;

pub use access::{ApiKey, Scope};
pub use account::AccountPolicy;
pub use config::{Config, ConfigError, Policy, Tenant};
pub use decision::{CheckId, Outcome, Verdict};
pub use identity::KnownBy;
pub use purpose::{
    AskConfig, KeepConfig, MandateConfig, NoPeriod, Period, PurposeConfig, PurposeError, UnknownMeans,
};
pub use service::{OrganisationError, SettingsError, StaffAccount};
pub use signer::{NotAKey, RequestSigner};
pub use start::{RunningVerifier, StartError, Verifier};
pub use tenant::Served;
pub use vc_api::VcApiConfig;
