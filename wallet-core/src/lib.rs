//! The holder's wallet: hold, consent, present, log.
//!
//! A [`Wallet`] does everything a wallet does and knows no screen: it receives credentials (OpenID4VCI 1.0), shows
//! cards, and presents what its holder agrees to (OpenID4VP 1.0, DCQL). It believes nobody: issuers, verifiers, their
//! keys, accreditations, purposes and every status are proven against one pinned anchor of the chain.
//!
//! The device comes in through [`ports`]: a key store, an HTTP client, a clock. [`software`] has a key store for where
//! there is no better one.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use wallet_core::{Choice, Wallet, WalletConfig, ports::Ports};
//! # async fn story(ports: Ports, config: WalletConfig) -> Result<(), Box<dyn std::error::Error>> {
//! let wallet = Wallet::create("wallet", "135790", ports, config).await?;
//! let offer = wallet.preview_offer("openid-credential-offer://?credential_offer_uri=…").await?;
//! let received = wallet.receive(&offer, Some("123456")).await?;
//! let consent = wallet.review_request("openid4vp://authorize?client_id=…&request_uri=…").await?;
//! wallet.present(&consent.id, &Choice::first()).await?;
//! # Ok(())
//! # }
//! ```

mod backup;
mod biometrics;
mod card;
mod chain;
mod complaint;
mod config;
mod context;
mod error;
mod faces;
mod folder;
mod held;
mod holders;
mod index;
mod log;
pub mod ports;
mod present;
mod receive;
mod schema;
mod screen;
mod seal;
mod search;
pub mod software;
mod vault;
mod wallet;
mod web;

pub use backup::{BackupError, BadBackup, RestoreError, Restored, ToCollect};
pub use card::{Card, CardState, ClaimView, Format, LastKnown};
pub use chain::ChainError;
pub use complaint::Complaint;
pub use config::{ConfigError, WalletConfig};
pub use error::{CreateError, OpenError};
pub use holders::HolderOfCards;
pub use log::{Asked, Event, LogEntry, Outcome, Shared};
pub use present::{
    CardOption, Choice, ConsentRequest, Link, LinkPolicy, Missing, MissingReason, OfflineCode, PresentError,
    Presented, Question, RequestRefused, Reuse, TooBig, Verifier, Warning,
};
pub use receive::{
    AuthorizeError, Failed, LoginStarted, Offer, OfferRefused, OfferedCredential, PickedUp, ReceiveError,
    Received, Rejected, WaitedFor, WalletClient,
};
pub use screen::Screen;
pub use search::LogQuery;
pub use vault::{BiometricsRefused, PinTooWeak, VaultError};
pub use wallet::{Recovered, Wallet};
pub use web::WebError;

// What the facade's types speak of, for apps that know this crate alone.
pub use credentials::catalogue::Kind;
pub use protocol::offline::{Collected, Collector, FrameError, FrameSize};
pub use protocol::openid4vp::{Confirmation, Line, Words};
pub use protocol::{
    Endpoint as Issuer,
    openid4vci::{AuthorizationErrorCode, BadAuthorizationResponse, InputMode, TxCodeRules},
};
pub use registry::{LegalBasis, LocalText};
