//! Why nothing was received, by what can be done about it.

use credentials::{Refused, data_integrity, sd_jwt};
use protocol::openid4vci::{CredentialErrorCode, MetadataError, OfferError, TokenErrorCode};
use registry::{
    Slug,
    history::{KeyNotValid, NotGranted},
};

use crate::{chain::ChainError, ports::KeyStoreError, vault::VaultError, web::WebError};

/// Why an offer can't be taken up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfferRefused {
    /// The link or the offer behind it: ask the issuer for a new one.
    #[error(transparent)]
    Offer(#[from] OfferError),
    /// The issuer can't be asked.
    #[error("the issuer: {0}")]
    Web(#[from] WebError),
    /// The issuer answered with an error: the offer may be used up or too old.
    #[error("the issuer answered with status {0}")]
    Status(u16),
    /// The issuer's description of itself.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The offer names a credential that the issuer does not describe.
    #[error("the offer names {0}, which the issuer does not describe")]
    UnknownConfiguration(String),
    /// It offers nothing of a type and format that this wallet knows.
    #[error("this wallet knows none of the credentials offered")]
    NothingKnown,
    /// It has neither a pre-authorized code nor a login: collect it in another way.
    #[error("the offer has neither a pre-authorized code nor a login")]
    NoPreAuthorizedCode,
    /// The offer names an authorization server that the issuer does not list.
    #[error("the offer names an authorization server that is not the issuer's")]
    OtherAuthorizationServer,
}

/// Why a credential was not received.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiveError {
    /// The offer asks for a transaction code: enter it.
    #[error("a transaction code is needed")]
    TxCodeMissing,
    /// The transaction code can't be right: another length, or other characters. No attempt was spent.
    #[error("the transaction code has another length or other characters than asked for")]
    TxCodeForm,
    /// The transaction code is wrong.
    #[error("the transaction code is wrong; {attempts_left} attempts left")]
    TxCodeWrong {
        /// How many more tries the issuer allows.
        attempts_left: u32,
    },
    /// The issuer refused the code: the offer is used, expired or locked, or the transaction code is wrong and the
    /// issuer does not say how many attempts are left. Ask for a new offer.
    #[error("the issuer refused the offer's code")]
    CodeRefused,
    /// The token endpoint refused otherwise.
    #[error("the issuer refused a token: {0}")]
    TokenRefused(TokenErrorCode),
    /// The token is of a kind that this wallet can't use.
    #[error("the issuer's token is of a kind this wallet can't use: {0}")]
    TokenUnusable(String),
    /// The credential endpoint refused.
    #[error("the issuer refused the credential: {0}")]
    CredentialRefused(CredentialErrorCode),
    /// The credential takes time: come back for it with [`Wallet::pick_up`](crate::Wallet::pick_up).
    #[error("the issuer defers the credential")]
    Deferred,
    /// The issuer demands an encrypted exchange or an attestation of the key.
    #[error("the issuer demands {0}, which this wallet can't give")]
    Demands(&'static str),
    /// The issuer takes no key proof that this device can make.
    #[error("the issuer takes no key of a kind this device has")]
    NoCommonAlgorithm,
    /// An answer that is none.
    #[error("the issuer's answer can't be read: {0}")]
    Unreadable(&'static str),
    /// The issuer can't answer now, with this status: it has too much to do, restarts, or changes a key. It decided nothing:
    /// try again later.
    #[error("the issuer can't answer now (status {0}): try again later")]
    Unavailable(u16),
    /// The wallet is collecting this already: wait until it is done.
    #[error("the wallet is at it already")]
    UnderWay,
    /// The server answered with this status and no reason.
    #[error("the issuer answered with status {0}")]
    Status(u16),
    /// The issuer can't be asked.
    #[error("the issuer: {0}")]
    Web(#[from] WebError),
    /// What came is not what it should be. It was thrown away.
    #[error("what came was not accepted: {0}")]
    Rejected(#[from] Rejected),
    /// The chain's facts about the issuer are not at hand.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The device's keys.
    #[error(transparent)]
    Keys(#[from] KeyStoreError),
    /// The wallet's store.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl ReceiveError {
    /// The card that is to be renewed was deleted, or has nothing that it could be renewed by.
    pub(super) const CARD_IS_GONE: Self = Self::Demands("a new offer");

    /// Whether this passes. The wallet stays at what it began then: [`Wallet::pick_up`](crate::Wallet::pick_up), or the same call
    /// again, goes on where it stopped.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Deferred | Self::Unavailable(_) | Self::UnderWay | Self::Chain(_) | Self::Vault(_) => true,
            Self::Web(error) => matches!(error, WebError::Unreachable | WebError::Cancelled),
            Self::Keys(error) => matches!(error, KeyStoreError::Declined | KeyStoreError::Failed),
            Self::TxCodeMissing
            | Self::TxCodeForm
            | Self::TxCodeWrong { .. }
            | Self::CodeRefused
            | Self::TokenRefused(_)
            | Self::TokenUnusable(_)
            | Self::CredentialRefused(_)
            | Self::Demands(_)
            | Self::NoCommonAlgorithm
            | Self::Unreadable(_)
            | Self::Status(_)
            | Self::Rejected(_) => false,
        }
    }

    /// A refusal without a code.
    pub(super) fn status(status: u16) -> Self {
        if is_passing(status, "") { Self::Unavailable(status) } else { Self::Status(status) }
    }
}

/// Whether a server only says that it can't answer now, by its status or by its code. Nothing was decided then.
pub(super) fn is_passing(status: u16, code: &str) -> bool {
    status == 429 || status >= 500 || matches!(code, "temporarily_unavailable" | "server_error")
}

/// Why a credential that came was thrown away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// It is no SD-JWT VC.
    #[error("it is no SD-JWT VC: {0}")]
    NoSdJwt(#[from] sd_jwt::ParseError),
    /// It is no W3C credential with a proof.
    #[error("it is no credential with a Data Integrity proof: {0}")]
    NoCredential(#[from] data_integrity::ParseError),
    /// It is no mdoc in base64url.
    #[error("it is no mdoc")]
    NoMdoc,
    /// It is of another type than offered.
    #[error("it is of another type than offered")]
    OtherType,
    /// Its issuer is named by something else than a DID of this wallet's chain.
    #[error("its issuer is not named by a DID of this chain")]
    IssuerNotOnThisChain,
    /// It does not name the issuer's key (`kid`, a DID URL).
    #[error("it does not say which of its issuer's keys signed it")]
    KeyNotNamed,
    /// It names a key of somebody else than its issuer.
    #[error("it names a key that is not its issuer's")]
    KeyOfAnother,
    /// It does not say when it was issued, so nobody can tell what counted then.
    #[error("it does not say when it was issued")]
    NoIssueTime,
    /// The issuer's key did not count when it was issued.
    #[error("its issuer's key: {0}")]
    KeyNotValid(#[from] KeyNotValid),
    /// The issuer's key is of a kind that can't be used.
    #[error("its issuer's key can't be used")]
    KeyUnusable,
    /// The issuer was not accredited for this type when it was issued.
    #[error("its issuer is not accredited for {credential_type}: {reason}")]
    NotAccredited {
        /// The type.
        credential_type: Slug,
        /// What the chain says.
        reason: NotGranted,
    },
    /// Its signature or its times: tampered with, or expired.
    #[error(transparent)]
    Flawed(#[from] Refused),
    /// It is bound to somebody else's key.
    #[error("it is bound to another key than this wallet's")]
    HolderIsAnother,
    /// Its claims are not those of its type.
    #[error("claims are missing or wrong: {}", .0.join(", "))]
    Claims(Vec<String>),
    /// Its status is in a list that is not its issuer's, or that the chain does not have.
    #[error("its status can't be looked up")]
    StatusUnknown,
    /// It came revoked or suspended.
    #[error("it is revoked or suspended already")]
    NotInForce,
}
