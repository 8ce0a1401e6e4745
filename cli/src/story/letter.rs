//! JSON over HTTP, as any program would speak to the services.

use serde_json::{Value, json};

use crate::fault::{Done, Fault};

/// An answer: its status and its JSON (null when there is none).
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// The body of an answer with this status; anything else breaks the story.
    pub(crate) fn expect(self, status: u16, what: &str) -> Done<Value> {
        if self.status == status {
            return Ok(self.body);
        }
        let said = format!("{what}: {status} was due, {} came: {}", self.status, self.body);
        Err(Fault::new(said, "the story broke here; run it again with --log info"))
    }

    /// A text in the body, by JSON pointer.
    pub(crate) fn text(body: &Value, pointer: &str) -> Done<String> {
        let text = body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        text.ok_or_else(|| {
            Fault::new(format!("an answer lacks {pointer}: {body}"), "the services and this program differ")
        })
    }
}

/// Sends a request with an optional JSON body and bearer token.
pub(crate) async fn send(
    http: &reqwest::Client,
    method: reqwest::Method,
    url: &str,
    token: Option<&str>,
    body: Option<Value>,
) -> Done<Answer> {
    let mut request = http.request(method, url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    read(request, url).await
}

/// Sends an HTML form.
pub(crate) async fn form(http: &reqwest::Client, url: &str, fields: &[(&str, &str)]) -> Done<Answer> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = http.post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
    read(request, url).await
}

async fn read(request: reqwest::RequestBuilder, url: &str) -> Done<Answer> {
    let away = |error: reqwest::Error| {
        Fault::new(format!("{url} doesn't answer ({error})"), "is the stack running?")
    };
    let answer = request.send().await.map_err(away)?;
    let status = answer.status().as_u16();
    let text = answer.text().await.map_err(away)?;
    Ok(Answer { status, body: serde_json::from_str(&text).unwrap_or(json!(null)) })
}
