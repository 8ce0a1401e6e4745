//! Looking at an offer before taking it up.

use credentials::catalogue::{Catalogue, CredentialType};
use protocol::{
    Endpoint,
    openid4vci::{
        CredentialConfiguration, CredentialOffer, ISSUER_WELL_KNOWN, IssuerMetadata, OfferLink,
        PreAuthorizedGrant, TxCodeRules,
    },
};
use registry::{LocalText, Slug};

use super::OfferRefused;
use crate::{
    card::{self, Format},
    context::Context,
    web::{JSON, MESSAGE},
};

/// An offer that can be taken up: what is offered, and what the issuer wants to hear first.
#[derive(Debug, Clone)]
pub struct Offer {
    pub(super) offer: CredentialOffer,
    pub(super) metadata: IssuerMetadata,
    pub(super) authorization_server: Endpoint,
    credentials: Vec<OfferedCredential>,
}

/// One credential of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedCredential {
    /// The issuer's name for it.
    pub configuration: String,
    /// The catalogue's id of its type.
    pub kind: String,
    /// What its type is called.
    pub label: LocalText,
    /// Its format.
    pub format: Format,
}

impl Offer {
    /// The issuer's address. Who that is, is known once a credential came: its signature says, and the chain.
    #[must_use]
    pub fn issuer(&self) -> &Endpoint {
        &self.offer.credential_issuer
    }

    /// What the issuer calls itself, if it does: not proven.
    #[must_use]
    pub fn self_called(&self) -> Option<LocalText> {
        let name = |language: &str| {
            let display = &self.metadata.display;
            let of = |tag: &Option<String>| tag.as_deref().is_some_and(|tag| tag.starts_with(language));
            let named = display.iter().find(|display| of(&display.locale)).or(display.first())?;
            named.name.as_ref().map(|name| name.chars().take(80).collect::<String>())
        };
        Some(LocalText::new(name("zh")?, name("en")?))
    }

    /// What will be received: those of the offer that this wallet knows.
    #[must_use]
    pub fn credentials(&self) -> &[OfferedCredential] {
        &self.credentials
    }

    /// How the transaction code looks, if one is asked for.
    #[must_use]
    pub fn tx_code(&self) -> Option<&TxCodeRules> {
        self.grant()?.tx_code.as_ref()
    }

    /// Whether its holder can log in at the issuer's instead of entering a code: [`Wallet::begin_login`].
    ///
    /// [`Wallet::begin_login`]: crate::Wallet::begin_login
    #[must_use]
    pub fn takes_login(&self) -> bool {
        let grants = self.offer.grants.as_ref();
        grants.is_none_or(|grants| grants.authorization_code.is_some())
    }

    /// Whether it can be taken up by its code: [`Wallet::receive`](crate::Wallet::receive).
    #[must_use]
    pub fn takes_code(&self) -> bool {
        self.grant().is_some()
    }

    /// What of it is of this type.
    pub(super) fn of_kind(mut self, kind: &Slug) -> Self {
        self.credentials.retain(|credential| credential.kind == kind.as_str());
        self
    }

    pub(super) fn grant(&self) -> Option<&PreAuthorizedGrant> {
        self.offer.pre_authorized()
    }
}

/// Reads a link, asks the issuer what it is about, and says what would be received.
pub(crate) async fn preview(context: &Context, link: &str) -> Result<Offer, OfferRefused> {
    let offer = match OfferLink::parse(link)? {
        OfferLink::Value(offer) => *offer,
        OfferLink::Reference(url) => CredentialOffer::parse(&fetch(context, &url).await?)?,
    };
    let by_login = offer.grants.as_ref().and_then(|grants| grants.authorization_code.as_ref());
    let server = match (offer.pre_authorized(), by_login) {
        (Some(grant), _) => grant.authorization_server.clone(),
        (None, Some(grant)) => grant.authorization_server.clone(),
        (None, None) => return Err(OfferRefused::NoPreAuthorizedCode),
    };
    let metadata = metadata(context, &offer.credential_issuer).await?;
    let server = metadata.authorization_server(server.as_ref());
    let server = server.ok_or(OfferRefused::OtherAuthorizationServer)?.clone();
    described(context, offer, metadata, server)
}

/// Asks an issuer what it issues, without an offer: what this wallet knows of it can be had by logging in.
pub(crate) async fn of_issuer(context: &Context, issuer: &Endpoint) -> Result<Offer, OfferRefused> {
    let metadata = metadata(context, issuer).await?;
    let known = metadata
        .credential_configurations_supported
        .iter()
        .filter(|(_, configuration)| known(context.catalogue, configuration).is_some());
    let offer = CredentialOffer {
        credential_issuer: issuer.clone(),
        credential_configuration_ids: known.map(|(id, _)| id.clone()).take(64).collect(),
        grants: None,
    };
    let server = metadata.authorization_server(None).ok_or(OfferRefused::OtherAuthorizationServer)?.clone();
    described(context, offer, metadata, server)
}

pub(super) async fn metadata(context: &Context, issuer: &Endpoint) -> Result<IssuerMetadata, OfferRefused> {
    let url = issuer.well_known(ISSUER_WELL_KNOWN).map_err(protocol::openid4vci::OfferError::Reference)?;
    Ok(IssuerMetadata::parse(&fetch(context, &url).await?, issuer)?)
}

/// The offer with what the metadata says about it.
pub(super) fn described(
    context: &Context,
    offer: CredentialOffer,
    metadata: IssuerMetadata,
    authorization_server: Endpoint,
) -> Result<Offer, OfferRefused> {
    let mut credentials = Vec::new();
    for id in &offer.credential_configuration_ids {
        let configuration = metadata
            .credential_configurations_supported
            .get(id)
            .ok_or_else(|| OfferRefused::UnknownConfiguration(id.chars().take(64).collect()))?;
        if let Some((kind, format)) = known(context.catalogue, configuration) {
            credentials.push(OfferedCredential {
                configuration: id.clone(),
                kind: kind.id.clone(),
                label: card::local(&kind.label),
                format,
            });
        }
    }
    if credentials.is_empty() {
        return Err(OfferRefused::NothingKnown);
    }
    Ok(Offer { authorization_server, credentials, metadata, offer })
}

/// The type and format of a configuration, if this wallet knows both.
pub(super) fn known<'c>(
    catalogue: &'c Catalogue,
    configuration: &CredentialConfiguration,
) -> Option<(&'c CredentialType, Format)> {
    match &configuration.format {
        protocol::Format::SdJwtVc => {
            Some((catalogue.by_vct(configuration.vct.as_deref()?)?, Format::SdJwtVc))
        }
        protocol::Format::LdpVc => {
            let types = &configuration.credential_definition.as_ref()?.types;
            Some((catalogue.by_vc_types(types)?, Format::LdpVc))
        }
        protocol::Format::MsoMdoc => {
            Some((catalogue.by_doc_type(configuration.doctype.as_deref()?)?, Format::MsoMdoc))
        }
        _ => None,
    }
}

async fn fetch(context: &Context, url: &Endpoint) -> Result<Vec<u8>, OfferRefused> {
    let answer = context.web.get(url, JSON, MESSAGE).await?;
    if answer.is_success() { Ok(answer.body) } else { Err(OfferRefused::Status(answer.status)) }
}
