//! Nobody's data in any log line. By itself, because what other tests log at the same time would go elsewhere.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "a test that can't go on says why and stops; the helpers serve other tests too"
)]

#[path = "it/http.rs"]
mod http;
#[path = "it/wallet.rs"]
mod wallet;
#[path = "it/world.rs"]
mod world;

use serde_json::{Value, json};
use testkit::{Captured, texts};

use crate::world::{STAFF_TOKEN, World};

/// Everything that the issuer does, from whichever thread, is logged to here: this test is alone in its process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_log_line_has_a_persons_value_or_a_secret() {
    let captured = Captured::default();
    tracing_subscriber::fmt().with_writer(captured.writer()).with_env_filter("trace,sled=info").init();

    let world = World::start().await;
    let mut forbidden = Forbidden::default();
    collected(&world, &mut forbidden).await;
    corrected(&world, &mut forbidden).await;
    in_bulk(&world, &mut forbidden).await;
    at_the_console(&world, &mut forbidden).await;
    logged_in(&world, &mut forbidden).await;
    world.stop().await;
    assert!(forbidden.personal.len() > 40, "there is something to look for: {}", forbidden.personal.len());
    tracing::info!(value = forbidden.personal[0], "what a leak would look like");

    let log = String::from_utf8_lossy(&captured.bytes()).into_owned();
    for said in ["/api/applications", "/api/records/digital-id/csv", "/console/search", "/authorize/citizens"]
    {
        assert!(log.contains(said), "{said}: requests are logged at all");
    }
    for (name, secret) in &forbidden.secret {
        assert!(!log.contains(secret.as_str()), "the {name} is in the log");
    }
    let leaks = |line: &str| forbidden.personal.iter().any(|value| line.contains(value.as_str()));
    let found: Vec<&str> = log.lines().filter(|line| leaks(line)).collect();
    assert!(found.len() == 1 && found[0].contains("what a leak would look like"), "{found:#?}");
}

/// What must not be found.
#[derive(Default)]
struct Forbidden {
    personal: Vec<String>,
    secret: Vec<(&'static str, String)>,
}

impl Forbidden {
    fn claims(&mut self, claims: &Value) {
        // The names of offices and kinds of companies are nobody's, and stand in the catalogue.
        let public = ["合肥市市场监督管理局", "long-term", "male", "female", "合肥市公安局", "芜湖市公安局"];
        texts(claims, &mut self.personal);
        self.personal.retain(|value| !public.contains(&value.as_str()) && !value.ends_with("公安局"));
    }

