//! `routes/token.rs`.

use protocol::openid4vci::PRE_AUTHORIZED_CODE;
use serde_json::json;

use crate::world::World;

/// A flaw, the form that has it, and the error that names it.
type Case<'c> = (&'c str, &'c [(&'c str, &'c str)], &'c str);

/// Another code than this one.
fn wrong(tx_code: &str) -> String {
    let number: u32 = tx_code.parse().unwrap();
    format!("{:06}", (number + 1) % 1_000_000)
}

#[tokio::test]
async fn a_code_and_a_transaction_code_give_a_token() {
    let world = World::start().await;
    let offer = world.collectable(&world.approved().await).await;
    let answer = world.redeem(&offer.code, &offer.tx_code).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("content-type"), "application/json");
    let body = answer.json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(300)));
    assert!(body.get("authorization_details").is_none());
    assert!(body.get("c_nonce").is_none(), "nonces come from their own endpoint");
    world.stop().await;
}

#[tokio::test]
async fn five_wrong_transaction_codes_lock_the_offer() {
    let world = World::start().await;
    let applied = world.approved().await;
    let offer = world.collectable(&applied).await;
    for attempt in 1..=5 {
        let answer = world.redeem(&offer.code, &wrong(&offer.tx_code)).await;
        assert_eq!(
            (answer.status, answer.oauth_error().as_str()),
            (400, "invalid_grant"),
            "attempt {attempt}"
        );
        assert_eq!(answer.json()["attempts_left"], 5 - attempt, "in a member, for the wallet to read");
    }
    let answer = world.redeem(&offer.code, &offer.tx_code).await;
    assert_eq!(answer.oauth_error(), "invalid_grant", "the right code comes too late");

    let renewed = world.renewed(&applied).await;
    assert_ne!(renewed.code, offer.code);
    world.token(&renewed).await;
    world.stop().await;
}

#[tokio::test]
async fn the_lock_and_the_attempts_outlive_a_restart() {
    let mut world = World::start().await;
    let offer = world.collectable(&world.approved().await).await;
    for _ in 0..3 {
        world.redeem(&offer.code, &wrong(&offer.tx_code)).await;
    }
    world.restart().await;
    for _ in 0..2 {
        world.redeem(&offer.code, &wrong(&offer.tx_code)).await;
    }
    assert_eq!(world.redeem(&offer.code, &offer.tx_code).await.oauth_error(), "invalid_grant");
    world.stop().await;
}

