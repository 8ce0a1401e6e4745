//! The phone's story, as every language of the bindings tells it too: from an empty wallet, by way of a lost phone, to a card that was
//! revoked.

use std::time::Duration;

use credentials::catalogue::Catalogue;
use credentials::jws::{self, Header};
use credentials::key::{Algorithm, SoftwareKey};
use e2e::{Application, Counter, Desk, Holder, LICENCE, LICENCE_SD_JWT, Play};
use protocol::dcql::DcqlQuery;
use protocol::jwt::NumericDate;
use protocol::offline::{
    Answer, Ask, CheckedOfflineRequest, Collected, Collector, FrameSize, Message, OFFLINE_TYPE,
    OfflineRequest, frames,
};
use protocol::openid4vp::ClientId;
use registry::LightClient;
use serde_json::{Value, json};
use service::{clock, random};
use verifier::Verdict;
use verifier::offline::{OfflineDecision, Question, judge};
use wallet_core::ports::SystemRandomness;
use wallet_core::{
    CardState, Choice, ConsentRequest, Event, Link, LogQuery, OfflineCode, OpenError, Outcome,
    RequestRefused, Wallet, Warning,
};

use crate::{licence, play};

const PIN: &str = "246810";
const NEW_PIN: &str = "a longer phrase";
/// What the counter may ask for this purpose, as the chain says.
const PURPOSE: &str = "company-service";
const CLAIMS: [&str; 3] = ["creditCode", "legalRepresentative", "name"];

