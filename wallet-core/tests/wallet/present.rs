//! Presenting: what leaves is what was shown to leave, and the log knows.

use std::{collections::BTreeSet, time::Duration};

use credentials::{key::Algorithm, sd_jwt};
use protocol::openid4vp::{AuthorizationResponse, Presentation, VpErrorCode};
use registry::{LegalBasis, Status, UnixMillis};
use serde_json::json;
use wallet_core::{
    Choice, Event, Format, Link, LinkPolicy, Outcome, PresentError, Wallet, Warning, WebError,
    ports::HttpError,
};

use crate::{
    given_up::given_up,
    town::{Ask, Holder, NODE, PIN, Plan, Verifier, public},
};

#[tokio::test]
async fn an_sd_jwt_shows_what_was_agreed_to_and_no_more() {
    let (holder, card) = Holder::new().await.with_licence().await;
    let consent = holder.review(Ask::licence()).await.unwrap();
    assert_eq!(consent.verifier.name.en, "Hefei example bank");
    assert_eq!(consent.verifier.host, "bank.example");
    assert_eq!((consent.purpose.as_str(), consent.retention_days), ("open-account", 30));
    assert_eq!(consent.legal_basis, LegalBasis::Consent);
    let option = &consent.questions[0].options[0];
    assert_eq!((option.card.as_str(), option.format), (card.id.as_str(), Format::SdJwtVc));
    let names =
        |views: &[wallet_core::ClaimView]| views.iter().map(|view| view.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&option.leaves), ["name", "creditCode"]);
    assert_eq!(names(&option.stays).len(), card.claims.len() - 2);
    assert_eq!(option.leaves[0].value, card.claims[0].value);
    assert_eq!(option.warnings, []);
    assert!(holder.town.verifier.came.lock().unwrap().is_empty(), "nothing left yet");

    let presented = holder.wallet.present(&consent.id, &Choice::first()).await.unwrap();
    assert_eq!(presented.redirect, None);
    let claims = holder.town.verifier.verified_sd_jwt(&public(1, Algorithm::Es256));
    assert_eq!(claims["name"], card.claims[0].value);
    assert_eq!(claims["creditCode"], card.claims[1].value);
    for claim in &card.claims[2..] {
        assert!(claims.get(&claim.name).is_none(), "{} stayed", claim.name);
    }

    let log = holder.wallet.log(None, 1).unwrap();
    assert_eq!(log[0].id, presented.log_entry);
    match &log[0].event {
        Event::Presented { asked, shared, outcome } => {
            assert_eq!(asked.verifier, holder.town.verifier.did);
            assert_eq!((asked.purpose.as_str(), *outcome), ("open-account", Outcome::Delivered));
            assert_eq!(shared[0].claims, ["name", "creditCode"]);
            assert_eq!(shared[0].labels[1].zh, "统一社会信用代码");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(holder.wallet.present(&consent.id, &Choice::first()).await, Err(PresentError::NotOpen));
}

#[tokio::test]
async fn a_request_fetched_by_post_answers_the_wallets_own_nonce() {
    let (holder, _) = Holder::new().await.with_licence().await;
    holder.present_first(Ask { method: "post", ..Ask::licence() }).await.unwrap();
    holder.town.verifier.verified_sd_jwt(&public(1, Algorithm::Es256));
}

#[tokio::test]
async fn a_w3c_credential_is_shown_whole_where_the_purpose_allows_all_of_it() {
    let (holder, card) = Holder::new().await.with_licence().await;
    let consent = holder.review(Ask::whole_licence("full-check")).await.unwrap();
    let option = &consent.questions[0].options[0];
    assert_eq!(option.warnings, [Warning::ShownWhole]);
    assert_eq!((option.leaves.len(), option.stays.len()), (card.claims.len(), 0));
    holder.wallet.present(&consent.id, &Choice::first()).await.unwrap();
    let subject = holder.town.verifier.verified_ldp(&public(1, Algorithm::EdDsa));
    assert_eq!(subject["creditCode"], card.claims[1].value);
}

#[tokio::test]
async fn full_type_names_are_understood() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let mut ask = Ask::whole_licence("full-check");
    ask.dcql["credentials"][0]["meta"]["type_values"] = json!([[
        "https://www.w3.org/2018/credentials#VerifiableCredential",
        "https://schema.huizheng.example/2026/v1#BusinessLicence"
    ]]);
    assert!(holder.review(ask).await.is_ok());
}

