//! Credentials as they came, whatever their format.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::catalogue::{Catalogue, CredentialType};
use credentials::data_integrity::{self, CONTEXT_HUIZHENG, UnverifiedPresentation};
use credentials::{Findings, UnixSeconds, mdoc, sd_jwt};
use protocol::Format;
use protocol::dcql::{
    AuthorityType, Candidate, ClaimPath, CredentialKind, CredentialQuery, DcqlQuery, Presented, QueryId,
    Step, TrustedAuthority, leaves,
};
use protocol::openid4vp::{Presentation, VpToken};
use registry::UnixMillis;
use serde_json::{Map, Value};

use super::base::Base;
use super::facts::Named;

/// What the holder's part is measured by.
#[derive(Clone, Copy)]
pub(crate) struct Expect<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) nonce: &'a str,
    /// Where the answer was sent, as the request says.
    pub(crate) response_uri: &'a str,
    pub(crate) now: UnixSeconds,
    /// In seconds.
    pub(crate) max_age: i64,
    /// The thumbprint of the key that the answer was encrypted to.
    pub(crate) sealed_to: Option<&'a [u8; 32]>,
}

/// Why an answer can't even be read. It is refused as malformed, and the request stays open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPresentation {
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
    /// Not base64url.
    #[error("a presentation is not base64url")]
    Base64,
    /// Not an mdoc's response.
    #[error("a presentation is not the response of an mdoc: {0}")]
    Mdoc(#[from] mdoc::ParseError),
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
    /// Whose trust its issuer has.
    authorities: Vec<TrustedAuthority>,
}

enum Form {
    SdJwt(Box<sd_jwt::Unverified>),
    DataIntegrity(Box<UnverifiedPresentation>),
    Mdoc {
        document: Box<mdoc::Presented>,
        /// The type that was asked for.
        asked: String,
    },
}

impl Received {
    /// Takes apart everything that came in answer to `query`.
    pub(crate) fn all(token: VpToken, query: &DcqlQuery) -> Result<Vec<Self>, BadPresentation> {
        let mut received = Vec::new();
        for (id, presentations) in token.0 {
            let asked = query.credential(&id).ok_or(BadPresentation::UnknownId)?;
            for presentation in presentations {
                if received.len() == MAX_CREDENTIALS {
                    return Err(BadPresentation::TooMany);
                }
                received.push(Self::parse(asked, presentation)?);
            }
        }
        Ok(received)
    }

    fn parse(asked: &CredentialQuery, presentation: Presentation) -> Result<Self, BadPresentation> {
        let query = asked.id.clone();
        match (&asked.format, presentation) {
            (Format::SdJwtVc, Presentation::Text(text)) => {
                let read = sd_jwt::Unverified::parse(&text)?;
                let types = read.vct().map(str::to_owned).into_iter().collect();
                let claims = read.dangerous_claims().clone();
                Ok(Self::of(query, Form::SdJwt(Box::new(read)), claims, types))
            }
            (Format::LdpVc, Presentation::Object(members)) => {
                let read = UnverifiedPresentation::read(Value::Object(members))?;
                let [credential] = read.credentials() else { return Err(BadPresentation::NotOneCredential) };
                let claims = Value::Object(credential.dangerous_members().clone());
                let types = expanded(credential.types(), &claims);
                Ok(Self::of(query, Form::DataIntegrity(Box::new(read)), claims, types))
            }
            (Format::MsoMdoc, Presentation::Text(text)) => {
                let bytes = BASE64.decode(text).map_err(|_| BadPresentation::Base64)?;
                let mut documents = mdoc::DeviceResponse::parse(&bytes)?.documents;
                let (Some(document), true) = (documents.pop(), documents.is_empty()) else {
                    return Err(BadPresentation::NotOneCredential);
                };
                let (claims, types) =
                    (document.issued().dangerous_claims(), vec![document.doc_type().to_owned()]);
                let asked = asked.meta.doctype_value.clone().unwrap_or_default();
                Ok(Self::of(query, Form::Mdoc { document: Box::new(document), asked }, claims, types))
            }
            _ => Err(BadPresentation::Form),
        }
    }

    fn of(query: QueryId, form: Form, claims: Value, types: Vec<String>) -> Self {
        let mut one = Self { query, form, claims, types, authorities: Vec::new() };
        one.authorities = one.base().map(Base::authorities).unwrap_or_default();
        one
    }

    pub(crate) fn format(&self) -> Format {
        match self.form {
            Form::SdJwt(_) => Format::SdJwtVc,
            Form::DataIntegrity(_) => Format::LdpVc,
            Form::Mdoc { .. } => Format::MsoMdoc,
        }
    }

