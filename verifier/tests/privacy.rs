//! Nobody's data in any log line. By itself, because what other tests log at the same time would go elsewhere.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unused_imports,
    reason = "what a test builds on must hold; the helpers serve other tests too"
)]

#[path = "verifier/stack/mod.rs"]
mod stack;

use serde_json::{Value, json};
use testkit::{Captured, texts};
use verifier::{ApiKey, Policy, Scope, StaffAccount, Verifier};

use crate::stack::{Card, Counter, Issuer, Lies, Network, Phone, Reply, TOKEN};

const KEY: &str = "a key of a program that a test made up for this alone";
const WRONG: &str = "a token that somebody guesses, and is wrong";

/// Everything that the verifier does, from whichever thread, is logged to here: this test is alone in its process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_log_line_has_a_persons_value_or_a_secret() {
    let captured = Captured::default();
    tracing_subscriber::fmt().with_writer(captured.writer()).with_env_filter("trace,sled=info").init();
    let network = Network::start().await;
    let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let mut config = Counter::config(&network, &network.dir.path().join("quiet"), Policy::default());
    config.operators = Some(([127, 0, 0, 1], 0).into());
    config.tenants[0].api_keys = vec![ApiKey {
        account: StaffAccount::new("program", KEY),
        scopes: vec![Scope::Ask, Scope::AskAnything, Scope::Verify],
        webhooks: Vec::new(),
    }];
    let counter = Counter::of(Verifier::bind(config).await.unwrap());

    let mut personal = Vec::new();
    texts(&testkit::Company::nth(3).business_licence_claims(), &mut personal);
    // What stands in the catalogue is nobody's.
    let public = ["有限责任公司", "long-term"];
    personal.retain(|value| !public.contains(&value.as_str()) && !value.ends_with("市场监督管理局"));
    assert!(personal.len() > 5, "there is something to look for: {personal:?}");
    let mut secrets = vec![
        ("clerk's token", TOKEN.to_owned()),
        ("program's key", KEY.to_owned()),
        ("guessed token", WRONG.to_owned()),
    ];
    shown(&counter, &market, &mut secrets).await;
    malformed(&counter, &personal).await;
    elsewhere(&counter, &market).await;
    at_the_counter(&counter, &mut secrets).await;
    let operators = format!("http://{}/metrics", counter.running.operators().unwrap());
    let metrics = counter.http.get(operators).send().await.unwrap().text().await.unwrap();
    counter.running.shutdown().await;
    network.node.shutdown().await;
    tracing::info!(value = personal[0], "what a leak would look like");

    let log = String::from_utf8_lossy(&captured.bytes()).into_owned();
    for said in ["/api/requests", "/api/verify/batch", "/sign-in", "/response"] {
        assert!(log.contains(said), "{said}: requests are logged at all");
    }
    for (name, secret) in &secrets {
        assert!(!log.contains(secret.as_str()), "the {name} is in the log");
    }
    let leaks = |line: &&str| personal.iter().any(|value| line.contains(value.as_str()));
    let found: Vec<&str> = log.lines().filter(leaks).collect();
    assert!(found.len() == 1 && found[0].contains("what a leak would look like"), "{found:#?}");
    assert!(!metrics.lines().any(|line| leaks(&line)), "nor in any count");
}

