//! What HAIP 1.0 asks of a wallet beyond a plain request: encrypted answers, verifiers known by certificates; and what else a
//! request can carry: transaction data, several cards, cards that need not be shown.

use credentials::key::Algorithm;
use protocol::dcql::QueryId;
use protocol::openid4vp::{
    AuthorizationResponse, BadRequest, BadTransaction, Confirmation, Line, Presentation, TransactionData,
    Words,
};
use serde_json::{Value, json};
use std::sync::atomic::Ordering::Relaxed;
use wallet_core::{Choice, Event, Link, MissingReason, PresentError, RequestRefused, Wallet};

use crate::town::{Ask, Certified, Holder, PIN, Plan, Town, public};

async fn refused(ask: Ask) -> RequestRefused {
    let (holder, _) = Holder::new().await.with_licence().await;
    holder.review(ask).await.unwrap_err()
}

fn encrypted(ask: Ask) -> Ask {
    Ask { encrypted: true, ..ask }
}

#[tokio::test]
async fn an_answer_is_encrypted_for_whoever_asks_so() {
    let (holder, card) = Holder::new().await.with_licence().await;
    holder.present_first(encrypted(Ask::licence())).await.unwrap();
    assert_eq!(*holder.town.verifier.sealed.lock().unwrap(), 1);
    let claims = holder.town.verifier.verified_sd_jwt(&public(1, Algorithm::Es256));
    assert_eq!(claims["name"], card.claims[0].value);
    let sent = holder.town.seen.lock().unwrap().last().unwrap().2.clone();
    assert!(sent.starts_with(b"response=ey"), "nothing but the encrypted answer left");
}

#[tokio::test]
async fn an_mdocs_session_is_bound_to_the_key_it_is_encrypted_to() {
    let holder = Holder::new().await;
    let link = holder.town.issuer.offer(Plan::driving());
    let offer = holder.wallet.preview_offer(&link).await.unwrap();
    holder.wallet.receive(&offer, Some("123456")).await.unwrap();
    let ask = Ask::driving(&[[credentials::mdoc::MDL_NAMESPACE, "family_name"]]);
    holder.present_first(encrypted(ask)).await.unwrap();
    let shown = holder.town.verifier.verified_mdoc(&public(1, Algorithm::Es256));
    assert_eq!(shown, json!({ credentials::mdoc::MDL_NAMESPACE: { "family_name": "CHENG" } }));
}

#[tokio::test]
async fn a_no_and_a_refusal_are_encrypted_too() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let consent = holder.review(encrypted(Ask::licence())).await.unwrap();
    assert!(holder.wallet.decline(&consent.id).await.unwrap());
    let overreach = encrypted(Ask::licence_claims(&["address"]));
    assert_eq!(holder.review(overreach).await.unwrap_err().code(), "asks-too-much");
    assert_eq!(*holder.town.verifier.sealed.lock().unwrap(), 2);
    let came = holder.town.verifier.came.lock().unwrap();
    assert!(came.iter().all(|answer| matches!(answer, AuthorizationResponse::Refused { .. })));
}

#[tokio::test]
async fn a_certificate_for_a_key_of_the_chain_is_as_good_as_the_did() {
    for host in [None, Some("bank.example")] {
        let (holder, card) = Holder::new().await.with_licence().await;
        let certified = Some(Certified { host, ..Certified::GOOD });
        let consent = holder.review(Ask { certified, ..Ask::licence() }).await.unwrap();
        assert_eq!(consent.verifier.did, holder.town.verifier.did);
        holder.wallet.present(&consent.id, &Choice::first()).await.unwrap();
        let claims = holder.town.verifier.verified_sd_jwt(&public(1, Algorithm::Es256));
        assert_eq!(claims["name"], card.claims[0].value);
    }
}

