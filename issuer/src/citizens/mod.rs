//! Who is at the browser: citizens log in at an identity source, and what they may collect follows from who they are.

mod oidc;
mod synthetic;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use credentials::catalogue::{CredentialType, Kind};
use protocol::limits::Form;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use oidc::{OidcConfig, OpenIdConnect};
pub use synthetic::Synthetic;

use crate::login::{Login, LoginError};
use crate::seals::Seals;

/// Somebody who logged in. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citizen {
    /// The name, to greet with.
    pub name: String,
    /// The resident ID number (GB 11643).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_number: Option<String>,
    /// Credit codes (GB 32100) of the companies that the citizen represents.
    #[serde(default)]
    pub represents: Vec<String>,
}

impl fmt::Debug for Citizen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Citizen(…)")
    }
}

/// A place where citizens prove who they are. Implement it to plug in another one.
#[async_trait]
pub trait IdentitySource: Send + Sync + fmt::Debug {
    /// The address the browser goes to.
    ///
    /// # Errors
    /// [`LoginError::Away`].
    async fn begin(&self, login: &Login) -> Result<String, LoginError>;

    /// Who it is, by the parameters that the browser came back with. That the `state` is right was checked.
    ///
    /// # Errors
    /// [`LoginError`].
    async fn finish(&self, login: &Login, answer: &Form) -> Result<Citizen, LoginError>;

    /// Those to choose from on a page of our own: only where nobody is real.
    fn to_choose_from(&self) -> &[Citizen] {
        &[]
    }
}

/// How citizens log in.
#[derive(Clone, Debug, Default)]
pub enum Citizens {
    /// They don't: there is no authorization code grant.
    #[default]
    Nowhere,
    /// Whoever is at the browser says which of these made-up people they are: for demonstrations only.
    Synthetic(Vec<Citizen>),
    /// At an OpenID provider.
    OpenIdConnect(OidcConfig),
    /// At a source of the department's own.
    Other(Arc<dyn IdentitySource>),
}

impl Citizens {
    /// The source, if there is one.
    pub(crate) fn source(self) -> Option<Arc<dyn IdentitySource>> {
        match self {
            Self::Nowhere => None,
            Self::Synthetic(people) => Some(Arc::new(Synthetic::new(people))),
            Self::OpenIdConnect(config) => Some(Arc::new(OpenIdConnect::new(config))),
            Self::Other(source) => Some(source),
        }
    }
}

/// The names under which the applications of a citizen are found.
pub(crate) fn names_of(seals: &Seals, citizen: &Citizen) -> Vec<String> {
    let person = citizen.id_number.iter().map(|number| seals.holder("id", number));
    person.chain(citizen.represents.iter().map(|code| seals.holder("company", code))).collect()
}

/// The name under which an application is found: of the person whose ID number it has, else of its company.
pub(crate) fn name_of(seals: &Seals, of: &CredentialType, claims: &Map<String, Value>) -> Option<String> {
    let first = |kind: Kind| {
        let claim = of.claims.iter().find(|claim| claim.kind == kind)?;
        claims.get(&claim.name)?.as_str()
    };
    first(Kind::IdNumber)
        .map(|number| seals.holder("id", number))
        .or_else(|| first(Kind::CreditCode).map(|code| seals.holder("company", code)))
}
