//! Requests that the wallet refuses by itself, each by its name, each in the log.

use protocol::openid4vp::{AuthorizationResponse, BadRequest};
use registry::{LocalText, Record, RecordKey, Slug, UnixMillis, history::NotGranted};
use serde_json::json;
use wallet_core::{Event, MissingReason, RequestRefused};

use crate::town::{Ask, Holder, Plan};

async fn refused(ask: Ask) -> RequestRefused {
    let (holder, _) = Holder::new().await.with_licence().await;
    refused_by(&holder, ask).await
}

async fn refused_by(holder: &Holder, ask: Ask) -> RequestRefused {
    let refused = holder.review(ask).await.unwrap_err();
    match &holder.wallet.log(None, 1).unwrap()[0].event {
        Event::Refused { reason, client_id, .. } => {
            assert_eq!(reason, refused.code());
            assert!(client_id.starts_with("decentralized_identifier:did:hui:"));
        }
        other => panic!("{other:?}"),
    }
    refused
}

#[tokio::test]
async fn asking_more_than_the_purpose_allows_names_the_claims_and_tells_the_verifier() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let refused = refused_by(&holder, Ask::licence_claims(&["name", "address", "registeredCapital"])).await;
    assert_eq!(
        refused,
        RequestRefused::AsksTooMuch {
            verifier_name: LocalText::new("合肥示例银行", "Hefei example bank"),
            credential_type: "business-licence".to_owned(),
            claims: vec!["address".to_owned(), "registeredCapital".to_owned()],
            labels: vec![LocalText::new("住所", "Address"), LocalText::new("注册资本", "Registered capital")],
        }
    );
    assert!(refused.to_string().contains("address, registeredCapital"));
    match holder.town.verifier.came.lock().unwrap().as_slice() {
        [AuthorizationResponse::Refused { description: Some(said), .. }] => {
            assert!(said.starts_with("asks-too-much") && said.contains("registeredCapital"), "{said}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn overreach_hidden_in_an_alternative_or_in_another_type_is_overreach() {
    let mut ask = Ask::licence();
    ask.dcql["credentials"][0]["claims"] =
        json!([{ "id": "a", "path": ["name"] }, { "id": "b", "path": ["address"] }]);
    ask.dcql["credentials"][0]["claim_sets"] = json!([["a"], ["b"]]);
    assert_eq!(refused(ask).await.claims(), ["address"]);
    let mut ask = Ask::licence();
    ask.purpose = Some("full-check");
    ask.dcql["credentials"][0]["meta"]["vct_values"] = json!(["urn:huizheng:digital-id:1"]);
    ask.dcql["credentials"][0]["claims"] = json!([{ "path": ["name"] }]);
    assert_eq!(refused(ask).await.code(), "asks-too-much");
}

#[tokio::test]
async fn a_whole_credential_is_refused_unless_the_purpose_allows_all_of_it() {
    let refused = refused(Ask::whole_licence("open-account")).await;
    assert_eq!(refused.code(), "asks-too-much");
    assert!(refused.claims().contains(&"address".to_owned()));
    assert!(!refused.claims().contains(&"name".to_owned()));
}

#[tokio::test]
async fn claims_that_can_not_be_held_back_are_not_shown_beyond_the_purpose() {
    let holder = Holder::new().await;
    let link = holder.town.issuer.offer(Plan { hidden: false, ..Plan::licence().sd_jwt() });
    let offer = holder.wallet.preview_offer(&link).await.unwrap();
    holder.wallet.receive(&offer, Some("123456")).await.unwrap();
    match refused_by(&holder, Ask::licence()).await {
        RequestRefused::NothingFits(missing) => match &missing[0].reason {
            MissingReason::ShowsTooMuch(claims) => assert!(claims.contains(&"address".to_owned())),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
    assert!(holder.town.verifier.came.lock().unwrap().is_empty(), "what the holder has is nobody's business");
}

#[tokio::test]
async fn an_unregistered_verifier_or_purpose_is_refused() {
    assert_eq!(refused(Ask { purpose: None, ..Ask::licence() }).await, RequestRefused::NoPurpose);
    let refused_purpose = refused(Ask { purpose: Some("marketing"), ..Ask::licence() }).await;
    let purpose = "marketing".to_owned();
    assert_eq!(refused_purpose, RequestRefused::NotRegistered { purpose, reason: NotGranted::Never });

    let (holder, _) = Holder::new().await.with_licence().await;
    let place = RecordKey::Purpose(holder.town.verifier.did.clone(), Slug::new("open-account").unwrap());
    if let Record::Purpose(record) = holder.town.chain.lock().unwrap().record(&place) {
        record.intervals[0].withdrawn = Some(UnixMillis(3_000));
    }
    let refused = refused_by(&holder, Ask::licence()).await;
    let reason = NotGranted::Withdrawn { at: UnixMillis(3_000) };
    assert_eq!(refused, RequestRefused::NotRegistered { purpose: "open-account".to_owned(), reason });

    holder.town.chain.lock().unwrap().remove(&RecordKey::Did(holder.town.verifier.did.clone()));
    assert_eq!(refused_by(&holder, Ask::licence()).await, RequestRefused::VerifierNotOnThisChain);
}

#[tokio::test]
async fn whoever_is_not_known_by_a_did_of_this_chain_is_refused() {
    let holder = Holder::new().await;
    for client_id in [
        "redirect_uri:https://bank.example/response",
        "bank",
        "decentralized_identifier:did:key:z6Mk",
        "did:hui:anhui:z1",
    ] {
        let link = format!(
            "openid4vp://authorize?client_id={client_id}&request_uri=https%3A%2F%2Fbank.example%2Frequest"
        );
        let refused = holder.wallet.review_request(&link).await.unwrap_err();
        assert_eq!(refused, RequestRefused::VerifierNotOnThisChain, "{client_id}");
    }
    assert_eq!(holder.town.requests_to("https://bank.example"), 0, "nobody was asked for anything");
}

#[tokio::test]
async fn a_forged_unsigned_or_misnamed_request_is_refused() {
    assert_eq!(refused(Ask { forged: true, ..Ask::licence() }).await, RequestRefused::Signature);
    let unsigned = refused(Ask { alg_none: true, ..Ask::licence() }).await;
    assert_eq!(unsigned, RequestRefused::Request(BadRequest::Algorithm));
    let other_type = refused(Ask { typ: "JWT", ..Ask::licence() }).await;
    assert_eq!(other_type, RequestRefused::Request(BadRequest::Type));

    let (holder, _) = Holder::new().await.with_licence().await;
    let others_key = format!("{}#key-2", holder.town.issuer.did);
    let refused_key = refused_by(&holder, Ask { kid: Some(others_key), ..Ask::licence() }).await;
    assert_eq!(refused_key, RequestRefused::Request(BadRequest::OtherKey));
    let others_name = format!("decentralized_identifier:{}", holder.town.issuer.did);
    let refused_name = refused_by(&holder, Ask { client_id: Some(others_name), ..Ask::licence() }).await;
    assert_eq!(refused_name, RequestRefused::Request(BadRequest::OtherClient));
}

#[tokio::test]
async fn a_request_for_others_or_for_another_time_is_refused() {
    let audience = refused(Ask { aud: Some("https://other.example"), ..Ask::licence() }).await;
    assert_eq!(audience.code(), "wrong-audience");
    assert_eq!(refused(Ask { expires: -61, ..Ask::licence() }).await.code(), "expired");
    let encrypted = refused(Ask { response_mode: Some("direct_post.jwt"), ..Ask::licence() }).await;
    assert_eq!(encrypted, RequestRefused::EncryptedResponse);
    let fragment = refused(Ask { response_mode: Some("fragment"), ..Ask::licence() }).await;
    assert_eq!(fragment, RequestRefused::Request(BadRequest::ResponseMode));
}

#[tokio::test]
async fn a_retired_key_signs_no_requests() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let did = RecordKey::Did(holder.town.verifier.did.clone());
    if let Record::Did(record) = holder.town.chain.lock().unwrap().record(&did) {
        record.keys[0].until = Some(UnixMillis(3_000));
    }
    assert_eq!(refused_by(&holder, Ask::licence()).await.code(), "verifier-key");
}

#[tokio::test]
async fn what_nobody_has_or_nobody_knows_is_named() {
    let mut ask = Ask::licence();
    ask.dcql["credentials"][0]["meta"]["vct_values"] = json!(["urn:example:passport"]);
    assert_eq!(refused(ask).await, RequestRefused::UnknownType);

    let holder = Holder::new().await;
    match refused_by(&holder, Ask::licence()).await {
        RequestRefused::NothingFits(missing) => {
            assert_eq!(missing[0].label.en, "Business licence");
            assert_eq!(missing[0].reason, MissingReason::NoCard);
        }
        other => panic!("{other:?}"),
    }
    let mut ask = Ask::licence();
    ask.dcql["credentials"][0]["claims"] = json!([{ "path": ["name"], "values": ["别的公司"] }]);
    match refused(ask).await {
        RequestRefused::NothingFits(missing) => {
            assert_eq!(missing[0].reason, MissingReason::OtherValue("name".to_owned()));
        }
        other => panic!("{other:?}"),
    }
    let formats = json!({ "dc+sd-jwt": { "kb-jwt_alg_values": ["ES384"] } });
    match refused(Ask { formats: Some(formats), ..Ask::licence() }).await {
        RequestRefused::NothingFits(missing) => assert_eq!(missing[0].reason, MissingReason::NotAccepted),
        other => panic!("{other:?}"),
    }
}
