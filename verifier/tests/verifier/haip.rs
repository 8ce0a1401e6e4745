//! What HAIP 1.0 and the rest of OpenID4VP 1.0 ask of a verifier: encrypted answers, certificates, response codes, transaction
//! data; each misuse by its name.

use credentials::jws;
use credentials::x509::Certificate;
use protocol::openid4vp::{
    AuthorizationResponse, ClientId, ClientIdPrefix, RequestLink, RequestSource, RequestUriMethod,
};
use serde_json::{Value, json};
use verifier::{Policy, Verifier};

use crate::stack::{Counter, Lies, Network, Reply, Stack, TOKEN, check, not_passed};

fn wish(more: Value) -> Value {
    let mut wish = json!({ "purpose": "open-account" });
    let Value::Object(more) = more else { panic!("an object") };
    wish.as_object_mut().unwrap().extend(more);
    wish
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_encrypted_to_a_key_of_its_request() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    // Encrypted is what comes without saying anything.
    let asked = stack.counter.ask_json(&wish(json!({}))).await;
    let request = stack.phone.fetch(&asked.request_uri).await;
    let metadata = serde_json::to_value(request.client_metadata.as_ref().unwrap()).unwrap();
    assert_eq!(metadata["encrypted_response_enc_values_supported"], json!(["A256GCM", "A128GCM"]));
    let key = &metadata["jwks"]["keys"][0];
    assert_eq!((&key["alg"], &key["use"], &key["crv"]), (&json!("ECDH-ES"), &json!("enc"), &json!("P-256")));
    assert!(key["kid"].is_string() && key.get("d").is_none());
    let other = stack.phone.fetch(&stack.counter.ask_json(&wish(json!({}))).await.request_uri).await;
    let other_key = serde_json::to_value(other.client_metadata.as_ref().unwrap()).unwrap();
    assert_ne!(key["x"], other_key["jwks"]["keys"][0]["x"], "each request has its own");

    assert_eq!(stack.phone.answer(&asked.request_uri, &card, Lies::default()).await.status, 200);
    let decision = stack.counter.read(&asked.id).await;
    assert_eq!((&decision["decision"], not_passed(&decision)), (&json!("accepted"), vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_clear_or_to_another_key_is_not_taken_and_the_request_stays_open() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let [asked, other] =
        [stack.counter.ask_json(&wish(json!({}))).await, stack.counter.ask_json(&wish(json!({}))).await];
    let request = stack.phone.fetch(&asked.request_uri).await;
    let response = stack.phone.response(&request, &card, &Lies::default());
    let to_other = stack.phone.sealed(&stack.phone.fetch(&other.request_uri).await, &response);
    let mut cut = stack.phone.sealed(&request, &response);
    cut.truncate(cut.len() - 4);
    for (what, form) in [
        ("in clear", response.to_form().encode()),
        ("to another request's key", to_other),
        ("cut", cut),
        ("no JWE", "response=a.b.c".to_owned()),
    ] {
        let reply = stack.phone.post(&request, form).await;
        assert_eq!((reply.status, reply.error()), (400, "invalid_request"), "{what}");
        assert_eq!(stack.counter.read(&asked.id).await["state"], "open", "{what}");
    }
    let form = stack.phone.sealed(&request, &response);
    assert_eq!(stack.phone.post(&request, form.clone()).await.status, 200);
    assert_eq!(stack.phone.post(&request, form).await.status, 409, "a second answer");

    // And encrypted where clear was asked for.
    let clear = stack.counter.ask("open-account").await;
    let request = stack.phone.fetch(&clear.request_uri).await;
    let form = AuthorizationResponse::Encrypted("a.b.c.d.e".into()).to_form().encode();
    assert_eq!(stack.phone.post(&request, form).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_may_refuse_in_clear() {
    let stack = Stack::start().await;
    let asked = stack.counter.ask_json(&wish(json!({}))).await;
    let request = stack.phone.fetch(&asked.request_uri).await;
    let refusal = AuthorizationResponse::Refused {
        error: protocol::openid4vp::VpErrorCode::AccessDenied,
        description: None,
        state: request.state.clone(),
    };
    assert_eq!(stack.phone.post(&request, refusal.to_form().encode()).await.status, 200);
    assert_eq!(stack.counter.read(&asked.id).await["state"], "declined");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_known_by_its_certificate() {
    let stack = Stack::start().await;
    let port = testkit::free_ports(1);
    let mut config =
        Counter::config(&stack.network, &stack.network.dir.path().join("named"), Policy::default());
    config.listen = ([127, 0, 0, 1], port).into();
    config.tenants[0].base_url = Some(format!("http://localhost:{port}").parse().unwrap());
    let named = Counter::of(Verifier::bind(config).await.unwrap());
    let card = stack.market.licence(&stack.phone, 3, 1);
    for prefix in ["x509_hash", "x509_san_dns"] {
        let asked = named.ask_json(&wish(json!({ "client_id_prefix": prefix }))).await;
        let link = RequestLink::parse(&asked.link).unwrap();
        let text = named.http.get(&asked.request_uri).send().await.unwrap().text().await.unwrap();
        let token = jws::Unverified::parse(&text).unwrap();
        assert_eq!(token.header().kid, None);
        let header = protocol::openid4vp::RequestHeader {
            typ: "oauth-authz-req+jwt".into(),
            alg: token.alg().into(),
            kid: None,
            x5c: token.header().x5c.clone(),
        };
        let chain = header.check_certificate(&link.client_id).unwrap();
        let certificate = Certificate::parse(&chain[0]).unwrap();
        token.verify::<Value>(certificate.key(), "oauth-authz-req+jwt").unwrap();
        assert!(certificate.uris()[0].starts_with(&named.running.did().to_string()));
        assert!(!certificate.is_self_signed());
        match link.client_id.prefix() {
            ClientIdPrefix::X509Hash(_) => assert_eq!(link.client_id, ClientId::of_certificate(&chain[0])),
            ClientIdPrefix::X509SanDns(host) => {
                assert_eq!((host, certificate.hosts()), ("localhost", &["localhost".to_owned()][..]));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(stack.phone.answer(&asked.request_uri, &card, Lies::default()).await.status, 200);
        let decision = named.read(&asked.id).await;
        assert_eq!(decision["decision"], "accepted", "its client id is the audience");
        // An answer for the DID is for another audience.
        let asked = named.ask_json(&wish(json!({ "client_id_prefix": prefix }))).await;
        let lies = Lies { audience: Some(named.running.client_id()), ..Lies::default() };
        assert_eq!(stack.phone.answer(&asked.request_uri, &card, lies).await.status, 400);
        assert_eq!(check(&named.read(&asked.id).await, "audience"), ("failed", "audience_wrong"));
    }
    let nameless = wish(json!({ "client_id_prefix": "x509_san_dns" }));
    let refused = stack.counter.post("/api/requests", &nameless, Some(TOKEN)).await;
    assert_eq!(Reply::read(refused).await.body["type"], "urn:huizheng:problem:no-host-name");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_be_posted_for_is_not_to_be_had_otherwise() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    let asked = counter.ask_json(&wish(json!({ "request_uri_method": "post" }))).await;
    match RequestLink::parse(&asked.link).unwrap().source {
        RequestSource::Uri { method, .. } => assert_eq!(method, RequestUriMethod::Post),
        other => panic!("{other:?}"),
    }
    assert_eq!(counter.http.get(&asked.request_uri).send().await.unwrap().status(), 400);
    let posted =
        counter.http.post(&asked.request_uri).header("content-type", "application/x-www-form-urlencoded");
    let text = posted.body("wallet_nonce=abc").send().await.unwrap().text().await.unwrap();
    assert_eq!(jws::Unverified::parse(&text).unwrap().dangerous_claims()["wallet_nonce"], "abc");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_same_device_the_result_is_for_whoever_comes_back() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let back = "http://127.0.0.1:9/back?session=1";
    let asked = stack.counter.ask_json(&wish(json!({ "return_to": back }))).await;
    assert_eq!(
        stack.counter.read(&asked.id).await["state"],
        "open",
        "nothing came yet: anyone who asked may look"
    );
    // Nor does who waits for it get it without the code.
    let waits = async |query: &str| {
        let url = stack.counter.url(&format!("/api/requests/{}/events{query}", asked.id));
        stack.counter.http.get(url).bearer_auth(TOKEN).send().await.unwrap().status().as_u16()
    };
    assert_eq!((waits("").await, waits("?response_code=guessed").await), (403, 403));
    let reply = stack.phone.answer(&asked.request_uri, &card, Lies::default()).await;
    let redirect = reply.body["redirect_uri"].as_str().unwrap();
    let code = redirect.strip_prefix("http://127.0.0.1:9/back?session=1&response_code=").unwrap();
    assert!(code.len() >= 43);
    let read = async |query: &str| {
        let url = stack.counter.url(&format!("/api/requests/{}{query}", asked.id));
        Reply::read(stack.counter.http.get(url).bearer_auth(TOKEN).send().await.unwrap()).await
    };
    for wrong in ["", "?response_code=", "?response_code=guessed"] {
        let reply = read(wrong).await;
        assert_eq!(
            (reply.status, &reply.body["type"]),
            (403, &json!("urn:huizheng:problem:response-code")),
            "{wrong}"
        );
    }
    assert_eq!(read(&format!("?response_code={code}")).await.body["decision"], "accepted");
    assert_eq!((waits(&format!("?response_code={code}")).await, waits("").await), (200, 403));

    let elsewhere = wish(json!({ "return_to": "http://elsewhere.example/" }));
    let refused = stack.counter.post("/api/requests", &elsewhere, Some(TOKEN)).await;
    assert_eq!(refused.status(), 400, "neither https nor this machine");
    // On another device nobody is sent anywhere.
    let asked = stack.counter.ask("open-account").await;
    let reply = stack.phone.answer(&asked.request_uri, &card, Lies::default()).await;
    assert_eq!(reply.body, json!({}));
}

fn transaction() -> Value {
    json!([{
        "credential_ids": ["business-licence-sd-jwt"],
        "title": { "zh": "开立对公账户", "en": "Open a business account" },
        "lines": [{ "label": { "zh": "类型", "en": "Kind" }, "value": "基本户" }],
    }])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_authorised_by_the_holders_key_or_refused() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let probe = stack.phone.fetch(&stack.counter.ask("open-account").await.request_uri).await;
    let id = probe.dcql_query.unwrap().credentials[0].id.to_string();
    let mut transactions = transaction();
    transactions[0]["credential_ids"] = json!([id]);
    let ask = async || stack.counter.ask_json(&wish(json!({ "transaction_data": transactions }))).await;

    let asked = ask().await;
    assert_eq!(stack.phone.answer(&asked.request_uri, &card, Lies::default()).await.status, 200);
    let decision = stack.counter.read(&asked.id).await;
    assert_eq!(
        (&decision["decision"], check(&decision, "transaction")),
        (&json!("accepted"), ("passed", "right"))
    );

    let asked = ask().await;
    let lies = Lies { unauthorised: true, ..Lies::default() };
    assert_eq!(stack.phone.answer(&asked.request_uri, &card, lies).await.status, 400);
    let decision = stack.counter.read(&asked.id).await;
    assert_eq!(not_passed(&decision), ["transaction"]);

    for (name, wrong) in [
        ("credential_ids", json!(["other"])),
        ("credential_ids", json!([])),
        ("title", json!({"zh": "", "en": ""})),
    ] {
        let mut wrongly = transactions.clone();
        wrongly[0][name] = wrong;
        let refused = stack
            .counter
            .post("/api/requests", &wish(json!({"transaction_data": wrongly})), Some(TOKEN))
            .await;
        assert_eq!(Reply::read(refused).await.body["type"], "urn:huizheng:problem:invalid-transaction-data");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_is_told() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let asked = stack.counter.ask("open-account").await;
    let url = stack.counter.url(&format!("/api/requests/{}/events", asked.id));
    let mut events = stack.counter.http.get(url).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    let first = String::from_utf8(events.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(first.starts_with("event: state") && first.contains(r#""state":"open""#), "{first}");
    assert_eq!(stack.phone.answer(&asked.request_uri, &card, Lies::default()).await.status, 200);
    let mut rest = String::new();
    while let Some(chunk) = events.chunk().await.unwrap() {
        rest.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert!(rest.contains(r#""decision":"accepted""#), "the last event ends the stream: {rest}");
}