#[tokio::test]
async fn a_certificate_that_does_not_say_who_asks_is_refused_by_name() {
    let by = async |certified: Certified| refused(Ask { certified: Some(certified), ..Ask::licence() }).await;
    let certificate = RequestRefused::Request(BadRequest::Certificate);
    assert_eq!(by(Certified { by_itself: true, ..Certified::GOOD }).await, certificate);
    assert_eq!(by(Certified { until: -1, ..Certified::GOOD }).await, certificate);
    assert_eq!(by(Certified { host: Some("evil.example"), ..Certified::GOOD }).await, certificate);
    let other_key = RequestRefused::Request(BadRequest::OtherKey);
    assert_eq!(by(Certified { of_another: true, ..Certified::GOOD }).await, other_key);
    let stranger = RequestRefused::VerifierNotOnThisChain;
    for names in ["https://bank.example", "did:hui:elsewhere:z1#key-2"] {
        assert_eq!(by(Certified { names: Some(names.into()), ..Certified::GOOD }).await, stranger, "{names}");
    }
    let (holder, _) = Holder::new().await.with_licence().await;
    let issuers = Some(format!("{}#key-2", holder.town.issuer.did));
    let borrowed = Some(Certified { names: issuers, ..Certified::GOOD });
    let refused = holder.review(Ask { certified: borrowed, ..Ask::licence() }).await.unwrap_err();
    assert!(matches!(refused.code(), "bad-request" | "verifier-key"), "{refused:?}");
}

fn transaction(ids: &[&str]) -> (Confirmation, TransactionData) {
    let words = |zh: &str, en: &str| Words { zh: zh.into(), en: en.into() };
    let confirmation = Confirmation {
        title: words("开立对公账户", "Open a business account"),
        lines: vec![Line { label: words("账户类型", "Kind"), value: "基本户".into() }],
    };
    let ids: Vec<QueryId> = ids.iter().map(|id| QueryId::new(id).unwrap()).collect();
    let made = TransactionData::confirming(&confirmation, &ids).unwrap();
    (confirmation, made)
}

async fn confirming_holder() -> Holder {
    let town = Town::new();
    town.shows_confirmations.store(true, Relaxed);
    Holder::of(town).await.with_licence().await.0
}

