//! `/api/verify`, `/api/verify/batch`, and keys with scopes.

use protocol::openid4vp::{AuthorizationRequest, Presentation};
use registry::Status;
use serde_json::{Value, json};
use verifier::{ApiKey, Policy, Scope, StaffAccount, Verifier};

use crate::stack::{Card, Counter, Issuer, Lies, Phone, Reply, Stack, Statuses, TOKEN, thumbprint};

fn card_text(card: &Card) -> Value {
    match card {
        Card::SdJwt(text) => json!(text),
        Card::Whole(value) => value.clone(),
        Card::Mdoc(bytes) => {
            use base64::Engine as _;
            json!(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_received_elsewhere_is_judged_by_the_same_checks() {
    let stack = Stack::start().await;
    stack.network.accredit(&stack.market.did, "Hefei Market Supervision", "drivers-licence").await;
    let verify = async |credential: Value| {
        let reply =
            stack.counter.post("/api/verify", &json!({ "credential": credential }), Some(TOKEN)).await;
        let reply = Reply::read(reply).await;
        assert_eq!(reply.status, 200);
        reply.body
    };
    let good = [
        stack.market.licence(&stack.phone, 3, 1),
        stack.market.licence_whole(&stack.phone, 3, 2),
        stack.market.driving(&stack.phone, 3, 0, Some(&format!("{}#key-3", stack.market.did))),
    ];
    for card in &good {
        let verified = verify(card_text(card)).await;
        assert_eq!(
            (&verified["decision"], &verified["not_passed"]),
            (&json!("accepted"), &json!([])),
            "{verified}"
        );
        assert_eq!(verified["issuer"], stack.market.did.to_string());
    }
    stack.market.set(&stack.network, 1, Status::Revoked).await;
    assert_eq!(verify(card_text(&good[0])).await["not_passed"], json!([["status", "revoked"]]));
    let mut forged = card_text(&good[1]);
    forged["credentialSubject"]["name"] = json!("another");
    assert_eq!(verify(forged).await["not_passed"][0], json!(["issuer_signature", "signature_wrong"]));
    let mut silent = stack.market.draft(3, 4);
    silent.status = Statuses::None;
    let silent = stack.market.issue(silent, &stack.market.es256, &stack.phone);
    assert_eq!(verify(card_text(&silent)).await["decision"], "cannot_tell");
    for nothing in [json!("nonsense"), json!({}), json!(""), json!("a~b~")] {
        let verified = verify(nothing).await;
        assert_eq!(
            (&verified["decision"], &verified["not_passed"][0][0]),
            (&json!("refused"), &json!("readable"))
        );
    }
    let by = json!({ "credential": card_text(&good[2]), "purpose": "open-account" });
    let by = Reply::read(stack.counter.post("/api/verify", &by, Some(TOKEN)).await).await;
    assert_eq!(
        by.body["not_passed"],
        json!([["query_satisfied", "another_type"]]),
        "the policy wants a licence"
    );
}

/// What was asked elsewhere by this request, presented by this phone.
fn presented(request: &AuthorizationRequest, presentation: &Presentation) -> Value {
    json!({
        "presentation": presentation,
        "nonce": request.nonce,
        "audience": request.client_id,
        "purpose": "open-account",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_presentation_from_elsewhere_is_judged_by_what_it_was_asked_with() {
    let stack = Stack::start().await;
    let config = crate::audit::config(&stack.network);
    let counter = Counter::of(Verifier::bind(config).await.unwrap());
    let verify = async |body: &Value| {
        Reply::read(counter.post("/api/verify", body, Some(&crate::audit::token("teller"))).await).await
    };
    let (card, stranger) = (stack.market.licence(&stack.phone, 3, 1), Phone::of(78));
    let request = stack.phone.fetch(&stack.counter.ask("open-account").await.request_uri).await;
    let id = "business-licence-sd-jwt";
    let presentation = stack.phone.answering(&request, id, &card);
    let good = presented(&request, &presentation);
    let found = verify(&good).await;
    assert_eq!((found.status, &found.body["not_passed"]), (200, &json!([])), "{}", found.body);
    assert_eq!(found.body["decision"], "accepted");
    assert_eq!(found.body["credentials"][0]["query"], id);
    assert_eq!(found.body["credentials"][0]["issuer"], stack.market.did.to_string());
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let bare = card_text(&card);
    let by_stranger = stranger.answering(&request, id, &card);
    for (flaw, body, check, code) in [
        ("nonce_of_another_request", with("nonce", json!("another")), "nonce", "nonce_wrong"),
        ("audience_of_another", with("audience", json!("another")), "audience", "audience_wrong"),
        (
            "shown_by_another_phone",
            with("presentation", json!(by_stranger)),
            "holder_binding",
            "key_binding_signature_wrong",
        ),
        ("key_binding_stripped", with("presentation", bare), "holder_binding", "key_binding_missing"),
    ] {
        let found = verify(&body).await;
        assert_eq!((found.status, &found.body["decision"]), (200, &json!("refused")), "{flaw}");
        let has = found.body["not_passed"].as_array().unwrap().contains(&json!([check, code]));
        assert!(has, "{flaw}: {}", found.body);
    }
    // The policy is the same as here: its query, and what more it asks.
    let mut own = good.clone();
    own.as_object_mut().unwrap().remove("purpose");
    own["dcql"] = json!({ "credentials": [{ "id": id, "format": "dc+sd-jwt", "meta": {
        "vct_values": ["urn:huizheng:business-licence:1"] }, "claims": [{ "path": ["name"] }] }] });
    let found = verify(&own).await;
    assert_eq!(found.body["not_passed"], json!([["only_what_was_asked", "more_than_asked"]]));
    let mut several = good.clone();
    several.as_object_mut().unwrap().remove("presentation");
    several["vp_token"] = json!({ id: [presentation] });
    assert_eq!(verify(&several).await.body["decision"], "accepted");
    for (flaw, name, value) in [
        ("neither_query_nor_policy", "purpose", Value::Null),
        ("both_query_and_policy", "dcql", own["dcql"].clone()),
        ("both_forms", "vp_token", several["vp_token"].clone()),
        ("neither_form", "presentation", Value::Null),
        ("query_invalid", "dcql", json!({ "credentials": [] })),
        ("thumbprint_malformed", "jwk_thumbprint", json!("AA")),
        ("purpose_unknown", "purpose", json!("unheard-of")),
    ] {
        let mut body = good.clone();
        if flaw == "query_invalid" {
            body.as_object_mut().unwrap().remove("purpose");
        }
        body[name] = value;
        assert_eq!(verify(&body).await.status, 422, "{flaw}");
    }
    assert_eq!(verify(&with("presentation", json!("nonsense"))).await.body["decision"], "refused");
    let mut nameless = good.clone();
    nameless.as_object_mut().unwrap().remove("nonce");
    assert_eq!(verify(&nameless).await.status, 400);
    // Each is in the log, and none of what was shown is.
    let log = crate::audit::export(&counter).await;
    let of = crate::audit::read(&log).into_iter().filter(|entry| entry.what == "verified");
    assert!(of.filter(|entry| entry.about.get("of").is_some_and(|of| of == "presentation")).count() >= 8);
    assert!(!log.contains(&testkit::Company::nth(3).name) && !log.contains(&request.nonce));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_mdoc_from_elsewhere_needs_what_its_device_signed() {
    let stack = Stack::start().await;
    let police = Issuer::register(&stack.network, "Anhui Public Security", &["drivers-licence"]).await;
    let card = police.driving(&stack.phone, 1, 0, Some(&format!("{}#key-3", police.did)));
    let verify =
        async |body: &Value| Reply::read(stack.counter.post("/api/verify", body, Some(TOKEN)).await).await;
    for mode in ["direct_post", "direct_post.jwt"] {
        let wish = json!({ "purpose": "driving", "response_mode": mode });
        let asked = stack.counter.ask_json(&wish).await;
        let request = stack.phone.fetch(&asked.request_uri).await;
        let presentation = stack.phone.answering(&request, "drivers-licence-mdoc", &card);
        let mut body = presented(&request, &presentation);
        body["purpose"] = json!("driving");
        assert_eq!(verify(&body).await.status, 422, "{mode}: without response_uri");
        body["response_uri"] = json!(request.response_uri);
        if let Some(thumbprint) = thumbprint(&request) {
            let found = verify(&body).await;
            assert_eq!(found.body["decision"], "refused", "{mode}: the device signed the key too");
            body["jwk_thumbprint"] = json!(thumbprint);
        }
        let found = verify(&body).await;
        assert_eq!(found.body["not_passed"], json!([]), "{mode}: {}", found.body);
        body["response_uri"] = json!("https://elsewhere.example/");
        assert_eq!(verify(&body).await.body["decision"], "refused", "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_answered_line_by_line() {
    let stack = Stack::start().await;
    let good = card_text(&stack.market.licence(&stack.phone, 3, 1));
    let mut lines: Vec<String> = (0..300)
        .map(|n| json!({ "id": n.to_string(), "credential": if n % 3 == 2 { json!("nonsense") } else { good.clone() } }).to_string())
        .collect();
    lines.push(String::new());
    let send = async |body: String, token: &str| {
        let request = stack.counter.http.post(stack.counter.url("/api/verify/batch")).bearer_auth(token);
        request.header("content-type", "application/x-ndjson").body(body).send().await.unwrap()
    };
    let answer = send(lines.join("\n"), TOKEN).await;
    assert_eq!(answer.status(), 200);
    let body = answer.text().await.unwrap();
    let told: Vec<Value> = body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told.len(), 300);
    for (n, line) in told.iter().enumerate() {
        assert_eq!(line["id"], n.to_string());
        assert_eq!(line["decision"], if n % 3 == 2 { "refused" } else { "accepted" });
    }
    assert_eq!(send("{\"credential\":1,\"more\":2}".into(), TOKEN).await.status(), 400);
    let many = vec![r#"{"credential":"x"}"#; 10_001].join("\n");
    assert_eq!(send(many, TOKEN).await.status(), 422);
    assert_eq!(send(String::new(), "wrong").await.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_stands_twice_is_refused_alone_and_in_a_batch() {
    let stack = Stack::start().await;
    let Card::Whole(good) = stack.market.licence_whole(&stack.phone, 3, 1) else { panic!("whole") };
    let good = good.to_string();
    // Whoever reads the last of the two sees the right one.
    let twice = good.replacen('{', r#"{"issuer":"did:hui:anhui:zOther","#, 1);
    let send = async |path: &str, kind: &str, credential: &str| {
        let request = stack.counter.http.post(stack.counter.url(path)).bearer_auth(TOKEN);
        let body = format!("{{\"credential\":{credential}}}");
        request.header("content-type", kind).body(body).send().await.unwrap().status()
    };
    for (path, kind) in [("/api/verify", "application/json"), ("/api/verify/batch", "application/x-ndjson")] {
        assert_eq!(send(path, kind, &good).await, 200, "{path}");
        assert_eq!(send(path, kind, &twice).await, 400, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_for_its_scopes_and_sees_its_own_requests_only() {
    let stack = Stack::start().await;
    let mut config =
        Counter::config(&stack.network, &stack.network.dir.path().join("keyed"), Policy::default());
    let key = |name: &str, scopes: &[Scope]| ApiKey {
        account: StaffAccount::new(name, &format!("the key of {name}, made up by a test")),
        scopes: scopes.to_vec(),
        webhooks: Vec::new(),
    };
    config.tenants[0].api_keys =
        vec![key("one", &[Scope::Ask]), key("two", &[Scope::Ask]), key("three", &[Scope::Verify])];
    let keyed = Counter::of(Verifier::bind(config).await.unwrap());
    let token = |name: &str| format!("the key of {name}, made up by a test");
    let wish = json!({ "purpose": "open-account", "response_mode": "direct_post" });
    let ask = async |name: &str, wish: &Value| {
        Reply::read(keyed.post("/api/requests", wish, Some(&token(name))).await).await
    };

    let asked = ask("one", &wish).await;
    assert_eq!(asked.status, 201);
    let id = asked.body["id"].as_str().unwrap().to_owned();
    let card = stack.market.licence(&stack.phone, 3, 1);
    let uri = asked.body["request_uri"].as_str().unwrap();
    assert_eq!(stack.phone.answer(uri, &card, Lies::default()).await.status, 200);
    let read = async |name: &str, path: &str| {
        let url = keyed.url(&format!("/api/requests/{id}{path}"));
        keyed.http.get(url).bearer_auth(token(name)).send().await.unwrap().status().as_u16()
    };
    for path in ["", "/events"] {
        assert_eq!(read("one", path).await, 200);
        assert_eq!(read("two", path).await, 404, "another program's is as if it were not there");
        assert_eq!(read("three", path).await, 403);
    }
    let anything = json!({ "purpose": "open-account", "dcql": { "credentials": [{ "id": "a", "format": "dc+sd-jwt", "meta": { "vct_values": ["x"] } }] } });
    let refused = ask("one", &anything).await;
    assert_eq!((refused.status, &refused.body["scope"]), (403, &json!("ask-anything")));
    assert_eq!(ask("three", &wish).await.status, 403);
    let verify = json!({ "credential": card_text(&card) });
    assert_eq!(keyed.post("/api/verify", &verify, Some(&token("one"))).await.status(), 403);
    assert_eq!(keyed.post("/api/verify", &verify, Some(&token("three"))).await.status(), 200);
}
