//! Which program may do what.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use service::audit::{Noting, Who};
use service::extract::Bearer;
use service::{Problem, Staff, StaffAccount, clock};
use std::time::Duration;
use url::Url;

use crate::core::App;
use crate::request::Request;

/// What an API key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// To ask for what policies ask for, and to read what came of it.
    Ask,
    /// To ask anything, with a query of its own.
    AskAnything,
    /// To have credentials verified that were received elsewhere.
    Verify,
    /// To read the log of decisions.
    Audit,
    /// To read the claims that policies say are kept, to delete them early, and to have claims sent along with webhooks.
    Claims,
}

/// A program's key: random, 32 bytes or more, known here by its digest.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Its name and digest.
    pub account: StaffAccount,
    /// What it is for.
    pub scopes: Vec<Scope>,
    /// The origins at which it may be told what came of what it asked for: `https://host[:port]`.
    pub webhooks: Vec<Url>,
}

/// The keys of a verifier.
pub(crate) struct Keys {
    keys: Vec<ApiKey>,
    tokens: Staff<String>,
}

impl Keys {
    /// What stands before a key's name where a clerk's name stands alone: a program is never taken for the clerk of the same name.
    pub(crate) const PREFIX: &'static str = "key:";

    pub(crate) fn new(keys: Vec<ApiKey>, base_url: &str) -> Self {
        let accounts = keys.iter().map(|key| key.account.clone()).collect();
        Self { keys, tokens: Staff::new(accounts, "key", base_url, Duration::from_secs(1)) }
    }

    /// Whether there is a key of this name for this.
    pub(crate) fn has(&self, name: &str, scope: Scope) -> bool {
        self.named(name).is_some_and(|key| key.scopes.contains(&scope))
    }

    /// Where the key of this name may be told.
    pub(crate) fn webhooks(&self, name: &str) -> &[Url] {
        self.named(name).map_or(&[], |key| &key.webhooks)
    }

    fn named(&self, name: &str) -> Option<&ApiKey> {
        self.keys.iter().find(|key| key.account.name == name)
    }

    fn find(&self, token: &str) -> Option<&ApiKey> {
        self.named(self.tokens.by_token(token)?)
    }
}

/// Whoever calls the API: a clerk, who may do everything, or a program.
pub(crate) struct Caller {
    pub(crate) name: String,
    /// A program's scopes; none for a clerk.
    scopes: Option<Vec<Scope>>,
}

impl Caller {
    /// Refuses with 403 whoever may not do this.
    pub(crate) fn must(&self, scope: Scope) -> Result<(), Problem> {
        match &self.scopes {
            Some(scopes) if !scopes.contains(&scope) => {
                Err(Problem::forbidden("scope-missing", "This key is not for that").with("scope", scope))
            }
            _ => Ok(()),
        }
    }

    /// Refuses with 403 whoever has no key for this: clerks, too.
    pub(crate) fn must_have(&self, scope: Scope) -> Result<(), Problem> {
        match self.scopes {
            Some(_) => self.must(scope),
            None => {
                Err(Problem::forbidden("scope-missing", "Only a program's key opens this")
                    .with("scope", scope))
            }
        }
    }

    /// The key's name; none for a clerk.
    pub(crate) fn program(&self) -> Option<&str> {
        self.name.strip_prefix(Keys::PREFIX).filter(|_| self.scopes.is_some())
    }

    /// As the log has it.
    pub(crate) fn noting(&self) -> Noting {
        let now = clock::now();
        match self.program() {
            Some(name) => Noting::by_system(name, now),
            None => Noting::by(Who::Staff { name: self.name.clone() }, now),
        }
    }

    /// Whether it may see this request: programs see only their own, as if there were no others.
    pub(crate) fn may_see(&self, request: &Request) -> bool {
        self.scopes.is_none() || request.asked_by == self.name
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Bearer(token) = Bearer::from_request_parts(parts, app).await?;
        if let Some(clerk) = app.staff.by_token(&token) {
            return Ok(Self { name: clerk.to_owned(), scopes: None });
        }
        let key =
            app.keys.find(&token).ok_or_else(|| Problem::unauthorized("That is no token of this counter"))?;
        let name = format!("{}{}", Keys::PREFIX, key.account.name);
        Ok(Self { name, scopes: Some(key.scopes.clone()) })
    }
}
