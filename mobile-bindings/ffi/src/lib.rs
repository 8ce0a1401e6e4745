//! The wallet core for Kotlin, Swift and Python: mechanical adapters, and the words an app needs.
//!
//! An app implements the device ([`HolderKeyStore`], [`HttpClient`]; [`Biometrics`] if it likes, [`Clock`] if it must), opens a [`Wallet`], and
//! hears of failures by [`WalletError`], whose kinds say what can be done. Lists come as records, whole or by pages;
//! nothing is asked claim by claim. A [`CancelHandle`] ends calls where the platform's own cancelling does not.

mod backup;
mod biometrics;
mod browse;
mod cancel;
mod card;
mod config;
mod consent;
mod error;
mod later;
mod links;
mod log;
mod login;
mod offer;
mod offline;
mod ports;
mod recover;
mod screen;
mod text;
mod time;
mod wallet;

pub use backup::{CardToCollect, RestoredWallet, erase_locked_wallet, new_backup_code, restore_wallet};
pub use browse::{CardHolder, ComplaintDraft, LogQuery};
pub use cancel::CancelHandle;
pub use card::{Card, CardColours, CardState, Claim, ClaimKind, CredentialFormat, LastKnownState};
pub use config::{WalletClient, WalletConfig};
pub use consent::{
    CardOption, Confirmation, ConfirmationLine, Consent, ConsentWarning, CopyReuse, LegalBasis, MissingCard,
    MissingReason, Presented, Question, Verifier,
};
pub use error::WalletError;
pub use later::{PickUpOutcome, PickedUp};
pub use links::HolderLink;
pub use log::{Asked, LogEntry, LogEvent, PresentationOutcome, Shared};
pub use offer::{NotReceived, Offer, OfferDetails, OfferedCredential, Received, TxCodeInput};
pub use offline::{OfflineCode, QrCollector, QrSeen};
pub use ports::*;
pub use recover::{RecoveredWallet, recover_wallet};
pub use screen::{WalletScreen, is_protected};
pub use text::LocalText;
pub use wallet::{Wallet, wallet_exists};

uniffi::setup_scaffolding!();
