//! Presenting with no network: a counter's QR code is read, the wallet's own is shown.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use wallet_core::{Collected, Collector, FrameError, FrameSize};

use crate::{
    consent::{Consent, choice},
    error::WalletError,
    time,
    wallet::Wallet,
};

/// Puts together what a camera sees of a QR code that is shown in several. One for each scan.
#[derive(uniffi::Object)]
pub struct QrCollector(Mutex<Collector>);

/// What came of one code that was seen.
#[derive(Clone, PartialEq, Eq, Debug, uniffi::Enum)]
pub enum QrSeen {
    /// Go on scanning.
    Part {
        /// So many codes were seen.
        have: u32,
        /// Of so many.
        total: u32,
    },
    /// All were seen: give this to `review_offline`.
    Whole {
        /// The message.
        message: Vec<u8>,
    },
    /// Another kind of QR code: a link, perhaps.
    NotOurs,
    /// It belongs to another set than the one being read: go on, or begin anew with another collector.
    OtherCode,
    /// It was misread, or is not what it says. Go on scanning.
    Misread {
        /// Why, in English, for the app's log.
        reason: String,
    },
}

#[uniffi::export]
impl QrCollector {
    /// An empty one.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::default()))
    }

    /// Takes the text of a QR code that was seen. The same one again changes nothing.
    pub fn add(&self, text: &str) -> QrSeen {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).add(text).into()
    }
}

impl From<Result<Collected, FrameError>> for QrSeen {
    fn from(seen: Result<Collected, FrameError>) -> Self {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        match seen {
            Ok(Collected::Part { have, total }) => Self::Part { have: count(have), total: count(total) },
            Ok(Collected::Whole(message)) => Self::Whole { message },
            Err(FrameError::NotOurs) => Self::NotOurs,
            Err(FrameError::OtherCode) => Self::OtherCode,
            Err(
                error @ (FrameError::TooLong
                | FrameError::NotBase45
                | FrameError::Length
                | FrameError::Misread
                | FrameError::Totals
                | FrameError::Contradicts
                | FrameError::NotWhole),
            ) => Self::Misread { reason: error.to_string() },
        }
    }
}

/// A presentation as QR codes: show the texts in turn, about six a second, in alphanumeric mode with error correction L.
/// Personal: whoever reads it has what was agreed to. Keep screenshots off.
#[derive(Clone, uniffi::Record)]
pub struct OfflineCode {
    /// The texts, at least one.
    pub frames: Vec<String>,
    /// The length of the message in them, in bytes.
    pub bytes: u64,
    /// When it is of no use any more: make another then.
    pub until: SystemTime,
    /// The time of the oldest evidence that goes with it: show its age. None when there is no evidence, and nobody can
    /// check it.
    pub evidence_as_of: Option<SystemTime>,
    /// The log's entry of it.
    pub log_entry: String,
}

#[uniffi::export]
impl Wallet {
    /// Reads what a counter shows, checks it and who asks by the evidence in it or in the wallet, and works out what would
    /// be shown. Needs no network.
    pub async fn review_offline(&self, message: Vec<u8>) -> Result<Consent, WalletError> {
        let wallet = self.unlocked()?;
        self.while_wanted(async { Ok(Consent::from(wallet.review_offline(&message).await?).by_code()) }).await
    }

    /// What the holder agreed to as QR codes; `choice` as for `present`, with one option for each question. Of a printed request the code lives a minute: call again for the next while
    /// it is shown. `coarse` makes more and simpler codes, for small screens and poor cameras.
    #[uniffi::method(default(coarse = false))]
    pub async fn present_offline(
        &self,
        consent_id: String,
        choice: HashMap<String, Vec<String>>,
        coarse: bool,
    ) -> Result<OfflineCode, WalletError> {
        let wallet = self.unlocked()?;
        if choice.values().any(|options| options.len() > 1) {
            let reason = "a code holds one card for each question".to_owned();
            return Err(WalletError::UseAnotherWay { reason });
        }
        let choice = self::choice(choice)?;
        let size = if coarse { FrameSize::COARSE } else { FrameSize::CAMERA_720P };
        Ok(wallet.present_offline(&consent_id, &choice, size).await?.into())
    }
}

impl From<wallet_core::OfflineCode> for OfflineCode {
    fn from(code: wallet_core::OfflineCode) -> Self {
        Self {
            frames: code.frames,
            bytes: code.bytes as u64,
            until: time::from_millis(code.until.0),
            evidence_as_of: code.as_of.map(|as_of| time::from_millis(as_of.0)),
            log_entry: code.log_entry,
        }
    }
}
