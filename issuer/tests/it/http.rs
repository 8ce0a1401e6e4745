//! Requests as any client makes them.

use std::time::Duration;

use serde_json::Value;

#[derive(Clone)]
pub struct Http {
    base: String,
    client: reqwest::Client,
}

pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("text")).unwrap_or_default()
    }

    /// The OAuth error code, after checking that the answer is one.
    pub fn oauth_error(&self) -> String {
        assert!((400..500).contains(&self.status), "{}: {}", self.status, self.text());
        assert_eq!(self.header("content-type"), "application/json");
        assert!(self.header("cache-control").contains("no-store"));
        self.json()["error"].as_str().expect("error").to_owned()
    }

    /// The problem's code, after checking that the answer is one.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        assert_eq!(self.json()["status"], self.status);
        let kind = self.json()["type"].as_str().expect("type").to_owned();
        kind.strip_prefix("urn:huizheng:problem:").expect("ours").to_owned()
    }
}

impl Http {
    pub fn new(base: &str) -> Self {
        Self { base: base.to_owned(), client: service::outbound::client(Duration::from_secs(30)) }
    }

    /// A new connection for each request, so that a balancer can send each somewhere else.
    pub fn without_reuse(base: &str) -> Self {
        let client = reqwest::Client::builder().pool_max_idle_per_host(0).timeout(Duration::from_secs(30));
        let client = client.redirect(reqwest::redirect::Policy::none());
        Self { base: base.to_owned(), client: client.build().expect("a client") }
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    pub async fn get(&self, path: &str, bearer: Option<&str>) -> Answer {
        self.get_with(
            path,
            &bearer.map(|token| ("authorization", format!("Bearer {token}"))).into_iter().collect::<Vec<_>>(),
        )
        .await
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, String)]) -> Answer {
        self.send(self.with(self.client.get(self.url(path)), headers)).await
    }

    pub async fn post_json(&self, path: &str, bearer: Option<&str>, body: &Value) -> Answer {
        self.post(path, bearer, "application/json", body.to_string()).await
    }

    pub async fn post(
        &self,
        path: &str,
        bearer: Option<&str>,
        media_type: &str,
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let mut headers = vec![("content-type", media_type.to_owned())];
        headers.extend(bearer.map(|token| ("authorization", format!("Bearer {token}"))));
        self.post_with(path, &headers, body).await
    }

    pub async fn post_with(
        &self,
        path: &str,
        headers: &[(&str, String)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        self.send(self.with(self.client.post(self.url(path)), headers).body(body)).await
    }

    pub async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.post(path, None, "application/x-www-form-urlencoded", encode(form)).await
    }

    fn with(&self, request: reqwest::RequestBuilder, headers: &[(&str, String)]) -> reqwest::RequestBuilder {
        headers.iter().fold(request, |request, (name, value)| request.header(*name, value))
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.expect("answers");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, body: answer.bytes().await.expect("body").to_vec() }
    }
}

pub fn encode(form: &[(&str, &str)]) -> String {
    let mut encoded = url::form_urlencoded::Serializer::new(String::new());
    encoded.extend_pairs(form).finish()
}
