//! A verifier, as its clerks and wallets see it.

use protocol::limits::Form;
use registry::Did;
use serde_json::{Value, json};

use crate::desk::text;
use crate::{Answer, Http, token};

/// A verifier.
pub struct Counter {
    /// How it is reached.
    pub http: Http,
    /// Its base URL.
    pub url: String,
    /// Its DID.
    pub did: Did,
    staff_token: String,
}

/// A request, as the clerk gets it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its id.
    pub id: String,
    /// The link under the QR code.
    pub link: String,
    /// Where wallets fetch it.
    pub request_uri: String,
}

/// A request, as whoever fetches it can read it. Nothing of it was checked.
#[derive(Clone, Debug)]
pub struct Request {
    claims: Value,
}

/// What became of a request.
#[derive(Clone, Debug)]
pub struct Decision(pub Value);

impl Counter {
    /// The verifier at this address, with a clerk's token.
    pub fn new(http: &Http, url: &str, did: &Did, staff_token: &str) -> Self {
        Self {
            http: http.clone(),
            url: url.to_owned(),
            did: did.clone(),
            staff_token: staff_token.to_owned(),
        }
    }

    pub(crate) fn staff_token(&self) -> &str {
        &self.staff_token
    }

    /// Its OpenID4VP client id: the audience of what is presented to it.
    pub fn client_id(&self) -> String {
        format!("decentralized_identifier:{}", self.did)
    }

    /// A clerk asks for what a purpose allows.
    pub async fn ask(&self, purpose: &str) -> Asked {
        self.ask_this(&json!({"purpose": purpose, "response_mode": "direct_post"})).await
    }

    /// A clerk asks for anything else in the name of a purpose.
    pub async fn ask_for(&self, purpose: &str, dcql: &Value) -> Asked {
        self.ask_this(&json!({"purpose": purpose, "dcql": dcql, "response_mode": "direct_post"})).await
    }

    async fn ask_this(&self, wish: &Value) -> Asked {
        let url = format!("{}/api/requests", self.url);
        let body = self.http.post_json(&url, Some(&self.staff_token), wish).await.must(201);
        let text = |name| text(&body, name);
        Asked { id: text("id"), link: text("link"), request_uri: text("request_uri") }
    }

    /// Fetches a request as a wallet does, and believes it.
    pub async fn fetch(&self, asked: &Asked) -> Request {
        let answer = self.http.get(&asked.request_uri, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        Request { claims: token::payload(&answer.text()) }
    }

    /// Answers a request with one presentation.
    pub async fn answer(&self, request: &Request, presentation: &Value) -> Answer {
        let query = request.query_id(if presentation.is_string() { "dc+sd-jwt" } else { "ldp_vc" });
        let vp_token = json!({query: [presentation]}).to_string();
        let form = Form::default().with("vp_token", Some(&vp_token)).with("state", Some(request.state()));
        self.http.post_form(&request.response_uri(), &form).await
    }

    /// Answers a request with one presentation, given as the bytes that are to stand in `vp_token`.
    pub async fn answer_with_bytes(&self, request: &Request, format: &str, presentation: &[u8]) -> Answer {
        let query = request.query_id(format);
        let vp_token = [format!("{{\"{query}\":[").as_bytes(), presentation, b"]}"].concat();
        let mut form = Form::default().with("state", Some(request.state())).encode();
        form.push_str("&vp_token=");
        form.extend(vp_token.iter().map(|byte| format!("%{byte:02X}")));
        let (url, form_type) = (request.response_uri(), "application/x-www-form-urlencoded");
        if form.len() > 1 << 20 {
            return Answer {
                status: self.http.announce(&url, None, form_type, form.len()).await,
                body: Vec::new(),
            };
        }
        self.http.post(&url, None, form_type, form).await
    }

    /// Has something verified that was received elsewhere, or as many as there are lines at `/api/verify/batch`.
    pub async fn verify(&self, path: &str, body: Vec<u8>) -> Answer {
        let (url, token) = (format!("{}{path}", self.url), Some(self.staff_token.as_str()));
        let is_batch = path.ends_with("/batch");
        let kind = if is_batch { "application/x-ndjson" } else { "application/json" };
        if body.len() > 1 << 20 && !is_batch {
            let status = self.http.announce(&url, token, kind, body.len()).await;
            return Answer { status, body: Vec::new() };
        }
        self.http.post(&url, token, kind, body).await
    }

    /// What became of a request.
    pub async fn decision(&self, asked: &Asked) -> Decision {
        self.decision_on(&asked.id).await
    }

    /// What became of the request with this id.
    pub async fn decision_on(&self, id: &str) -> Decision {
        let url = format!("{}/api/requests/{id}", self.url);
        Decision(self.http.get(&url, Some(&self.staff_token)).await.must(200))
    }
}

impl Request {
    /// The nonce to sign.
    pub fn nonce(&self) -> &str {
        self.claims["nonce"].as_str().expect("a nonce")
    }

    fn state(&self) -> &str {
        self.claims["state"].as_str().expect("a state")
    }

    /// Where the answer goes.
    pub fn response_uri(&self) -> String {
        text(&self.claims, "response_uri")
    }

    /// The elements that are asked for of an mdoc, each a namespace and a name.
    pub fn elements(&self) -> Vec<(String, String)> {
        let claims = &self.query("mso_mdoc")["claims"];
        let name = |claim: &Value, at: usize| claim["path"][at].as_str().expect("a name").to_owned();
        claims.as_array().expect("claims").iter().map(|claim| (name(claim, 0), name(claim, 1))).collect()
    }

    /// The credential query of this format.
    pub fn query_id(&self, format: &str) -> String {
        text(self.query(format), "id")
    }

    fn query(&self, format: &str) -> &Value {
        let queries = self.claims["dcql_query"]["credentials"].as_array().expect("queries");
        queries.iter().find(|query| query["format"] == format).expect("asked for in this format")
    }
}

impl Decision {
    /// `open`, `answered`, `declined` or `expired`.
    pub fn state(&self) -> &str {
        self.0["state"].as_str().expect("a state")
    }

    /// `accepted`, `refused` or `cannot_tell`; nothing while it is not answered.
    pub fn verdict(&self) -> Option<&str> {
        self.0["decision"].as_str()
    }

    /// The checks that did not pass: each one's name and what was found.
    pub fn flaws(&self) -> Vec<(&str, &str)> {
        let checks = self.0["checks"].as_array().unwrap_or_else(|| panic!("no checks in {}", self.0));
        let failed = checks.iter().filter(|check| check["outcome"] != "passed");
        failed.filter_map(|check| Some((check["id"].as_str()?, check["code"].as_str()?))).collect()
    }

    /// The claims that the clerk sees, of all credentials.
    pub fn claims(&self) -> Vec<(&String, &Value)> {
        let by_query = self.0["claims"].as_object().expect("claims");
        by_query.values().filter_map(Value::as_object).flatten().collect()
    }

    /// Asserts an acceptance with every check passed.
    pub fn must_accept(&self) {
        assert_eq!((self.verdict(), self.flaws()), (Some("accepted"), vec![]), "{}", self.0);
    }

    /// Asserts a refusal for exactly these findings.
    pub fn must_refuse(&self, flaws: &[(&str, &str)]) {
        assert_eq!((self.verdict(), self.flaws().as_slice()), (Some("refused"), flaws), "{}", self.0);
    }
}
