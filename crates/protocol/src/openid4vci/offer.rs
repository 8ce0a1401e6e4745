//! Credential offers (§4.1).

use serde::{Deserialize, Serialize};
use url::Url;

use crate::limits::{self, Form, Limits, ParseError};
use crate::{Endpoint, EndpointError, Secret};

use super::TxCodeRules;

/// What an issuer offers a wallet (§4.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialOffer {
    /// The issuer's identifier; its metadata is below it.
    pub credential_issuer: Endpoint,
    /// Which of the issuer's credential configurations are offered: at least one, none twice.
    pub credential_configuration_ids: Vec<String>,
    /// How to get an access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Grants>,
}

/// The grants an offer can carry. Others are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Grants {
    /// The holder was authorised before: a code, and perhaps a transaction code.
    #[serde(
        rename = "urn:ietf:params:oauth:grant-type:pre-authorized_code",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub pre_authorized: Option<PreAuthorizedGrant>,
    /// The holder is to be authorised by the authorization server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_code: Option<AuthorizationCodeGrant>,
}

/// The pre-authorized code grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreAuthorizedGrant {
    /// The code, to be used once.
    #[serde(rename = "pre-authorized_code")]
    pub code: Secret,
    /// Present if a transaction code is asked for, even when it says nothing about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx_code: Option<TxCodeRules>,
    /// Which of the issuer's authorization servers to use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_server: Option<Endpoint>,
}

/// The authorization code grant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AuthorizationCodeGrant {
    /// To be sent along with the authorization request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_state: Option<String>,
    /// Which of the issuer's authorization servers to use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_server: Option<Endpoint>,
}

/// A link that leads to an offer (§4.1.2, §4.1.3): what the QR code says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfferLink {
    /// The offer itself.
    Value(Box<CredentialOffer>),
    /// Where to get the offer, by `GET`, as `application/json`.
    Reference(Endpoint),
}

/// Why a text is no offer, or no link to one. Tell the holder to ask the issuer for a new one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// It is no link of a kind that leads to an offer.
    #[error("this is not a credential offer")]
    NotAnOffer,
    /// It carries both an offer and a reference to one.
    #[error("the link carries both an offer and a reference to one")]
    Both,
    /// The reference is no acceptable URL.
    #[error("the link to the offer is unusable: {0}")]
    Reference(#[from] EndpointError),
    /// The offer can't be read.
    #[error("the offer can't be read: {0}")]
    Unreadable(#[from] ParseError),
    /// The offer names no credential, too many, or one twice.
    #[error("the offer names no credential, or one twice")]
    Configurations,
    /// The grant's transaction code has rules that can't be met.
    #[error("the offer's rules for the transaction code can't be met")]
    TxCode,
}

/// The scheme of links that any wallet may answer to (§4.1).
const SCHEME: &str = "openid-credential-offer";
/// The scheme of the High Assurance profile (HAIP 1.0 §4.2).
const HAIP_SCHEME: &str = "haip-vci";
const MAX_CONFIGURATIONS: usize = 64;

impl CredentialOffer {
    /// Reads and checks an offer.
    pub fn parse(bytes: &[u8]) -> Result<Self, OfferError> {
        let offer: Self = limits::json(bytes, Limits::MESSAGE)?;
        let ids = &offer.credential_configuration_ids;
        let repeated = ids.iter().enumerate().any(|(at, id)| ids[..at].contains(id));
        if ids.is_empty() || ids.len() > MAX_CONFIGURATIONS || repeated {
            return Err(OfferError::Configurations);
        }
        let rules = offer.pre_authorized().and_then(|grant| grant.tx_code.as_ref());
        if rules.is_some_and(|rules| !rules.are_sound()) {
            return Err(OfferError::TxCode);
        }
        Ok(offer)
    }

    /// The pre-authorized code grant, if there is one.
    pub fn pre_authorized(&self) -> Option<&PreAuthorizedGrant> {
        self.grants.as_ref()?.pre_authorized.as_ref()
    }
}

impl OfferLink {
    /// Reads a link: `openid-credential-offer://…`, `haip-vci://…`, or an `https` link of a wallet, with
    /// `credential_offer` or `credential_offer_uri`.
    pub fn parse(text: &str) -> Result<Self, OfferError> {
        if text.len() > Limits::MESSAGE.bytes {
            return Err(ParseError::TooLarge { limit: Limits::MESSAGE.bytes }.into());
        }
        let url = Url::parse(text.trim()).map_err(|_| OfferError::NotAnOffer)?;
        if !matches!(url.scheme(), SCHEME | HAIP_SCHEME | "https") {
            return Err(OfferError::NotAnOffer);
        }
        let form = Form::parse(url.query().unwrap_or_default().as_bytes())?;
        match (form.get("credential_offer"), form.get("credential_offer_uri")) {
            (Some(_), Some(_)) => Err(OfferError::Both),
            (Some(offer), None) => Ok(Self::Value(Box::new(CredentialOffer::parse(offer.as_bytes())?))),
            (None, Some(uri)) => Ok(Self::Reference(Endpoint::parse(uri)?)),
            (None, None) => Err(OfferError::NotAnOffer),
        }
    }
}

/// The link itself, `openid-credential-offer://?…`.
impl std::fmt::Display for OfferLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let form = match self {
            Self::Value(offer) => {
                let offer = serde_json::to_string(offer).map_err(|_| std::fmt::Error)?;
                Form::default().with("credential_offer", Some(&offer))
            }
            Self::Reference(uri) => Form::default().with("credential_offer_uri", Some(uri.as_str())),
        };
        write!(f, "{SCHEME}://?{}", form.encode())
    }
}
