//! The counter's interface for programs: ask, and read the decision.

use reqwest::Method;
use serde_json::{Value, json};

use super::letter::{Answer, send};
use crate::fault::Done;

/// The counter as its clerks see it.
#[derive(Clone)]
pub(crate) struct Counter {
    pub(crate) http: reqwest::Client,
    pub(crate) url: String,
    pub(crate) token: String,
}

/// A request that was put on the counter's screen.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) id: String,
    pub(crate) link: String,
}

/// What the counter says of a request.
#[derive(Debug, Clone)]
pub(crate) struct Decided {
    pub(crate) state: String,
    pub(crate) decision: String,
    pub(crate) reason: String,
    pub(crate) body: Value,
}

impl Counter {
    /// Asks for a purpose, with its own query or another one.
    pub(crate) async fn ask(&self, purpose: &str, dcql: Option<Value>) -> Done<Asked> {
        self.ask_by(json!({ "purpose": purpose }), dcql).await
    }

    /// The same, to be answered in clear: what is recorded then can be played again to another request.
    pub(crate) async fn ask_in_clear(&self, purpose: &str) -> Done<Asked> {
        self.ask_by(json!({ "purpose": purpose, "response_mode": "direct_post" }), None).await
    }

    async fn ask_by(&self, mut body: Value, dcql: Option<Value>) -> Done<Asked> {
        if let Some(dcql) = dcql {
            body["dcql"] = dcql;
        }
        let url = format!("{}/api/requests", self.url);
        let body = send(&self.http, Method::POST, &url, Some(&self.token), Some(body))
            .await?
            .expect(201, "asking")?;
        Ok(Asked { id: Answer::text(&body, "/id")?, link: Answer::text(&body, "/link")? })
    }

    /// What came of it.
    pub(crate) async fn decision(&self, asked: &Asked) -> Done<Decided> {
        let url = format!("{}/api/requests/{}", self.url, asked.id);
        let body = send(&self.http, Method::GET, &url, Some(&self.token), None)
            .await?
            .expect(200, "the decision")?;
        let text =
            |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Decided { state: text("/state"), decision: text("/decision"), reason: text("/reason/en"), body })
    }
}

impl Decided {
    /// The checks with this outcome, by name.
    pub(crate) fn checks(&self, outcome: &str) -> Vec<String> {
        let checks = self.body.get("checks").and_then(Value::as_array).into_iter().flatten();
        let with = |check: &&Value| check.get("outcome").and_then(Value::as_str) == Some(outcome);
        let mut names: Vec<String> = checks
            .filter(with)
            .filter_map(|check| check.get("id").and_then(Value::as_str).map(str::to_owned))
            .collect();
        names.dedup();
        names
    }

    /// Everything that was shown, as `name: value` by credential.
    pub(crate) fn claims(&self) -> Vec<(String, Value)> {
        let queries =
            self.body.get("claims").and_then(Value::as_object).into_iter().flat_map(|all| all.values());
        let claims = queries.filter_map(Value::as_object).flatten();
        claims.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}
