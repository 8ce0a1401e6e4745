//! `routes/applications.rs`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::world::{SECOND_STAFF_TOKEN, STAFF_TOKEN, World};

fn claims() -> Value {
    testkit::Company::nth(1).business_licence_claims()
}

#[tokio::test]
async fn an_application_is_followed_by_its_applicant_and_the_staff_and_nobody_else() {
    let world = World::start().await;
    let (mine, other) =
        (world.apply("business-licence", claims()).await, world.apply("business-licence", claims()).await);
    assert!(mine.link.starts_with(&format!("{}/applications/{}?key=", world.base(), mine.id)));
    let path = format!("/api/applications/{}", mine.id);
    let seen = world.http.get(&path, Some(&mine.secret)).await.json();
    assert_eq!((&seen["state"], &seen["type"]), (&json!("submitted"), &json!("business-licence")));
    assert_eq!(seen["claims"]["creditCode"], claims()["creditCode"]);
    assert_eq!(world.http.get(&path, Some(STAFF_TOKEN)).await.status, 200);
    for wrong in [None, Some(other.secret.as_str()), Some("x")] {
        let answer = world.http.get(&path, wrong).await;
        assert_eq!((answer.status, answer.problem().as_str()), (401, "unauthorized"));
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    world.stop().await;
}

#[tokio::test]
async fn wrong_claims_are_named_and_not_repeated() {
    let world = World::start().await;
    let mut wrong = claims();
    wrong["creditCode"] = json!("91340100MA8HUE6K0X");
    wrong["name"] = json!("");
    wrong["unheardOf"] = json!(1);
    let answer = world
        .http
        .post_json("/api/applications", None, &json!({"type": "business-licence", "claims": wrong}))
        .await;
    assert_eq!((answer.status, answer.problem().as_str()), (422, "claims"));
    let errors = answer.json()["errors"].clone();
    assert_eq!(
        errors,
        json!([
            {"claim": "name", "code": "missing"},
            {"claim": "creditCode", "code": "credit_code_check"},
            {"claim": "unheardOf", "code": "unknown"},
        ])
    );
    assert!(!answer.text().contains("MA8HUE6K0X"));
    world.stop().await;
}

#[tokio::test]
async fn malformed_applications_are_refused_by_name() {
    let world = World::start().await;
    let deep =
        format!("{{\"type\":\"business-licence\",\"claims\":{}{}}}", "{\"a\":".repeat(100), "}".repeat(100));
    let cases: Vec<(&str, String, u16, &str)> = vec![
        ("unknown_type", json!({"type": "passport", "claims": {}}).to_string(), 422, "unknown-type"),
        ("no_claims", json!({"type": "business-licence"}).to_string(), 400, "invalid-request"),
        (
            "claims_a_list",
            json!({"type": "business-licence", "claims": []}).to_string(),
            400,
            "invalid-request",
        ),
        (
            "unknown_member",
            json!({"type": "business-licence", "claims": {}, "x": 1}).to_string(),
            400,
            "invalid-request",
        ),
        ("deep", deep, 400, "invalid-request"),
        ("not_json", "{".into(), 400, "invalid-request"),
        ("huge", "x".repeat(2 << 20), 413, "too-large"),
    ];
    for (name, body, status, code) in cases {
        let answer = world.http.post("/api/applications", None, "application/json", body).await;
        assert_eq!((answer.status, answer.problem().as_str()), (status, code), "{name}");
    }
    let text = world.http.post("/api/applications", None, "text/plain", "{}").await;
    assert_eq!((text.status, text.problem().as_str()), (415, "unsupported-media-type"));
    world.stop().await;
}

#[tokio::test]
async fn who_decided_and_when_is_kept_and_the_first_decision_stands() {
    let world = World::start().await;
    let applied = world.apply("business-licence", claims()).await;
    let path = |verb: &str| format!("/api/applications/{}/{verb}", applied.id);
    assert_eq!(world.http.post_json(&path("approve"), Some(&applied.secret), &json!({})).await.status, 401);
    assert_eq!(world.http.post_json(&path("approve"), None, &json!({})).await.status, 401);
    world.approve(&applied).await;
    let again = world.http.post_json(&path("approve"), Some(SECOND_STAFF_TOKEN), &json!({})).await;
    assert_eq!((again.status, again.problem().as_str()), (409, "already-decided"));
    assert_eq!(again.json()["decided_by"], "li");
    let late =
        world.http.post_json(&path("reject"), Some(SECOND_STAFF_TOKEN), &json!({"reason": "late"})).await;
    assert_eq!(late.problem(), "already-decided");

    let by_staff =
        world.http.get(&format!("/api/applications/{}", applied.id), Some(STAFF_TOKEN)).await.json();
    assert_eq!((&by_staff["state"], &by_staff["decided_by"]), (&json!("approved"), &json!("li")));
    let by_applicant =
        world.http.get(&format!("/api/applications/{}", applied.id), Some(&applied.secret)).await.json();
    assert!(by_applicant.get("decided_by").is_none() && by_applicant["decided_at"].is_string());
    world.stop().await;
}

#[tokio::test]
async fn a_rejection_tells_why_and_gives_nothing_to_collect() {
    let world = World::start().await;
    let applied = world.apply("business-licence", claims()).await;
    let path = format!("/api/applications/{}/reject", applied.id);
    for (name, body) in [
        ("no_reason", json!({})),
        ("empty", json!({"reason": " "})),
        ("long", json!({"reason": "长".repeat(201)})),
    ] {
        let answer = world.http.post_json(&path, Some(STAFF_TOKEN), &body).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "invalid-request"), "{name}");
    }
    let answer = world.http.post_json(&path, Some(STAFF_TOKEN), &json!({"reason": "经营范围不完整"})).await;
    assert_eq!(answer.json()["reason"], "经营范围不完整");
    let offer =
        world.http.get(&format!("/api/applications/{}/offer", applied.id), Some(&applied.secret)).await;
    assert_eq!((offer.status, offer.problem().as_str()), (409, "not-approved"));
    world.stop().await;
}

