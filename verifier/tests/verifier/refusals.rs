//! Every attack by its name, end to end: what the wallet is answered, which check fails and why.

use credentials::key::{Algorithm, SoftwareKey};
use registry::Action;
use serde_json::json;
use service::clock;

use crate::stack::{Card, Counter, Issuer, Lies, Stack, Statuses, check, not_passed};

fn stranger() -> SoftwareKey {
    SoftwareKey::generate(Algorithm::Es256, &mut testkit::rng(4711))
}

#[tokio::test(flavor = "multi_thread")]
async fn presentation_replayed_to_the_same_request() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let asked = stack.counter.ask("open-account").await;
    let request = stack.phone.fetch(&asked.request_uri).await;
    let form = stack.phone.response(&request, &card, &Lies::default()).to_form().encode();
    assert_eq!(stack.phone.post(&request, form.clone()).await.status, 200);
    let before = stack.counter.read(&asked.id).await;
    let reply = stack.phone.post(&request, form).await;
    assert_eq!((reply.status, reply.error()), (409, "invalid_request"));
    assert_eq!(stack.counter.read(&asked.id).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_answers_at_once_only_one_is_taken() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let asked = stack.counter.ask("open-account").await;
    let request = stack.phone.fetch(&asked.request_uri).await;
    let form = stack.phone.response(&request, &card, &Lies::default()).to_form().encode();
    let mut taken = 0;
    let all = (0..8).map(|_| {
        let (http, uri) = (stack.phone.http.clone(), request.response_uri.clone().unwrap().to_string());
        let form = form.clone();
        tokio::spawn(async move {
            let sent =
                http.post(uri).header("content-type", "application/x-www-form-urlencoded").body(form).send();
            sent.await.unwrap().status().as_u16()
        })
    });
    for one in all.collect::<Vec<_>>() {
        match one.await.unwrap() {
            200 => taken += 1,
            status => assert_eq!(status, 409),
        }
    }
    assert_eq!(taken, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn presentation_replayed_to_the_next_request() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let first = stack.phone.fetch(&stack.counter.ask("open-account").await.request_uri).await;
    let asked = stack.counter.ask("open-account").await;
    let second = stack.phone.fetch(&asked.request_uri).await;
    let old = protocol::openid4vp::AuthorizationRequest { state: second.state.clone(), ..first };
    let form = stack.phone.response(&old, &card, &Lies::default()).to_form().encode();
    let reply = stack.phone.post(&second, form).await;
    assert_eq!((reply.status, reply.error()), (400, "invalid_request"));
    let decision = stack.counter.read(&asked.id).await;
    assert_eq!(not_passed(&decision), ["nonce"]);
    assert_eq!(check(&decision, "nonce"), ("failed", "nonce_wrong"));
}

#[tokio::test(flavor = "multi_thread")]
async fn audience_of_another_counter() {
    let stack = Stack::start().await;
    let other = Counter::start_with(&stack.network, "other-counter", verifier::Policy::default()).await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let whole = stack.market.licence_whole(&stack.phone, 3, 2);
    for (card, purpose) in [(card, "open-account"), (whole, "full-licence")] {
        let lies = Lies { audience: Some(other.running.client_id()), ..Lies::default() };
        let (reply, decision) = stack.present_with(purpose, &card, lies).await;
        assert_eq!((reply.status, reply.error()), (400, "invalid_request"));
        assert_eq!(not_passed(&decision), ["audience"]);
        assert_eq!(check(&decision, "audience"), ("failed", "audience_wrong"));
        assert_eq!(
            decision["claims"],
            json!({}),
            "claims that were not meant for this counter are not shown"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_nonce() {
    let stack = Stack::start().await;
    let whole = stack.market.licence_whole(&stack.phone, 3, 2);
    let lies = Lies { nonce: Some("another-nonce"), ..Lies::default() };
    let (reply, decision) = stack.present_with("full-licence", &whole, lies).await;
    assert_eq!(reply.status, 400);
    assert_eq!(not_passed(&decision), ["nonce"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn key_binding_stripped() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let lies = Lies { strip_binding: true, ..Lies::default() };
    let (reply, decision) = stack.present_with("open-account", &card, lies).await;
    assert_eq!((reply.status, reply.error()), (400, "invalid_request"));
    assert_eq!(decision["decision"], "refused");
    assert_eq!(check(&decision, "holder_binding"), ("failed", "key_binding_missing"));
    assert_eq!(not_passed(&decision), ["holder_binding", "nonce", "audience"]);
    assert_eq!(decision["claims"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn credential_copied_to_another_key() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let (reply, decision) =
        stack.present_with("open-account", &card, Lies { key: Some(stranger()), ..Lies::default() }).await;
    assert_eq!((reply.status, reply.error()), (400, "invalid_request"));
    assert_eq!(check(&decision, "holder_binding"), ("failed", "key_binding_signature_wrong"));
    let whole = stack.market.licence_whole(&stack.phone, 3, 2);
    let (reply, decision) =
        stack.present_with("full-licence", &whole, Lies { key: Some(stranger()), ..Lies::default() }).await;
    assert_eq!(reply.status, 400);
    assert_eq!(check(&decision, "holder_binding"), ("failed", "holder_is_another"));
}

#[tokio::test(flavor = "multi_thread")]
async fn key_binding_too_old() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let (reply, decision) =
        stack.present_with("open-account", &card, Lies { age: 400, ..Lies::default() }).await;
    assert_eq!(reply.status, 400);
    assert_eq!(check(&decision, "holder_binding"), ("failed", "key_binding_too_old"));
}

#[tokio::test(flavor = "multi_thread")]
async fn expired() {
    let stack = Stack::start().await;
    let mut draft = stack.market.draft(3, 1);
    draft.expires = Some(clock::now().seconds() - 86_400);
    let card = stack.market.issue(draft, &stack.market.es256, &stack.phone);
    let (reply, decision) = stack.present("open-account", &card).await;
    assert_eq!(reply.status, 200);
    assert_eq!(not_passed(&decision), ["validity"]);
    assert_eq!(check(&decision, "validity"), ("failed", "expired"));
    assert!(decision["reason"]["en"].as_str().unwrap().starts_with("This business licence expired on "));
}

#[tokio::test(flavor = "multi_thread")]
async fn issuer_accredited_for_another_type() {
    let stack = Stack::start().await;
    let police = Issuer::register(&stack.network, "Public Security", &["digital-id"]).await;
    let card = police.licence(&stack.phone, 3, 1);
    let (reply, decision) = stack.present("open-account", &card).await;
    assert_eq!(reply.status, 200);
    assert_eq!(decision["decision"], "refused");
    assert_eq!(not_passed(&decision), ["issuer_accredited"]);
    assert_eq!(check(&decision, "issuer_accredited"), ("failed", "never_accredited"));
}

#[tokio::test(flavor = "multi_thread")]
async fn accreditation_withdrawn_before_it_was_issued() {
    let stack = Stack::start().await;
    let before = stack.market.licence(&stack.phone, 3, 1);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let (did, credential_type) = (stack.market.did.clone(), registry::Slug::new("business-licence").unwrap());
    stack.network.govern(Action::WithdrawAccreditation { did, credential_type }).await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let after = stack.market.licence(&stack.phone, 4, 2);
    assert_eq!(stack.present("open-account", &before).await.1["decision"], "accepted");
    let (_, decision) = stack.present("open-account", &after).await;
    assert_eq!(check(&decision, "issuer_accredited"), ("failed", "accreditation_withdrawn"));
}

#[tokio::test(flavor = "multi_thread")]
async fn issuer_not_registered() {
    let stack = Stack::start().await;
    let mut draft = stack.market.draft(3, 1);
    let nobody = "did:hui:anhui:z2JPGfvHPrvkXWQUKeEtjkNSyUkp";
    draft.issuer = nobody.into();
    draft.kid = Some(format!("{nobody}#key-3"));
    let card = stack.market.issue(draft, &stack.market.es256, &stack.phone);
    let (reply, decision) = stack.present("open-account", &card).await;
    assert_eq!(reply.status, 400);
    assert_eq!(check(&decision, "issuer_signature").0, "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn signature_forged() {
    let stack = Stack::start().await;
    let card = stack.market.issue(stack.market.draft(3, 1), &stranger(), &stack.phone);
    let (reply, decision) = stack.present("open-account", &card).await;
    assert_eq!((reply.status, reply.error()), (400, "invalid_request"));
    assert_eq!(not_passed(&decision), ["issuer_signature"]);
    assert_eq!(check(&decision, "issuer_signature"), ("failed", "signature_wrong"));
    assert_eq!(decision["claims"], json!({}), "forged claims are not shown");
}

#[tokio::test(flavor = "multi_thread")]
async fn content_changed_after_signing() {
    let stack = Stack::start().await;
    let Card::Whole(mut credential) = stack.market.licence_whole(&stack.phone, 3, 1) else { panic!("whole") };
    credential["credentialSubject"]["name"] = json!("另一家公司");
    let (reply, decision) = stack.present("full-licence", &Card::Whole(credential)).await;
    assert_eq!(reply.status, 400);
    assert_eq!(check(&decision, "issuer_signature"), ("failed", "signature_wrong"));
}

#[tokio::test(flavor = "multi_thread")]
async fn key_of_another_controller() {
    let stack = Stack::start().await;
    let police = Issuer::register(&stack.network, "Public Security", &["digital-id"]).await;
    // Signed by public security's key, but in the name of market supervision.
    let mut draft = stack.market.draft(3, 1);
    draft.kid = Some(format!("{}#key-3", police.did));
    let card = stack.market.issue(draft, &police.es256, &stack.phone);
    let (reply, decision) = stack.present("open-account", &card).await;
    assert_eq!(reply.status, 400);
    assert_eq!(check(&decision, "issuer_signature"), ("failed", "key_of_another_controller"));
}

#[tokio::test(flavor = "multi_thread")]
async fn key_not_for_credentials() {
    let stack = Stack::start().await;
    // The author's key writes transactions; it must not issue.
    let mut draft = stack.market.draft(3, 1);
    draft.kid = Some(format!("{}#key-1", stack.market.did));
    let card = stack.market.issue(draft, &stack.market.eddsa, &stack.phone);
    let (_, decision) = stack.present("open-account", &card).await;
    assert_eq!(check(&decision, "issuer_key_valid_when_issued"), ("failed", "key_not_for_credentials"));
}

#[tokio::test(flavor = "multi_thread")]
async fn key_stolen() {
    let stack = Stack::start().await;
    let since = clock::now();
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let document = stack.market.document(&[&stack.market.eddsa]);
    stack.network.act(&stack.market.did, &stack.market.author, Action::DidRotate { document }).await;
    let fragment = registry::Slug::new("key-3").unwrap();
    let declare = Action::DidDeclareCompromised { fragment, since };
    stack.network.act(&stack.market.did, &stack.market.author, declare).await;
    let (_, decision) = stack.present("open-account", &card).await;
    assert_eq!(check(&decision, "issuer_key_valid_when_issued"), ("failed", "key_compromised"));
}

#[tokio::test(flavor = "multi_thread")]
async fn dated_back_before_its_status_list() {
    let stack = Stack::start().await;
    let mut draft = stack.market.draft(3, 1);
    draft.issued_at -= 3600;
    let card = stack.market.issue(draft, &stack.market.es256, &stack.phone);
    let (_, decision) = stack.present("open-account", &card).await;
    assert_eq!(check(&decision, "status"), ("failed", "older_than_its_list"));
    assert_eq!(check(&decision, "issuer_key_valid_when_issued"), ("failed", "key_later"));
}

#[tokio::test(flavor = "multi_thread")]
async fn status_list_of_another() {
    let stack = Stack::start().await;
    let police = Issuer::register(&stack.network, "Public Security", &["digital-id"]).await;
    let mut draft = stack.market.draft(3, 1);
    draft.status = Statuses::At(format!("{}/status/1", police.did), 1);
    let card = stack.market.issue(draft, &stack.market.es256, &stack.phone);
    let (_, decision) = stack.present("open-account", &card).await;
    assert_eq!(check(&decision, "status"), ("failed", "list_of_another"));
}

#[tokio::test(flavor = "multi_thread")]
async fn status_list_never_opened_or_too_short() {
    let stack = Stack::start().await;
    for (list, index) in [("7", 1), ("1", 131_072)] {
        let mut draft = stack.market.draft(3, 1);
        draft.status = Statuses::At(format!("{}/status/{list}", stack.market.did), index);
        let card = stack.market.issue(draft, &stack.market.es256, &stack.phone);
        let (_, decision) = stack.present("open-account", &card).await;
        assert_eq!(check(&decision, "status"), ("failed", "no_such_entry"), "{list} {index}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_status_can_not_be_told() {
    let stack = Stack::start().await;
    let mut draft = stack.market.draft(3, 1);
    draft.status = Statuses::None;
    let card = stack.market.issue(draft, &stack.market.es256, &stack.phone);
    let (reply, decision) = stack.present("open-account", &card).await;
    assert_eq!(reply.status, 200);
    assert_eq!(decision["decision"], "cannot_tell");
    assert_eq!(check(&decision, "status"), ("unknown", "no_status"));
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_not_asked_for() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let lies = Lies { also: vec!["legalRepresentative"], ..Lies::default() };
    let (reply, decision) = stack.present_with("open-account", &card, lies).await;
    assert_eq!((reply.status, reply.error()), (400, "invalid_request"));
    assert_eq!(not_passed(&decision), ["only_what_was_asked"]);
    let reason = decision["reason"]["en"].as_str().unwrap();
    assert!(reason.contains("Legal representative"), "{reason}");
    assert!(!decision.to_string().contains(&testkit::Company::nth(3).legal_representative));
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_kept_back() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let lies = Lies { without: vec!["creditCode"], ..Lies::default() };
    let (reply, decision) = stack.present_with("open-account", &card, lies).await;
    assert_eq!(reply.status, 400);
    assert_eq!(check(&decision, "query_satisfied"), ("failed", "claim_missing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_licence_where_two_claims_were_asked() {
    let stack = Stack::start().await;
    let whole = stack.market.licence_whole(&stack.phone, 3, 1);
    let dcql = json!({"credentials": [{
        "id": "licence", "format": "ldp_vc", "meta": {"type_values": [["BusinessLicence"]]},
        "claims": [{"path": ["credentialSubject", "name"]}]
    }]});
    let asked = stack.counter.ask_json(&json!({"purpose": "open-account", "dcql": dcql})).await;
    let reply = stack.phone.answer(&asked.request_uri, &whole, Lies::default()).await;
    assert_eq!(reply.status, 400);
    let decision = stack.counter.read(&asked.id).await;
    assert_eq!(not_passed(&decision), ["only_what_was_asked"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_away() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let asked = stack.counter.ask("open-account").await;
    stack.network.node.shutdown().await;
    let reply = stack.phone.answer(&asked.request_uri, &card, Lies::default()).await;
    assert_eq!(reply.status, 200);
    let decision = stack.counter.read(&asked.id).await;
    assert_eq!(decision["decision"], "cannot_tell");
    assert_eq!(check(&decision, "status"), ("unknown", "chain_unreachable"));
    assert_eq!(check(&decision, "issuer_signature"), ("unknown", "chain_unreachable"));
    // What needs no chain is still checked.
    assert_eq!(check(&decision, "holder_binding"), ("passed", "right"));
    assert_eq!(decision["claims"], json!({}), "nothing is shown that could not be shown to be genuine");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_away_and_fresh_facts_at_hand() {
    let stack = Stack::start().await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    assert_eq!(stack.present("open-account", &card).await.1["decision"], "accepted");
    let asked = stack.counter.ask("open-account").await;
    stack.network.node.shutdown().await;
    assert_eq!(stack.phone.answer(&asked.request_uri, &card, Lies::default()).await.status, 200);
    let decision = stack.counter.read(&asked.id).await;
    assert_eq!(decision["decision"], "accepted", "facts of the last two minutes still count");
    assert!(decision["reason"]["en"].as_str().unwrap().contains("The register was read at"));
}
