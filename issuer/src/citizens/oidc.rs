//! Citizens log in at an OpenID provider, see `oidc`; what it calls things is the department's to say.

use async_trait::async_trait;
use protocol::Endpoint;
use protocol::limits::Form;
use serde_json::{Map, Value};

use super::{Citizen, IdentitySource};
use crate::login::{Login, LoginError};
use crate::oidc::{OidcClient, RelyingParty};

/// An OpenID provider and what it calls things.
#[derive(Clone, Debug)]
pub struct OidcConfig {
    /// The client there.
    pub client: OidcClient,
    /// The claim with the citizen's name.
    pub name_claim: String,
    /// The claim with the resident ID number.
    pub id_number_claim: String,
    /// The claim with the credit codes of companies that the citizen represents: a list of texts.
    pub represents_claim: String,
}

impl OidcConfig {
    /// The usual names of claims.
    #[must_use]
    pub fn new(issuer: Endpoint, client_id: &str) -> Self {
        Self {
            client: OidcClient::new(issuer, client_id),
            name_claim: "name".to_owned(),
            id_number_claim: "id_number".to_owned(),
            represents_claim: "represents".to_owned(),
        }
    }

    fn read(&self, claims: &Map<String, Value>) -> Citizen {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let list = claims.get(&self.represents_claim).and_then(Value::as_array);
        let represents = list.into_iter().flatten().filter_map(Value::as_str).take(64).map(str::to_owned);
        Citizen {
            name: text(&self.name_claim).unwrap_or_default().chars().take(80).collect(),
            id_number: text(&self.id_number_claim).map(str::to_owned),
            represents: represents.collect(),
        }
    }
}

/// The source.
#[derive(Debug)]
pub struct OpenIdConnect {
    config: OidcConfig,
    party: RelyingParty,
}

impl OpenIdConnect {
    /// The source at this provider.
    #[must_use]
    pub fn new(config: OidcConfig) -> Self {
        Self { party: RelyingParty::new(config.client.clone()), config }
    }
}

#[async_trait]
impl IdentitySource for OpenIdConnect {
    async fn begin(&self, login: &Login) -> Result<String, LoginError> {
        self.party.begin(login).await
    }

    async fn finish(&self, login: &Login, answer: &Form) -> Result<Citizen, LoginError> {
        Ok(self.config.read(&self.party.finish(login, answer).await?))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_citizen_is_read_from_the_claims_that_the_department_names() {
        let mut config = OidcConfig::new(Endpoint::parse("https://op.example").expect("address"), "us");
        config.id_number_claim = "sfz".to_owned();
        let claims =
            json!({"name": "程知夏", "sfz": "34010219880321214X", "represents": ["91340100MA8HUE6K0R", 7]});
        let found = config.read(claims.as_object().expect("an object"));
        assert_eq!(found.id_number.as_deref(), Some("34010219880321214X"));
        assert_eq!(found.represents, ["91340100MA8HUE6K0R"]);
        assert!(!format!("{found:?}").contains("程"));
    }
}
