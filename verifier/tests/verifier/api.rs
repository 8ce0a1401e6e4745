//! `/api/requests`.

use serde_json::{Value, json};

use crate::stack::{Counter, Network, Reply, TOKEN};

/// What nothing that a wallet sends could answer is not asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_no_answer_can_meet_is_refused_at_once() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    let licence = json!({ "vct_values": ["urn:huizheng:business-licence:1"] });
    let query = |format: &str, meta: &Value, authorities: Option<Value>| {
        let mut one = json!({ "id": "licence", "format": format, "meta": meta });
        if let Some(authorities) = authorities {
            one["trusted_authorities"] = authorities;
        }
        json!({ "purpose": "open-account", "dcql": { "credentials": [one] } })
    };
    let trusting = |kinds: &[&str]| {
        Some(kinds.iter().map(|kind| json!({ "type": kind, "values": ["x"] })).collect::<Value>())
    };
    let mdoc = json!({ "doctype_value": "org.iso.18013.5.1.mDL" });
    // What OpenID4VP 1.0 (appendix B) names beside what is issued here: W3C credentials in the tokens of VCDM 1.1, with and without JSON-LD.
    for (flaw, wish) in [
        ("format_unread_json_ld", query("jwt_vc_json-ld", &json!({ "type_values": [["x"]] }), None)),
        ("format_unread_unknown", query("ac_vp", &json!({}), None)),
        ("format_unread", query("jwt_vc_json", &json!({ "type_values": [["x"]] }), None)),
        ("authority_unread", query("dc+sd-jwt", &licence, trusting(&["etsi_tl", "openid_federation"]))),
        ("authority_unread_in_format", query("mso_mdoc", &mdoc, trusting(&["aki"]))),
    ] {
        let refused = Reply::read(counter.post("/api/requests", &wish, Some(TOKEN)).await).await;
        assert_eq!(refused.status, 422, "{flaw}");
        assert_eq!(refused.body["type"], "urn:huizheng:problem:unanswerable-query", "{flaw}");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains("licence"), "{flaw}");
        // Whoever asked is told what can be asked for.
        assert_eq!(refused.body["formats"], json!(["dc+sd-jwt", "ldp_vc", "mso_mdoc"]), "{flaw}");
        assert_eq!(detail.contains("no format that is read here"), flaw.starts_with("format"), "{flaw}");
        let mut presented = wish.clone();
        presented.as_object_mut().unwrap().remove("purpose");
        for (name, value) in [("presentation", "a~"), ("nonce", "n"), ("audience", "x")] {
            presented[name] = json!(value);
        }
        let refused = Reply::read(counter.post("/api/verify", &presented, Some(TOKEN)).await).await;
        assert_eq!(refused.body["type"], "urn:huizheng:problem:unanswerable-query", "{flaw}");
    }
    for (meant, wish) in [
        ("one_of_several_authorities", query("dc+sd-jwt", &licence, trusting(&["etsi_tl", "aki"]))),
        ("an_issuer", query("mso_mdoc", &mdoc, trusting(&["huizheng.did"]))),
        ("anyone", query("mso_mdoc", &mdoc, None)),
    ] {
        assert_eq!(counter.post("/api/requests", &wish, Some(TOKEN)).await.status(), 201, "{meant}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_asked_and_read() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    let asked = counter.ask("open-account").await;
    assert!(
        asked
            .link
            .starts_with("openid4vp://authorize?client_id=decentralized_identifier%3Adid%3Ahui%3Aanhui%3Az")
    );
    assert!(asked.request_uri.starts_with(counter.running.base_url()));
    let read = counter.read(&asked.id).await;
    assert_eq!((&read["state"], &read["purpose"]), (&json!("open"), &json!("open-account")));
    assert!(read.get("decision").is_none() && read.get("checks").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_staff_may() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    let id = counter.ask("open-account").await.id;
    for token in [None, Some("wrong"), Some("")] {
        let wish = json!({"purpose": "open-account"});
        let answer = Reply::read(counter.post("/api/requests", &wish, token).await).await;
        assert_eq!(answer.status, 401, "{token:?}");
        let read = counter.http.get(counter.url(&format!("/api/requests/{id}")));
        let read = token.map_or(read.try_clone().unwrap(), |token| read.bearer_auth(token));
        assert_eq!(read.send().await.unwrap().status(), 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wishes_are_refused_by_name() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    let refused = [
        (json!({"purpose": "unheard-of"}), 422, "unknown-purpose"),
        (json!({"purpose": "Not A Name"}), 400, "invalid-request"),
        (json!({}), 400, "invalid-request"),
        (json!({"purpose": "open-account", "more": 1}), 400, "invalid-request"),
        (json!({"purpose": "open-account", "dcql": {"credentials": []}}), 422, "invalid-query"),
        (json!({"purpose": "open-account", "dcql": "all"}), 400, "invalid-request"),
        (json!([]), 400, "invalid-request"),
    ];
    for (wish, status, code) in refused {
        let answer = Reply::read(counter.post("/api/requests", &wish, Some(TOKEN)).await).await;
        assert_eq!(answer.status, status, "{wish}");
        assert_eq!(answer.body["type"], format!("urn:huizheng:problem:{code}"), "{wish}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_of_ones_own_is_asked_even_if_it_is_too_greedy() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    let dcql = json!({"credentials": [{
        "id": "id", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:huizheng:digital-id:1"]},
        "claims": [{"path": ["idNumber"]}, {"path": ["address"]}]
    }]});
    let asked = counter.ask_json(&json!({"purpose": "open-account", "dcql": dcql})).await;
    let request = crate::stack::Phone::new().fetch(&asked.request_uri).await;
    assert_eq!(serde_json::to_value(request.dcql_query).unwrap(), dcql);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_bounded() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    let send = |body: String, media_type: &'static str| {
        let request = counter.http.post(counter.url("/api/requests")).bearer_auth(TOKEN);
        request.header("content-type", media_type).body(body).send()
    };
    let uri = counter.url("/api/requests");
    assert_eq!(counter.announce(&uri, "application/json", 2 << 20).await, 413);
    assert_eq!(send("{}".into(), "text/plain").await.unwrap().status(), 415);
    assert_eq!(send("{".into(), "application/json").await.unwrap().status(), 400);
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    assert_eq!(send(deep, "application/json").await.unwrap().status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_requests_are_not_found() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    for id in ["AAAAAAAAAAAAAAAAAAAAAA", "short", "..%2F..%2Fetc"] {
        let answer =
            counter.http.get(counter.url(&format!("/api/requests/{id}"))).bearer_auth(TOKEN).send().await;
        assert_eq!(answer.unwrap().status(), 404, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_runs_out() {
    let network = Network::start().await;
    let policy = verifier::Policy {
        request_lifetime: std::time::Duration::from_secs(1),
        ..verifier::Policy::default()
    };
    let counter = Counter::start_with(&network, "counter", policy).await;
    let asked = counter.ask("open-account").await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(counter.read(&asked.id).await["state"], Value::from("expired"));
}