#[tokio::test]
async fn two_cards_of_one_type_are_a_choice() {
    let (holder, first) = Holder::new().await.with_licence().await;
    holder.town.clock.advance(std::time::Duration::from_secs(60));
    let mut plan = Plan { index: 70_001, ..Plan::licence() };
    let other = testkit::Company::nth(2).business_licence_claims();
    plan.claims = other.as_object().unwrap().clone();
    let link = holder.town.issuer.offer(plan);
    let offer = holder.wallet.preview_offer(&link).await.unwrap();
    holder.wallet.receive(&offer, Some("123456")).await.unwrap();

    let consent = holder.review(Ask::licence()).await.unwrap();
    let options = &consent.questions[0].options;
    assert_eq!(options.len(), 2);
    assert_eq!(options[0].holder_line, other["name"], "the newest first");
    let older = options.iter().find(|option| option.card == first.id).unwrap();
    let wrong = Choice::first().with("licence", "another");
    let refused = holder.wallet.present(&consent.id, &wrong).await;
    assert_eq!(refused, Err(PresentError::NotAnOption("licence".to_owned())));
    let choice = Choice::first().with("licence", &older.id);
    holder.wallet.present(&consent.id, &choice).await.unwrap();
    let claims = holder.town.verifier.verified_sd_jwt(&public(1, Algorithm::Es256));
    assert_eq!(claims["name"], first.claims[0].value);
}

#[tokio::test]
async fn a_credential_set_is_answered_by_its_first_possible_option() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let mut ask = Ask::licence();
    let identity = json!({
        "id": "identity", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:huizheng:digital-id:1"] },
        "claims": [{ "path": ["ageOver18"] }],
    });
    ask.dcql["credentials"].as_array_mut().unwrap().push(identity);
    ask.dcql["credential_sets"] = json!([{ "options": [["identity"], ["licence"]] }]);
    let consent = holder.review(ask).await.unwrap();
    let ids: Vec<_> = consent.questions.iter().map(|question| question.id.as_str()).collect();
    assert_eq!(ids, ["licence"], "there is no identity card, and none is asked beyond what answers");
}

#[tokio::test]
async fn a_revoked_card_is_shown_with_a_warning_and_behind_a_good_one() {
    let (holder, _) = Holder::new().await.with_licence().await;
    holder.town.set_status(70_000, Status::Revoked);
    holder.town.clock.advance(Duration::from_secs(600));
    let consent = holder.review(Ask::licence()).await.unwrap();
    let option = &consent.questions[0].options[0];
    assert_eq!(
        (option.state.id(), option.warnings.as_slice()),
        ("revoked", [Warning::NotInForce].as_slice())
    );
}

#[tokio::test]
async fn evidence_of_a_card_that_is_asked_for_is_fetched_when_it_is_not_fresh() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let asked = async |holder: &Holder| {
        let before = holder.town.requests_to(NODE);
        let consent = holder.review(Ask::licence()).await.unwrap();
        (holder.town.requests_to(NODE) - before, consent.questions[0].options[0].state)
    };
    let (requests, state) = asked(&holder).await;
    assert_eq!((requests, state.id()), (1, "valid"), "who asks, and for what purpose");
    holder.town.clock.advance(Duration::from_secs(600));
    let (requests, state) = asked(&holder).await;
    let as_of = UnixMillis(holder.town.clock.millis());
    assert_eq!((requests, state), (2, wallet_core::CardState::Valid { as_of }), "and how the card stands");
    assert_eq!(asked(&holder).await.0, 1);
}

