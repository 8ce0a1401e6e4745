//! With no network: a counter's QR code in, the wallet's out, each checked by what it carries and the anchor alone.

use std::time::Duration;

use credentials::{UnixSeconds, key::Algorithm, sd_jwt};
use protocol::{
    offline::{Answer, Ask, Collected, Collector, FrameSize, Message, OFFLINE_TYPE, place_of},
    openid4vp::Presentation,
};
use registry::{LightClient, Record, RecordKey, Slug, Status, UnixMillis};
use serde_json::{Value, json};
use wallet_core::{
    Choice, ConsentRequest, Event, OfflineCode, Outcome, PresentError, RequestRefused, Warning,
    ports::HttpError,
};

use crate::town::{Holder, NODE, Plan, public};

const CHALLENGE: &str = "challenge-0123456789";

fn claims(holder: &Holder) -> Value {
    let now = holder.town.clock.seconds();
    json!({
        "client_id": holder.town.verifier.client_id(), "purpose": "open-account",
        "dcql_query": { "credentials": [{
            "id": "id", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:huizheng:digital-id:1"] },
            "claims": [{ "path": ["name"] }, { "path": ["ageOver18"] }],
        }]},
        "nonce": CHALLENGE, "iat": now, "exp": now + 300,
    })
}

fn printed(holder: &Holder) -> Value {
    let mut claims = claims(holder);
    claims.as_object_mut().unwrap().remove("nonce");
    claims["place"] = "desk-3".into();
    claims["exp"] = (holder.town.clock.seconds() + 90 * 86_400).into();
    claims
}

/// What the counter's QR code says, with evidence of itself or without.
fn ask(holder: &Holder, claims: &Value, with_staples: bool) -> Vec<u8> {
    let did = holder.town.verifier.did.clone();
    let keys = [RecordKey::Did(did.clone()), RecordKey::Purpose(did, Slug::new("open-account").unwrap())];
    let staples = with_staples
        .then(|| holder.town.chain.lock().unwrap().bundle(&keys).to_bytes())
        .into_iter()
        .collect();
    let request = holder.town.verifier.offline(claims, OFFLINE_TYPE);
    Message::Ask(Ask { request, staples }).to_bytes()
}

/// A holder with an ID, and no network from now on.
async fn cut_off() -> Holder {
    let holder = Holder::new().await;
    let link = holder.town.issuer.offer(Plan::digital_id().sd_jwt());
    let offer = holder.wallet.preview_offer(&link).await.unwrap();
    holder.wallet.receive(&offer, Some("123456")).await.unwrap();
    holder.wallet.refresh().await.unwrap();
    holder.town.detour("https://", Err(HttpError::Unreachable));
    holder
}

async fn show(holder: &Holder, consent: &ConsentRequest) -> OfflineCode {
    holder.wallet.present_offline(&consent.id, &Choice::first(), FrameSize::CAMERA_720P).await.unwrap()
}

fn read(code: &OfflineCode) -> Answer {
    let mut collector = Collector::default();
    for frame in code.frames.iter().rev() {
        if let Collected::Whole(bytes) = collector.add(frame).unwrap() {
            let Message::Answer(answer) = Message::from_bytes(&bytes).unwrap() else { panic!("an answer") };
            return answer;
        }
    }
    panic!("frames are missing")
}

/// What a counter does with nothing but the anchor: the claims, and the status, from the staples.
fn counter(holder: &Holder, answer: &Answer, nonce: &str) -> (Value, Status) {
    assert_eq!(answer.nonce, nonce);
    let light = LightClient::new(holder.town.chain.lock().unwrap().anchor());
    let now = UnixMillis(holder.town.clock.millis());
    let [staple] = answer.staples.as_slice() else { panic!("one bundle") };
    let bundle = registry::EvidenceBundle::from_bytes(staple).unwrap();
    let facts = light.verify_bundle(&bundle, now, Duration::from_secs(86_400)).unwrap();
    let fact = |key: &RecordKey| facts.iter().find(|fact| fact.key() == key).unwrap();

    let [(query, Presentation::Text(text))] = answer.presentations.as_slice() else { panic!("one text") };
    assert_eq!(query.as_str(), "id");
    let token = sd_jwt::Unverified::parse(text).unwrap();
    let kid = token.header().kid.clone().unwrap().parse().unwrap();
    let issuer = holder.town.issuer.did.clone();
    let kind = Slug::new("digital-id").unwrap();
    let issued = UnixMillis::from_seconds(token.times().iat.unwrap().0).after(Duration::from_millis(999));
    let did = fact(&RecordKey::Did(issuer.clone()));
    registry::history::key_valid_at(did, &kid, registry::Purpose::AssertionMethod, issued).unwrap();
    let trust = fact(&RecordKey::Trust(issuer.clone(), kind.clone()));
    registry::history::accredited_at(trust, &issuer, &kind, issued).unwrap();
    let list = registry::StatusListId { owner: issuer, number: 1 };
    let status = registry::history::status_at(fact(&RecordKey::chunk_of(&list, 70_000)), &list, 70_000);

    let expect = sd_jwt::Expect {
        audience: &holder.town.verifier.client_id(),
        nonce,
        now: UnixSeconds(holder.town.clock.seconds()),
        max_age: 60,
    };
    let verified = token.verify_presented(&public(1, Algorithm::Es256), &expect).unwrap();
    (verified.claims().clone(), status.unwrap())
}

