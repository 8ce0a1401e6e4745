//! Which program may do what.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use service::extract::Bearer;
use service::{Problem, Staff, StaffAccount};
use std::time::Duration;

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
}

/// A program's key: random, 32 bytes or more, known here by its digest.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Its name and digest.
    pub account: StaffAccount,
    /// What it is for.
    pub scopes: Vec<Scope>,
}

/// The keys of a verifier.
pub(crate) struct Keys {
    scopes: Vec<(String, Vec<Scope>)>,
    keys: Staff<String>,
}

impl Keys {
    pub(crate) fn new(keys: Vec<ApiKey>, base_url: &str) -> Self {
        let scopes = keys.iter().map(|key| (key.account.name.clone(), key.scopes.clone())).collect();
        let accounts = keys.into_iter().map(|key| key.account).collect();
        Self { scopes, keys: Staff::new(accounts, "key", base_url, Duration::from_secs(1)) }
    }

    fn find(&self, token: &str) -> Option<(&str, &[Scope])> {
        let name = self.keys.by_token(token)?;
        let (_, scopes) = self.scopes.iter().find(|(known, _)| known == name)?;
        Some((name, scopes))
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
        let (name, scopes) =
            app.keys.find(&token).ok_or_else(|| Problem::unauthorized("That is no token of this counter"))?;
        // A program is never taken for the clerk of the same name.
        Ok(Self { name: format!("key:{name}"), scopes: Some(scopes.to_vec()) })
    }
}