#[tokio::test]
async fn a_second_verifier_could_link_what_the_first_has_seen() {
    let (holder, _) = Holder::new().await.with_licence().await;
    holder.present_first(Ask::licence()).await.unwrap();
    let consent = holder.review(Ask::licence()).await.unwrap();
    assert_eq!(consent.questions[0].options[0].warnings, [], "the same verifier knows already");
    let holder = holder.reopened().await;
    let link = holder.town.office.ask(Ask::licence());
    let consent = holder.wallet.review_request(&link).await.unwrap();
    assert_eq!(consent.questions[0].options[0].warnings, [Warning::SeenByAnother]);
}

/// The key to which the SD-JWT that a verifier got last is bound.
fn shown_key(verifier: &Verifier) -> String {
    let Presentation::Text(text) = verifier.presented("licence") else { panic!("text") };
    sd_jwt::Unverified::parse(&text).unwrap().holder().unwrap().thumbprint()
}

#[tokio::test]
async fn each_verifier_sees_a_copy_of_its_own_and_when_the_last_is_used_that_is_said() {
    let mut holder = Holder::new().await;
    let offices: Vec<_> = (0..5).map(|_| holder.town.further_office()).collect();
    let plan = Plan { batch: 8, ..Plan::licence().sd_jwt() };
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(plan)).await.unwrap();
    holder.wallet.receive(&offer, Some("123456")).await.unwrap();
    let mut keys = Vec::new();
    for (seen, office) in offices.iter().take(4).enumerate() {
        let consent = holder.wallet.review_request(&office.ask(Ask::licence())).await.unwrap();
        let option = &consent.questions[0].options[0];
        assert_eq!((option.reuse.known_here, option.reuse.others), (false, 0));
        assert_eq!(option.reuse.unused as usize, 4 - seen, "the wallet takes four copies");
        assert_eq!((option.warnings.as_slice(), consent.links(&Choice::first())), ([].as_slice(), vec![]));
        holder.wallet.present(&consent.id, &Choice::first()).await.unwrap();
        keys.push(shown_key(office));
        // Which copy was shown is not forgotten by locking.
        holder = holder.reopened().await;
    }
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 4, "a key for each");

    // Who has seen one sees the same again, and nobody learns anything by it.
    let consent = holder.wallet.review_request(&offices[1].ask(Ask::licence())).await.unwrap();
    let reuse = consent.questions[0].options[0].reuse;
    assert_eq!((reuse.known_here, reuse.others, reuse.unused), (true, 0, 0));
    holder.wallet.present(&consent.id, &Choice::first()).await.unwrap();
    assert_eq!(shown_key(&offices[1]), keys[1]);

    let consent = holder.wallet.review_request(&offices[4].ask(Ask::licence())).await.unwrap();
    let option = &consent.questions[0].options[0];
    assert_eq!((option.reuse.known_here, option.reuse.others, option.reuse.unused), (false, 1, 0));
    assert_eq!(option.warnings, [Warning::SeenByAnother]);
    let reused = Link::Reused { question: "licence".to_owned(), others: 1 };
    assert_eq!(consent.links(&Choice::first()), [reused]);
    holder.wallet.present(&consent.id, &Choice::first()).await.unwrap();
    assert!(keys.contains(&shown_key(&offices[4])));
}

#[tokio::test]
async fn what_links_is_said_and_an_app_may_refuse_it() {
    let (holder, _) = Holder::new().await.with_licence().await;
    holder.present_first(Ask::licence()).await.unwrap();
    let Holder { folder, wallet, town } = holder;
    drop(wallet);
    let mut config = town.config();
    config.links = LinkPolicy::Refuse;
    let path = folder.path().join("wallet");
    let wallet = Wallet::open(&path, PIN, town.ports(folder.path()), config).await.unwrap();
    // Whoever has seen it learns nothing new.
    let consent = wallet.review_request(&town.verifier.ask(Ask::licence())).await.unwrap();
    let reuse = consent.questions[0].options[0].reuse;
    assert_eq!((reuse.known_here, reuse.others, reuse.unused), (true, 0, 0));
    assert_eq!(consent.links(&Choice::first()), []);
    wallet.present(&consent.id, &Choice::first()).await.unwrap();

    let consent = wallet.review_request(&town.office.ask(Ask::licence())).await.unwrap();
    let link = Link::Reused { question: "licence".to_owned(), others: 1 };
    assert_eq!(consent.links(&Choice::first()), [link]);
    let refused = wallet.present(&consent.id, &Choice::first()).await;
    assert_eq!(refused, Err(PresentError::WouldLink));
    assert!(town.office.came.lock().unwrap().is_empty(), "nothing left");
    assert!(wallet.decline(&consent.id).await.unwrap(), "it is still open");
}

