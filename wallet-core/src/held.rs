//! What is kept of a card, and the credentials in it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use credentials::{
    ClaimPath, UnixSeconds,
    catalogue::CredentialType,
    claim::Step,
    data_integrity::{self, Cryptosuite, sd},
    json,
    jsonld::Contexts,
    key::{PublicKey, SelfContained},
    mdoc, sd_jwt,
    status::StatusRef,
};
use protocol::Endpoint;
use registry::{Did, KeyId, LocalText, SignatureTag, Slug, StatusListId, UnixMillis};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    card::Format,
    ports::KeyHandle,
    receive::Renewal,
    vault::{Sealed, VaultError},
};

/// Cards by id.
pub(crate) const CARDS: Sealed<StoredCard> = Sealed::new("cards");

/// A card: what one issuer stated of one holder, once; in one format or several.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredCard {
    /// The catalogue's id of its type.
    pub(crate) kind: Slug,
    pub(crate) issuer: Did,
    pub(crate) issuer_name: LocalText,
    pub(crate) received: UnixMillis,
    pub(crate) credentials: Vec<StoredCredential>,
    /// The issuer's address, where it was collected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) collected_at: Option<Endpoint>,
    /// How it is renewed, if its issuer lets the wallet come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) renewal: Option<Renewal>,
}

/// One credential, with a key of its own.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredCredential {
    pub(crate) id: String,
    pub(crate) format: Format,
    /// The credential as it came.
    pub(crate) text: String,
    pub(crate) key: KeyHandle,
    /// The issuer's key that signed it.
    pub(crate) issuer_key: KeyId,
    pub(crate) issued: UnixMillis,
    pub(crate) expires: Option<UnixSeconds>,
    pub(crate) status: Option<StatusRef>,
    /// Verifiers that have seen it: another one could link the two.
    pub(crate) shown_to: Vec<Did>,
}

/// A place in a status list on the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegistryStatus {
    pub(crate) list: StatusListId,
    pub(crate) index: u32,
}

impl StoredCredential {
    /// How many verifiers but this one have seen it.
    pub(crate) fn seen_by_others(&self, verifier: &Did) -> u32 {
        let others = self.shown_to.iter().filter(|one| *one != verifier).count();
        u32::try_from(others).unwrap_or(u32::MAX)
    }

    /// The credential, taken apart. It was verified when it came, and the vault shows that it is unchanged.
    pub(crate) fn content(&self) -> Result<Content, VaultError> {
        Content::read(self.format, &self.text).ok_or(VaultError::OtherForm("cards"))
    }
}

pub(crate) fn registry_status(status: Option<&StatusRef>) -> Option<RegistryStatus> {
    let entry = status?.registry.as_ref()?;
    Some(RegistryStatus { list: entry.list.parse().ok()?, index: entry.index })
}

/// A credential, taken apart.
pub(crate) enum Content {
    SdJwt(Box<sd_jwt::Unverified>),
    Ldp { whole: Value, parsed: Box<data_integrity::UnverifiedCredential> },
    Mdoc { document: Box<mdoc::Unverified>, elements: Value },
}

/// Claims of an SD-JWT VC that are about the credential and not about its subject (SD-JWT VC §2.2.2.2, RFC 7519).
const ENVELOPE: &[&str] =
    &["iss", "iat", "nbf", "exp", "cnf", "vct", "vct#integrity", "status", "sub", "jti", "aud", "_sd_alg"];

pub(crate) fn is_envelope(name: &str) -> bool {
    ENVELOPE.contains(&name)
}

impl Content {
    pub(crate) fn read(format: Format, text: &str) -> Option<Self> {
        match format {
            Format::SdJwtVc => sd_jwt::Unverified::parse(text).ok().map(Box::new).map(Self::SdJwt),
            Format::LdpVc => {
                let whole = json::parse(text.as_bytes()).ok()?;
                let parsed = data_integrity::UnverifiedCredential::read(whole.clone()).ok()?;
                Some(Self::Ldp { whole, parsed: Box::new(parsed) })
            }
            Format::MsoMdoc => {
                let document = mdoc::Unverified::parse(&BASE64.decode(text).ok()?).ok()?;
                Some(Self::Mdoc { elements: document.dangerous_claims(), document: Box::new(document) })
            }
        }
    }

    /// What claim paths are resolved in (OpenID4VP 1.0 appendix B).
    pub(crate) fn root(&self) -> &Value {
        match self {
            Self::SdJwt(token) => token.dangerous_claims(),
            Self::Ldp { whole, .. } => whole,
            Self::Mdoc { elements, .. } => elements,
        }
    }

    /// Whether its holder can show some claims and hold others back.
    pub(crate) fn is_selective(&self) -> bool {
        match self {
            Self::SdJwt(_) | Self::Mdoc { .. } => true,
            Self::Ldp { whole, .. } => whole["proof"]["cryptosuite"] == Cryptosuite::EcdsaSd2023.name(),
        }
    }