#[tokio::test]
async fn two_way_with_no_network_at_all() {
    let holder = cut_off().await;
    let fetched = UnixMillis(holder.town.clock.millis());
    holder.town.clock.advance(Duration::from_secs(3600));
    let consent = holder.wallet.review_offline(&ask(&holder, &claims(&holder), true)).await.unwrap();
    assert_eq!(
        (consent.verifier.name.en.as_str(), consent.verifier.host.as_str()),
        ("Hefei example bank", "")
    );
    assert_eq!(consent.verifier.as_of, UnixMillis(holder.town.clock.millis()), "as old as what it showed");
    let option = &consent.questions[0].options[0];
    assert_eq!(
        option.leaves.iter().map(|claim| claim.name.as_str()).collect::<Vec<_>>(),
        ["name", "ageOver18"]
    );

    let code = show(&holder, &consent).await;
    assert_eq!((code.as_of, code.until), (Some(fetched), consent.expires.unwrap()));
    assert!(code.frames.len() <= 3, "{} bytes", code.bytes);
    println!("{} bytes in {} frames", code.bytes, code.frames.len());
    let (shown, status) = counter(&holder, &read(&code), CHALLENGE);
    assert_eq!((&shown["ageOver18"], status), (&true.into(), Status::Valid));
    assert!(shown.get("idNumber").is_none() && shown.get("address").is_none());

    // Shown again it is the same entry of the log, and the same challenge.
    assert_eq!(show(&holder, &consent).await.log_entry, code.log_entry);
    let log = holder.wallet.log(None, 2).unwrap();
    assert_eq!(log[0].id, code.log_entry);
    assert!(matches!(&log[0].event, Event::Presented { outcome: Outcome::Shown, .. }));
    assert!(matches!(&log[1].event, Event::Received { .. }));
    let over_the_network = holder.wallet.present(&consent.id, &Choice::first()).await;
    assert_eq!(over_the_network, Err(PresentError::NotOpen));
}

#[tokio::test]
async fn each_answer_that_was_shown_is_in_the_log_and_each_card_knows_it() {
    let holder = cut_off().await;
    holder.town.detours.lock().unwrap().clear();
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(Plan::digital_id().sd_jwt())).await;
    holder.wallet.receive(&offer.unwrap(), Some("123456")).await.unwrap();
    let consent = holder.wallet.review_offline(&ask(&holder, &claims(&holder), true)).await.unwrap();
    let options = &consent.questions[0].options;
    let shown = async |option: &wallet_core::CardOption| {
        let choice = Choice::first().with("id", &option.id);
        holder.wallet.present_offline(&consent.id, &choice, FrameSize::COARSE).await.unwrap().log_entry
    };
    let (first, second) = (shown(&options[0]).await, shown(&options[1]).await);
    assert_ne!(first, second);
    assert_eq!((shown(&options[1]).await, shown(&options[0]).await), (second, first), "each once");
    let cards = holder.wallet.log(None, 2).unwrap().into_iter().map(|entry| match entry.event {
        Event::Presented { shared, .. } => shared[0].card.clone(),
        other => panic!("{other:?}"),
    });
    assert_eq!(cards.collect::<Vec<_>>(), [options[1].card.clone(), options[0].card.clone()]);
    let export = holder.wallet.export().unwrap();
    for card in export["cards"].as_array().unwrap() {
        assert_eq!(card["credentials"][0]["shownTo"][0], holder.town.verifier.did.to_string());
    }
}