#[tokio::test]
async fn a_copy_that_another_has_seen_since_the_holder_was_asked_does_not_leave() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let (wallet, town) = (&holder.wallet, &holder.town);
    let bank = wallet.review_request(&town.verifier.ask(Ask::licence())).await.unwrap();
    let again = wallet.review_request(&town.verifier.ask(Ask::licence())).await.unwrap();
    let office = wallet.review_request(&town.office.ask(Ask::licence())).await.unwrap();
    assert_eq!(office.links(&Choice::first()), [], "nobody has seen it");
    wallet.present(&bank.id, &Choice::first()).await.unwrap();
    wallet.present(&again.id, &Choice::first()).await.expect("who has seen it learns nothing new");
    assert_eq!(wallet.present(&office.id, &Choice::first()).await, Err(PresentError::SeenMeanwhile));
    assert!(town.office.came.lock().unwrap().is_empty(), "nothing left");
    assert_eq!(holder.wallet.log(None, 10).unwrap().len(), 3, "and the log does not say so");
    let anew = wallet.review_request(&town.office.ask(Ask::licence())).await.unwrap();
    assert_eq!(anew.questions[0].options[0].warnings, [Warning::SeenByAnother]);
    wallet.present(&anew.id, &Choice::first()).await.unwrap();
}

#[tokio::test]
async fn two_credentials_of_one_card_are_both_known_to_be_seen() {
    let holder = Holder::new().await;
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(Plan::driving())).await.unwrap();
    assert_eq!(holder.wallet.receive(&offer, Some("123456")).await.unwrap().cards.len(), 1);
    let mut both = Ask::driving(&[["org.iso.18013.5.1", "family_name"]]);
    let token = json!({
        "id": "token", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:huizheng:drivers-licence:1"] },
        "claims": [{ "path": ["class"] }],
    });
    both.dcql["credentials"].as_array_mut().unwrap().push(token);
    holder.present_first(both).await.unwrap();
    let export = holder.wallet.export().unwrap();
    let credentials = export["cards"][0]["credentials"].as_array().unwrap();
    assert_eq!(credentials.len(), 2);
    for credential in credentials {
        assert_eq!(credential["shownTo"], json!([holder.town.verifier.did]), "{}", credential["format"]);
    }
}

#[tokio::test]
async fn a_request_is_answered_once_however_often_at_the_same_time() {
    let asked = async || {
        let (holder, _) = Holder::new().await.with_licence().await;
        holder.town.yields.store(true, std::sync::atomic::Ordering::Relaxed);
        let consent = holder.review(Ask::licence()).await.unwrap();
        (holder, consent.id)
    };
    let first = Choice::first();
    let (holder, id) = asked().await;
    let (one, other) = tokio::join!(holder.wallet.present(&id, &first), holder.wallet.present(&id, &first));
    let lost = if one.is_ok() { other } else { one };
    assert_eq!(lost, Err(PresentError::NotOpen));
    assert_eq!(holder.town.verifier.came.lock().unwrap().len(), 1);
    assert_eq!(holder.wallet.log(None, 10).unwrap().len(), 2);

    let (holder, id) = asked().await;
    let (presented, declined) = tokio::join!(holder.wallet.present(&id, &first), holder.wallet.decline(&id));
    assert_eq!(presented.is_ok(), !declined.unwrap());
    assert_eq!(holder.town.verifier.came.lock().unwrap().len(), 1, "yes or no");

    // Given up on its way: what may have left is not sent again, and there is nothing to decline.
    for at in 1.. {
        let (holder, id) = asked().await;
        if given_up(holder.wallet.present(&id, &first), at).await.is_some() {
            assert!(at > 2, "{at} are too few to be all");
            break;
        }
        let declined = holder.wallet.decline(&id).await.unwrap();
        // A write that was begun comes to its end behind whoever gave up waiting for it.
        assert_eq!(holder.wallet.delete_log_before(UnixMillis(0)).await, Ok(0));
        let newest = holder.wallet.log(None, 10).unwrap().remove(0);
        assert_eq!(matches!(newest.event, Event::Presented { .. }), !declined, "given up at {at}");
        let came = holder.town.verifier.came.lock().unwrap();
        assert!(came.len() <= 1, "given up at {at}: {}", came.len());
    }
}

