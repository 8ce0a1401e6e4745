//! Credentials as they came, whatever their format.

use std::collections::BTreeMap;

use credentials::catalogue::{Catalogue, CredentialType};
use credentials::data_integrity::{self, CONTEXT_HUIZHENG, UnverifiedCredential, UnverifiedPresentation};
use credentials::key::PublicKey;
use credentials::status::StatusRef;
use credentials::{Findings, UnixSeconds, sd_jwt};
use protocol::Format;
use protocol::dcql::{Candidate, ClaimPath, CredentialKind, DcqlQuery, Presented, QueryId, Step, leaves};
use protocol::openid4vp::{Presentation, VpToken};
use serde_json::Value;

/// What the holder's part is measured by.
#[derive(Clone, Copy)]
pub(crate) struct Expect<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) now: UnixSeconds,
    /// In seconds.
    pub(crate) max_age: i64,
}

/// Why an answer can't even be read. It is refused as malformed, and the request stays open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadPresentation {
    /// Not asked for under this id.
    #[error("vp_token has an id that the query does not have")]
    UnknownId,
    /// Text where an object belongs, or the reverse.
    #[error("a presentation is not of the form that its format has")]
    Form,
    /// Not an SD-JWT VC.
    #[error("a presentation is not an SD-JWT VC: {0}")]
    SdJwt(#[from] sd_jwt::ParseError),
    /// Not a presentation secured with Data Integrity.
    #[error("a presentation is not one secured with Data Integrity: {0}")]
    DataIntegrity(#[from] data_integrity::ParseError),
    /// None or several credentials in one presentation.
    #[error("a presentation must carry exactly one credential")]
    NotOneCredential,
    /// More than is looked at.
    #[error("more than {MAX_CREDENTIALS} presentations")]
    TooMany,
}

/// How many presentations one answer may carry.
const MAX_CREDENTIALS: usize = 16;

/// One presentation with one credential. Nothing in it is to be believed.
pub(crate) struct Received {
    pub(crate) query: QueryId,
    form: Form,
    /// What claim paths are resolved in.
    claims: Value,
    /// The names of its type.
    types: Vec<String>,
}

enum Form {
    SdJwt(Box<sd_jwt::Unverified>),
    DataIntegrity(Box<UnverifiedPresentation>),
}

impl Received {
    /// Takes apart everything that came in answer to `query`.
    pub(crate) fn all(token: VpToken, query: &DcqlQuery) -> Result<Vec<Self>, BadPresentation> {
        let mut received = Vec::new();
        for (id, presentations) in token.0 {
            let format = &query.credential(&id).ok_or(BadPresentation::UnknownId)?.format;
            for presentation in presentations {
                if received.len() == MAX_CREDENTIALS {
                    return Err(BadPresentation::TooMany);
                }
                received.push(Self::parse(id.clone(), format, presentation)?);
            }
        }
        Ok(received)
    }

    fn parse(query: QueryId, format: &Format, presentation: Presentation) -> Result<Self, BadPresentation> {
        match (format, presentation) {
            (Format::SdJwtVc, Presentation::Text(text)) => {
                let read = sd_jwt::Unverified::parse(&text)?;
                let types = read.vct().map(str::to_owned).into_iter().collect();
                let claims = read.dangerous_claims().clone();
                Ok(Self { query, form: Form::SdJwt(Box::new(read)), claims, types })
            }
            (Format::LdpVc, Presentation::Object(members)) => {
                let read = UnverifiedPresentation::read(Value::Object(members))?;
                let [credential] = read.credentials() else { return Err(BadPresentation::NotOneCredential) };
                let claims = Value::Object(credential.dangerous_members().clone());
                let types = expanded(credential.types(), &claims);
                Ok(Self { query, form: Form::DataIntegrity(Box::new(read)), claims, types })
            }
            _ => Err(BadPresentation::Form),
        }
    }

    pub(crate) fn format(&self) -> Format {
        match self.form {
            Form::SdJwt(_) => Format::SdJwtVc,
            Form::DataIntegrity(_) => Format::LdpVc,
        }
    }

    /// Its type in the catalogue.
    pub(crate) fn credential_type<'c>(&self, catalogue: &'c Catalogue) -> Option<&'c CredentialType> {
        match &self.form {
            Form::SdJwt(read) => catalogue.by_vct(read.vct()?),
            Form::DataIntegrity(_) => catalogue.by_vc_types(&self.types),
        }
    }

    /// The issuer it names.
    pub(crate) fn issuer(&self) -> &str {
        match &self.form {
            Form::SdJwt(read) => read.issuer().unwrap_or_default(),
            Form::DataIntegrity(read) => read.credentials().first().map_or("", |one| one.issuer()),
        }
    }

    /// The key it names.
    pub(crate) fn key(&self) -> Option<&str> {
        match &self.form {
            Form::SdJwt(read) => read.header().kid.as_deref(),
            Form::DataIntegrity(read) => {
                read.credentials().first().map(UnverifiedCredential::verification_method)
            }
        }
    }

    /// When it says it was issued.
    pub(crate) fn issued(&self) -> Option<UnixSeconds> {
        match &self.form {
            Form::SdJwt(read) => read.times().iat,
            Form::DataIntegrity(read) => read.credentials().first()?.created(),
        }
    }

    /// From when until when it says it counts.
    pub(crate) fn valid(&self) -> (Option<UnixSeconds>, Option<UnixSeconds>) {
        match &self.form {
            Form::SdJwt(read) => (read.times().nbf, read.times().exp),
            Form::DataIntegrity(_) => {
                let time = |name| UnixSeconds::parse_rfc3339(self.claims.get(name)?.as_str()?).ok();
                (time("validFrom"), time("validUntil"))
            }
        }
    }

    /// Where it says its status is.
    pub(crate) fn status(&self) -> Option<&StatusRef> {
        match &self.form {
            Form::SdJwt(read) => read.status(),
            Form::DataIntegrity(read) => read.credentials().first()?.status(),
        }
    }

    /// The checks of the issuer's signature and the times.
    pub(crate) fn check_issuer(&self, key: &PublicKey, now: UnixSeconds) -> Findings {
        match &self.form {
            Form::SdJwt(read) => read.check_issuer(key, now),
            Form::DataIntegrity(read) => {
                read.credentials().first().map_or_else(Findings::default, |one| one.check(key, now))
            }
        }
    }

    /// The checks of the holder's part: binding, nonce, audience.
    pub(crate) fn check_holder(&self, expect: Expect<'_>) -> Findings {
        let Expect { client_id, nonce, now, max_age } = expect;
        match &self.form {
            Form::SdJwt(read) => {
                read.check_holder(&sd_jwt::Expect { audience: client_id, nonce, now, max_age })
            }
            Form::DataIntegrity(read) => {
                read.check(&data_integrity::Expect { nonce, audience: client_id, now, max_age })
            }
        }
    }

    /// All that came, as the query language sees it.
    pub(crate) fn presented(all: &[Self]) -> BTreeMap<QueryId, Vec<Presented<'_>>> {
        let mut presented: BTreeMap<QueryId, Vec<Presented<'_>>> = BTreeMap::new();
        for one in all {
            presented.entry(one.query.clone()).or_default().push(one.as_presented());
        }
        presented
    }

    fn as_presented(&self) -> Presented<'_> {
        let (kind, disclosed) = match &self.form {
            Form::SdJwt(read) => (
                CredentialKind::Vct(&self.types),
                read.disclosable().filter_map(|path| as_query_path(&path)).collect(),
            ),
            Form::DataIntegrity(_) => (CredentialKind::Types(&self.types), shown_whole(&self.claims)),
        };
        let candidate = Candidate {
            format: self.format(),
            kind,
            claims: &self.claims,
            holder_bound: true,
            authorities: &[],
        };
        Presented { candidate, disclosed }
    }

    /// The claims, to be shown once they are known to be genuine.
    pub(crate) fn subject_claims(&self) -> &Value {
        match self.form {
            Form::SdJwt(_) => &self.claims,
            Form::DataIntegrity(_) => self.claims.get("credentialSubject").unwrap_or(&Value::Null),
        }
    }
}

