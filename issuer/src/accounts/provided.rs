//! Members of the staff who sign in at the department's OpenID provider.
//!
//! Who is let in is the provider's to say, and what they may do follows from one claim of its by a table of the configuration:
//! what is not in the table is no role, and whoever has no role is not let in. Whoever came once keeps the name of that day,
//! told by `sub`, so that nobody passes for another, or for two people where two must approve, by another name.

use std::collections::BTreeMap;

use protocol::limits::Form;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use store::{StoreError, Table};

use super::sessions::end_all;
use super::{AccountRecord, Accounts, Hashed, check_name};
use crate::audit::{Account, Deed, Note as _, Noting};
use crate::clock::Moment;
use crate::login::{Login, LoginError};
use crate::model::{Actor, Member, Role, Roles};
use crate::oidc::{OidcClient, RelyingParty};
use crate::tables::ACCOUNTS;
use credentials::UnixSeconds;

/// The account of a provider's subject, by a digest of both.
const ACCOUNT_OF: Table<str, String> = Table::new("accounts-of-provider");

/// The provider where the staff sign in, and what its claims mean here.
#[derive(Clone, Debug)]
pub struct StaffLogin {
    /// The client there.
    pub client: OidcClient,
    /// The claim with the name that stands beside what a member does.
    pub name_claim: String,
    /// The claim with what roles follow from: a text or a list of texts; with dots, inside objects (`realm_access.roles`).
    pub roles_claim: String,
    /// What each of its values makes one.
    pub roles: BTreeMap<String, Roles>,
}

/// The same, ready to be asked.
pub(crate) struct Provider {
    of: StaffLogin,
    party: RelyingParty,
}

