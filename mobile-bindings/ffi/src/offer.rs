//! Offers, and what came of them.

use wallet_core::{InputMode, TxCodeRules};

use crate::{
    card::{Card, CredentialFormat},
    text::{LocalText, each},
};

/// An offer that can be taken up. Nothing was taken yet.
#[derive(uniffi::Object)]
pub struct Offer(pub(crate) wallet_core::Offer);

#[uniffi::export]
impl Offer {
    /// What to show before the holder takes it up.
    pub fn details(&self) -> OfferDetails {
        OfferDetails {
            issuer: self.0.issuer().as_str().to_owned(),
            issuer_host: self.0.issuer().host(),
            issuer_calls_itself: self.0.self_called().map(Into::into),
            credentials: each(self.0.credentials().to_vec()),
            tx_code: self.0.tx_code().map(Into::into),
            takes_code: self.0.takes_code(),
            takes_login: self.0.takes_login(),
        }
    }
}

/// What an offer is about.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OfferDetails {
    /// The issuer's address.
    pub issuer: String,
    /// The host in that address: what to show. Who the issuer is, is proven once a card came.
    pub issuer_host: String,
    /// What the issuer calls itself, if it does: not proven, and to be shown so.
    pub issuer_calls_itself: Option<LocalText>,
    /// What will be received.
    pub credentials: Vec<OfferedCredential>,
    /// How the transaction code looks; none if none is asked for.
    pub tx_code: Option<TxCodeInput>,
    /// Whether it can be taken up by its code: `receive`.
    pub takes_code: bool,
    /// Whether it can be had by logging in: `begin_login`.
    pub takes_login: bool,
}

/// One credential of an offer.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OfferedCredential {
    /// The issuer's name for it; names it when logging in.
    pub configuration: String,
    /// The catalogue's id of its type.
    pub kind: String,
    /// What its type is called.
    pub label: LocalText,
    /// Its format.
    pub format: CredentialFormat,
}

/// How to ask the holder for the transaction code.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TxCodeInput {
    /// Whether it has digits only.
    pub digits_only: bool,
    /// How many characters it has, if the issuer says.
    pub length: Option<u32>,
    /// Where the holder finds it, in the issuer's words.
    pub description: Option<String>,
}

/// What came of an offer: at least one card.
#[derive(Clone, uniffi::Record)]
pub struct Received {
    /// The new cards, one for each type offered.
    pub cards: Vec<Card>,
    /// What of the offer did not come, or was thrown away.
    pub failed: Vec<NotReceived>,
}

/// A credential that was offered and not received.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NotReceived {
    /// Which.
    pub credential: OfferedCredential,
    /// Whether it only takes time: `pick_up` fetches it later.
    pub waiting: bool,
    /// Why, in English, for the app's log.
    pub reason: String,
}

impl From<&TxCodeRules> for TxCodeInput {
    fn from(rules: &TxCodeRules) -> Self {
        Self {
            digits_only: match rules.input_mode {
                InputMode::Numeric => true,
                InputMode::Text => false,
            },
            length: rules.length,
            description: rules.description.clone(),
        }
    }
}

impl From<wallet_core::OfferedCredential> for OfferedCredential {
    fn from(offered: wallet_core::OfferedCredential) -> Self {
        Self {
            configuration: offered.configuration,
            kind: offered.kind,
            label: offered.label.into(),
            format: offered.format.into(),
        }
    }
}

impl From<wallet_core::Received> for Received {
    fn from(wallet_core::Received { cards, failed }: wallet_core::Received) -> Self {
        Self { cards: each(cards), failed: each(failed) }
    }
}

impl From<wallet_core::Failed> for NotReceived {
    fn from(wallet_core::Failed { credential, error }: wallet_core::Failed) -> Self {
        Self { credential: credential.into(), waiting: error.is_passing(), reason: error.to_string() }
    }
}
