//! What the issuer says of itself, made once at start: OpenID4VCI 1.0 §12.2.4 and RFC 8414.

use std::collections::BTreeMap;

use axum::body::Bytes;
use credentials::catalogue::{CredentialType, Format, Text};
use credentials::data_integrity::{CONTEXT_HUIZHENG, CONTEXT_V2};
use credentials::key::Algorithm;
use protocol::dcql;
use protocol::openid4vci::{
    AuthorizationServerMetadata, ClaimDescription, CredentialConfiguration, CredentialDefinition,
    CredentialMetadata, Display, IssuerMetadata, PRE_AUTHORIZED_CODE, ProofType,
};
use protocol::{Endpoint, EndpointError};
use registry::LocalText;
use serde_json::Value;

use crate::issuance::{CredentialKind, Kinds};

/// The two documents, as they are sent.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    /// `/.well-known/openid-credential-issuer`.
    pub(crate) issuer: Bytes,
    /// `/.well-known/oauth-authorization-server`.
    pub(crate) authorization_server: Bytes,
}

/// The documents can't be made from this address, or written.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// The public address is no endpoint that wallets accept.
    #[error("the public address can't be an issuer's: {0}")]
    Address(#[from] EndpointError),
    /// A document can't be written as JSON.
    #[error("the metadata can't be written")]
    Unwritable(#[from] serde_json::Error),
}

impl Metadata {
    /// The documents of the issuer at `base`.
    pub(crate) fn of(base: &Endpoint, name: &LocalText, kinds: &Kinds) -> Result<Self, MetadataError> {
        let configurations = kinds.iter().map(|(id, kind)| (id.to_owned(), configuration(kind)));
        let issuer = IssuerMetadata {
            credential_issuer: base.clone(),
            authorization_servers: None,
            credential_endpoint: base.join("credential")?,
            nonce_endpoint: Some(base.join("nonce")?),
            deferred_credential_endpoint: None,
            notification_endpoint: None,
            credential_request_encryption: None,
            credential_response_encryption: None,
            batch_credential_issuance: None,
            display: vec![Display::new(&name.zh, "zh"), Display::new(&name.en, "en")],
            credential_configurations_supported: configurations.collect(),
        };
        let authorization_server = AuthorizationServerMetadata {
            issuer: base.clone(),
            token_endpoint: Some(base.join("token")?),
            authorization_endpoint: None,
            pushed_authorization_request_endpoint: None,
            response_types_supported: Vec::new(),
            grant_types_supported: vec![PRE_AUTHORIZED_CODE.to_owned()],
            token_endpoint_auth_methods_supported: vec!["none".to_owned()],
            dpop_signing_alg_values_supported: Vec::new(),
            code_challenge_methods_supported: Vec::new(),
            anonymous_access: true,
        };
        Ok(Self {
            issuer: serde_json::to_vec(&issuer)?.into(),
            authorization_server: serde_json::to_vec(&authorization_server)?.into(),
        })
    }
}

fn configuration(kind: &CredentialKind) -> CredentialConfiguration {
    let of = kind.of;
    let jwt = ProofType {
        proof_signing_alg_values_supported: vec!["ES256".to_owned(), "EdDSA".to_owned()],
        key_attestations_required: None,
    };
    let (format, signing) = match kind.format {
        Format::SdJwtVc => (protocol::Format::SdJwtVc, Value::from("ES256")),
        Format::LdpVc => (protocol::Format::LdpVc, Value::from(of.cryptosuite.name())),
        // A COSE number (§A.2.2).
        Format::MsoMdoc => (protocol::Format::MsoMdoc, Value::from(Algorithm::Es256.cose())),
    };
    let (is_ldp, is_mdoc) = (kind.format == Format::LdpVc, kind.format == Format::MsoMdoc);
    let binding: &[&str] = if is_mdoc { &["cose_key"] } else { &["jwk", "did:key", "did:jwk"] };
    CredentialConfiguration {
        format,
        scope: None,
        credential_signing_alg_values_supported: vec![signing],
        cryptographic_binding_methods_supported: Some(
            binding.iter().map(|&method| method.to_owned()).collect(),
        ),
        proof_types_supported: Some(BTreeMap::from([("jwt".to_owned(), jwt)])),
        vct: (kind.format == Format::SdJwtVc).then(|| of.vct.clone()),
        doctype: of.doc_type().filter(|_| is_mdoc).map(str::to_owned),
        credential_definition: is_ldp.then(|| CredentialDefinition {
            context: Some(vec![CONTEXT_V2.into(), CONTEXT_HUIZHENG.into()]),
            types: vec!["VerifiableCredential".to_owned(), of.vc_type.clone()],
        }),
        credential_metadata: Some(CredentialMetadata {
            display: [(&of.label.zh, &of.description.zh, "zh"), (&of.label.en, &of.description.en, "en")]
                .into_iter()
                .map(|(name, description, locale)| Display {
                    description: Some(description.clone()),
                    background_color: Some(of.colours.from.clone()),
                    text_color: Some(of.colours.ink.clone()),
                    ..Display::new(name, locale)
                })
                .collect(),
            claims: descriptions(of, kind.format),
        }),
    }
}

/// The claims in the terms of the format; of an mdoc its elements, each a namespace and a name.
fn descriptions(of: &CredentialType, format: Format) -> Vec<ClaimDescription> {
    let claims = of.claims.iter();
    match format {
        Format::SdJwtVc => {
            claims.filter_map(|claim| description(&[&claim.name], claim.required, &claim.label)).collect()
        }
        Format::LdpVc => claims
            .filter_map(|claim| {
                description(&["credentialSubject", &claim.name], claim.required, &claim.label)
            })
            .collect(),
        Format::MsoMdoc => {
            let elements = of.mdoc.iter().flat_map(|form| form.elements.iter().map(move |one| (form, one)));
            elements
                .filter_map(|(form, one)| {
                    let label = of.label_of(one.claim().unwrap_or(&one.element))?;
                    let has = |claim: &&str| of.claim(claim).is_some_and(|claim| claim.required);
                    let mandatory = one.tells().iter().all(has);
                    description(&[form.namespace_of(one), &one.element], mandatory, label)
                })
                .collect()
        }
    }
}

fn description(path: &[&str], mandatory: bool, Text { zh, en }: &Text) -> Option<ClaimDescription> {
    Some(ClaimDescription {
        path: dcql::ClaimPath::of_names(path.iter().copied()).ok()?,
        mandatory,
        display: vec![Display::new(zh, "zh"), Display::new(en, "en")],
    })
}
