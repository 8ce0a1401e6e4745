//! Asked and answered by codes: what the counter's pages show, and what they take.

use std::time::Duration;

use credentials::key::{Algorithm, SoftwareKey};
use credentials::{ClaimPath, UnixSeconds, sd_jwt};
use protocol::dcql::QueryId;
use protocol::jwt::NumericDate;
use protocol::offline::{
    Answer, Ask, Collected, Collector, FrameSize, Message, OfflineRequest, frames, one_way_nonce,
};
use protocol::openid4vp::Presentation;
use registry::{EvidenceBundle, LightClient, Status};
use serde_json::{Value, json};
use service::clock;

use crate::pages::{Browser, value_of};
use crate::stack::{Asked, Card, Lies, Phone, Stack, check};

const PURPOSE: &str = "open-account";

/// The request that a page shows as codes.
fn shown(page: &str) -> Ask {
    let texts = page.split_once("data-copy=\"").unwrap().1.split_once('"').unwrap().0;
    let mut collector = Collector::default();
    for text in texts.lines() {
        if let Collected::Whole(bytes) = collector.add(text).unwrap() {
            let Message::Ask(ask) = Message::from_bytes(&bytes).unwrap() else { panic!("a request") };
            return ask;
        }
    }
    panic!("codes are missing")
}

fn claims(ask: &Ask) -> OfflineRequest {
    let token = credentials::jws::Unverified::parse(&ask.request).unwrap();
    serde_json::from_value(Value::Object(token.dangerous_claims().clone())).unwrap()
}

/// A phone's codes, small ones, for this nonce.
pub(crate) fn answered(
    phone: &Phone,
    card: &Card,
    asked: &OfflineRequest,
    nonce: &str,
    staples: Vec<Vec<u8>>,
) -> Vec<String> {
    let Card::SdJwt(text) = card else { panic!("a token") };
    let selection = sd_jwt::Unverified::parse(text).unwrap();
    let selection = selection.select(&[ClaimPath::top("name"), ClaimPath::top("creditCode")]).unwrap();
    let at = UnixSeconds(clock::now().seconds());
    let bound = selection.bind(asked.client_id.as_str(), nonce, at).unwrap();
    let query = asked.dcql_query.credentials[0].id.as_str();
    let presentation = Presentation::Text(bound.sign(&phone.key).unwrap());
    let presentations = vec![(QueryId::new(query).unwrap(), presentation)];
    let answer = Message::Answer(Answer { nonce: nonce.to_owned(), presentations, staples });
    frames(&answer.to_bytes(), FrameSize::COARSE).unwrap()
}

/// Asks by codes; the page's path, and what it asks.
pub(crate) async fn ask(browser: &Browser<'_>) -> (String, OfflineRequest) {
    let path = start(browser, &[("purpose", PURPOSE), ("way", "codes")]).await;
    let asked = claims(&shown(&browser.text(&path).await));
    (path, asked)
}

async fn start(browser: &Browser<'_>, form: &[(&str, &str)]) -> String {
    let csrf = value_of(&browser.text("/").await, "csrf");
    let form: Vec<_> = form.iter().copied().chain([("csrf", csrf.as_str())]).collect();
    let answer = browser.post("/requests", &form).await;
    assert_eq!(answer.status(), 303);
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// What the page's script is told about these texts.
pub(crate) async fn take(browser: &Browser<'_>, path: &str, codes: &[String], former: Option<&str>) -> Value {
    let csrf = value_of(&browser.text("/").await, "csrf");
    let texts = codes.join("\n");
    let mut form = vec![("csrf", csrf.as_str()), ("codes", texts.as_str())];
    form.extend(former.map(|former| ("former", former)));
    let answer = browser.post_as("application/json", path, &form).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["cache-control"]),
        (200, &"no-store".parse().unwrap())
    );
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