#[tokio::test]
async fn of_a_compromised_key_goes_along_whether_the_issuer_stands_by_it() {
    let holder = Holder::new().await;
    let link = holder.town.issuer.offer(Plan::digital_id().sd_jwt());
    let offer = holder.wallet.preview_offer(&link).await.unwrap();
    holder.wallet.receive(&offer, Some("123456")).await.unwrap();
    let owner = holder.town.issuer.did.clone();
    let compromised = UnixMillis(holder.town.clock.millis());
    if let Record::Did(record) = holder.town.chain.lock().unwrap().record(&RecordKey::Did(owner.clone())) {
        record.keys.iter_mut().for_each(|key| key.compromised_since = Some(compromised));
    }
    holder.wallet.refresh().await.unwrap();
    holder.town.detour("https://", Err(HttpError::Unreachable));
    let consent = holder.wallet.review_offline(&ask(&holder, &claims(&holder), true)).await.unwrap();
    let answer = read(&show(&holder, &consent).await);
    let bundles = answer.staples.iter().map(|bytes| registry::EvidenceBundle::from_bytes(bytes).unwrap());
    let keys: Vec<RecordKey> =
        bundles.flat_map(|bundle| bundle.keys().cloned().collect::<Vec<_>>()).collect();
    let list = registry::StatusListId { owner, number: 1 };
    assert!(keys.contains(&RecordKey::kept_of(&list, 70_000)), "{keys:?}");
}

#[tokio::test]
async fn one_way_each_code_lives_a_minute_and_counts_once() {
    let holder = cut_off().await;
    // Printed long ago, so without evidence: the wallet has its own, from when it was online.
    holder.town.detours.lock().unwrap().clear();
    let consent = holder.wallet.review_offline(&ask(&holder, &printed(&holder), false)).await.unwrap();
    holder.town.detour("https://", Err(HttpError::Unreachable));
    holder.town.clock.advance(Duration::from_secs(3600));
    let again = holder.wallet.review_offline(&ask(&holder, &printed(&holder), false)).await.unwrap();
    assert!(again.verifier.as_of < UnixMillis(holder.town.clock.millis()), "older, and it says so");

    let (first, second) = (show(&holder, &consent).await, show(&holder, &consent).await);
    let minute = UnixMillis(holder.town.clock.millis() + 60_000);
    assert_eq!((first.until, second.until), (minute, minute));
    let (first, second) = (read(&first), read(&second));
    assert_ne!(first.nonce, second.nonce);
    assert_eq!(place_of(&first.nonce), Some("desk-3"));
    assert_eq!(counter(&holder, &second, &second.nonce).0["ageOver18"], true);
    let shown = holder.wallet.log(None, 10).unwrap();
    assert_eq!(shown.iter().filter(|entry| matches!(entry.event, Event::Presented { .. })).count(), 1);
    holder.town.clock.advance(Duration::from_secs(91 * 86_400));
    let late = holder.wallet.present_offline(&consent.id, &Choice::first(), FrameSize::COARSE).await;
    assert_eq!(late, Err(PresentError::Expired));
}

#[tokio::test]
async fn a_counter_whose_evidence_is_missing_old_or_forged_is_not_believed() {
    let holder = cut_off().await;
    let refused = async |message: &[u8]| holder.wallet.review_offline(message).await.unwrap_err();
    let unknown = refused(&ask(&holder, &claims(&holder), false)).await;
    assert!(matches!(unknown, RequestRefused::Chain(_)), "{unknown:?}");
    let old = ask(&holder, &claims(&holder), true);
    let Message::Ask(Ask { staples, .. }) = Message::from_bytes(&old).unwrap() else { panic!("an ask") };
    holder.town.clock.advance(Duration::from_secs(2 * 86_400));
    let request = holder.town.verifier.offline(&claims(&holder), OFFLINE_TYPE);
    let stale =
        refused(&Message::Ask(Ask { request: request.clone(), staples: staples.clone() }).to_bytes()).await;
    assert!(matches!(stale, RequestRefused::Chain(_)), "{stale:?}");
    let mut forged =
        holder.town.chain.lock().unwrap().bundle(&[RecordKey::Did(holder.town.verifier.did.clone())]);
    let mut bytes = forged.to_bytes();
    *bytes.last_mut().unwrap() ^= 1;
    if let Ok(changed) = registry::EvidenceBundle::from_bytes(&bytes) {
        forged = changed;
    }
    let staples = vec![forged.to_bytes(), vec![0; 40]];
    let refusal = refused(&Message::Ask(Ask { request, staples }).to_bytes()).await;
    assert!(matches!(refusal, RequestRefused::Chain(_)), "{refusal:?}");
    let logged = holder.wallet.log(None, 10).unwrap();
    assert_eq!(logged.iter().filter(|entry| matches!(entry.event, Event::Refused { .. })).count(), 3);
}

