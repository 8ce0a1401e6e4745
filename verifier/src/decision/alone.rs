//! Credentials that were received elsewhere: what their issuer made is judged, not who shows them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::catalogue::Catalogue;
use credentials::data_integrity::UnverifiedCredential;
use credentials::{mdoc, sd_jwt};
use protocol::limits::{self, Limits};
use registry::UnixMillis;
use serde_json::Value;

use super::base::Base;
use super::check::{Check, CheckId, Decision};
use super::credential::{BadPresentation, expanded};
use super::facts::{Facts, Named};
use super::judge::{issuers_part, subject_of};
use super::rules;
use crate::purpose::Rules;

/// A credential alone.
pub(crate) struct Alone {
    form: Form,
    types: Vec<String>,
}

enum Form {
    SdJwt(Box<sd_jwt::Unverified>),
    DataIntegrity(Box<UnverifiedCredential>),
    Mdoc(Box<mdoc::Unverified>),
}

impl Alone {
    /// Reads a credential: an SD-JWT VC (with or without disclosures and key binding), a W3C credential with a proof as JSON, or
    /// an mdoc (`IssuerSigned`) as CBOR, in base64url or as it is. White space around text counts for nothing.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, BadPresentation> {
        let text = std::str::from_utf8(bytes).ok().map(str::trim);
        match text {
            Some(text) if text.starts_with('{') => {
                let value: Value =
                    limits::json(text.as_bytes(), Limits::MESSAGE).map_err(|_| BadPresentation::Form)?;
                Self::of_json(value)
            }
            Some(text) if text.contains('~') => {
                let read = sd_jwt::Unverified::parse(text)?;
                let types = read.vct().map(str::to_owned).into_iter().collect();
                Ok(Self { form: Form::SdJwt(Box::new(read)), types })
            }
            Some(text) => Self::of_cbor(
                &BASE64.decode(text.trim_end_matches('=')).map_err(|_| BadPresentation::Base64)?,
            ),
            None => Self::of_cbor(bytes),
        }
    }

    /// A W3C credential.
    pub(crate) fn of_json(value: Value) -> Result<Self, BadPresentation> {
        let read = UnverifiedCredential::read(value)?;
        let members = Value::Object(read.dangerous_members().clone());
        let types = expanded(read.types(), &members);
        Ok(Self { form: Form::DataIntegrity(Box::new(read)), types })
    }

    fn of_cbor(bytes: &[u8]) -> Result<Self, BadPresentation> {
        let read = mdoc::Unverified::parse(bytes)?;
        let types = vec![read.security_object().doc_type.clone()];
        Ok(Self { form: Form::Mdoc(Box::new(read)), types })
    }

    fn base(&self) -> Base<'_> {
        match &self.form {
            Form::SdJwt(read) => Base::SdJwt(read),
            Form::DataIntegrity(read) => Base::DataIntegrity(read),
            Form::Mdoc(read) => Base::Mdoc(read),
        }
    }

    /// What it names on the chain.
    pub(crate) fn named(&self, catalogue: &Catalogue) -> Named {
        let base = self.base();
        Named::of(Some(base), base.credential_type(&self.types, catalogue))
    }

    /// The decision on it, by a policy if one is given: then it must be of a type that the policy asks for.
    pub(crate) fn judge(
        &self,
        rules: Option<&Rules>,
        catalogue: &Catalogue,
        facts: &Facts,
        now: UnixMillis,
    ) -> Decision {
        let (base, named) = (self.base(), self.named(catalogue));
        let is_mdoc = matches!(base, Base::Mdoc(_));
        let mut checks = issuers_part(base, &named, facts, now, None, is_mdoc);
        if let Some(rules) = rules {
            let rule = named.credential_type.as_ref().and_then(|kind| rules.of_type(kind));
            match rule {
                None => checks.push(Check::failed(CheckId::QuerySatisfied, "another_type")),
                Some(rule) => {
                    let issued = base.issued().map(|time| UnixMillis::from_seconds(time.0));
                    checks.extend(rules::issuer_is_asked(rule, &named));
                    checks.extend(rules::issued_lately(rule, issued, now));
                }
            }
        }
        let checks = rules::doubted(checks, facts);
        let mut checks: Vec<Check> = checks.into_iter().map(|check| check.about(0)).collect();
        let max_age = rules.and_then(|rules| rules.evidence_max_age);
        checks.extend(max_age.map(|max_age| rules::evidence_is_fresh(max_age, facts, now)));
        let format = match &self.form {
            Form::SdJwt(_) => protocol::Format::SdJwtVc,
            Form::DataIntegrity(_) => protocol::Format::LdpVc,
            Form::Mdoc(_) => protocol::Format::MsoMdoc,
        };
        let decision = Decision::of(vec![subject_of(base, format, None, named, facts)], checks);
        match rules.is_some_and(|rules| rules.unknown_is_refused) {
            true => decision.refusing_unknown(),
            false => decision,
        }
    }
}
