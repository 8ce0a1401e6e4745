//! A verifier's own journal, read and checked again by its settings.

use std::time::Duration;

use registry::Status;
use serde_json::{Value, json};
use service::outbound;

use crate::process::{Running, huizheng, output};
use crate::stack::TOKEN;
use crate::verify::{Field, read};

/// A clerk's browser, as far as codes need one.
struct Clerk {
    http: reqwest::Client,
    base: String,
    cookie: String,
}

impl Clerk {
    async fn sign_in(base: String) -> Self {
        let mut clerk = Self { http: outbound::client(Duration::from_secs(20)), base, cookie: String::new() };
        let answer = clerk.post("/sign-in", &[("token", TOKEN)]).await;
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        clerk.cookie = cookie.split(';').next().unwrap().to_owned();
        clerk
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> reqwest::Response {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.http.post(format!("{}{path}", self.base)).header("cookie", &self.cookie);
        let request = request.header("accept", "application/json");
        request.header("content-type", "application/x-www-form-urlencoded").body(body).send().await.unwrap()
    }

    async fn text(&self, path: &str) -> String {
        let request = self.http.get(format!("{}{path}", self.base)).header("cookie", &self.cookie);
        request.send().await.unwrap().text().await.unwrap()
    }
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    text.split_once(before).unwrap().1.split_once(after).unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_without_the_node_is_listed_and_checked_again_by_the_settings() {
    let field = Field::new("").await;
    let settings = field.place.path("verifier.toml");
    let journal = async |words: &[&str]| {
        let words = ["verifier", "journal"].into_iter().chain(words.iter().copied());
        let words: Vec<&str> = words.chain(["--config", &settings]).collect();
        let ended = output(huizheng(&words)).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (ended.status.code().unwrap(), text(&ended.stdout), text(&ended.stderr))
    };
    let list = async || {
        let (code, out, err) = journal(&["list", "--json"]).await;
        assert_eq!(code, 0, "{err}");
        out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(list().await, Vec::<Value>::new());

    // The same verifier with nobody to ask.
    let text = std::fs::read_to_string(&settings).unwrap();
    let away = text.replace(&field.network.node_url, "http://127.0.0.1:9");
    field.place.write("verifier.toml", &away);
    let counter = Running::start(&field.place, &[], "/health/live").await;
    let clerk = Clerk::sign_in(field.place.url("")).await;
    let csrf = |page: &str| between(page, "name=\"csrf\" value=\"", "\"").to_owned();
    let home = csrf(&clerk.text("/").await);
    let form = [("purpose", "open-account"), ("way", "codes"), ("csrf", home.as_str())];
    let asked = clerk.post("/requests", &form).await;
    let path = asked.headers()["location"].to_str().unwrap().to_owned();
    let page = clerk.text(&path).await;
    let asked = read(between(&page, "data-copy=\"", "\""));
    let codes = field.answer(&asked, 1, field.staples(1).await).join("\n");
    let taken = clerk.post(&path, &[("codes", &codes), ("csrf", &csrf(&page))]).await;
    let taken: Value = serde_json::from_slice(&taken.bytes().await.unwrap()).unwrap();
    assert_eq!(taken["state"], "decided", "{taken}");
    drop(counter);

    let noted = list().await;
    assert_eq!((noted.len(), &noted[0]["decision"]), (1, &json!("accepted")));
    assert!(noted[0].get("rechecked").is_none());
    let (code, _, err) = journal(&["recheck"]).await;
    assert!(code == 1 && err.contains("could not be checked"), "{code} {err}");
    field.market.set(&field.network, 1, Status::Revoked).await;
    field.place.write("verifier.toml", &text);
    let (code, out, err) = journal(&["recheck"]).await;
    assert!(code == 0 && out.contains("status revoked"), "{code} {out} {err}");
    assert_eq!(list().await[0]["rechecked"]["flags"][0]["code"], "revoked");
    let (code, out, _) = journal(&["list"]).await;
    assert!(code == 0 && out.contains("accepted") && out.contains("status revoked"), "{out}");
    let (code, _, err) = journal(&["list", "--tenant", "nobody"]).await;
    assert!(code == 1 && !err.is_empty(), "{err}");
}
