//! One error for apps. Each kind is named for what its user, or its maker, can do about it.
//!
//! Where the core's errors become these is a match without a wildcard, in one file for each operation. So a new error
//! of the core doesn't compile before somebody has said what can be done about it.

mod backup;
mod login;
mod open;
mod parts;
mod present;
mod receive;

use std::time::Duration;

use crate::{consent::MissingCard, text::LocalText};

/// What went wrong, by what can be done about it. `reason` is English, for the app's own log: it names nothing personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum WalletError {
    /// The PIN is too easy to guess: at least six characters, not all the same. Or a backup's passphrase is: at least twelve
    /// characters of five kinds.
    #[error("the PIN is too weak")]
    ChooseAnotherPin,
    /// The PIN, or a backup's passphrase, is wrong: enter it again once `wait` is over.
    #[error("the PIN is wrong, {failed} times in a row")]
    EnterPinAgain {
        /// How often in a row.
        failed: u32,
        /// How long to wait before the next try; zero at first.
        wait: Duration,
    },
    /// Too many wrong PINs: this one was not even looked at. Wait.
    #[error("too many wrong PINs: wait {} seconds", wait.as_secs())]
    WaitForPin {
        /// How much longer.
        wait: Duration,
    },
    /// There is no wallet in this folder: create one.
    #[error("there is no wallet here")]
    CreateWallet,
    /// There is a wallet in this folder already, or it was locked: open it.
    #[error("the wallet is there, and is not open")]
    OpenWallet,
    /// What is stored is damaged or was tampered with, or the device's keys are gone: restore from a backup.
    #[error("the wallet can't be read: {reason}")]
    RestoreWallet {
        /// What was found.
        reason: String,
    },
    /// The device has lost a card's key: get the card issued again.
    #[error("the card's key is gone")]
    RenewCard,
    /// No connection: try again when online.
    #[error("no connection: {reason}")]
    GoOnline {
        /// Who was not reached.
        reason: String,
    },
    /// The device, the disk or a server failed: try again, later or after opening the wallet anew.
    #[error("{reason}")]
    TryAgain {
        /// What failed.
        reason: String,
    },
    /// The holder did not unlock the key, or the app ended the request. Nothing left; ask when the holder wants.
    #[error("cancelled")]
    Cancelled,
    /// The issuer wants a transaction code, and this is none or the wrong one: enter it.
    #[error("a transaction code is needed")]
    EnterTxCode {
        /// How many more tries the issuer allows; none when no try was spent.
        attempts_left: Option<u32>,
    },
    /// The issuer takes time, and the wallet has noted what to come back for: `pick_up`, once a day.
    #[error("the issuer takes time")]
    WaitForIssuer,
    /// The offer can't be used: malformed, used up, expired or locked. Get a new one from the issuer.
    #[error("the offer can't be used: {reason}")]
    GetNewOffer {
        /// Why.
        reason: String,
    },
    /// This wallet can't do what is demanded: use another way, or a newer app.
    #[error("this wallet can't do that: {reason}")]
    UseAnotherWay {
        /// What.
        reason: String,
    },
    /// The issuer or the verifier is not who it should be, or sends what it should not. Nothing was kept and nothing
    /// left. Don't go on with them.
    #[error("not to be trusted: {reason}")]
    DoNotTrust {
        /// A stable id to translate by: `credential-rejected`, `verifier-unknown`, `not-registered`, `signature`…
        code: String,
        /// Why.
        reason: String,
    },
    /// The verifier asks for more than its registered purpose allows. The wallet refuses; the holder can complain.
    #[error("it asks for more than its purpose allows, of {credential_type}: {}", claims.join(", "))]
    ReportOverreach {
        /// The verifier's registered name.
        verifier_name: LocalText,
        /// Of which type: the catalogue's id.
        credential_type: String,
        /// The names of the claims that are too much; empty when the type itself is.
        claims: Vec<String>,
        /// What they are called, in the same order.
        labels: Vec<LocalText>,
    },
    /// The request can't be answered: malformed, answered already or expired. Nothing left. Get a new one from the
    /// verifier.
    #[error("the request can't be answered: {reason}")]
    GetNewRequest {
        /// Why.
        reason: String,
    },
    /// No card answers the request: get what is missing first. Nothing left.
    #[error("no card answers the request")]
    GetCard {
        /// What is missing.
        missing: Vec<MissingCard>,
    },
    /// What was agreed to was sent, and the verifier refused it, or it is not known whether it arrived: ask there.
    #[error("it was sent: {reason}")]
    AskVerifier {
        /// What happened.
        reason: String,
        /// The verifier's HTTP status, if it answered.
        status: Option<u16>,
    },
    /// The app gave what can't be right: an anchor that is none, the folder of another chain's wallet, an option that
    /// was not offered. For its makers.
    #[error("the app is at fault: {reason}")]
    FixApp {
        /// What.
        reason: String,
    },
}