pub(crate) async fn look(browser: &Browser<'_>, taken: &Value) -> String {
    let page = browser.text(taken["next"].as_str().unwrap_or_else(|| panic!("{taken}"))).await;
    page.split_once("data-look=\"").unwrap().1.split_once('"').unwrap().0.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_way_code_by_code() {
    let stack = Stack::start().await;
    stack.network.register_purpose(stack.counter.running.did(), PURPOSE).await;
    let browser = Browser::signed_in(&stack.counter).await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    // The counter fetches evidence of itself by itself.
    let (mut path, mut ask) = (String::new(), None);
    for _ in 0..200 {
        path = start(&browser, &[("purpose", PURPOSE), ("way", "codes")]).await;
        let shown = shown(&browser.text(&path).await);
        let has_evidence = !shown.staples.is_empty();
        ask = Some(shown);
        if has_evidence {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let ask = ask.unwrap();
    let light = LightClient::new(stack.network.anchor.clone());
    let bundle = EvidenceBundle::from_bytes(&ask.staples[0]).unwrap();
    let proven = light.verify_bundle(&bundle, clock::now(), Duration::from_secs(600)).unwrap();
    assert!(proven.iter().all(|proven| proven.record().is_some()) && proven.len() == 2);

    let asked = claims(&ask);
    let checked = asked.clone().check(clock::now().seconds()).unwrap();
    assert_eq!(
        (checked.purpose.as_str(), checked.client_id.as_str()),
        (PURPOSE, &*stack.counter.running.client_id())
    );
    let codes = answered(
        &stack.phone,
        &card,
        &asked,
        asked.nonce.as_deref().unwrap(),
        stack.market.staples(&stack.network, 1).await,
    );
    assert!(codes.len() > 2);
    let part = take(&browser, &path, &codes[1..2], None).await;
    assert_eq!((&part["state"], &part["have"], &part["missing"][0]), (&"part".into(), &1.into(), &1.into()));
    let done = take(&browser, &path, &codes, None).await;
    assert_eq!(look(&browser, &done).await, "accepted");
    let result = browser.text(done["next"].as_str().unwrap()).await;
    assert!(result.contains(&testkit::Company::nth(3).name) && result.contains("data-leaving=\"120\""));
    assert_eq!(browser.get(&path).await.status(), 303, "there is nothing more to read");
    assert_eq!(take(&browser, &path, &codes, None).await["code"], "used");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_codes_of_two_phones_are_not_mixed_and_a_page_without_scripts_says_so() {
    let stack = Stack::start().await;
    let browser = Browser::signed_in(&stack.counter).await;
    let (path, asked) = ask(&browser).await;
    let nonce = asked.nonce.clone().unwrap();
    let evidence = stack.market.staples(&stack.network, 1).await;
    let one =
        answered(&stack.phone, &stack.market.licence(&stack.phone, 3, 1), &asked, &nonce, evidence.clone());
    let two = answered(&stack.phone, &stack.market.licence(&stack.phone, 4, 2), &asked, &nonce, evidence);
    let mixed = [one[0].clone(), two[1].clone()];
    let refused = take(&browser, &path, &mixed, None).await;
    assert_eq!((&refused["state"], &refused["code"]), (&"refused".into(), &"other_code".into()));
    assert!(!refused["text"].as_str().unwrap().is_empty());

    let csrf = value_of(&browser.text("/").await, "csrf");
    let form = |codes: &str| vec![("csrf".to_owned(), csrf.clone()), ("codes".to_owned(), codes.to_owned())];
    let post = async |codes: &str| {
        let form = form(codes);
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        browser.post(&path, &form).await
    };
    let page = post(&mixed.join("\n")).await;
    assert_eq!(page.status(), 422);
    let page = page.text().await.unwrap();
    assert!(page.contains("notice bad") && page.contains("<details class=\"more\" open>"));
    let part = post(&one[0]).await;
    assert_eq!(part.status(), 422);
    assert!(part.text().await.unwrap().contains(&one[0]), "what was read stays in the field");
    let done = post(&one.join("\n")).await;
    assert_eq!(done.status(), 303);
    assert!(browser.post(&path, &[("csrf", "guessed"), ("codes", "")]).await.status() == 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_answers_the_code_before_the_renewal_still_counts_and_nothing_older() {
    let stack = Stack::start().await;
    let browser = Browser::signed_in(&stack.counter).await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let evidence = stack.market.staples(&stack.network, 1).await;
    let (former, asked) = ask(&browser).await;
    let (path, _) = ask(&browser).await;
    let codes = answered(&stack.phone, &card, &asked, asked.nonce.as_deref().unwrap(), evidence);
    let id = former.split('/').nth(2).unwrap();
    let done = take(&browser, &path, &codes, Some(id)).await;
    assert_eq!(done["next"], format!("/requests/{id}"));
    assert_eq!(look(&browser, &done).await, "accepted");
    // The same again is an old answer to the newer request.
    let again = take(&browser, &path, &codes, Some(id)).await;
    assert_eq!(look(&browser, &again).await, "replayed");
    let state = browser.get(&format!("/requests/{id}/state")).await.text().await.unwrap();
    assert_eq!(state, "{\"state\":\"answered\"}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_that_is_connected_knows_better_than_what_the_phone_brings() {
    let stack = Stack::start().await;
    let browser = Browser::signed_in(&stack.counter).await;
    let card = stack.market.licence(&stack.phone, 3, 5);
    let before = stack.market.staples(&stack.network, 5).await;
    stack.market.set(&stack.network, 5, Status::Revoked).await;
    let (path, asked) = ask(&browser).await;
    let codes = answered(&stack.phone, &card, &asked, asked.nonce.as_deref().unwrap(), before);
    assert_eq!(look(&browser, &take(&browser, &path, &codes, None).await).await, "revoked");
}

/// The same request, as codes would ask it.
async fn as_codes(stack: &Stack, request_uri: &str) -> OfflineRequest {
    let request = stack.phone.fetch(request_uri).await;
    let now = clock::now().seconds();
    OfflineRequest {
        client_id: request.client_id,
        purpose: PURPOSE.to_owned(),
        dcql_query: request.dcql_query.unwrap(),
        nonce: Some(request.nonce),
        place: None,
        iat: NumericDate(now),
        exp: NumericDate(now + 300),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_to_be_authorised_is_not_answered_by_codes() {
    let stack = Stack::start().await;
    let browser = Browser::signed_in(&stack.counter).await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let transaction = json!({
        "credential_ids": ["business-licence-sd-jwt"],
        "title": { "zh": "开立对公账户", "en": "Open a business account" },
        "lines": [{ "label": { "zh": "类型", "en": "Kind" }, "value": "基本户" }],
    });
    let ask = async |transactions: &[&Value]| {
        let wish =
            json!({ "purpose": PURPOSE, "response_mode": "direct_post", "transaction_data": transactions });
        stack.counter.ask_json(&wish).await
    };
    let evidence = stack.market.staples(&stack.network, 1).await;
    let show = async |asked: &Asked| {
        let request = as_codes(&stack, &asked.request_uri).await;
        let nonce = request.nonce.clone().unwrap();
        let codes = answered(&stack.phone, &card, &request, &nonce, evidence.clone());
        take(&browser, &format!("/requests/{}/codes", asked.id), &codes, None).await
    };
    let plain = ask(&[]).await;
    assert!(browser.text(&format!("/requests/{}", plain.id)).await.contains("No network"));
    assert_eq!(show(&plain).await["state"], "decided", "what a program asks may be shown by codes");

    let asked = ask(&[&transaction]).await;
    assert!(!browser.text(&format!("/requests/{}", asked.id)).await.contains("/codes"));
    let page = browser.text(&format!("/requests/{}/codes", asked.id)).await;
    assert!(
        page.contains("which needs a network") && !page.contains("data-reader") && !page.contains("HZ1:")
    );
    assert_eq!(show(&asked).await["code"], "authorises");
    // Also as the one that the screen showed before.
    let request = as_codes(&stack, &asked.request_uri).await;
    let codes = answered(&stack.phone, &card, &request, request.nonce.as_deref().unwrap(), evidence.clone());
    let (path, _) = crate::codes::ask(&browser).await;
    assert_eq!(take(&browser, &path, &codes, Some(&asked.id)).await["code"], "authorises");
    assert_eq!(stack.counter.read(&asked.id).await["state"], "open");
    assert_eq!(stack.phone.answer(&asked.request_uri, &card, Lies::default()).await.status, 200);
    assert_eq!(check(&stack.counter.read(&asked.id).await, "transaction"), ("passed", "right"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_way_for_a_place_and_once() {
    let stack = Stack::start().await;
    let browser = Browser::signed_in(&stack.counter).await;
    let csrf = value_of(&browser.text("/printed").await, "csrf");
    let print = async |place: &str| {
        browser.post("/printed", &[("csrf", &csrf), ("purpose", PURPOSE), ("place", place)]).await
    };
    assert_eq!(print("the door").await.status(), 422);
    assert_eq!(print("desk-3").await.headers()["location"], format!("/printed/{PURPOSE}/desk-3").as_str());
    let sheet = browser.text(&format!("/printed/{PURPOSE}/desk-3")).await;
    let asked = claims(&shown(&sheet));
    assert_eq!((asked.place.as_deref(), &asked.nonce), (Some("desk-3"), &None));
    assert!(browser.text("/printed").await.contains("desk-3"));

    let card = stack.market.licence(&stack.phone, 3, 1);
    let codes = answered(
        &stack.phone,
        &card,
        &asked,
        &one_way_nonce("desk-3", [7; 16]),
        stack.market.staples(&stack.network, 1).await,
    );
    let here = [("purpose", PURPOSE), ("place", "desk-3")];
    let path = start(&browser, &here).await;
    let page = browser.text(&path).await;
    assert!(!page.contains("<svg class=\"qr\"") && page.contains("desk-3"), "nothing is shown, only read");
    assert_eq!(look(&browser, &take(&browser, &path, &codes, None).await).await, "accepted");
    let path = start(&browser, &here).await;
    assert_eq!(look(&browser, &take(&browser, &path, &codes, None).await).await, "replayed");
    // What was not accepted gained nobody anything: it may be shown again.
    let nonce = one_way_nonce("desk-3", [9; 16]);
    let bring = |evidence| answered(&stack.phone, &card, &asked, &nonce, evidence);
    let forged = vec![b"no evidence".to_vec()];
    let path = start(&browser, &here).await;
    assert_eq!(look(&browser, &take(&browser, &path, &bring(forged), None).await).await, "forged");
    let evidence = stack.market.staples(&stack.network, 1).await;
    let path = start(&browser, &here).await;
    assert_eq!(
        look(&browser, &take(&browser, &path, &bring(evidence.clone()), None).await).await,
        "accepted"
    );
    let path = start(&browser, &here).await;
    assert_eq!(look(&browser, &take(&browser, &path, &bring(evidence), None).await).await, "replayed");
    let elsewhere = start(&browser, &[("purpose", PURPOSE), ("place", "desk-4")]).await;
    let fresh = answered(
        &stack.phone,
        &card,
        &asked,
        &one_way_nonce("desk-3", [8; 16]),
        stack.market.staples(&stack.network, 1).await,
    );
    assert_eq!(look(&browser, &take(&browser, &elsewhere, &fresh, None).await).await, "replayed");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_that_it_comes_out_looks_different() {
    let stack = Stack::start().await;
    let browser = Browser::signed_in(&stack.counter).await;
    let card = |index| stack.market.licence(&stack.phone, 3, index);
    let present = async |card: Card, lies: Lies| {
        let id = browser.start(PURPOSE).await;
        let uri = stack.counter.url(&format!("/requests/{id}/object"));
        stack.phone.answer(&uri, &card, lies).await;
        look(&browser, &serde_json::json!({ "next": format!("/requests/{id}") })).await
    };
    let stranger = || SoftwareKey::generate(Algorithm::Es256, &mut testkit::rng(8));
    assert_eq!(present(card(1), Lies::default()).await, "accepted");
    let by_another = Lies { key: Some(stranger()), ..Lies::default() };
    assert_eq!(present(card(1), by_another).await, "other_person");
    assert_eq!(present(card(1), Lies { also: vec!["address"], ..Lies::default() }).await, "overreach");
    assert_eq!(present(card(1), Lies { without: vec!["name"], ..Lies::default() }).await, "not_asked");
    let another = Lies { nonce: Some("an-older-request-of-it"), ..Lies::default() };
    assert_eq!(present(card(1), another).await, "replayed");
    let forged = stack.market.issue(stack.market.draft(3, 1), &stranger(), &stack.phone);
    assert_eq!(present(forged, Lies::default()).await, "forged");
    let mut draft = stack.market.draft(3, 1);
    draft.expires = Some(clock::now().seconds() - 86_400);
    let expired = stack.market.issue(draft, &stack.market.es256, &stack.phone);
    assert_eq!(present(expired, Lies::default()).await, "expired");
    stack.market.set(&stack.network, 6, Status::Suspended).await;
    assert_eq!(present(card(6), Lies::default()).await, "suspended");
    stack.market.set(&stack.network, 7, Status::Revoked).await;
    assert_eq!(present(card(7), Lies::default()).await, "revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cleared_is_gone_from_the_service_too() {
    let stack = Stack::start().await;
    let browser = Browser::signed_in(&stack.counter).await;
    let id = browser.start(PURPOSE).await;
    let uri = stack.counter.url(&format!("/requests/{id}/object"));
    stack.phone.answer(&uri, &stack.market.licence(&stack.phone, 3, 1), Lies::default()).await;
    let path = format!("/requests/{id}");
    let page = browser.text(&path).await;
    let name = testkit::Company::nth(3).name;
    assert!(page.contains(&name));
    let clear = format!("{path}/clear");
    assert_eq!(browser.post(&clear, &[("csrf", "guessed")]).await.status(), 403);
    assert!(browser.text(&path).await.contains(&name));
    let csrf = value_of(&page, "csrf");
    assert_eq!(browser.post(&clear, &[("csrf", &csrf)]).await.status(), 303);
    let page = browser.text(&path).await;
    assert!(!page.contains(&name) && page.contains("data-look=\"accepted\""));
    let other = Browser::signed_in(&stack.counter).await;
    assert_eq!(
        other.post(&clear, &[("csrf", &value_of(&other.text("/").await, "csrf"))]).await.status(),
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_needs_no_session_and_keeps_only_what_everybody_may_see() {
    let stack = Stack::start().await;
    let get = async |path: &str| {
        let request = stack.counter.http.get(stack.counter.url(path)).header("accept-encoding", "gzip");
        request.send().await.unwrap()
    };
    let worker = get("/sw.js").await;
    assert_eq!(worker.headers()["cache-control"], "no-cache");
    let worker = worker.text().await.unwrap();
    let told = worker.split_once("const { version, kept, away } = ").unwrap().1.split_once(";\n").unwrap().0;
    let told: Value = serde_json::from_str(told).unwrap();
    let kept: Vec<&str> = told["kept"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert!(kept.iter().any(|path| path.ends_with("/decode.js")) && kept.len() > 10);
    for path in kept.iter().chain([&told["away"].as_str().unwrap()]) {
        let answer = get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert!(answer.headers().get("set-cookie").is_none());
    }
    let decoder = kept.iter().find(|path| path.ends_with("/decode.js")).unwrap();
    let packed = get(decoder).await;
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert!(packed.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    assert_eq!(get("/counter/000000000000/decode.js").await.status(), 404);
    let manifest = get("/counter.webmanifest").await;
    let manifest: Value = serde_json::from_slice(&manifest.bytes().await.unwrap()).unwrap();
    assert_eq!((&manifest["scope"], &manifest["display"]), (&"/".into(), &"standalone".into()));
    for icon in manifest["icons"].as_array().unwrap() {
        assert_eq!(get(icon["src"].as_str().unwrap()).await.headers()["content-type"], "image/png");
    }
    let page = get("/sign-in").await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("manifest-src 'self'"));
    assert!(page.headers()["permissions-policy"].to_str().unwrap().contains("camera=(self)"));
}