/// Shown honestly and otherwise, in the clear and encrypted, on the same device and on another.
async fn shown(counter: &Counter, market: &Issuer, secrets: &mut Vec<(&'static str, String)>) {
    let phone = Phone::new();
    let card = market.licence(&phone, 3, 1);
    if let Card::SdJwt(text) = &card {
        secrets.push(("credential", text.split('~').next().unwrap().to_owned()));
    }
    let lies = [
        Lies::default(),
        Lies { nonce: Some("another nonce than was asked for"), ..Lies::default() },
        Lies { strip_binding: true, ..Lies::default() },
        Lies { also: vec!["legalRepresentative", "address"], ..Lies::default() },
        Lies { state: Some("another state"), ..Lies::default() },
    ];
    for lie in lies {
        for mode in ["direct_post", "direct_post.jwt"] {
            let wish = json!({ "purpose": "open-account", "response_mode": mode });
            let asked = counter.ask_json(&wish).await;
            let lie = Lies {
                nonce: lie.nonce,
                strip_binding: lie.strip_binding,
                also: lie.also.clone(),
                state: lie.state,
                ..Lies::default()
            };
            let request = phone.fetch(&asked.request_uri).await;
            secrets.push(("nonce", request.nonce.clone()));
            phone.answer(&asked.request_uri, &card, lie).await;
            counter.read(&asked.id).await;
        }
    }
    let wish = json!({ "purpose": "full-licence", "return_to": "https://shop.example/back", "response_mode": "direct_post" });
    let asked = counter.ask_json(&wish).await;
    let reply = phone.answer(&asked.request_uri, &card, Lies::default()).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let back = reply.body["redirect_uri"].as_str().unwrap();
    let code = back.split("response_code=").nth(1).unwrap().to_owned();
    let url = counter.url(&format!("/api/requests/{}?response_code={code}", asked.id));
    assert_eq!(counter.http.get(url).bearer_auth(TOKEN).send().await.unwrap().status(), 200);
    secrets.push(("response code", code));
}

/// Values where they do not belong.
async fn malformed(counter: &Counter, personal: &[String]) {
    let value = &personal[0];
    let asked = counter.ask("open-account").await;
    let phone = Phone::new();
    let response = counter.url(&format!("/requests/{}/response", asked.id));
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    for form in [
        format!("vp_token={}", encoded(&json!({ "q": [value] }).to_string())),
        format!("vp_token={}&state={}", encoded(value), encoded(value)),
        format!("response={}", encoded(value)),
        format!("error={}&error_description={}", encoded(value), encoded(value)),
        encoded(value),
    ] {
        assert_eq!(phone.post_to(&response, form).await.status, 400);
    }
    let wish = json!({ "purpose": value, "more": value });
    counter.post("/api/requests", &wish, Some(TOKEN)).await;
    counter.post(&format!("/api/requests?{}", encoded(value)), &wish, Some(value)).await;
    counter
        .http
        .get(counter.url(&format!("/requests/{}", "A".repeat(22))))
        .query(&[("name", value)])
        .send()
        .await
        .unwrap();
}

/// Credentials that were received elsewhere.
async fn elsewhere(counter: &Counter, market: &Issuer) {
    let phone = Phone::new();
    let Card::SdJwt(text) = market.licence(&phone, 3, 2) else { panic!("an SD-JWT") };
    let one = Reply::read(counter.post("/api/verify", &json!({ "credential": text }), Some(KEY)).await).await;
    assert_eq!(one.status, 200);
    let Card::Whole(whole) = market.licence_whole(&phone, 3, 3) else { panic!("a W3C credential") };
    let lines = format!(
        "{}\n{}\n",
        json!({ "id": "1", "credential": text }),
        json!({ "id": "2", "credential": whole })
    );
    let batch = counter.http.post(counter.url("/api/verify/batch")).bearer_auth(KEY).body(lines).send();
    assert_eq!(batch.await.unwrap().status(), 200);
    let mut forged = whole.clone();
    forged["credentialSubject"]["name"] = json!(testkit::Company::nth(3).address);
    for credential in [whole, forged] {
        counter.post("/credentials/verify", &json!({ "verifiableCredential": credential }), None).await;
    }
}

/// Signed in wrongly and rightly, asked, looked, signed out.
async fn at_the_counter(counter: &Counter, secrets: &mut Vec<(&'static str, String)>) {
    let post = |path: &str, cookie: &str, form: &[(&str, &str)]| {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = counter.http.post(counter.url(path)).header("cookie", cookie.to_owned()).body(body);
        request
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "text/html")
            .send()
    };
    assert_eq!(post("/sign-in", "", &[("token", WRONG)]).await.unwrap().status(), 401);
    let signed_in = post("/sign-in", "", &[("token", TOKEN)]).await.unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let get = async |path: &str| {
        let request =
            counter.http.get(counter.url(path)).header("cookie", &cookie).header("accept", "text/html");
        request.send().await.unwrap().text().await.unwrap()
    };
    let page = get("/").await;
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let asked = post("/requests", &cookie, &[("purpose", "open-account"), ("csrf", &csrf)]).await.unwrap();
    let path = asked.headers()["location"].to_str().unwrap().to_owned();
    for rest in ["", "/live", "/shown"] {
        get(&format!("{path}{rest}")).await;
    }
    assert_eq!(post("/sign-out", &cookie, &[("csrf", &csrf)]).await.unwrap().status(), 303);
    secrets.push(("session", cookie.split('=').nth(1).unwrap().to_owned()));
    secrets.push(("token of a form", csrf));
}
