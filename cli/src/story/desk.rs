//! An issuer's interface for programs: apply, decide, collect, change.

use reqwest::Method;
use serde_json::{Value, json};

use super::letter::{Answer, send};
use crate::fault::Done;
use crate::urls::{IssuerUrl, Urls};

/// An issuer as its applicants and clerks see it.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) http: reqwest::Client,
    pub(crate) url: String,
    pub(crate) token: String,
}

/// An application, with the secret that makes it the applicant's.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// An offer as the applicant sees it.
#[derive(Debug, Clone)]
pub(crate) struct OfferLetter {
    pub(crate) link: String,
    pub(crate) by_value: String,
    pub(crate) tx_code: String,
}

impl Desk {
    pub(crate) fn new(http: &reqwest::Client, issuer: &IssuerUrl, urls: &Urls) -> Self {
        Self { http: http.clone(), url: issuer.url.clone(), token: urls.staff_token.clone() }
    }

    pub(crate) async fn submit(&self, kind: &str, claims: &Value) -> Done<Answer> {
        let body = json!({ "type": kind, "claims": claims });
        send(&self.http, Method::POST, &format!("{}/api/applications", self.url), None, Some(body)).await
    }

    pub(crate) async fn apply(&self, kind: &str, claims: &Value) -> Done<Application> {
        let body = self.submit(kind, claims).await?.expect(201, "applying")?;
        Ok(Application { id: Answer::text(&body, "/id")?, secret: Answer::text(&body, "/secret")? })
    }

    pub(crate) async fn approve_as(&self, application: &Application, token: Option<&str>) -> Done<Answer> {
        let url = format!("{}/api/applications/{}/approve", self.url, application.id);
        send(&self.http, Method::POST, &url, token, None).await
    }

    pub(crate) async fn approve(&self, application: &Application) -> Done<Value> {
        self.approve_as(application, Some(&self.token)).await?.expect(200, "approving")
    }

    pub(crate) async fn offer(&self, application: &Application, renew: bool) -> Done<OfferLetter> {
        let url = format!("{}/api/applications/{}/offer", self.url, application.id);
        let method = if renew { Method::POST } else { Method::GET };
        let body = send(&self.http, method, &url, Some(&application.secret), None)
            .await?
            .expect(200, "the offer")?;
        Ok(OfferLetter {
            link: Answer::text(&body, "/offer_uri")?,
            by_value: Answer::text(&body, "/offer_uri_by_value")?,
            tx_code: Answer::text(&body, "/tx_code")?,
        })
    }

    /// The application as the staff see it.
    pub(crate) async fn look(&self, application: &Application) -> Done<Value> {
        let url = format!("{}/api/applications/{}", self.url, application.id);
        send(&self.http, Method::GET, &url, Some(&self.token), None).await?.expect(200, "the application")
    }

    /// The ids of the credentials issued on an application.
    pub(crate) async fn credentials(&self, application: &Application) -> Done<Vec<String>> {
        let body = self.look(application).await?;
        let ids = body.get("credentials").and_then(Value::as_object).into_iter().flat_map(|ids| ids.values());
        Ok(ids.filter_map(Value::as_str).map(str::to_owned).collect())
    }

    pub(crate) async fn change(&self, credential: &str, change: &str, reason: &str) -> Done<Answer> {
        let url = format!("{}/api/credentials/{credential}/{change}", self.url);
        send(&self.http, Method::POST, &url, Some(&self.token), Some(json!({ "reason": reason }))).await
    }
}
