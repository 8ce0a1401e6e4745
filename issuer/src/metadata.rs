//! What the issuer says of itself, made once at start: OpenID4VCI 1.0 §12.2.4 and RFC 8414.

use std::collections::BTreeMap;

use axum::body::Bytes;
use credentials::UnixSeconds;
use credentials::catalogue::{CredentialType, Format, Text};
use credentials::data_integrity::{CONTEXT_HUIZHENG, CONTEXT_V2};
use credentials::jwe::{ECDH_ES, Enc, JweError};
use credentials::jws::{self, Header};
use credentials::key::{Algorithm, Jwk};
use credentials::x509::MakeError;
use protocol::dcql;
use protocol::openid4vci::{
    ATTEST_JWT_CLIENT_AUTH, AUTHORIZATION_CODE, AuthorizationServerMetadata, BatchIssuance, ClaimDescription,
    CredentialConfiguration, CredentialDefinition, CredentialMetadata, Display, EncryptionSupport,
    IssuerMetadata, PRE_AUTHORIZED_CODE, ProofType, REFRESH_TOKEN,
};
use protocol::pkce::S256;
use protocol::{Endpoint, EndpointError};
use registry::LocalText;
use serde_json::{Map, Value, json};

use crate::identity::Identity;
use crate::issuance::{CredentialKind, Kinds};

/// The two documents, as they are sent.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    /// `/.well-known/openid-credential-issuer`.
    pub(crate) issuer: Bytes,
    /// `/.well-known/oauth-authorization-server`.
    pub(crate) authorization_server: Bytes,
}

/// The `typ` of signed metadata.
const SIGNED_TYPE: &str = "openidvci-issuer-metadata+jwt";

/// The documents can't be made from this address, or written.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// The public address is no endpoint that wallets accept.
    #[error("the public address can't be an issuer's: {0}")]
    Address(#[from] EndpointError),
    /// It can't be signed.
    #[error("the metadata can't be signed: {0}")]
    Unsigned(#[from] jws::CreateError),
    /// The certificate of the key that signs it can't be made.
    #[error("the metadata's certificate: {0}")]
    Certificate(#[from] MakeError),
    /// The key for requests can't be made from the issuer's secret; make another `seals.key`.
    #[error("no key for encrypted requests can be made: {0}")]
    Encryption(#[from] JweError),
    /// A document can't be written as JSON.
    #[error("the metadata can't be written")]
    Unwritable(#[from] serde_json::Error),
}

impl Metadata {
    /// The documents of the issuer at `base`.
    pub(crate) fn of(
        base: &Endpoint,
        name: &LocalText,
        kinds: &Kinds,
        said: &Said,
    ) -> Result<Self, MetadataError> {
        let configurations =
            kinds.iter().map(|(id, kind)| (id.to_owned(), configuration(id, kind, said.key_attestation)));
        let by_login = said.by_login;
        let issuer = IssuerMetadata {
            credential_issuer: base.clone(),
            authorization_servers: None,
            credential_endpoint: base.join("credential")?,
            nonce_endpoint: Some(base.join("nonce")?),
            deferred_credential_endpoint: Some(base.join("deferred_credential")?),
            notification_endpoint: Some(base.join("notification")?),
            credential_request_encryption: Some(EncryptionSupport {
                encryption_required: false,
                parameters: parameters(json!({
                    "jwks": {"keys": [said.encryption]}, "enc_values_supported": encs(),
                })),
            }),
            credential_response_encryption: Some(EncryptionSupport {
                encryption_required: false,
                parameters: parameters(json!({
                    "alg_values_supported": [ECDH_ES], "enc_values_supported": encs(),
                })),
            }),
            batch_credential_issuance: (said.batch_size > 1)
                .then_some(BatchIssuance { batch_size: said.batch_size }),
            display: vec![Display::new(&name.zh, "zh"), Display::new(&name.en, "en")],
            credential_configurations_supported: configurations.collect(),
        };
        let authorization_server = AuthorizationServerMetadata {
            issuer: base.clone(),
            token_endpoint: Some(base.join("token")?),
            authorization_endpoint: by_login.then(|| base.join("authorize")).transpose()?,
            pushed_authorization_request_endpoint: by_login.then(|| base.join("par")).transpose()?,
            response_types_supported: texts(&["code"], by_login),
            grant_types_supported: [
                texts(&[PRE_AUTHORIZED_CODE, REFRESH_TOKEN], true),
                texts(&[AUTHORIZATION_CODE], by_login),
            ]
            .concat(),
            token_endpoint_auth_methods_supported: [
                texts(&["none"], !said.wallet_attestation),
                texts(&[ATTEST_JWT_CLIENT_AUTH], said.wallet_attestation),
            ]
            .concat(),
            dpop_signing_alg_values_supported: texts(&["ES256", "EdDSA"], true),
            code_challenge_methods_supported: texts(&[S256], by_login),
            require_pushed_authorization_requests: by_login,
            authorization_response_iss_parameter_supported: by_login,
            anonymous_access: !said.wallet_attestation,
        };
        Ok(Self {
            issuer: serde_json::to_vec(&issuer)?.into(),
            authorization_server: serde_json::to_vec(&authorization_server)?.into(),
        })
    }

    /// The issuer's document with its signature (OpenID4VCI 1.0 §12.2.3), by the key that the chain says is its.
    pub(crate) fn signed_issuer(
        &self,
        identity: &Identity,
        base: &Endpoint,
        now: UnixSeconds,
    ) -> Result<Bytes, MetadataError> {
        let mut claims: Map<String, Value> = serde_json::from_slice(&self.issuer)?;
        claims.insert("iss".to_owned(), identity.did().to_string().into());
        claims.insert("sub".to_owned(), base.as_str().into());
        claims.insert("iat".to_owned(), now.0.into());
        let signing = identity.es256();
        let x5c = Some(identity.x5c(&signing)?);
        let header = Header { x5c, ..Header::typed(SIGNED_TYPE).with_kid(signing.id()) };
        Ok(jws::sign(&header, &claims, signing.key())?.into_bytes().into())
    }
}

/// What beside the catalogue goes into the documents.
pub(crate) struct Said {
    /// Whether citizens can log in.
    pub(crate) by_login: bool,
    /// Copies at once.
    pub(crate) batch_size: u32,
    /// Whether keys must be vouched for.
    pub(crate) key_attestation: bool,
    /// Whether wallets must be vouched for.
    pub(crate) wallet_attestation: bool,
    /// The key that requests may be encrypted to.
    pub(crate) encryption: Jwk,
}

fn parameters(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn encs() -> Vec<&'static str> {
    Enc::ALL.into_iter().map(Enc::name).collect()
}

fn texts(texts: &[&str], said: bool) -> Vec<String> {
    texts.iter().filter(|_| said).map(|text| (*text).to_owned()).collect()
}

fn configuration(id: &str, kind: &CredentialKind, attested: bool) -> CredentialConfiguration {
    let of = kind.of;
    let jwt = ProofType {
        proof_signing_alg_values_supported: vec!["ES256".to_owned(), "EdDSA".to_owned()],
        key_attestations_required: attested.then(|| json!({})),
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
        scope: Some(id.to_owned()),
        credential_signing_alg_values_supported: vec![signing],
        cryptographic_binding_methods_supported: Some(
            binding.iter().map(|&method| method.to_owned()).collect(),
        ),
        proof_types_supported: Some(if attested {
            BTreeMap::from([("attestation".to_owned(), jwt.clone()), ("jwt".to_owned(), jwt)])
        } else {
            BTreeMap::from([("jwt".to_owned(), jwt)])
        }),
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
