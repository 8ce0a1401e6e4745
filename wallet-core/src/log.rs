//! The holder's own log: what came, what left, what was refused. It holds names of claims, never their values.

mod written;

use registry::{Did, LegalBasis, LocalText, UnixMillis};
use serde::{Deserialize, Serialize};

use crate::{
    card::Format,
    vault::{Sealed, VaultError, VaultTx, number_key},
};

pub(crate) const LOG: Sealed<LogRecord> = Sealed::new("log");

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Its id: later entries have greater ones.
    pub id: String,
    /// When it happened.
    pub at: UnixMillis,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct LogRecord {
    pub(crate) at: UnixMillis,
    pub(crate) event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "event",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase",
    try_from = "written::Event"
)]
pub enum Event {
    /// A card came.
    Received {
        /// The card's id in this wallet.
        card: String,
        /// What its type is called.
        label: LocalText,
        /// Who issued it.
        issuer: Did,
        /// The issuer's registered name.
        issuer_name: LocalText,
    },
    /// Claims left.
    Presented {
        /// To whom and why.
        asked: Asked,
        /// What.
        shared: Vec<Shared>,
        /// How it ended.
        outcome: Outcome,
    },
    /// The holder said no.
    Declined {
        /// To whom and why not.
        asked: Asked,
    },
    /// The wallet refused by itself.
    Refused {
        /// What the request calls whoever asks: nothing of it was believed.
        client_id: String,
        /// The registered name, if it got that far.
        name: Option<LocalText>,
        /// Why: [`RequestRefused::code`](crate::RequestRefused::code).
        reason: String,
        /// The claims that were too much, if that was why.
        claims: Vec<String>,
    },
    /// The holder deleted a card.
    Deleted {
        /// What its type is called.
        label: LocalText,
        /// The issuer's registered name.
        issuer_name: LocalText,
    },
}

/// Who asked, and why, as registered on the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// Who.
    pub verifier: Did,
    /// The registered name.
    pub verifier_name: LocalText,
    /// The purpose's id.
    pub purpose: String,
    /// What it is called.
    pub purpose_name: LocalText,
    /// Why it was allowed to ask.
    pub legal_basis: LegalBasis,
    /// For how many days it may keep what it saw.
    pub retention_days: u32,
    /// What was to be authorised with the answer, by its titles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confirmed: Vec<LocalText>,
}

/// What left of one card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    /// The card's id in this wallet.
    pub card: String,
    /// What its type is called.
    pub label: LocalText,
    /// In which format.
    pub format: Format,
    /// The claims' names.
    pub claims: Vec<String>,
    /// What the claims are called, in the same order.
    pub labels: Vec<LocalText>,
}

/// How a presentation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case", try_from = "written::Outcome")]
pub enum Outcome {
    /// It was sent; whether it arrived was never learnt.
    Sent,
    /// The verifier took it. What it decided, only it knows.
    Delivered,
    /// It was shown as a QR code; whether it was read is not known.
    Shown,
    /// The verifier answered with an error.
    Rejected {
        /// Its HTTP status.
        status: u16,
    },
}

/// Adds an entry.
pub(crate) fn add(tx: &mut VaultTx<'_, '_>, at: UnixMillis, event: Event) -> Result<String, VaultError> {
    let id = number_key(tx.number());
    tx.put(&LOG, &id, &LogRecord { at, event })?;
    Ok(id)
}