#[tokio::test]
async fn only_the_applicant_collects_and_the_open_offer_is_kept() {
    let world = World::start().await;
    let applied = world.approved().await;
    let path = format!("/api/applications/{}/offer", applied.id);
    assert_eq!(world.http.get(&path, Some(STAFF_TOKEN)).await.status, 401, "not even the staff");
    let (first, second) = (world.collectable(&applied).await, world.collectable(&applied).await);
    assert_eq!((first.code, first.tx_code), (second.code, second.tx_code));
    world.clock.forward(601);
    assert_ne!(world.collectable(&applied).await.offer_uri, second.offer_uri, "an expired one is replaced");
    world.stop().await;
}

#[tokio::test]
async fn the_queue_is_in_order_and_for_the_staff() {
    let world = World::start().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(world.apply("business-licence", claims()).await.id);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    assert_eq!(world.http.get("/api/applications", None).await.status, 401);
    let listed = |body: &Value| -> Vec<String> {
        body["applications"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let waiting = world.http.get("/api/applications?state=submitted", Some(STAFF_TOKEN)).await.json();
    assert_eq!(listed(&waiting), ids, "who came first is served first");
    let all = world.http.get("/api/applications", Some(STAFF_TOKEN)).await.json();
    assert_eq!(listed(&all), ids.iter().rev().cloned().collect::<Vec<_>>());
    assert!(!all.to_string().contains("creditCode"), "a list carries nobody's data");
    let unknown = world.http.get("/api/applications?state=x", Some(STAFF_TOKEN)).await;
    assert_eq!(unknown.problem(), "unknown-state");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_decisions_at_once_one_counts() {
    let world = Arc::new(World::start().await);
    let applied = world.apply("business-licence", claims()).await;
    let decide = |number: usize| {
        let (world, id) = (world.clone(), applied.id.clone());
        tokio::spawn(async move {
            let (verb, body) = if number.is_multiple_of(2) {
                ("approve", json!({}))
            } else {
                ("reject", json!({"reason": "no"}))
            };
            world
                .http
                .post_json(&format!("/api/applications/{id}/{verb}"), Some(STAFF_TOKEN), &body)
                .await
                .status
        })
    };
    let mut counted = 0;
    for task in (0..10).map(decide).collect::<Vec<_>>() {
        match task.await.unwrap() {
            200 => counted += 1,
            status => assert_eq!(status, 409),
        }
    }
    assert_eq!(counted, 1);
}