/// Why a member is not let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotLetIn {
    /// The login itself.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// None of what the provider says makes a role.
    #[error("nothing the provider says makes a role here")]
    NoRole,
    /// The account was closed here.
    #[error("the account was closed here")]
    Closed,
    /// Another account has the name, or it is no name.
    #[error("the provider's name for them can't be used here")]
    Name,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Provider {
    pub(crate) fn new(of: StaffLogin) -> Self {
        Self { party: RelyingParty::new(of.client.clone()), of }
    }

    /// Where the browser goes.
    pub(crate) async fn begin(&self, login: &Login) -> Result<String, LoginError> {
        self.party.begin(login).await
    }

    /// Its issuer identifier.
    pub(crate) fn issuer(&self) -> &str {
        self.of.client.issuer.as_str()
    }

    fn roles(&self, claims: &Map<String, Value>) -> Roles {
        let said = match claim(claims, &self.of.roles_claim) {
            Some(Value::Array(list)) => list.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        let named = said.iter().filter_map(Value::as_str).filter_map(|said| self.of.roles.get(said));
        let roles: Vec<Role> = named.flat_map(|roles| roles.iter()).collect();
        Roles::of(&roles)
    }
}

impl Accounts {
    /// The provider, if the staff sign in at one.
    pub(crate) fn provider(&self) -> Option<&Provider> {
        self.provider.as_ref()
    }

    /// Its issuer identifier.
    pub(super) fn provider_issuer(&self) -> Option<&str> {
        self.provider.as_ref().map(Provider::issuer)
    }

    /// Lets in whom the provider vouches for, with the roles that follow from what it says now. That the `state` of the answer
    /// is right was checked. Whoever has no role any more loses the sessions too that are open.
    pub(crate) async fn sign_in_from_provider(
        &self,
        login: &Login,
        answer: &Form,
        now: Moment,
    ) -> Result<Member, NotLetIn> {
        let provider = self.provider().ok_or(LoginError::Declined)?;
        let claims = provider.party.finish(login, answer).await?;
        let text = |name: &str| claim(&claims, name).and_then(Value::as_str).unwrap_or_default();
        let (issuer, name) = (provider.issuer().to_owned(), text(&provider.of.name_claim).to_owned());
        let subject = hex::encode(Sha256::digest(format!("{issuer}\0{}", text("sub"))));
        let roles = provider.roles(&claims);
        let is_configured = self.configured.iter().any(|account| account.token.name == name);
        let let_in = self.store.write_async(move |tx| {
            let known = tx.get(&ACCOUNT_OF, subject.as_str())?;
            let account = match &known {
                Some(name) => tx.get(&ACCOUNTS, name.as_str())?,
                None => None,
            };
            let mut account = match account {
                Some(account) if account.closed => return Ok(Err(NotLetIn::Closed)),
                Some(account) => account,
                None if roles == Roles::default() => return Ok(Err(NotLetIn::NoRole)),
                None if is_configured
                    || check_name(&name).is_err()
                    || tx.contains(&ACCOUNTS, name.as_str())? =>
                {
                    return Ok(Err(NotLetIn::Name));
                }
                None => {
                    tx.put(&ACCOUNT_OF, subject.as_str(), &name)?;
                    let deed = Deed::new("account-made").about("account", Account(&name));
                    Noting::by_issuer(now).note(tx, deed)?;
                    of_provider(name, issuer, now.seconds)
                }
            };
            account.roles = roles;
            tx.put(&ACCOUNTS, account.name.as_str(), &account)?;
            if roles == Roles::default() {
                end_all(tx, &account.name)?;
                return Ok(Err(NotLetIn::NoRole));
            }
            Noting::by(&Actor::staff(&account.name), now).note(tx, Deed::new("signed-in-at-provider"))?;
            Ok::<_, StoreError>(Ok(Member { name: account.name, roles }))
        });
        let_in.await?
    }
}

fn of_provider(name: String, issuer: String, now: UnixSeconds) -> AccountRecord {
    AccountRecord {
        name,
        roles: Roles::default(),
        password: Hashed::nobodys(),
        wrong: 0,
        locked_until: UnixSeconds(0),
        closed: false,
        asked: None,
        made_by: issuer.clone(),
        made_at: now,
        provider: Some(issuer),
    }
}

/// A claim by its name, or by the way to it through objects.
fn claim<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c Value> {
    claims.get(name).or_else(|| {
        let (outer, rest) = name.split_once('.')?;
        claim(claims.get(outer)?.as_object()?, rest)
    })
}

#[cfg(test)]
mod tests {
    use protocol::Endpoint;
    use serde_json::json;

    use super::*;

    #[test]
    fn roles_are_those_of_the_table_and_nothing_else_makes_one() {
        let issuer = Endpoint::parse("https://op.example").expect("an address");
        let provider = |roles_claim: &str| {
            Provider::new(StaffLogin {
                client: OidcClient::new(issuer.clone(), "console"),
                name_claim: "preferred_username".to_owned(),
                roles_claim: roles_claim.to_owned(),
                roles: BTreeMap::from([
                    ("desk".to_owned(), Roles::of(&[Role::Clerk])),
                    ("heads".to_owned(), Roles::of(&[Role::Clerk, Role::Supervisor])),
                ]),
            })
        };
        let claims = json!({
            "groups": ["desk", "clerk", "admin", 7, null], "one": "heads", "realm_access": {"roles": ["heads", "desk"]},
            "urn:x.y": ["desk"], "number": 7, "object": {"desk": true},
        });
        let roles = |of: &str| provider(of).roles(claims.as_object().expect("an object"));
        assert_eq!(roles("groups"), Roles::of(&[Role::Clerk]), "a role's own name is none");
        assert_eq!(roles("one"), Roles::of(&[Role::Clerk, Role::Supervisor]));
        assert_eq!(roles("realm_access.roles"), Roles::of(&[Role::Clerk, Role::Supervisor]));
        assert_eq!(roles("urn:x.y"), Roles::of(&[Role::Clerk]), "a name with a dot is a name first");
        for none in ["missing", "number", "object", "realm_access", "realm_access.roles.0", "", "."] {
            assert_eq!(roles(none), Roles::default(), "{none}");
        }
    }
}