/// The steps that every language takes, in their order.
struct Steps(std::vec::IntoIter<&'static str>);

impl Steps {
    fn new() -> Self {
        let lines = include_str!("../../../mobile-bindings/story.txt").lines();
        let steps: Vec<_> = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        Self(steps.into_iter())
    }

    fn next(&mut self, step: &str) {
        assert_eq!(self.0.next(), Some(step));
    }

    fn end(mut self) {
        assert_eq!(self.0.next(), None, "a step is left out");
    }
}

#[test]
fn the_phones_story() {
    play(async |play| {
        let (market, counter, mut steps) = (play.market(), play.counter(), Steps::new());
        let phone = Holder::new(play, "phones-story").await;
        let (application, offer) = market.offered(LICENCE, &licence(90)).await;

        steps.next("receive");
        phone.receive(&offer).await.expect("received");
        let card = phone.card().await;
        assert_eq!(card.holder_line, testkit::Company::nth(90).name);
        steps.next("consent");
        let asked = counter.ask(PURPOSE).await;
        let consent = phone.wallet.review_request(&asked.link).await.unwrap();
        assert_eq!((consent.verifier.name.zh.as_str(), consent.retention_days), ("合肥市政务服务中心", 30));
        leaves(&consent, &CLAIMS);
        assert_eq!(counter.decision(&asked).await.state(), "open", "nothing left yet");
        steps.next("present");
        phone.wallet.present(&consent.id, &Choice::first()).await.unwrap();
        counter.decision(&asked).await.must_accept();
        phone.wallet.present(&consent.id, &Choice::first()).await.expect_err("it is answered");
        steps.next("refuse");
        let asked = counter.ask_for(PURPOSE, &query(&["name", "address"])).await;
        match phone.wallet.review_request(&asked.link).await {
            Err(RequestRefused::AsksTooMuch { claims, .. }) => assert_eq!(claims, ["address"]),
            other => panic!("{other:?}"),
        }
        assert_eq!(counter.decision(&asked).await.state(), "declined");
        steps.next("decline");
        let asked = counter.ask(PURPOSE).await;
        let consent = phone.wallet.review_request(&asked.link).await.unwrap();
        assert!(phone.wallet.decline(&consent.id).await.unwrap());
        assert!(!phone.wallet.decline(&consent.id).await.unwrap());
        assert_eq!(counter.decision(&asked).await.state(), "declined");

        drop(phone);
        let phone = Holder::open(play, "phones-story").await;
        phone.cut(true);
        steps.next("answer a code");
        answers_a_code(play, &phone, &counter).await;
        steps.next("answer a printed code");
        answers_a_printed_code(play, &phone, &counter).await;
        phone.cut(false);

        steps.next("log");
        reads_the_log(&phone).await;
        steps.next("back up");
        let code = Wallet::new_backup_code(&SystemRandomness).unwrap();
        let backup = phone.wallet.back_up(&code).unwrap();
        let name = testkit::Company::nth(90).name;
        assert!(!backup.windows(name.len()).any(|bytes| bytes == name.as_bytes()));
        steps.next("restore");
        let new = restores(play, &phone, &backup, &code, &card.id).await;
        drop(phone);
        steps.next("collect again");
        new.receive(&market.renewed(&application).await).await.expect("collected again");
        assert!(new.wallet.to_collect().unwrap().is_empty());
        steps.next("say what links");
        says_what_links(&new, &play.police(), &counter).await;
        steps.next("show what was revoked");
        shows_what_was_revoked(&new, &market, &application, &counter).await;

        steps.next("lock");
        new.wallet.change_pin(PIN, NEW_PIN).await.unwrap();
        drop(new);
        let refused = Holder::try_open(play, "phones-next", PIN).await.map(|_| ()).unwrap_err();
        assert!(matches!(refused, OpenError::WrongPin { .. }), "{refused:?}");
        let opened = Holder::try_open(play, "phones-next", NEW_PIN).await.unwrap();
        assert_eq!(opened.wallet.cards().unwrap().len(), 1);
        steps.end();
    });
}

fn query(claims: &[&str]) -> Value {
    let claims: Vec<_> = claims.iter().map(|claim| json!({"path": [claim]})).collect();
    json!({"credentials": [{
        "id": "licence", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:huizheng:business-licence:1"]},
        "claims": claims,
    }]})
}

/// What leaves is just that.
fn leaves(consent: &ConsentRequest, claims: &[&str]) {
    let [question] = &consent.questions[..] else { panic!("one question") };
    let mut names: Vec<_> = question.options[0].leaves.iter().map(|claim| claim.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, claims);
    assert!(question.options[0].stays.iter().any(|claim| claim.name == "address"));
}

/// The counter's request as codes, by its own key: for whoever stands before it, or printed for a place.
fn asks_by_codes(play: &Play, claims: &[&str], place: Option<&str>) -> (Vec<String>, CheckedOfflineRequest) {
    let folder = play.data.join("stack/verifier/keys/counter");
    let secret = std::fs::read(folder.join("signing-p256.key")).expect("the counter's key");
    let key = SoftwareKey::from_secret_bytes(Algorithm::Es256, &secret).expect("a key");
    let now = clock::now().seconds();
    let query: DcqlQuery = serde_json::from_value(query(claims)).expect("a query");
    let request = OfflineRequest {
        client_id: ClientId::of_did(&play.urls().verifier.did.to_string()),
        purpose: PURPOSE.to_owned(),
        dcql_query: query,
        nonce: place.is_none().then(|| random::token(16)),
        place: place.map(str::to_owned),
        iat: NumericDate(now),
        exp: NumericDate(now + 300),
    };
    let did = &play.urls().verifier.did;
    let header = Header::typed(OFFLINE_TYPE).with_kid(&format!("{did}#key-2"));
    let signed = jws::sign(&header, &request, &key).expect("signed");
    let message = Message::Ask(Ask { request: signed, staples: Vec::new() }).to_bytes();
    (frames(&message, FrameSize::CAMERA_720P).expect("codes"), request.check(now).expect("a request"))
}

/// What a camera gathers of codes that come in any order, and some twice.
fn scanned(codes: &[String]) -> Vec<u8> {
    let mut collector = Collector::default();
    for code in codes.iter().rev().chain(codes) {
        if let Collected::Whole(bytes) = collector.add(code).expect("a code of these") {
            return bytes;
        }
    }
    panic!("codes are missing")
}

/// The counter decides by what the phone brings along and the anchor alone.
fn decides(
    play: &Play,
    counter: &Counter,
    asked: &CheckedOfflineRequest,
    code: &OfflineCode,
) -> OfflineDecision {
    let Ok(Message::Answer(answer)) = Message::from_bytes(&scanned(&code.frames)) else {
        panic!("an answer")
    };
    let answer: Answer = answer;
    let question = Question {
        query: &asked.query,
        client_id: &counter.client_id(),
        binding: &asked.binding,
        policy: None,
        max_age: Duration::from_secs(86_400),
        now: clock::now(),
    };
    let register = LightClient::new(play.urls().chain.anchor.clone()).into();
    judge(&answer, question, Catalogue::bundled().expect("reads"), &register).expect("a decision")
}

async fn answers_a_code(play: &Play, phone: &Holder, counter: &Counter) {
    let (codes, asked) = asks_by_codes(play, &CLAIMS, None);
    let consent = phone.wallet.review_offline(&scanned(&codes)).await.unwrap();
    assert_eq!(
        (consent.verifier.name.zh.as_str(), consent.purpose.as_str()),
        ("合肥市政务服务中心", PURPOSE)
    );
    leaves(&consent, &CLAIMS);
    let code =
        phone.wallet.present_offline(&consent.id, &Choice::first(), FrameSize::CAMERA_720P).await.unwrap();
    assert!(code.as_of.is_some(), "how old the evidence is, is said");
    let decision = decides(play, counter, &asked, &code);
    assert_eq!(decision.decision, Verdict::Accepted, "{:?}", decision.checks);
    assert_eq!(decision.claims[0].1["name"], testkit::Company::nth(90).name);
    let (_, another) = asks_by_codes(play, &CLAIMS, None);
    let decision = decides(play, counter, &another, &code);
    assert_eq!((decision.decision, decision.claims.len()), (Verdict::Refused, 0));
}

async fn answers_a_printed_code(play: &Play, phone: &Holder, counter: &Counter) {
    let (codes, asked) = asks_by_codes(play, &["name"], Some("hall-3"));
    let consent = phone.wallet.review_offline(&scanned(&codes)).await.unwrap();
    let show = async || {
        let shown = phone.wallet.present_offline(&consent.id, &Choice::first(), FrameSize::CAMERA_720P).await;
        shown.unwrap()
    };
    // It lives a minute; the next one is another, and the same entry in the log.
    let (code, following) = (show().await, show().await);
    assert_ne!(code.frames, following.frames);
    assert_eq!(code.log_entry, following.log_entry);
    for each in [&code, &following] {
        assert_eq!(decides(play, counter, &asked, each).decision, Verdict::Accepted);
    }
}

async fn reads_the_log(phone: &Holder) {
    let entries = phone.wallet.log(None, 10).unwrap();
    let events: Vec<_> = entries.iter().map(|entry| &entry.event).collect();
    let [
        Event::Presented { outcome: Outcome::Shown, shared: printed, .. },
        Event::Presented { outcome: Outcome::Shown, .. },
        Event::Declined { .. },
        Event::Refused { claims, .. },
        Event::Presented { outcome: Outcome::Delivered, .. },
        Event::Received { .. },
    ] = events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(
        (printed[0].claims.as_slice(), claims.as_slice()),
        (&["name".to_owned()][..], &["address".to_owned()][..])
    );
    let representative =
        testkit::Company::nth(90).business_licence_claims()["legalRepresentative"].to_string();
    assert!(!format!("{entries:?}").contains(representative.trim_matches('"')), "never values");
    let centre = LogQuery { text: Some("政务服务中心".to_owned()), ..LogQuery::default() };
    assert_eq!(phone.wallet.search_log(&centre, None, 10).unwrap().len(), 5);
    let draft = phone.wallet.draft_complaint(&entries[3].id).unwrap().expect("about a verifier");
    assert!(draft.body.en.contains("address") && draft.subject.zh.contains("合肥市政务服务中心"));
    assert_eq!(phone.wallet.draft_complaint(&entries[5].id).unwrap(), None);
    assert!(phone.wallet.delete_log_entry(&entries[5].id).await.unwrap());
    assert_eq!(phone.wallet.log(None, 10).unwrap().len(), 5);
}

async fn restores(play: &Play, before: &Holder, backup: &[u8], code: &str, card: &str) -> Holder {
    for (file, code) in [(backup, "another passphrase"), (&backup[..backup.len() - 1], code)] {
        assert!(Holder::try_restored(play, "phones-next", file, code).await.is_err());
    }
    let (new, restored) = Holder::restored(play, "phones-next", backup, code).await;
    assert!(new.wallet.cards().unwrap().is_empty(), "no card without its key");
    let [waits] = &restored.to_collect[..] else { panic!("{restored:?}") };
    assert_eq!((waits.id.as_str(), waits.kind.as_str()), (card, LICENCE));
    assert_eq!(new.wallet.log(None, 10).unwrap(), before.wallet.log(None, 10).unwrap());
    new
}

/// Two cards that don't say of whom the other is: shown together, they do.
async fn says_what_links(phone: &Holder, police: &Desk, counter: &Counter) {
    let (_, offer) = police.offered("digital-id", &testkit::Person::nth(90).digital_id_claims()).await;
    let received = phone.receive(&offer).await.expect("received");
    let links = |consent: &ConsentRequest| phone.wallet.links(&consent.id, &Choice::first());
    let alone = phone.wallet.review_request(&counter.ask(PURPOSE).await.link).await.unwrap();
    assert_eq!(links(&alone), []);
    let both = phone.wallet.review_request(&counter.ask("tax-registration").await.link).await.unwrap();
    let questions = both.questions.iter().map(|question| question.id.clone()).collect();
    assert_eq!(links(&both), [Link::Together { questions }]);
    for consent in [&alone, &both] {
        assert!(phone.wallet.decline(&consent.id).await.unwrap());
    }
    assert!(phone.wallet.delete_card(&received.cards[0].id).await.unwrap());
}

async fn shows_what_was_revoked(phone: &Holder, market: &Desk, application: &Application, counter: &Counter) {
    market.change_all(application, "revoke").await;
    let card = phone.card().await;
    assert!(matches!(card.state, CardState::Revoked { .. }), "{}", card.state.id());
    assert!(market.credential_id(application, LICENCE_SD_JWT).await.len() > 10);
    let asked = counter.ask(PURPOSE).await;
    let consent = phone.wallet.review_request(&asked.link).await.unwrap();
    assert!(consent.questions[0].options[0].warnings.contains(&Warning::NotInForce));
    phone.wallet.present(&consent.id, &Choice::first()).await.unwrap();
    counter.decision(&asked).await.must_refuse(&[("status", "revoked")]);
}