#[tokio::test]
async fn a_no_is_told_and_logged() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let consent = holder.review(Ask::licence()).await.unwrap();
    assert!(holder.wallet.decline(&consent.id).await.unwrap());
    assert!(!holder.wallet.decline(&consent.id).await.unwrap());
    assert_eq!(holder.wallet.present(&consent.id, &Choice::first()).await, Err(PresentError::NotOpen));
    match holder.town.verifier.came.lock().unwrap().as_slice() {
        [AuthorizationResponse::Refused { error, .. }] => assert_eq!(*error, VpErrorCode::AccessDenied),
        other => panic!("{other:?}"),
    }
    assert!(matches!(holder.wallet.log(None, 1).unwrap()[0].event, Event::Declined { .. }));
}

#[tokio::test]
async fn the_log_has_it_even_if_the_answer_never_came() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let outcome = |holder: &Holder| match &holder.wallet.log(None, 1).unwrap()[0].event {
        Event::Presented { outcome, .. } => *outcome,
        other => panic!("{other:?}"),
    };
    let refused = holder.present_first(Ask { answers: 400, ..Ask::licence() }).await;
    assert_eq!(refused, Err(PresentError::Rejected { status: 400 }));
    assert_eq!(outcome(&holder), Outcome::Rejected { status: 400 });
    holder.town.detour("https://bank.example/response", Err(HttpError::Unreachable));
    let refused = holder.present_first(Ask::licence()).await;
    assert_eq!(refused, Err(PresentError::Web(WebError::Unreachable)));
    assert_eq!(outcome(&holder), Outcome::Sent);
}

#[tokio::test]
async fn a_request_that_expires_while_the_holder_thinks_is_not_answered() {
    let (holder, _) = Holder::new().await.with_licence().await;
    let consent = holder.review(Ask::licence()).await.unwrap();
    holder.town.clock.advance(std::time::Duration::from_secs(301));
    assert_eq!(holder.wallet.present(&consent.id, &Choice::first()).await, Err(PresentError::Expired));
    assert!(holder.town.verifier.came.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_request_finds_the_cards_that_are_there_now_and_no_others() {
    let holder = Holder::new().await;
    let found = async |holder: &Holder| match holder.review(Ask::licence()).await {
        Ok(consent) => {
            let options = consent.questions[0].options.iter();
            options.map(|option| option.card.clone()).collect::<Vec<_>>()
        }
        Err(wallet_core::RequestRefused::NothingFits(_)) => vec![],
        Err(other) => panic!("{other:?}"),
    };
    assert_eq!(found(&holder).await, Vec::<String>::new());
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(Plan::digital_id())).await.unwrap();
    holder.wallet.receive(&offer, Some("123456")).await.unwrap();
    assert_eq!(found(&holder).await, Vec::<String>::new(), "a card of another type");
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(Plan::licence().ldp())).await.unwrap();
    holder.wallet.receive(&offer, Some("123456")).await.unwrap();
    assert_eq!(found(&holder).await, Vec::<String>::new(), "the type in another format");
    let (holder, card) = holder.with_licence().await;
    assert_eq!(found(&holder).await, [card.id.as_str()], "received after the first question");
    let holder = holder.reopened().await;
    assert_eq!(found(&holder).await, [card.id.as_str()], "after locking");
    assert!(holder.wallet.delete_card(&card.id).await.unwrap());
    assert_eq!(found(&holder).await, Vec::<String>::new(), "deleted");
}
