//! Credentials that were received elsewhere: what their issuer made is judged, not who shows them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::catalogue::Catalogue;
use credentials::data_integrity::UnverifiedCredential;
use credentials::{mdoc, sd_jwt};
use protocol::Format;
use protocol::dcql::{Candidate, CredentialKind, DcqlQuery, Presented};
use protocol::limits::{self, Limits};
use registry::UnixMillis;
use serde_json::Value;

use super::base::Base;
use super::check::{Check, CheckId, Decision};
use super::credential::{BadPresentation, expanded};
use super::facts::{Facts, Named};
use super::judge::{issuers_part, satisfied, subject_of};
use super::rules;
use crate::purpose::Purpose;

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
            Some(text) => Self::of_cbor(&BASE64.decode(text).map_err(|_| BadPresentation::Base64)?),
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

    /// The decision on it, by a policy if one is given: then it must be one that the policy asks for, and enough by itself.
    pub(crate) fn judge(
        &self,
        policy: Option<&Purpose>,
        catalogue: &Catalogue,
        facts: &Facts,
        now: UnixMillis,
    ) -> Decision {
        let (base, named) = (self.base(), self.named(catalogue));
        let is_mdoc = base.format() == Format::MsoMdoc;
        let mut checks = issuers_part(base, &named, facts, now, None, is_mdoc);
        checks.extend(policy.into_iter().flat_map(|policy| self.asked_by(policy, &named, now)));
        let status_max_age = policy.and_then(|policy| policy.rules.status_max_age);
        checks.extend(status_max_age.and_then(|max_age| rules::status_is_fresh(max_age, &named, facts, now)));
        let checks = rules::doubted(checks, facts);
        let mut checks: Vec<Check> = checks.into_iter().map(|check| check.about(0)).collect();
        let rules = policy.map(|policy| &policy.rules);
        let mandate = rules.and_then(|rules| rules.mandate.as_ref());
        checks.extend(mandate.map(|_| rules::mandated_alone(named.credential_type.as_ref())));
        let max_age = rules.and_then(|rules| rules.evidence_max_age);
        checks.extend(max_age.map(|max_age| rules::evidence_is_fresh(max_age, facts, now)));
        let decision = Decision::of(vec![subject_of(base, base.format(), None, named, facts)], checks);
        match rules.is_some_and(|rules| rules.unknown_is_refused) {
            true => decision.refusing_unknown(),
            false => decision,
        }
    }

    /// What a policy asks of it: that it is of a type and format that the policy takes, with the claims and values, of its
    /// issuers, and young enough. What was not asked for may be there, since nobody chose what to show.
    fn asked_by(&self, policy: &Purpose, named: &Named, now: UnixMillis) -> Vec<Check> {
        let (claims, authorities) = (self.claims(), self.base().authorities());
        let kind = match &self.form {
            Form::SdJwt(_) => CredentialKind::Vct(&self.types),
            Form::DataIntegrity(_) => CredentialKind::Types(&self.types),
            Form::Mdoc(_) => CredentialKind::Doctype(self.types.first().map_or("", String::as_str)),
        };
        let candidate = Candidate {
            format: self.base().format(),
            kind,
            claims: &claims,
            holder_bound: true,
            authorities: &authorities,
        };
        let Some(asked) = policy.query.credentials.iter().find(|asked| candidate.is_of(asked)) else {
            let is_of_type = named.credential_type.as_ref().is_some_and(|kind| policy.rules.asks_for(kind));
            let found = if is_of_type { "another_format" } else { "another_type" };
            return vec![Check::failed(CheckId::QuerySatisfied, found)];
        };
        let query = DcqlQuery { credentials: vec![asked.clone()], credential_sets: None };
        let presented = vec![Presented { candidate, disclosed: Vec::new() }];
        let answer = query.check(&BTreeMap::from([(asked.id.clone(), presented)]));
        let issued = self.base().issued().map(|time| UnixMillis::from_seconds(time.0));
        let rule = policy.rules.of_query(&asked.id);
        let young = rule.and_then(|rule| rules::issued_lately(rule, issued, now));
        [satisfied(answer.unsatisfied.first())].into_iter().chain(young).collect()
    }

    /// What claim paths are resolved in.
    fn claims(&self) -> Value {
        match &self.form {
            Form::SdJwt(read) => read.dangerous_claims().clone(),
            Form::DataIntegrity(read) => Value::Object(read.dangerous_members().clone()),
            Form::Mdoc(read) => read.dangerous_claims(),
        }
    }
}
