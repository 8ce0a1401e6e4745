//! A service under attack: its routes, its formats, who asks.

use std::sync::Mutex;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, Response};
use serde_json::Value;
use service::outbound;

use crate::routes::{self, Route};

/// One service of the stack.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) url: String,
    pub(crate) routes: Vec<Route>,
    /// Whether a path belongs to OAuth or OpenID.
    pub(crate) oauth: fn(&str) -> bool,
    /// Whether a path is a page, where a refusal may be one too.
    pub(crate) page: fn(&str) -> bool,
    /// Whoever attacks is known: nothing is refused only for want of a session.
    pub(crate) headers: HeaderMap,
    client: Client,
    failures: Mutex<Vec<String>>,
}

/// What came back.
pub(crate) struct Came {
    pub(crate) status: u16,
    content_type: String,
    body: Vec<u8>,
}

impl Target {
    pub(crate) fn new(
        name: &'static str,
        url: &str,
        sources: &[&str],
        oauth: fn(&str) -> bool,
        page: fn(&str) -> bool,
    ) -> Self {
        Self {
            name,
            url: url.to_owned(),
            routes: routes::below(sources),
            oauth,
            page,
            headers: HeaderMap::new(),
            client: outbound::client(Duration::from_secs(60)),
            failures: Mutex::default(),
        }
    }

    /// Sends the staff's token along.
    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.headers.insert("authorization", format!("Bearer {token}").parse().expect("a header"));
        self
    }

    /// Signs in with this form and sends the session along.
    pub(crate) async fn signed_in(mut self, path: &str, form: &str) -> Self {
        let request = self.client.post(format!("{}{path}", self.url));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(form.to_owned()).send().await.expect("an answer");
        assert_eq!(answer.status(), 303, "{} signs in", self.name);
        let cookie =
            answer.headers()["set-cookie"].to_str().expect("text").split(';').next().map(str::to_owned);
        self.headers.insert("cookie", cookie.expect("a cookie").parse().expect("a header"));
        self
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Came {
        let method: Method = method.to_uppercase().parse().expect("a method");
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        request = request.headers(self.headers.clone());
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        match request.body(body).send().await {
            Ok(answer) => Came::read(answer).await,
            Err(error) => panic!("{} {}: no answer: {error:?}", self.name, short(path)),
        }
    }

    /// A refusal by this service's rules: 4xx, in the format of the path's protocol.
    pub(crate) fn must_refuse(&self, path: &str, flaw: &str, came: &Came) {
        if (400..500).contains(&came.status) {
            self.must_be_in_format(path, flaw, came);
        } else {
            self.note(path, flaw, came, "not refused");
        }
    }

    /// Anything but a fault of ours; and if it is a refusal, in the right format.
    pub(crate) fn must_bear(&self, path: &str, flaw: &str, came: &Came) {
        match came.status {
            200..400 => {}
            400..500 => self.must_be_in_format(path, flaw, came),
            _ => self.note(path, flaw, came, "a fault of ours"),
        }
    }

    /// Everything that was not as it must be.
    pub(crate) fn failures(&self) -> Vec<String> {
        self.failures.lock().expect("nobody panicked").clone()
    }

    fn note(&self, path: &str, flaw: &str, came: &Came, what: &str) {
        let line = format!("{} {} {flaw}: {what}: {} {}", self.name, short(path), came.status, came.text());
        self.failures.lock().expect("nobody panicked").push(line);
    }

    fn must_be_in_format(&self, path: &str, flaw: &str, came: &Came) {
        let at = path.split('?').next().unwrap_or_default();
        let body: Value = serde_json::from_slice(&came.body).unwrap_or_default();
        let problem = || {
            let kind = body["type"].as_str().unwrap_or_default();
            came.content_type == "application/problem+json"
                && body["status"] == came.status
                && kind.starts_with("urn:huizheng:problem:")
        };
        let right = if at.starts_with("/v1/identifiers/") && came.content_type == "application/did-resolution"
        {
            // DID Resolution's own error object.
            body["didDocument"].is_null() && body["didResolutionMetadata"]["error"]["type"].is_string()
        } else if (self.oauth)(at) {
            came.content_type == "application/json" && body["error"].is_string()
        } else if (self.page)(at) && came.content_type.starts_with("text/html") {
            came.whole().contains("<html")
        } else {
            problem()
        };
        if !right {
            self.note(path, flaw, came, &format!("in another format ({})", came.content_type));
        }
    }
}

impl Came {
    async fn read(answer: Response) -> Self {
        let header =
            answer.headers().get("content-type").map(|value| value.to_str().expect("text").to_owned());
        let (status, content_type) = (answer.status().as_u16(), header.unwrap_or_default());
        let body = outbound::body(answer, 1 << 20).await.expect("a whole answer").to_vec();
        Self { status, content_type, body }
    }

    /// From the text of an HTTP/1.1 answer.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        let header = head.lines().find_map(|line| line.strip_prefix("content-type: "));
        Self { status, content_type: header.unwrap_or_default().to_owned(), body: body.as_bytes().to_vec() }
    }

    /// The whole body as text.
    pub(crate) fn whole(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).chars().take(400).collect()
    }
}

fn short(path: &str) -> String {
    path.chars().take(80).collect()
}
