//! A clerk at a counter's pages: asks by codes, and reads the phone's.

use credentials::jws;
use protocol::limits::Form;
use protocol::offline::{Collected, Collector, Message, OfflineRequest};
use serde_json::Value;

use crate::{Answer, Counter};

/// A signed-in browser.
pub struct Clerk {
    counter: Counter,
    cookie: String,
}

/// What is asked by codes.
pub struct AskedByCodes {
    /// The request's id.
    pub id: String,
    /// The codes' texts, a line each; of a place those that were printed.
    pub codes: String,
    /// What they say.
    pub request: OfflineRequest,
}

impl Clerk {
    /// Opens the counter.
    pub async fn at(counter: Counter) -> Self {
        let form = Form::default().with("token", Some(counter.staff_token()));
        let (answer, headers) = counter.http.page(&format!("{}/sign-in", counter.url), "", Some(&form)).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let cookie = headers.get("set-cookie").and_then(|value| value.to_str().ok()).expect("a session");
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Self { counter, cookie }
    }

    /// Asks with the counter's own codes.
    pub async fn ask(&self, purpose: &str) -> AskedByCodes {
        let id = self.start(Form::default().with("purpose", Some(purpose)).with("way", Some("codes"))).await;
        self.read(id.clone(), &format!("/requests/{id}/codes")).await
    }

    /// Asks with what is printed for a place.
    pub async fn ask_at(&self, purpose: &str, place: &str) -> AskedByCodes {
        let form = || Form::default().with("purpose", Some(purpose)).with("place", Some(place));
        let (printed, _) = self.post("/printed", form()).await;
        assert_eq!(printed.status, 303, "{}", printed.text());
        let id = self.start(form()).await;
        self.read(id, &format!("/printed/{purpose}/{place}")).await
    }

    /// Holds the phone's codes before the camera: what the page's script is told.
    pub async fn take(&self, asked: &AskedByCodes, codes: &[String]) -> Value {
        let path = format!("/requests/{}/codes", asked.id);
        let form = Form::default().with("codes", Some(&codes.join("\n")));
        self.post(&path, form).await.0.must(200)
    }

    async fn start(&self, form: Form) -> String {
        let (answer, location) = self.post("/requests", form).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        location.split('/').nth(2).expect("a request").to_owned()
    }

    async fn post(&self, path: &str, form: Form) -> (Answer, String) {
        let csrf = between(&self.page("/").await, "name=\"csrf\" value=\"").to_owned();
        let form = form.with("csrf", Some(&csrf));
        let url = format!("{}{path}", self.counter.url);
        let (answer, headers) = self.counter.http.page(&url, &self.cookie, Some(&form)).await;
        let location = headers.get("location").and_then(|value| value.to_str().ok()).unwrap_or_default();
        (answer, location.to_owned())
    }

    async fn page(&self, path: &str) -> String {
        let url = format!("{}{path}", self.counter.url);
        let (answer, _) = self.counter.http.page(&url, &self.cookie, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    }

    async fn read(&self, id: String, path: &str) -> AskedByCodes {
        let codes = between(&self.page(path).await, "data-copy=\"").to_owned();
        let request = said(&codes);
        AskedByCodes { id, codes, request }
    }
}

fn between<'p>(page: &'p str, before: &str) -> &'p str {
    let (_, rest) = page.split_once(before).unwrap_or_else(|| panic!("no {before} in {page}"));
    rest.split('"').next().unwrap_or_default()
}

/// What a counter's codes ask.
fn said(codes: &str) -> OfflineRequest {
    let mut collector = Collector::default();
    for line in codes.lines() {
        if let Collected::Whole(bytes) = collector.add(line).expect("a code") {
            let Ok(Message::Ask(ask)) = Message::from_bytes(&bytes) else { panic!("a request") };
            let token = jws::Unverified::parse(&ask.request).expect("a token");
            return serde_json::from_value(Value::Object(token.dangerous_claims().clone()))
                .expect("a request");
        }
    }
    panic!("codes are missing")
}