#[tokio::test]
async fn what_the_holder_reads_is_what_her_key_signs() {
    let holder = confirming_holder().await;
    let (confirmation, made) = transaction(&["licence"]);
    let ask = Ask { transaction_data: vec![made.text().to_owned()], ..Ask::licence() };
    let consent = holder.review(ask).await.unwrap();
    assert_eq!(consent.confirmations, [confirmation]);
    holder.wallet.present(&consent.id, &Choice::first()).await.unwrap();
    holder.town.verifier.verified_sd_jwt(&public(1, Algorithm::Es256));
    let Presentation::Text(text) = holder.town.verifier.presented("licence") else { panic!("text") };
    let shown = credentials::sd_jwt::Unverified::parse(&text).unwrap();
    assert!(made.is_in(shown.dangerous_binding_claims().unwrap()));
    match &holder.wallet.log(None, 1).unwrap()[0].event {
        Event::Presented { asked, .. } => assert_eq!(asked.confirmed[0].en, "Open a business account"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn no_value_of_a_card_or_a_confirmation_is_in_debug() {
    let holder = confirming_holder().await;
    let (confirmation, made) = transaction(&["licence"]);
    let ask = Ask { transaction_data: vec![made.text().to_owned()], ..Ask::licence() };
    let consent = holder.review(ask).await.unwrap();
    let backup = holder.wallet.back_up("a passphrase for the backup").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (path, ports) = (folder.path().join("wallet"), holder.town.ports(folder.path()));
    let restored =
        Wallet::restore(&path, PIN, ports, holder.town.config(), &backup, "a passphrase for the backup")
            .await;
    let (_, restored) = restored.unwrap();
    let card = holder.wallet.cards().unwrap().remove(0);
    let line = &confirmation.lines[0];
    let shown = format!("{consent:?} {restored:?} {:?} {confirmation:?} {line:?}", restored.to_collect);
    assert_eq!(consent.confirmations, std::slice::from_ref(&confirmation));
    let mut values = vec![card.holder_line, line.value.clone(), line.label.zh.clone(), confirmation.title.en];
    for claim in card.claims {
        values.extend(claim.value.as_str().filter(|text| text.chars().count() > 3).map(str::to_owned));
        values.extend([claim.text.zh, claim.text.en].into_iter().filter(|text| text.chars().count() > 3));
    }
    assert!(values.len() > 12);
    for value in values {
        assert!(!shown.contains(&value), "a value is in Debug: {shown}");
    }
    assert!(shown.contains(&card.id) && shown.contains("creditCode"), "what it is, is: {shown}");
}

#[tokio::test]
async fn transaction_data_that_nobody_would_read_is_refused_and_the_verifier_told() {
    let (_, made) = transaction(&["licence"]);
    let with = |text: &str| Ask { transaction_data: vec![text.to_owned()], ..Ask::licence() };
    let because = |why| RequestRefused::Request(BadRequest::TransactionData(why));
    assert_eq!(refused(with(made.text())).await, because(BadTransaction::Type), "an app that can't show it");

    let holder = confirming_holder().await;
    let foreign = "eyJ0eXBlIjoieCIsImNyZWRlbnRpYWxfaWRzIjpbImxpY2VuY2UiXX0";
    assert_eq!(holder.review(with(foreign)).await.unwrap_err(), because(BadTransaction::Type));
    assert!(matches!(
        holder.town.verifier.came.lock().unwrap().last(),
        Some(AuthorizationResponse::Refused { .. })
    ));
    assert_eq!(
        holder.review(with("eyJ0eXBlIjoieCIsImNyZWRlbnRpYWxfaWRzIjpbIngiXX0")).await.unwrap_err(),
        because(BadTransaction::Credential)
    );
    let whole = Ask { transaction_data: vec![made.text().to_owned()], ..Ask::whole_licence("full-check") };
    let refused = holder.review(whole).await.unwrap_err();
    assert_eq!(refused, because(BadTransaction::Credential), "no key binding could carry it");
}

#[tokio::test]
async fn a_refusal_tells_nothing_of_what_the_holder_has() {
    let foreign = "eyJ0eXBlIjoieCIsImNyZWRlbnRpYWxfaWRzIjpbImxpY2VuY2UiXX0";
    let mut probing = Ask::licence();
    probing.dcql["credentials"][0]["claims"][1]["values"] = json!(["91340100000000000X"]);
    probing.transaction_data = vec![foreign.to_owned()];
    // Whoever has no card, another value, or no way to show what is to be confirmed is refused alike.
    let told = async |holder: &Holder| {
        let refused = holder.review(probing.clone()).await.unwrap_err();
        assert_eq!(refused.code(), "not-supported");
        holder.town.verifier.came.lock().unwrap().drain(..).collect::<Vec<_>>()
    };
    let with_card = told(&Holder::new().await.with_licence().await.0).await;
    assert_eq!(with_card.len(), 1);
    assert_eq!(told(&Holder::new().await).await, with_card);
    assert_eq!(told(&confirming_holder().await).await, with_card);

    // Which of the alternatives she could answer is for her alone to know.
    let (_, made) = transaction(&["licence"]);
    let mut either =
        Ask { purpose: Some("full-check"), transaction_data: vec![made.text().to_owned()], ..Ask::licence() };
    let mut whole = Ask::whole_licence("full-check").dcql["credentials"][0].clone();
    whole["id"] = "whole".into();
    either.dcql["credentials"].as_array_mut().unwrap().push(whole);
    either.dcql["credential_sets"] = json!([{ "options": [["licence"], ["whole"]] }]);
    let town = Town::new();
    town.shows_confirmations.store(true, Relaxed);
    let holder = Holder::of(town).await;
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(Plan::licence().ldp())).await.unwrap();
    holder.wallet.receive(&offer, Some("123456")).await.unwrap();
    let refused = holder.review(either).await.unwrap_err();
    assert_eq!(refused, RequestRefused::Request(BadRequest::TransactionData(BadTransaction::Credential)));
    assert!(holder.town.verifier.came.lock().unwrap().is_empty());
}

fn identity() -> Value {
    json!({
        "id": "identity", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:huizheng:digital-id:1"] },
        "claims": [{ "path": ["name"] }],
    })
}

async fn with_identity() -> Holder {
    let (holder, _) = Holder::new().await.with_licence().await;
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(Plan::digital_id())).await.unwrap();
    holder.wallet.receive(&offer, Some("123456")).await.unwrap();
    holder
}

fn ids_sent(holder: &Holder) -> Vec<String> {
    match holder.town.verifier.came.lock().unwrap().last().unwrap() {
        AuthorizationResponse::Presented { vp_token, .. } => {
            vp_token.0.keys().map(ToString::to_string).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_need_not_be_shown_stays_unless_the_holder_says_otherwise() {
    let holder = with_identity().await;
    let mut ask = Ask::licence();
    ask.dcql["credentials"].as_array_mut().unwrap().push(identity());
    ask.dcql["credential_sets"] =
        json!([{ "options": [["licence"]] }, { "options": [["identity"]], "required": false }]);
    let consent = holder.review(ask.clone()).await.unwrap();
    let asked: Vec<_> = consent.questions.iter().map(|one| (one.id.as_str(), one.optional)).collect();
    assert_eq!(asked, [("licence", false), ("identity", true)]);
    holder.wallet.present(&consent.id, &Choice::first()).await.unwrap();
    assert_eq!(ids_sent(&holder), ["licence"]);

    let consent = holder.review(ask).await.unwrap();
    let choice = Choice::first().with("identity", &consent.questions[1].options[0].id);
    holder.wallet.present(&consent.id, &choice).await.unwrap();
    assert_eq!(ids_sent(&holder), ["identity", "licence"]);
}

#[tokio::test]
async fn of_an_optional_set_all_leaves_or_nothing_and_what_links_is_said_of_all() {
    let holder = with_identity().await;
    let mut ask = Ask::licence();
    let mut firm = ask.dcql["credentials"][0].clone();
    firm["id"] = json!("firm");
    ask.dcql["credentials"].as_array_mut().unwrap().extend([identity(), firm]);
    ask.dcql["credential_sets"] =
        json!([{ "options": [["licence"]] }, { "options": [["identity", "firm"]], "required": false }]);
    let consent = holder.review(ask.clone()).await.unwrap();
    let sets: Vec<_> = consent.questions.iter().map(|one| (one.id.as_str(), one.optional, one.set)).collect();
    assert_eq!(sets, [("licence", false, None), ("identity", true, Some(1)), ("firm", true, Some(1))]);
    assert_eq!(holder.wallet.links(&consent.id, &Choice::first()), []);
    holder.wallet.present(&consent.id, &Choice::first()).await.unwrap();
    assert_eq!(ids_sent(&holder), ["licence"]);

    // Naming the firm alone takes the identity along: that is what links, and it is said.
    let consent = holder.review(ask).await.unwrap();
    let choice = Choice::first().with("firm", &consent.questions[2].options[0].id);
    let all = ["licence", "identity", "firm"].map(str::to_owned).to_vec();
    assert_eq!(holder.wallet.links(&consent.id, &choice), [Link::Together { questions: all }]);
    holder.wallet.present(&consent.id, &choice).await.unwrap();
    assert_eq!(ids_sent(&holder), ["firm", "identity", "licence"]);
}

#[tokio::test]
async fn several_cards_answer_where_several_may() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let other = testkit::Company::nth(2).business_licence_claims();
    let mut plan = Plan { index: 70_001, ..Plan::licence() };
    plan.claims = other.as_object().unwrap().clone();
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(plan)).await.unwrap();
    holder.wallet.receive(&offer, Some("123456")).await.unwrap();

    let both = |consent: &wallet_core::ConsentRequest| {
        let [one, other] = [0, 1].map(|at| consent.questions[0].options[at].id.clone());
        Choice::first().with("licence", &one).also("licence", &other)
    };
    let consent = holder.review(Ask::licence()).await.unwrap();
    let refused = holder.wallet.present(&consent.id, &both(&consent)).await;
    assert_eq!(refused, Err(PresentError::NotAnOption("licence".into())), "one was asked for");

    let mut ask = Ask::licence();
    ask.dcql["credentials"][0]["multiple"] = json!(true);
    let consent = holder.review(ask).await.unwrap();
    assert!(consent.questions[0].multiple);
    holder.wallet.present(&consent.id, &both(&consent)).await.unwrap();
    match holder.town.verifier.came.lock().unwrap().last().unwrap() {
        AuthorizationResponse::Presented { vp_token, .. } => {
            assert_eq!(vp_token.0.values().next().unwrap().len(), 2);
        }
        other => panic!("{other:?}"),
    };
}

#[tokio::test]
async fn only_cards_of_the_authorities_asked_for_answer() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let trusting = |kind: &str, value: &str| {
        let mut ask = Ask::licence();
        ask.dcql["credentials"][0]["trusted_authorities"] = json!([{ "type": kind, "values": [value] }]);
        ask
    };
    let issuer = holder.town.issuer.did.to_string();
    assert!(holder.review(trusting("huizheng.did", &issuer)).await.is_ok());
    for (kind, value) in [("huizheng.did", "did:hui:anhui:zAnother"), ("aki", "AAAA"), ("etsi_tl", &issuer)] {
        match holder.review(trusting(kind, value)).await {
            Err(RequestRefused::NothingFits(missing)) => {
                assert_eq!(missing[0].reason, MissingReason::NotAccepted, "{kind}");
            }
            other => panic!("{other:?}"),
        }
    }
}