#[tokio::test]
async fn requests_that_break_a_rule_are_refused_and_logged() {
    let holder = cut_off().await;
    let refused = async |claims: Value, typ: &str| {
        let did = holder.town.verifier.did.clone();
        let keys = [RecordKey::Did(did.clone()), RecordKey::Purpose(did, Slug::new("open-account").unwrap())];
        let staples = vec![holder.town.chain.lock().unwrap().bundle(&keys).to_bytes()];
        let request = holder.town.verifier.offline(&claims, typ);
        let message = Message::Ask(Ask { request, staples }).to_bytes();
        holder.wallet.review_offline(&message).await.unwrap_err().code()
    };
    let with = |name: &str, value: Value| {
        let mut claims = claims(&holder);
        claims[name] = value;
        claims
    };
    assert_eq!(refused(claims(&holder), "oauth-authz-req+jwt").await, "bad-request");
    assert_eq!(refused(with("exp", 1.into()), OFFLINE_TYPE).await, "expired");
    assert_eq!(refused(with("place", "desk-3".into()), OFFLINE_TYPE).await, "bad-request");
    assert_eq!(refused(with("purpose", "no name".into()), OFFLINE_TYPE).await, "bad-request");
    assert_eq!(
        refused(with("client_id", "decentralized_identifier:did:web:x".into()), OFFLINE_TYPE).await,
        "verifier-unknown"
    );
    let office = holder.town.office.client_id();
    assert_eq!(refused(with("client_id", office.into()), OFFLINE_TYPE).await, "bad-request", "another's key");
    assert_eq!(
        refused(with("purpose", "full-check".into()), OFFLINE_TYPE).await,
        "chain",
        "of which it shows nothing"
    );
    let mut greedy = claims(&holder);
    greedy["dcql_query"]["credentials"][0]["claims"] = json!([{ "path": ["idNumber"] }]);
    assert_eq!(refused(greedy, OFFLINE_TYPE).await, "asks-too-much");
    assert_eq!(
        holder
            .wallet
            .log(None, 20)
            .unwrap()
            .iter()
            .filter(|entry| matches!(entry.event, Event::Refused { .. }))
            .count(),
        8
    );

    let own = Message::Answer(Answer { nonce: String::new(), presentations: vec![], staples: vec![] });
    let refusal = holder.wallet.review_offline(&own.to_bytes()).await.unwrap_err();
    assert_eq!((&refusal, refusal.code()), (&RequestRefused::WalletsCode, "bad-code"));
    assert_eq!(holder.wallet.review_offline(b"?").await.unwrap_err().code(), "bad-code");
}

#[tokio::test]
async fn refreshing_asks_only_for_what_is_old() {
    let holder = Holder::new().await.with_licence().await.0;
    holder.wallet.refresh().await.unwrap();
    let asked = holder.town.requests_to(NODE);
    holder.town.clock.advance(Duration::from_secs(600));
    let hour = Duration::from_secs(3600);
    assert_eq!(holder.wallet.refresh_older_than(hour).await, Ok(0));
    assert_eq!(holder.town.requests_to(NODE), asked, "nobody was asked");
    holder.town.clock.advance(hour);
    assert_eq!(holder.wallet.refresh_older_than(hour).await, Ok(1));
    assert_eq!(holder.town.requests_to(NODE), asked + 1, "once, for all of it");
}

#[tokio::test]
async fn old_staples_are_shown_with_their_age_and_a_warning() {
    let holder = cut_off().await;
    let fetched = UnixMillis(holder.town.clock.millis());
    holder.town.clock.advance(Duration::from_secs(3 * 86_400));
    let consent = holder.wallet.review_offline(&ask(&holder, &claims(&holder), true)).await.unwrap();
    assert_eq!(consent.questions[0].options[0].warnings, [Warning::StateUnknown]);
    assert_eq!(show(&holder, &consent).await.as_of, Some(fetched));
}
