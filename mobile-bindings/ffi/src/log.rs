//! The holder's own log. It holds names of claims, never their values.

use std::time::SystemTime;

use wallet_core::Event;

use crate::{
    card::CredentialFormat,
    consent::LegalBasis,
    text::{LocalText, each},
    time,
};

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LogEntry {
    /// Its id: later entries have greater ones.
    pub id: String,
    /// When it happened.
    pub at: SystemTime,
    /// What happened.
    pub event: LogEvent,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum LogEvent {
    /// A card came.
    Received {
        /// The card's id in this wallet.
        card: String,
        /// What its type is called.
        label: LocalText,
        /// The issuer's DID.
        issuer: String,
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
        outcome: PresentationOutcome,
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
        /// Why, as a stable id: `asks-too-much`, `not-registered`, `signature`…
        code: String,
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
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Asked {
    /// The verifier's DID.
    pub verifier: String,
    /// Its registered name.
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
    pub confirmed: Vec<LocalText>,
}

/// What left of one card.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Shared {
    /// The card's id in this wallet.
    pub card: String,
    /// What its type is called.
    pub label: LocalText,
    /// In which format.
    pub format: CredentialFormat,
    /// The claims' names.
    pub claims: Vec<String>,
    /// What the claims are called, in the same order.
    pub labels: Vec<LocalText>,
}

/// How a presentation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum PresentationOutcome {
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

impl From<wallet_core::LogEntry> for LogEntry {
    fn from(wallet_core::LogEntry { id, at, event }: wallet_core::LogEntry) -> Self {
        Self { id, at: time::from_millis(at.0), event: event.into() }
    }
}

impl From<Event> for LogEvent {
    fn from(event: Event) -> Self {
        match event {
            Event::Received { card, label, issuer, issuer_name } => Self::Received {
                card,
                label: label.into(),
                issuer: issuer.to_string(),
                issuer_name: issuer_name.into(),
            },
            Event::Presented { asked, shared, outcome } => {
                Self::Presented { asked: asked.into(), shared: each(shared), outcome: outcome.into() }
            }
            Event::Declined { asked } => Self::Declined { asked: asked.into() },
            Event::Refused { client_id, name, reason, claims } => {
                Self::Refused { client_id, name: name.map(Into::into), code: reason, claims }
            }
            Event::Deleted { label, issuer_name } => {
                Self::Deleted { label: label.into(), issuer_name: issuer_name.into() }
            }
        }
    }
}

impl From<wallet_core::Asked> for Asked {
    fn from(asked: wallet_core::Asked) -> Self {
        Self {
            verifier: asked.verifier.to_string(),
            verifier_name: asked.verifier_name.into(),
            purpose: asked.purpose,
            purpose_name: asked.purpose_name.into(),
            legal_basis: asked.legal_basis.into(),
            retention_days: asked.retention_days,
            confirmed: each(asked.confirmed),
        }
    }
}

impl From<wallet_core::Shared> for Shared {
    fn from(shared: wallet_core::Shared) -> Self {
        Self {
            card: shared.card,
            label: shared.label.into(),
            format: shared.format.into(),
            claims: shared.claims,
            labels: each(shared.labels),
        }
    }
}

impl From<wallet_core::Outcome> for PresentationOutcome {
    fn from(outcome: wallet_core::Outcome) -> Self {
        match outcome {
            wallet_core::Outcome::Sent => Self::Sent,
            wallet_core::Outcome::Delivered => Self::Delivered,
            wallet_core::Outcome::Shown => Self::Shown,
            wallet_core::Outcome::Rejected { status } => Self::Rejected { status },
        }
    }
}
