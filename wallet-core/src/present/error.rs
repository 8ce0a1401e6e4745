//! Why nothing is presented.

use credentials::jws;
use protocol::{
    offline::{BadOfflineRequest, MessageError},
    openid4vp::{BadLink, BadRequest, BadTransaction},
};
use registry::{
    LocalText,
    history::{KeyNotValid, NotGranted},
};

use super::TooBig;
use crate::{chain::ChainError, ports::KeyStoreError, vault::VaultError, web::WebError};

/// Why the wallet does not even ask the holder. Nothing left.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestRefused {
    /// The link leads to no request.
    #[error(transparent)]
    Link(#[from] BadLink),
    /// The request can't be fetched.
    #[error("the verifier: {0}")]
    Web(#[from] WebError),
    /// The verifier answered with this status: the request may be used up or too old.
    #[error("the verifier answered with status {0}")]
    Status(u16),
    /// It is no signed request.
    #[error("the request is no signed token: {0}")]
    NotAToken(#[from] jws::ParseError),
    /// It breaks the protocol's rules: another client, audience, nonce, expired, unsupported…
    #[error(transparent)]
    Request(#[from] BadRequest),
    /// Whoever asks is not named by a DID of this wallet's chain, so nobody can tell who it is.
    #[error("whoever asks is not an organisation of this chain")]
    VerifierNotOnThisChain,
    /// The verifier's key does not count now.
    #[error("the verifier's key: {0}")]
    VerifierKey(#[from] KeyNotValid),
    /// The request is not signed by the verifier's key: forged, or changed on its way.
    #[error("the request is not signed by the verifier's key")]
    Signature,
    /// It asks for an encrypted response without a usable key on P-256, or by another encryption than AES-GCM.
    #[error("the verifier wants an encrypted response in a way that this wallet can't give")]
    EncryptedResponse,
    /// The QR code is no counter's request.
    #[error("the QR code is no counter's request: {0}")]
    Code(#[from] MessageError),
    /// The QR code is a wallet's answer: it belongs in front of a counter.
    #[error("the QR code is a wallet's, not a counter's")]
    WalletsCode,
    /// The counter's request breaks the rules: expired, without challenge or place…
    #[error(transparent)]
    Offline(#[from] BadOfflineRequest),
    /// It names no registered purpose.
    #[error("the verifier does not say for which registered purpose it asks")]
    NoPurpose,
    /// The verifier is not registered for this purpose.
    #[error("the verifier is not registered for the purpose {purpose}: {reason}")]
    NotRegistered {
        /// The purpose it names.
        purpose: String,
        /// What the chain says.
        reason: NotGranted,
    },
    /// It asks for more than its registered purpose allows.
    #[error("it asks for more than its purpose allows, of {credential_type}: {}", claims.join(", "))]
    AsksTooMuch {
        /// The verifier's registered name.
        verifier_name: LocalText,
        /// Of which type: the catalogue's id.
        credential_type: String,
        /// The claims that are too much; empty when the type itself is.
        claims: Vec<String>,
        /// What they are called, in the same order.
        labels: Vec<LocalText>,
    },
    /// It asks for types of credentials that this wallet does not know.
    #[error("it asks for a kind of credential that this wallet does not know")]
    UnknownType,
    /// No card answers it.
    #[error("no card answers the request")]
    NothingFits(Vec<Missing>),
    /// The chain's facts about the verifier are not at hand.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The wallet's store.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What is missing to answer a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What type of card is asked for; empty for one that is not known.
    pub label: LocalText,
    /// Why none answers.
    pub reason: MissingReason,
}

/// Why no card of a type answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MissingReason {
    /// There is none.
    NoCard,
    /// The cards have no such claim.
    NoClaim(String),
    /// The cards have another value there.
    OtherValue(String),
    /// The verifier does not take the format or signature of the cards, or trusts other issuers.
    NotAccepted,
    /// Showing the card would show claims that the purpose does not allow, and they can't be held back.
    ShowsTooMuch(Vec<String>),
}

impl RequestRefused {
    /// A stable id, for logs and translations.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Link(_) => "link",
            Self::Web(_) => "unreachable",
            Self::Status(_) => "gone",
            Self::NotAToken(_) => "not-signed",
            Self::Request(BadRequest::Expired | BadRequest::FromTheFuture) => "expired",
            Self::Request(
                BadRequest::ClientIdPrefix
                | BadRequest::ResponseMode
                | BadRequest::ContentEncryption
                | BadRequest::TransactionData(BadTransaction::Type | BadTransaction::Hash),
            ) => "not-supported",
            Self::Request(BadRequest::Audience) => "wrong-audience",
            Self::Request(_) => "bad-request",
            Self::VerifierNotOnThisChain => "verifier-unknown",
            Self::VerifierKey(_) => "verifier-key",
            Self::Signature => "signature",
            Self::EncryptedResponse => "encrypted-response",
            Self::Code(_) | Self::WalletsCode => "bad-code",
            Self::Offline(BadOfflineRequest::Expired | BadOfflineRequest::FromTheFuture) => "expired",
            Self::Offline(_) => "bad-request",
            Self::NoPurpose => "no-purpose",
            Self::NotRegistered { .. } => "not-registered",
            Self::AsksTooMuch { .. } => "asks-too-much",
            Self::UnknownType => "unknown-type",
            Self::NothingFits(_) => "nothing-fits",
            Self::Chain(_) => "chain",
            Self::Vault(_) => "vault",
        }
    }

    /// The claims that were too much, if that was why.
    #[must_use]
    pub fn claims(&self) -> &[String] {
        match self {
            Self::AsksTooMuch { claims, .. } => claims,
            _ => &[],
        }
    }
}

/// Why a presentation did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PresentError {
    /// The request was answered or declined already, or is long forgotten: scan it again.
    #[error("the request is not open any more")]
    NotOpen,
    /// The request has expired while the holder decided: ask for a new one. Nothing left.
    #[error("the request has expired")]
    Expired,
    /// The card chosen is not one that was offered for this question. Nothing left.
    #[error("the card chosen does not answer the question {0}")]
    NotAnOption(String),
    /// The answer would link the holder ([`ConsentRequest::links`](crate::ConsentRequest::links)), and this app's policy is that
    /// none does: choose other cards, or renew the card to get unused copies. Nothing left.
    #[error("the answer would let verifiers link the holder")]
    WouldLink,
    /// Another verifier has seen the copy since the holder was asked, so it would link her, and that is not what she agreed to:
    /// read the request again. Nothing left.
    #[error("another verifier has seen this copy of the card meanwhile")]
    SeenMeanwhile,
    /// The card was deleted meanwhile. Nothing left.
    #[error("the card is gone")]
    CardGone,
    /// The device's key. Nothing left.
    #[error(transparent)]
    Keys(#[from] KeyStoreError),
    /// The verifier answered with an error. What was sent, it has.
    #[error("the verifier answered with status {status}")]
    Rejected {
        /// The HTTP status.
        status: u16,
    },
    /// Sending failed. Whether it arrived is not known.
    #[error("the verifier: {0}")]
    Web(#[from] WebError),
    /// What was chosen is too much for QR codes: leave pictures out, or present over the network. Nothing left.
    #[error(transparent)]
    TooBig(#[from] TooBig),
    /// The wallet's store. If the log can't be written, nothing is sent.
    #[error(transparent)]
    Vault(#[from] VaultError),
}