    /// The claims about the subject, of a credential of this type.
    pub(crate) fn claims(&self, kind: &CredentialType) -> Map<String, Value> {
        match self {
            Self::SdJwt(token) => subject_of_token(token),
            Self::Ldp { whole, .. } => subject_of_document(whole),
            Self::Mdoc { document, .. } => kind.claims_of_elements(document.dangerous_elements()),
        }
    }

    /// The names its type goes by in queries.
    pub(crate) fn type_names(&self) -> Vec<String> {
        match self {
            Self::SdJwt(token) => token.vct().map(str::to_owned).into_iter().collect(),
            Self::Ldp { parsed, .. } => {
                parsed.types().iter().flat_map(|name| [name.clone(), expanded(name)]).collect()
            }
            Self::Mdoc { document, .. } => vec![document.security_object().doc_type.clone()],
        }
    }

    /// Which signature of its issuer's it carries; none if its proof hides it.
    pub(crate) fn issuer_signature(&self) -> Option<SignatureTag> {
        Some(match self {
            Self::SdJwt(token) => SignatureTag::of(token.issuer_signature()),
            Self::Ldp { parsed, .. } => SignatureTag::of(parsed.issuer_signature()?),
            Self::Mdoc { document, .. } => SignatureTag::of(document.issuer_signature()),
        })
    }

    /// The key it is bound to.
    pub(crate) fn holder(&self) -> Option<PublicKey> {
        match self {
            Self::SdJwt(token) => token.holder().cloned(),
            Self::Ldp { parsed, .. } => subject_key(parsed).map(|holder| holder.key),
            Self::Mdoc { document, .. } => Some(document.security_object().device_key.clone()),
        }
    }
}

/// The claims about the subject that show in a token.
pub(crate) fn subject_of_token(token: &sd_jwt::Unverified) -> Map<String, Value> {
    let mut claims = token.dangerous_claims().as_object().cloned().unwrap_or_default();
    for name in ENVELOPE {
        claims.remove(*name);
    }
    claims
}

/// The claims about the first subject that show in a VCDM credential.
pub(crate) fn subject_of_document(whole: &Value) -> Map<String, Value> {
    let subject = match whole.get("credentialSubject") {
        Some(Value::Array(list)) => list.first(),
        one => one,
    };
    let mut claims = subject.and_then(Value::as_object).cloned().unwrap_or_default();
    claims.remove("id");
    claims
}

/// What a holder shows of a VCDM credential that is selective: what it must, and what these paths name.
pub(crate) fn derived(whole: &Value, paths: &[ClaimPath]) -> Option<Value> {
    let pointers: Vec<String> = paths.iter().map(pointer).collect::<Option<_>>()?;
    sd::derive(whole.as_object()?, &pointers, Contexts::pinned()).ok()
}

/// Paths as elements of an mdoc, each a namespace and a name; none if one of them is something else.
pub(crate) fn elements(paths: &[ClaimPath]) -> Option<Vec<(&str, &str)>> {
    fn element(path: &ClaimPath) -> Option<(&str, &str)> {
        match path.0.as_slice() {
            [Step::Member(namespace), Step::Member(name)] => Some((namespace, name)),
            _ => None,
        }
    }
    paths.iter().map(element).collect()
}

/// A path as a JSON pointer (RFC 6901); one that names every element of an array has none.
fn pointer(path: &ClaimPath) -> Option<String> {
    let step = |step: &Step| match step {
        Step::Member(name) => Some(format!("/{}", name.replace('~', "~0").replace('/', "~1"))),
        Step::Element(at) => Some(format!("/{at}")),
        Step::Every(()) => None,
    };
    path.0.iter().map(step).collect()
}

/// The subject's own DID and key, if it is one subject with a DID that is its own document.
pub(crate) fn subject_key(credential: &data_integrity::UnverifiedCredential) -> Option<SelfContained> {
    let mut ids = credential.subject_ids();
    match (ids.next(), ids.next()) {
        (Some(Some(id)), None) => SelfContained::parse(id).ok(),
        _ => None,
    }
}

/// A type's full name under the contexts that this system's credentials have.
pub(crate) fn expanded(name: &str) -> String {
    match name {
        "VerifiableCredential" => "https://www.w3.org/2018/credentials#VerifiableCredential".to_owned(),
        name => format!("{}#{name}", data_integrity::CONTEXT_HUIZHENG),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_pointers_where_they_name_one_place() {
        let path = |steps: &[Step]| pointer(&ClaimPath(steps.to_vec()));
        let name = |name: &str| Step::Member(name.to_owned());
        assert_eq!(path(&[name("a/b~c"), Step::Element(2)]).as_deref(), Some("/a~1b~0c/2"));
        assert_eq!(path(&[name("a"), Step::Every(())]), None);
    }
}