/// A path of `credentials` as a path of the query language; they have the same JSON.
fn as_query_path(path: &credentials::ClaimPath) -> Option<ClaimPath> {
    use credentials::claim::Step as Held;
    let step = |step: &Held| match step {
        Held::Member(name) => Some(Step::Key(name.clone())),
        Held::Element(at) => u32::try_from(*at).ok().map(Step::Index),
        Held::Every(()) => Some(Step::All(())),
    };
    ClaimPath::new(path.0.iter().map(step).collect::<Option<Vec<_>>>()?).ok()
}

/// Every leaf of the subject but the holder's own id, which no claim is.
fn shown_whole(members: &Value) -> Vec<ClaimPath> {
    let subject = [Step::Key("credentialSubject".to_owned())];
    let is_id = |path: &ClaimPath| matches!(path.steps(), [_, Step::Key(name)] if name == "id");
    let mut paths = leaves(members.get("credentialSubject").unwrap_or(&Value::Null), &subject);
    paths.retain(|path| !is_id(path));
    paths
}

/// Each type by its term and, where this system's context defines it, by its full name.
fn expanded(types: &[String], members: &Value) -> Vec<String> {
    let contexts = members.get("@context").and_then(Value::as_array);
    let ours = contexts.is_some_and(|list| list.iter().any(|context| context == CONTEXT_HUIZHENG));
    let full = types.iter().filter(|_| ours).map(|term| format!("{CONTEXT_HUIZHENG}#{term}"));
    types.iter().cloned().chain(full).collect()
}
