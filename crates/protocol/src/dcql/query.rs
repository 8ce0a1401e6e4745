//! The query's structure. What serde accepts here is well-formed; [`super::validate`] says whether it is a valid query.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Format;
use crate::codes::open_codes;
use crate::limits::{self, Limits};

use super::{ClaimPath, QueryError};

/// A query (§6). Get one by [`DcqlQuery::parse`]; a query that came by serde is to be [validated](DcqlQuery::validate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DcqlQuery {
    /// What may be presented, at least one.
    pub credentials: Vec<CredentialQuery>,
    /// Which combinations answer the query; absent: all of `credentials`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_sets: Option<Vec<CredentialSet>>,
}

/// The identifier of a credential query: ASCII letters, digits, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QueryId(String);

/// The identifier of a claim inside a credential query: ASCII letters, digits, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClaimId(String);

/// What is asked of one credential (§6.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialQuery {
    /// Names it in the response; unique in the query.
    pub id: QueryId,
    /// The format it must have.
    pub format: Format,
    /// May several credentials answer it?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub multiple: bool,
    /// What type it must have.
    pub meta: Meta,
    /// Whose issuing or whose trust framework is accepted; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_authorities: Option<Vec<TrustedAuthority>>,
    /// Must the holder prove the key the credential is bound to? Yes unless said otherwise.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub require_cryptographic_holder_binding: bool,
    /// The claims asked for; absent: none that can be withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Vec<ClaimQuery>>,
    /// Alternatives among `claims`, the preferred first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_sets: Option<Vec<Vec<ClaimId>>>,
}

/// The type asked for, by the format's own parameter (appendix B). Further members are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Meta {
    /// SD-JWT VC: the accepted `vct`s (§B.3.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vct_values: Option<Vec<String>>,
    /// W3C: alternatives, each a set of fully expanded types that must all be there (§B.1.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_values: Option<Vec<Vec<String>>>,
    /// mdoc: the document type (§B.2.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctype_value: Option<String>,
    /// What other formats or profiles define.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

open_codes! {
    /// A kind of trusted authority (§6.1.1).
    AuthorityType {
        /// Authority key identifiers in the certificate chain.
        KeyIdentifier = "aki",
        /// An ETSI trusted list.
        EtsiTrustedList = "etsi_tl",
        /// OpenID Federation entity identifiers.
        OpenIdFederation = "openid_federation",
        /// DIDs of issuers on the chain; this system's own.
        Did = "huizheng.did",
    }
}

/// Whose credentials are accepted (§6.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedAuthority {
    /// What the values are.
    #[serde(rename = "type")]
    pub kind: AuthorityType,
    /// At least one; any of them will do.
    pub values: Vec<String>,
}

/// One claim asked for (§6.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimQuery {
    /// Names it for `claim_sets`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ClaimId>,
    /// Where it is in the credential.
    pub path: ClaimPath,
    /// The values accepted; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<ClaimValue>>,
    /// mdoc: does the verifier mean to keep it (§B.2.4)?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent_to_retain: Option<bool>,
}

/// A value a claim may be asked to have: text, whole number or truth value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ClaimValue {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A truth value.
    Bool(bool),
}

impl ClaimValue {
    /// Same type and same value (§6.3)?
    pub fn is(&self, value: &Value) -> bool {
        match self {
            Self::Text(text) => value.as_str() == Some(text),
            Self::Integer(number) => value.as_i64() == Some(*number),
            Self::Bool(truth) => value.as_bool() == Some(*truth),
        }
    }
}

// A value asked for can be personal ("is your number this one?"): not shown.
impl std::fmt::Debug for ClaimValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClaimValue(…)")
    }
}

/// Alternatives among the credentials (§6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialSet {
    /// Each is a list of credential queries that together do; the preferred first.
    pub options: Vec<Vec<QueryId>>,
    /// Must one of them be answered? Yes unless said otherwise.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub required: bool,
}

fn yes() -> bool {
    true
}

impl DcqlQuery {
    /// Reads and validates a query.
    pub fn parse(bytes: &[u8]) -> Result<Self, QueryError> {
        let query: Self = limits::json(bytes, Limits::MESSAGE)?;
        query.validate()?;
        Ok(query)
    }

    /// The credential query of this id.
    pub fn credential(&self, id: &QueryId) -> Option<&CredentialQuery> {
        self.credentials.iter().find(|credential| credential.id == *id)
    }
}

impl CredentialQuery {
    /// The claims of each alternative, the preferred first: of each claim set, or all claims when there are no sets.
    /// Without `claims` there is one alternative, and it is empty.
    pub fn alternatives(&self) -> Vec<Vec<&ClaimQuery>> {
        let claims = self.claims.as_deref().unwrap_or_default();
        match &self.claim_sets {
            None => vec![claims.iter().collect()],
            Some(sets) => sets
                .iter()
                .map(|set| {
                    claims
                        .iter()
                        .filter(|claim| claim.id.as_ref().is_some_and(|id| set.contains(id)))
                        .collect()
                })
                .collect(),
        }
    }
}

macro_rules! identifier {
    ($name:ident) => {
        impl $name {
            /// Checks the text: 1 to 64 ASCII letters, digits, `_` and `-`.
            pub fn new(text: &str) -> Result<Self, QueryError> {
                let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
                if text.is_empty() || text.len() > 64 || !text.bytes().all(allowed) {
                    return Err(QueryError::Identifier);
                }
                Ok(Self(text.to_owned()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = QueryError;

            fn try_from(text: String) -> Result<Self, QueryError> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier!(QueryId);
identifier!(ClaimId);
