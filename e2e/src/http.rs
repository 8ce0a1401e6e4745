//! HTTP as a client sees it: what was sent, what came back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use protocol::limits::Form;
use reqwest::header::HeaderMap;
use serde_json::Value;
use service::outbound;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wallet_core::ports::{HttpClient, HttpError, HttpRequest, HttpResponse, Method};

/// The most that is read of an answer, in bytes.
const LIMIT: usize = 8 << 20;

/// A client. Clones share its connections and what it remembers of wallets' requests.
#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
    posted: Arc<Mutex<Vec<Sent>>>,
    spoiling: Arc<Mutex<Option<Spoiling>>>,
    cut: Arc<AtomicBool>,
}

/// What is done to a credential on its way to a wallet: its bytes from then on, or nothing if it is left as it is.
pub type Spoiling = Box<dyn Fn(&Value) -> Option<Vec<u8>> + Send>;

/// A `POST` that a wallet sent.
#[derive(Clone)]
pub struct Sent {
    /// Where to.
    pub url: String,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.text()))
    }

    /// The JSON of an answer that must have this status.
    pub fn must(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    /// The status, and the error code of OAuth's error JSON.
    pub fn error(&self) -> (u16, String) {
        let code = self.json()["error"].as_str().map(str::to_owned);
        (self.status, code.unwrap_or_else(|| panic!("{} {}", self.status, self.text())))
    }
}

impl Default for Http {
    fn default() -> Self {
        let client = outbound::client(Duration::from_secs(60));
        Self { client, posted: Arc::default(), spoiling: Arc::default(), cut: Arc::default() }
    }
}

impl Http {
    /// `GET`, with a bearer token if there is one.
    pub async fn get(&self, url: &str, bearer: Option<&str>) -> Answer {
        answer(authorised(self.client.get(url), bearer)).await
    }

    /// `POST` of JSON.
    pub async fn post_json(&self, url: &str, bearer: Option<&str>, body: &Value) -> Answer {
        self.post(url, bearer, "application/json", body.to_string()).await
    }

    /// `POST` of a form.
    pub async fn post_form(&self, url: &str, form: &Form) -> Answer {
        self.post(url, None, "application/x-www-form-urlencoded", form.encode()).await
    }

    /// `POST` of anything.
    pub async fn post(
        &self,
        url: &str,
        bearer: Option<&str>,
        media_type: &str,
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let request = self.client.post(url).header("content-type", media_type).body(body.into());
        answer(authorised(request, bearer)).await
    }

    /// `POST` of a form with a DPoP proof; and the headers of the answer.
    pub async fn post_proven(&self, url: &str, proof: &str, form: &Form) -> (Answer, HeaderMap) {
        let request = self.client.post(url).header("dpop", proof);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        with_headers(request.body(form.encode())).await
    }

    /// A page, or what becomes of a form of it, in a browser with this cookie; the page's script asks for JSON. And the headers.
    pub async fn page(&self, url: &str, cookie: &str, form: Option<&Form>) -> (Answer, HeaderMap) {
        let request = match form {
            None => self.client.get(url).header("accept", "text/html"),
            Some(form) => self
                .client
                .post(url)
                .header("accept", "application/json")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form.encode()),
        };
        with_headers(request.header("cookie", cookie)).await
    }

    /// The status that a `POST` of so many bytes gets as soon as it is announced: a body that is too long is not waited for.
    pub async fn announce(&self, url: &str, bearer: Option<&str>, media_type: &str, bytes: usize) -> u16 {
        let (host, path) =
            url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("an address");
        let mut stream = TcpStream::connect(host).await.expect("a connection");
        let who = bearer.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        let head = format!(
            "POST /{path} HTTP/1.1\r\nhost: {host}\r\n{who}content-type: {media_type}\r\ncontent-length: {bytes}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut line = [0; 12];
        stream.read_exact(&mut line).await.expect("an answer");
        String::from_utf8_lossy(&line[9..]).parse().expect("a status")
    }

    /// From now on, does this to every credential that an issuer sends to a wallet with this client.
    pub fn spoil(&self, spoiling: Option<Spoiling>) {
        *self.spoiling.lock().unwrap_or_else(PoisonError::into_inner) = spoiling;
    }

    /// Whether wallets with this client have no network from now on.
    pub fn cut(&self, is_cut: bool) {
        self.cut.store(is_cut, Ordering::SeqCst);
    }

    fn spoiled(&self, body: Vec<u8>) -> Vec<u8> {
        let spoiling = self.spoiling.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(spoiling) = spoiling.as_ref() else { return body };
        let Ok(answer) = serde_json::from_slice::<Value>(&body) else { return body };
        let Some(bytes) = spoiling(&answer["credentials"][0]["credential"]) else { return body };
        [&br#"{"credentials":[{"credential":"#[..], &bytes, b"}]}"].concat()
    }

    /// The last `POST` that a wallet with this client sent to an address with this end.
    pub fn last_posted(&self, end: &str) -> Sent {
        let posted = self.posted.lock().unwrap_or_else(PoisonError::into_inner);
        let last = posted.iter().rfind(|sent| sent.url.ends_with(end));
        last.cloned().unwrap_or_else(|| panic!("no wallet posted to …{end}"))
    }
}

fn authorised(request: reqwest::RequestBuilder, bearer: Option<&str>) -> reqwest::RequestBuilder {
    match bearer {
        Some(token) => request.bearer_auth(token),
        None => request,
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    with_headers(request).await.0
}

async fn with_headers(request: reqwest::RequestBuilder) -> (Answer, HeaderMap) {
    let came = request.send().await.unwrap_or_else(|error| panic!("no answer: {error:?}"));
    let (status, headers) = (came.status().as_u16(), came.headers().clone());
    let body = outbound::body(came, LIMIT).await.expect("a whole answer");
    (Answer { status, body }, headers)
}

#[async_trait]
impl HttpClient for Http {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if self.cut.load(Ordering::SeqCst) {
            return Err(HttpError::Unreachable);
        }
        let url = request.url.as_str();
        let is_credential = url.ends_with("/credential");
        let mut builder = match request.method {
            Method::Get => self.client.get(url),
            Method::Post => {
                let sent = Sent { url: url.to_owned(), body: request.body.clone() };
                self.posted.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
                self.client.post(url).body(request.body)
            }
        };
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let came = builder.send().await.map_err(|_| HttpError::Unreachable)?;
        let status = came.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = came.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let body = outbound::body(came, request.answer_limit).await.map_err(|_| HttpError::TooLarge)?;
        let body = if is_credential { self.spoiled(body) } else { body };
        if body.len() > request.answer_limit {
            return Err(HttpError::TooLarge);
        }
        Ok(HttpResponse { status, headers, body })
    }
}
