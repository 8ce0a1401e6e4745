//! What an issuer made, whatever its format and whoever shows it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64};
use credentials::catalogue::{Catalogue, CredentialType};
use credentials::data_integrity::UnverifiedCredential;
use credentials::key::PublicKey;
use credentials::status::StatusRef;
use credentials::x509::{Certificate, MAX_CHAIN};
use credentials::{Findings, UnixSeconds, mdoc, sd_jwt};
use protocol::Format;
use protocol::dcql::{AuthorityType, TrustedAuthority};
use serde_json::{Map, Value};

/// The issuer's part. Nothing in it is to be believed.
#[derive(Clone, Copy)]
pub(super) enum Base<'a> {
    SdJwt(&'a sd_jwt::Unverified),
    DataIntegrity(&'a UnverifiedCredential),
    Mdoc(&'a mdoc::Unverified),
}

impl<'a> Base<'a> {
    /// Its type in the catalogue; `types` are the names it goes by.
    pub(super) fn credential_type<'c>(
        self,
        types: &[String],
        catalogue: &'c Catalogue,
    ) -> Option<&'c CredentialType> {
        match self {
            Self::SdJwt(read) => catalogue.by_vct(read.vct()?),
            Self::DataIntegrity(_) => catalogue.by_vc_types(types),
            // The type that the issuer signed.
            Self::Mdoc(read) => catalogue.by_doc_type(&read.security_object().doc_type),
        }
    }

    /// The issuer it names.
    pub(super) fn issuer(self) -> &'a str {
        match self {
            Self::SdJwt(read) => read.issuer().unwrap_or_default(),
            Self::DataIntegrity(read) => read.issuer(),
            // Who has the key that the certificate names.
            Self::Mdoc(_) => self.key().and_then(|key| key.split_once('#')).map_or("", |(issuer, _)| issuer),
        }
    }

    /// The key it names.
    pub(super) fn key(self) -> Option<&'a str> {
        match self {
            Self::SdJwt(read) => read.header().kid.as_deref(),
            Self::DataIntegrity(read) => Some(read.verification_method()),
            Self::Mdoc(read) => read.issuer_uri(),
        }
    }

    /// Its issuer's signature, the same however much is shown.
    pub(super) fn issuer_signature(self) -> Option<&'a [u8]> {
        match self {
            Self::SdJwt(read) => Some(read.issuer_signature()),
            Self::DataIntegrity(read) => read.issuer_signature(),
            Self::Mdoc(read) => Some(read.issuer_signature()),
        }
    }

    /// When it says it was issued.
    pub(super) fn issued(self) -> Option<UnixSeconds> {
        match self {
            Self::SdJwt(read) => read.times().iat,
            Self::DataIntegrity(read) => read.created(),
            Self::Mdoc(read) => Some(read.security_object().signed),
        }
    }

    /// From when until when it says it counts.
    pub(super) fn valid(self) -> (Option<UnixSeconds>, Option<UnixSeconds>) {
        match self {
            Self::SdJwt(read) => (read.times().nbf, read.times().exp),
            Self::DataIntegrity(read) => {
                let members = read.dangerous_members();
                let time = |name| UnixSeconds::parse_rfc3339(members.get(name)?.as_str()?).ok();
                (time("validFrom"), time("validUntil"))
            }
            Self::Mdoc(read) => {
                let object = read.security_object();
                (Some(object.valid_from), Some(object.valid_until))
            }
        }
    }

    /// Where it says its status is.
    pub(super) fn status(self) -> Option<&'a StatusRef> {
        match self {
            Self::SdJwt(read) => read.status(),
            Self::DataIntegrity(read) => read.status(),
            Self::Mdoc(read) => read.security_object().status.as_ref(),
        }
    }

    /// The checks of the issuer's signature and the times.
    pub(super) fn check_issuer(self, key: &PublicKey, now: UnixSeconds) -> Findings {
        match self {
            Self::SdJwt(read) => read.check_issuer(key, now),
            Self::DataIntegrity(read) => read.check(key, now),
            Self::Mdoc(read) => read.check_issuer(mdoc::Trust::Key(key), now),
        }
    }

    /// Its format.
    pub(super) fn format(self) -> Format {
        match self {
            Self::SdJwt(_) => Format::SdJwtVc,
            Self::DataIntegrity(_) => Format::LdpVc,
            Self::Mdoc(_) => Format::MsoMdoc,
        }
    }

    /// Whose trust its issuer has (OpenID4VP 1.0 §6.1.1): the issuer by its DID; and by the certificates that the issuer signed
    /// along. Those beside an mdoc's signature anyone can exchange.
    pub(super) fn authorities(self) -> Vec<TrustedAuthority> {
        let by_did = TrustedAuthority { kind: AuthorityType::Did, values: vec![self.issuer().to_owned()] };
        let Self::SdJwt(read) = self else { return vec![by_did] };
        let chain = read.header().x5c.iter().flatten().take(MAX_CHAIN);
        let chain = chain.filter_map(|text| Certificate::parse(&STANDARD.decode(text).ok()?).ok());
        let values = chain.filter_map(|one| one.authority_key().map(|key| BASE64.encode(key))).collect();
        vec![by_did, TrustedAuthority { kind: AuthorityType::KeyIdentifier, values }]
    }

    /// The claims of a credential of this type; an mdoc's elements by the claims that they are the values of.
    pub(super) fn subject_claims(self, credential_type: &CredentialType) -> Map<String, Value> {
        match self {
            Self::SdJwt(read) => read.dangerous_claims().as_object().cloned().unwrap_or_default(),
            Self::DataIntegrity(read) => {
                let subject = read.dangerous_members().get("credentialSubject").and_then(Value::as_object);
                subject.cloned().unwrap_or_default()
            }
            Self::Mdoc(read) => credential_type.claims_of_elements(read.dangerous_elements()),
        }
    }
}