    fn said(&mut self, text: &'static str) -> &'static str {
        self.personal.push(text.to_owned());
        text
    }
}

/// Applied with a wrong number and a right one, rejected, approved, collected, revoked.
async fn collected(world: &World, forbidden: &mut Forbidden) {
    let person = testkit::Person::nth(0).digital_id_claims();
    forbidden.claims(&person);
    let applied = world.apply("digital-id", person.clone()).await;
    let mut wrong = person.clone();
    wrong["idNumber"] = json!(forbidden.said("110105194912310021"));
    world.http.post_json("/api/applications", None, &json!({"type": "digital-id", "claims": wrong})).await;
    world.http.get(&applied.link, None).await;
    let second = testkit::Person::nth(1).digital_id_claims();
    forbidden.claims(&second);
    let other = world.apply("digital-id", second).await;
    let path = format!("/api/applications/{}/reject", other.id);
    let reason = forbidden.said("照片不清楚，请重拍");
    world.http.post_json(&path, Some(STAFF_TOKEN), &json!({"reason": reason})).await;
    world.approve(&applied).await;
    let offer = world.collectable(&applied).await;
    world.redeem(&offer.code, "000000").await;
    let token = world.token(&offer).await;
    let wallet = crate::wallet::Wallet::new(credentials::key::Algorithm::Es256);
    for configuration in ["digital-id-sd-jwt", "digital-id-vc"] {
        let nonce = world.nonce().await;
        let proof = wallet.proof(world, &nonce);
        assert_eq!(world.ask(&token, configuration, &proof).await.status, 200);
        assert_eq!(world.ask(&token, configuration, &proof).await.status, 400);
    }
    let found = world.http.get(&format!("/api/applications/{}", applied.id), Some(STAFF_TOKEN)).await.json();
    let credential = found["credentials"]["digital-id-vc"].as_str().unwrap();
    world.change(credential, "revoke").await;
    forbidden.said("遗失");
    world.http.post("/api/applications", None, "application/json", format!("{{\"type\": {person}}}")).await;
    forbidden.secret.extend([
        ("applicant's secret", applied.secret),
        ("code", offer.code),
        ("access token", token),
        ("staff token", STAFF_TOKEN.to_owned()),
    ]);
}

/// Sent back with a note, corrected with a document, and corrected once more after it was issued.
async fn corrected(world: &World, forbidden: &mut Forbidden) {
    let company = testkit::Company::nth(4).business_licence_claims();
    forbidden.claims(&company);
    let applied = world.apply("business-licence", company.clone()).await;
    let at = |rest: &str| format!("/api/applications/{}{rest}", applied.id);
    let note = json!({"reason": forbidden.said("请补上经营场所的门牌号")});
    assert_eq!(world.http.post_json(&at("/return"), Some(STAFF_TOKEN), &note).await.status, 200);
    let png = testkit::portrait_png(3);
    let kept = world.http.post(&at("/attachments"), Some(&applied.secret), "image/png", png).await;
    assert_eq!(kept.status, 201);
    let corrected = json!({"claims": company});
    assert_eq!(world.http.post_json(&at("/correct"), Some(&applied.secret), &corrected).await.status, 200);
    world.approve(&applied).await;
    let (_, credential) = world.issued("business-licence-sd-jwt").await;
    forbidden.claims(&testkit::Company::nth(0).business_licence_claims());
    let mut moved = testkit::Company::nth(0).business_licence_claims();
    moved["address"] = json!(forbidden.said("合肥市蜀山区望江西路九十九号"));
    let sent = json!({"claims": moved, "reason": forbidden.said("住所搬迁后登记有误")});
    let path = format!("/api/credentials/{credential}/correct");
    let again = world.http.post_json(&path, Some(STAFF_TOKEN), &sent).await;
    assert_eq!(again.status, 200, "{}", again.text());
    forbidden
        .secret
        .push(("corrected applicant's secret", again.json()["secret"].as_str().unwrap().to_owned()));
}

/// Records as JSON and as CSV, whole and broken, and what was prepared from them.
async fn in_bulk(world: &World, forbidden: &mut Forbidden) {
    let people: Vec<Value> = (20..23).map(|n| testkit::Person::nth(n).digital_id_claims()).collect();
    people.iter().for_each(|claims| forbidden.claims(claims));
    let mut records = people.clone();
    records[2]["idNumber"] = json!(forbidden.said("11010519491231002A"));
    let report = world
        .http
        .post_json("/api/records/digital-id", Some(STAFF_TOKEN), &json!({"records": records}))
        .await;
    assert_eq!((report.status, report.json()["refused"].as_u64()), (200, Some(1)), "{}", report.text());
    let formula = forbidden.said("=HYPERLINK(某某的家庭住址)");
    let name = forbidden.said("欧阳测试者");
    let csv = format!("name,idNumber,sex\n{name},{formula},male\n{name},\"broken,male\n");
    let imported = world.http.post("/api/records/digital-id/csv", Some(STAFF_TOKEN), "text/csv", csv).await;
    assert!(imported.status == 200 || imported.status == 422, "{}", imported.text());
    let bytes = [b"name\n".as_slice(), &[0xff, 0xfe], name.as_bytes()].concat();
    world.http.post("/api/records/digital-id/csv", Some(STAFF_TOKEN), "text/csv", bytes).await;
    let begun = world.http.post_json("/api/jobs", Some(STAFF_TOKEN), &json!({"type": "digital-id"})).await;
    assert_eq!(begun.status, 201, "{}", begun.text());
    let job = format!("/api/jobs/{}", begun.json()["id"].as_str().unwrap());
    while world.http.get(&job, Some(STAFF_TOKEN)).await.json()["state"] != "done" {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    for (what, field) in [("links", "link"), ("codes", "code")] {
        let handed = world.http.get(&format!("{job}/prepared?what={what}"), Some(STAFF_TOKEN)).await.json();
        let values = handed["prepared"].as_array().unwrap().iter();
        let values: Vec<String> = values.map(|row| row[field].as_str().unwrap().to_owned()).collect();
        assert_eq!(values.len(), 2);
        // Six figures are no proof of anything by themselves: times have as many.
        if what == "links" {
            forbidden.secret.extend(values.into_iter().map(|value| ("prepared link", value)));
        }
    }
}

/// Signed in wrongly and rightly, searched for a number, looked at every page, changed the password.
async fn at_the_console(world: &World, forbidden: &mut Forbidden) {
    let guess = "a password that somebody guesses".to_owned();
    world.http.post_form("/console/sign-in", &[("name", "qian"), ("password", &guess)]).await;
    world.http.post_form("/console/sign-in", &[("token", &guess)]).await;
    let li = signed_in(world, &[("token", STAFF_TOKEN)]).await;
    let person = testkit::Person::nth(0);
    let csrf = csrf(&see(world, "/console/search", &li).await);
    for words in [person.id_number.as_str(), &person.name, "110105194912310021"] {
        let found = send(world, "/console/search", &li, &[("csrf", &csrf), ("wanted", words)]).await;
        assert!(found.status < 500, "{}", found.text());
    }
    for page in ["", "/overview", "/credentials", "/records", "/accounts", "/password"] {
        see(world, &format!("/console{page}"), &li).await;
    }
    let made =
        send(world, "/console/accounts", &li, &[("csrf", &csrf), ("name", "qian"), ("role", "clerk")]).await;
    let first = made.text().split("data-copy=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let qian = signed_in(world, &[("name", "qian"), ("password", &first)]).await;
    let own = "一句只有她自己知道的长长的话".to_owned();
    let csrf_of_hers = self::csrf(&see(world, "/console/password", &qian).await);
    let form = [("csrf", csrf_of_hers.as_str()), ("old", &first), ("new", &own), ("again", &own)];
    assert_eq!(send(world, "/console/password", &qian, &form).await.status, 303);
    let key = [("csrf", csrf.as_str()), ("name", "registry"), ("type", "digital-id")];
    let key = send(world, "/console/accounts/keys", &li, &key).await.text();
    let key = key.split("data-copy=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let wrong = json!({"records": [testkit::Person::nth(21).digital_id_claims()]});
    world.http.post_json("/api/records/digital-id", Some(&key), &wrong).await;
    let session = li.split('=').nth(1).unwrap().to_owned();
    forbidden.secret.extend([
        ("guessed password", guess),
        ("first password", first),
        ("chosen password", own),
        ("API key", key),
        ("session", session),
        ("token of a form", csrf),
    ]);
}

/// A citizen logs in for her wallet and says no.
async fn logged_in(world: &World, forbidden: &mut Forbidden) {
    let verifier = protocol::Secret::from("a verifier of more than forty-three characters, as PKCE asks");
    let challenge = protocol::pkce::CodeChallenge::of(&verifier);
    let pushed = [
        ("response_type", "code"),
        ("client_id", "cn.huizheng.wallet"),
        ("redirect_uri", "cn.huizheng.wallet:/authorized"),
        ("scope", "business-licence-sd-jwt"),
        ("state", "a state of the wallet's own"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let pushed = world.http.post_form("/par", &pushed).await;
    assert_eq!(pushed.status, 201, "{}", pushed.text());
    let request_uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let query = crate::http::encode(&[("client_id", "cn.huizheng.wallet"), ("request_uri", &request_uri)]);
    let opened = world.http.get(&format!("/authorize?{query}"), None).await;
    let visit = opened.header("set-cookie").split(';').next().unwrap().to_owned();
    let page = see(world, "/authorize/citizens", &visit).await;
    let form = [("csrf", csrf(&page)), ("citizen", "0".to_owned())];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert!(send(world, "/authorize/citizens", &visit, &form).await.status < 400);
    see(world, "/authorize/consent", &visit).await;
    let request = request_uri.rsplit(':').next().unwrap().to_owned();
    let visit = visit.split('=').nth(1).unwrap().to_owned();
    forbidden.secret.extend([("pushed request", request), ("visit", visit)]);
}

async fn signed_in(world: &World, form: &[(&str, &str)]) -> String {
    let answer = world.http.post_form("/console/sign-in", form).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

async fn see(world: &World, path: &str, cookie: &str) -> String {
    let answer = world.http.get_with(path, &[("cookie", cookie.to_owned())]).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

async fn send(world: &World, path: &str, cookie: &str, form: &[(&str, &str)]) -> crate::http::Answer {
    let headers =
        [("cookie", cookie.to_owned()), ("content-type", "application/x-www-form-urlencoded".to_owned())];
    world.http.post_with(path, &headers, crate::http::encode(form)).await
}

fn csrf(page: &str) -> String {
    page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}