#[tokio::test]
async fn a_code_is_redeemed_once() {
    let mut world = World::start().await;
    let offer = world.collectable(&world.approved().await).await;
    world.token(&offer).await;
    assert_eq!(world.redeem(&offer.code, &offer.tx_code).await.oauth_error(), "invalid_grant");
    world.restart().await;
    assert_eq!(world.redeem(&offer.code, &offer.tx_code).await.oauth_error(), "invalid_grant");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_clients_at_once_get_one_token() {
    let world = std::sync::Arc::new(World::start().await);
    let offer = world.collectable(&world.approved().await).await;
    let clients = (0..20).map(|_| {
        let (world, offer) = (world.clone(), offer.clone());
        tokio::spawn(async move { world.redeem(&offer.code, &offer.tx_code).await })
    });
    let mut tokens = 0;
    for client in clients.collect::<Vec<_>>() {
        let answer = client.await.unwrap();
        if answer.status == 200 { tokens += 1 } else { assert_eq!(answer.oauth_error(), "invalid_grant") }
    }
    assert_eq!(tokens, 1);
}

#[tokio::test]
async fn an_expired_or_replaced_offer_is_void() {
    let world = World::start().await;
    let applied = world.approved().await;
    let first = world.collectable(&applied).await;
    let second = world.renewed(&applied).await;
    assert_eq!(world.redeem(&first.code, &first.tx_code).await.oauth_error(), "invalid_grant");
    world.clock.forward(600);
    assert_eq!(world.redeem(&second.code, &second.tx_code).await.oauth_error(), "invalid_grant");
    world.stop().await;
}

#[tokio::test]
async fn malformed_requests_are_refused_by_name_and_change_nothing() {
    let world = World::start().await;
    let offer = world.collectable(&world.approved().await).await;
    let (code, tx) = (offer.code.as_str(), offer.tx_code.as_str());
    let grant = ("grant_type", PRE_AUTHORIZED_CODE);
    let forms: &[Case<'_>] = &[
        ("no_grant_type", &[("pre-authorized_code", code), ("tx_code", tx)], "invalid_request"),
        ("other_grant", &[("grant_type", "password"), ("code", code)], "unsupported_grant_type"),
        ("no_code", &[grant, ("tx_code", tx)], "invalid_request"),
        ("no_tx_code", &[grant, ("pre-authorized_code", code)], "invalid_request"),
        ("empty_tx_code", &[grant, ("pre-authorized_code", code), ("tx_code", "")], "invalid_request"),
        (
            "code_twice",
            &[grant, ("pre-authorized_code", code), ("pre-authorized_code", code)],
            "invalid_request",
        ),
        ("code_made_up", &[grant, ("pre-authorized_code", "AAAA"), ("tx_code", tx)], "invalid_grant"),
        (
            "details_no_json",
            &[grant, ("pre-authorized_code", code), ("tx_code", tx), ("authorization_details", "[{")],
            "invalid_authorization_details",
        ),
        (
            "details_of_wrong_type",
            &[
                grant,
                ("pre-authorized_code", code),
                ("tx_code", tx),
                ("authorization_details", "{\"type\":1}"),
            ],
            "invalid_authorization_details",
        ),
        (
            "details_not_offered",
            &[
                grant,
                ("pre-authorized_code", code),
                ("tx_code", tx),
                (
                    "authorization_details",
                    "[{\"type\":\"openid_credential\",\"credential_configuration_id\":\"digital-id-vc\"}]",
                ),
            ],
            "invalid_authorization_details",
        ),
    ];
    for (name, form, expected) in forms {
        assert_eq!(world.http.post_form("/token", form).await.oauth_error(), *expected, "{name}");
    }
    let as_json = world.http.post_json("/token", None, &json!({"grant_type": PRE_AUTHORIZED_CODE})).await;
    assert_eq!((as_json.status, as_json.oauth_error().as_str()), (415, "invalid_request"));
    let huge =
        world.http.post("/token", None, "application/x-www-form-urlencoded", "a".repeat(2 << 20)).await;
    assert_eq!((huge.status, huge.oauth_error().as_str()), (413, "invalid_request"));
    let got = world.http.get(&format!("/token?pre-authorized_code={code}&tx_code={tx}"), None).await;
    assert_eq!(
        (got.status, got.oauth_error().as_str(), got.header("allow")),
        (405, "invalid_request", "POST")
    );
    let browser = [("accept", "text/html".to_owned())];
    for path in ["/token", "/nonce", "/credential"] {
        let got = world.http.get_with(path, &browser).await;
        assert_eq!((got.status, got.oauth_error().as_str()), (405, "invalid_request"), "{path}");
    }
    // Nothing of all that used the offer up, or an attempt.
    world.token(&offer).await;
    world.stop().await;
}

#[tokio::test]
async fn authorization_details_are_granted_by_identifier() {
    let world = World::start().await;
    let offer = world.collectable(&world.approved().await).await;
    let details =
        json!([{"type": "openid_credential", "credential_configuration_id": "business-licence-vc"}]);
    let form = [
        ("grant_type", PRE_AUTHORIZED_CODE),
        ("pre-authorized_code", &offer.code),
        ("tx_code", &offer.tx_code),
        ("authorization_details", &details.to_string()),
    ];
    let answer = world.http.post_form("/token", &form).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let granted = &answer.json()["authorization_details"][0];
    assert_eq!(granted["credential_identifiers"], json!(["business-licence-vc"]));
    world.stop().await;
}

#[tokio::test]
async fn no_secret_is_taken_from_a_query() {
    let world = World::start().await;
    let offer = world.collectable(&world.approved().await).await;
    let grant = crate::http::encode(&[
        ("grant_type", protocol::openid4vci::PRE_AUTHORIZED_CODE),
        ("pre-authorized_code", &offer.code),
        ("tx_code", &offer.tx_code),
    ]);
    let in_query = world.http.post_form(&format!("/token?{grant}"), &[]).await;
    assert_eq!((in_query.status, in_query.oauth_error().as_str()), (400, "invalid_request"));
    let token = world.token(&offer).await;
    let body =
        serde_json::json!({"transaction_id": "x", "notification_id": "x", "event": "credential_accepted"});
    for path in ["/credential", "/deferred_credential", "/notification"] {
        let answer = world.http.post_json(&format!("{path}?access_token={token}"), None, &body).await;
        assert_eq!(answer.status, 401, "{path}: a token goes in the header");
    }
    world.stop().await;
}