    /// The issuer's part.
    pub(super) fn base(&self) -> Option<Base<'_>> {
        match &self.form {
            Form::SdJwt(read) => Some(Base::SdJwt(read)),
            // There is exactly one.
            Form::DataIntegrity(read) => read.credentials().first().map(Base::DataIntegrity),
            Form::Mdoc { document, .. } => Some(Base::Mdoc(document.issued())),
        }
    }

    /// Its type in the catalogue.
    pub(crate) fn credential_type<'c>(&self, catalogue: &'c Catalogue) -> Option<&'c CredentialType> {
        self.base()?.credential_type(&self.types, catalogue)
    }

    /// When it says it was issued.
    pub(crate) fn issued(&self) -> Option<UnixMillis> {
        self.base()?.issued().map(|time| UnixMillis::from_seconds(time.0))
    }

    /// What it names on the chain.
    pub(crate) fn named(&self, catalogue: &Catalogue) -> Named {
        Named::of(self.base(), self.credential_type(catalogue))
    }

    /// The checks of the holder's part: binding, nonce, audience.
    pub(crate) fn check_holder(&self, expect: Expect<'_>) -> Findings {
        let Expect { client_id, nonce, response_uri, now, max_age, sealed_to } = expect;
        match &self.form {
            Form::SdJwt(read) => {
                read.check_holder(&sd_jwt::Expect { audience: client_id, nonce, now, max_age })
            }
            Form::DataIntegrity(read) => {
                read.check(&data_integrity::Expect { nonce, audience: client_id, now, max_age })
            }
            Form::Mdoc { document, asked } => {
                let transcript =
                    &mdoc::SessionTranscript::openid4vp(client_id, nonce, sealed_to, response_uri);
                document.check_device(&mdoc::Expect { doc_type: asked, transcript, reader: None, now })
            }
        }
    }

    /// Whether it came without any proof of who shows it. Of the formats here only an SD-JWT can.
    pub(crate) fn is_unbound(&self) -> bool {
        matches!(&self.form, Form::SdJwt(read) if read.dangerous_binding_claims().is_none())
    }

    /// What the holder's key signed beside nonce and audience, if it can have signed anything.
    pub(crate) fn dangerous_binding_claims(&self) -> Option<&Map<String, Value>> {
        match &self.form {
            Form::SdJwt(read) => read.dangerous_binding_claims(),
            Form::DataIntegrity(_) | Form::Mdoc { .. } => None,
        }
    }

    /// Whether it is of the format and type that its part of the query asks for.
    pub(crate) fn is_as_asked(&self, query: &DcqlQuery) -> bool {
        query.credential(&self.query).is_some_and(|asked| self.as_presented().candidate.is_of(asked))
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
            Form::Mdoc { document, .. } => {
                let elements = document.issued().dangerous_elements();
                let path = |(space, name, _)| ClaimPath::of_names([space, name]).ok();
                (CredentialKind::Doctype(document.doc_type()), elements.filter_map(path).collect())
            }
        };
        let candidate = Candidate {
            format: self.format(),
            kind,
            claims: &self.claims,
            holder_bound: true,
            authorities: &self.authorities,
        };
        Presented { candidate, disclosed }
    }

    /// The claims of a credential of this type, to be shown once they are known to be genuine.
    pub(crate) fn subject_claims(&self, credential_type: &CredentialType) -> Map<String, Value> {
        self.base().map(|base| base.subject_claims(credential_type)).unwrap_or_default()
    }
}

/// The formats that are read here: all that are issued.
pub(crate) const FORMATS: [Format; 3] = [Format::SdJwtVc, Format::LdpVc, Format::MsoMdoc];

/// A credential query that no answer can meet here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswerable<'q> {
    /// Its format is none that is read.
    #[error("`{0}`: {1} is no format that is read here; those that are: {all}", all = FORMATS.map(|one| format!("{one}")).join(", "))]
    Format(&'q QueryId, &'q Format),
    /// No authority that it trusts is of a kind that is known of credentials of its format.
    #[error(
        "`{0}`: authorities of no such kind are known here of {1}; name issuers by huizheng.did, of dc+sd-jwt by aki too"
    )]
    Authorities(&'q QueryId, &'q Format),
}

/// The first of them in a query.
pub(crate) fn unanswerable(query: &DcqlQuery) -> Option<Unanswerable<'_>> {
    let is_known = |format: &Format, kind: &AuthorityType| match kind {
        AuthorityType::Did => true,
        AuthorityType::KeyIdentifier => *format == Format::SdJwtVc,
        _ => false,
    };
    query.credentials.iter().find_map(|asked| {
        if !FORMATS.contains(&asked.format) {
            return Some(Unanswerable::Format(&asked.id, &asked.format));
        }
        let trusted = asked.trusted_authorities.as_ref()?;
        let can_be_told = trusted.iter().any(|one| is_known(&asked.format, &one.kind));
        (!can_be_told).then_some(Unanswerable::Authorities(&asked.id, &asked.format))
    })
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
pub(super) fn expanded(types: &[String], members: &Value) -> Vec<String> {
    let contexts = members.get("@context").and_then(Value::as_array);
    let ours = contexts.is_some_and(|list| list.iter().any(|context| context == CONTEXT_HUIZHENG));
    let full = types.iter().filter(|_| ours).map(|term| format!("{CONTEXT_HUIZHENG}#{term}"));
    types.iter().cloned().chain(full).collect()
}
