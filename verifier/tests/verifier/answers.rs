//! Honest answers, and what the counter makes of them.

use credentials::catalogue::Catalogue;
use credentials::data_integrity::Cryptosuite;
use registry::{Action, Status};

use crate::stack::{Card, Lies, Stack, check, not_passed};

#[tokio::test(flavor = "multi_thread")]
async fn an_sd_jwt_licence_is_accepted_with_every_check_passed() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 17);
    let (reply, decision) = stack.present("open-account", &card).await;
    assert_eq!((reply.status, &reply.body), (200, &serde_json::json!({})), "{decision}");
    assert_eq!(decision["state"], "answered");
    assert_eq!(decision["decision"], "accepted", "{decision}");
    let ids: Vec<&str> =
        decision["checks"].as_array().unwrap().iter().map(|check| check["id"].as_str().unwrap()).collect();
    let all: Vec<&str> = verifier::CheckId::ALWAYS.iter().map(|id| id.id()).collect();
    assert_eq!(ids, all);
    // Exactly what was asked for, and nothing else of the licence.
    let claims = decision["claims"]["business-licence-sd-jwt"].as_object().unwrap();
    assert_eq!(claims.keys().collect::<Vec<_>>(), ["creditCode", "name"]);
    assert_eq!(claims["name"], testkit::Company::nth(3).name);
    // The evidence names who, which key, which block.
    let accredited = &decision["checks"][2];
    assert!(
        accredited["finding"]["en"].as_str().unwrap().starts_with("Hefei Market Supervision was accredited")
    );
    assert!(accredited["finding"]["zh"].as_str().unwrap().contains("合肥市市场监督管理局"));
    assert_eq!(accredited["evidence"][0]["value"], stack.market.did.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_integrity_licence_is_accepted_where_all_of_it_is_asked_for() {
    let stack = Stack::start().await;
    let card = stack.market.licence_whole(&stack.phone, 3, 18);
    let (reply, decision) = stack.present("full-licence", &card).await;
    assert_eq!(reply.status, 200, "{decision}");
    assert_eq!(decision["decision"], "accepted", "{decision}");
    assert_eq!(decision["claims"]["business-licence-vc"]["name"], testkit::Company::nth(3).name);
    assert!(decision["claims"]["business-licence-vc"].get("id").is_none());
}

/// Whichever suite a catalogue names for the type, over JCS or RDF.
#[tokio::test(flavor = "multi_thread")]
async fn a_licence_by_each_suite_that_a_catalogue_can_name_is_accepted_whole() {
    let stack = Stack::start().await;
    let file = include_str!("../../../catalogue/business-licence.toml");
    for (at, suite) in
        (30..).zip([Cryptosuite::EcdsaJcs2019, Cryptosuite::EddsaRdfc2022, Cryptosuite::EcdsaRdfc2019])
    {
        let named = format!("cryptosuite = \"{}\"\n{file}", suite.name());
        let catalogue = Catalogue::parse(&[&named]).unwrap();
        let kind = catalogue.by_id("business-licence").unwrap();
        assert_eq!(kind.cryptosuite, suite);
        let card = stack.market.licence_of(kind, &stack.phone, 3, at);
        let Card::Whole(whole) = &card else { panic!("a VCDM credential") };
        assert_eq!(whole["proof"]["cryptosuite"], suite.name());
        let (reply, decision) = stack.present("full-licence", &card).await;
        assert_eq!(reply.status, 200, "{}: {decision}", suite.name());
        assert_eq!(decision["decision"], "accepted", "{}: {decision}", suite.name());
        let claims = &decision["claims"]["business-licence-vc"];
        assert_eq!(claims["name"], testkit::Company::nth(3).name);
        stack.market.set(&stack.network, at, Status::Revoked).await;
        let (_, decision) = stack.present("full-licence", &card).await;
        assert_eq!(check(&decision, "status"), ("failed", "revoked"), "{}", suite.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn either_format_answers_the_same_request() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 4, 19);
    let (reply, decision) = stack.present("full-licence", &card).await;
    assert_eq!(reply.status, 200, "{decision}");
    assert_eq!(decision["decision"], "accepted", "{decision}");
}

#[tokio::test(flavor = "multi_thread")]
async fn revocation_counts_from_the_moment_it_is_final_and_for_good() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 2049);
    assert_eq!(stack.present("open-account", &card).await.1["decision"], "accepted");
    stack.market.set(&stack.network, 2049, Status::Revoked).await;
    let (reply, decision) = stack.present("open-account", &card).await;
    // The phone did its part: the answer is genuine.
    assert_eq!(reply.status, 200);
    assert_eq!(decision["decision"], "refused");
    assert_eq!(not_passed(&decision), ["status"]);
    assert_eq!(check(&decision, "status"), ("failed", "revoked"));
    let reason = decision["reason"]["en"].as_str().unwrap();
    assert!(reason.starts_with("This business licence was revoked by Hefei Market Supervision"), "{reason}");
    // A neighbour in the same part of the list is not touched by it.
    let neighbour = stack.market.licence(&stack.phone, 4, 2050);
    assert_eq!(stack.present("open-account", &neighbour).await.1["decision"], "accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn suspension_counts_until_it_is_lifted() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 9);
    stack.market.set(&stack.network, 9, Status::Suspended).await;
    let (_, decision) = stack.present("open-account", &card).await;
    assert_eq!(decision["decision"], "refused");
    assert_eq!(check(&decision, "status"), ("failed", "suspended"));
    stack.market.set(&stack.network, 9, Status::Valid).await;
    assert_eq!(stack.present("open-account", &card).await.1["decision"], "accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn rotation_does_not_break_what_was_signed_before_it() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 20);
    // The next second, so that the licence is dated before the rotation beyond doubt.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let document = stack.market.document(&[&stack.market.eddsa]);
    stack.network.act(&stack.market.did, &stack.market.author, Action::DidRotate { document }).await;
    let (_, decision) = stack.present("open-account", &card).await;
    assert_eq!(decision["decision"], "accepted", "{decision}");
    // What the retired key signs now does not count.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let late = stack.market.licence(&stack.phone, 3, 21);
    let (_, decision) = stack.present("open-account", &late).await;
    assert_eq!(check(&decision, "issuer_key_valid_when_issued"), ("failed", "key_retired"));
    assert_eq!(not_passed(&decision), ["issuer_key_valid_when_issued"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_claims_leave_after_the_set_time_and_so_does_the_decision() {
    use std::time::Duration;
    let network = crate::stack::Network::start().await;
    let market =
        crate::stack::Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let policy = verifier::Policy { result_lifetime: Duration::from_secs(4), ..verifier::Policy::default() };
    let counter = crate::stack::Counter::start_with(&network, "counter", policy).await;
    let phone = crate::stack::Phone::new();
    let card = market.licence(&phone, 3, 1);
    let asked = counter.ask("open-account").await;
    assert_eq!(phone.answer(&asked.request_uri, &card, Lies::default()).await.status, 200);
    assert!(counter.read(&asked.id).await["claims"]["business-licence-sd-jwt"].is_object());
    tokio::time::sleep(Duration::from_millis(4200)).await;
    let url = counter.url(&format!("/api/requests/{}", asked.id));
    let answer = counter.http.get(url).bearer_auth(crate::stack::TOKEN).send().await.unwrap();
    assert_eq!(answer.status(), 404);
    // Nothing of it is left on the disk's index either: the same answer finds no request.
    assert_eq!(
        phone
            .post_to(&counter.url(&format!("/requests/{}/response", asked.id)), "error=x".into())
            .await
            .status,
        404
    );
}
