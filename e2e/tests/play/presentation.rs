//! Presentations that are not what they say. Each is refused to the face of whoever sends it, with the reason.

use e2e::{
    Answer, Counter, Decision, Holder, LICENCE, LICENCE_SD_JWT, LICENCE_VC, Play, Rogue, others, token,
};
use serde_json::{Value, json};

use crate::{licence, play};

/// A purpose that takes the licence in both formats, and all its claims.
const WHOLE: &str = "licence-original";
const ALL: &[&str] = &[
    "name",
    "creditCode",
    "companyType",
    "legalRepresentative",
    "registeredCapital",
    "established",
    "address",
    "businessScope",
    "term",
    "registrationAuthority",
    "licenceIdentifier",
];

/// A rogue with a licence in both formats.
async fn with_licence(play: &Play, company: usize) -> (Rogue, [Value; 2]) {
    let market = play.market();
    let (_, offer) = market.offered(LICENCE, &licence(company)).await;
    let rogue = Rogue::default();
    let credentials = rogue.collect(&market, &offer, [LICENCE_SD_JWT, LICENCE_VC]).await;
    (rogue, credentials)
}

/// Answers a new request with what `make` makes of the audience and the nonce.
async fn answer(counter: &Counter, make: impl Fn(&str, &str) -> Value) -> (Answer, Decision) {
    let asked = counter.ask(WHOLE).await;
    let request = counter.fetch(&asked).await;
    let answer = counter.answer(&request, &make(&counter.client_id(), request.nonce())).await;
    (answer, counter.decision(&asked).await)
}

fn must_refuse((answer, decision): &(Answer, Decision), flaws: &[(&str, &str)]) {
    assert_eq!(answer.error(), (400, "invalid_request".into()));
    decision.must_refuse(flaws);
    assert!(decision.claims().is_empty(), "the clerk sees nothing of it");
}

#[test]
fn right_in_both_formats() {
    play(async |play| {
        let (rogue, credentials) = with_licence(play, 20).await;
        for credential in &credentials {
            let (answer, decision) =
                answer(&play.counter(), |aud, nonce| rogue.present(credential, aud, nonce, ALL)).await;
            answer.must(200);
            decision.must_accept();
        }
    });
}

#[test]
fn copied_to_another_key() {
    play(async |play| {
        let (_, [sd_jwt, whole]) = with_licence(play, 21).await;
        let thief = Rogue::default();
        let counter = play.counter();
        let copied = answer(&counter, |aud, nonce| thief.present(&sd_jwt, aud, nonce, ALL)).await;
        must_refuse(&copied, &[("holder_binding", "key_binding_signature_wrong")]);
        let (answer, decision) = answer(&counter, |aud, nonce| thief.present(&whole, aud, nonce, ALL)).await;
        assert_eq!(answer.error(), (400, "invalid_request".into()));
        assert_eq!(decision.verdict(), Some("refused"));
        assert_eq!(decision.flaws().iter().map(|(check, _)| *check).collect::<Vec<_>>(), ["holder_binding"]);
    });
}

#[test]
fn kb_jwt_alg_none() {
    play(async |play| {
        let (rogue, [credential, _]) = with_licence(play, 22).await;
        let counter = play.counter();
        for forge in [token::unsigned, token::alg_none] {
            let asked = counter.ask(WHOLE).await;
            let request = counter.fetch(&asked).await;
            let right = rogue.present(&credential, &counter.client_id(), request.nonce(), ALL);
            let (shown, binding) = right.as_str().and_then(|text| text.rsplit_once('~')).expect("bound");
            let forged = json!(format!("{shown}~{}", forge(binding)));
            let refused = counter.answer(&request, &forged).await;
            assert_eq!(refused.error(), (400, "invalid_request".into()));
            let decision = counter.decision(&asked).await;
            assert!(matches!(decision.verdict(), None | Some("refused")), "{decision:?}");
        }
    });
}

#[test]
fn kb_jwt_stripped() {
    play(async |play| {
        let (rogue, [credential, _]) = with_licence(play, 23).await;
        let stripped = answer(&play.counter(), |aud, nonce| {
            let right = rogue.present(&credential, aud, nonce, ALL);
            let (shown, _) = right.as_str().and_then(|text| text.rsplit_once('~')).expect("bound");
            json!(format!("{shown}~"))
        })
        .await;
        assert_eq!(stripped.0.error(), (400, "invalid_request".into()));
        assert_ne!(stripped.1.verdict(), Some("accepted"));
    });
}

#[test]
fn replayed_to_the_same_request() {
    play(async |play| {
        let counter = play.counter();
        let holder = Holder::new(play, "replay-same").await;
        let (_, offer) = play.market().offered(LICENCE, &licence(24)).await;
        holder.receive(&offer).await.expect("received");
        let asked = counter.ask("company-service").await;
        holder.present(&asked).await.expect("presented");
        let first = counter.decision(&asked).await;

        let sent = holder.last_answer();
        let form = "application/x-www-form-urlencoded";
        let again = play.http.post(&sent.url, None, form, sent.body).await;
        assert_eq!(again.error(), (409, "invalid_request".into()));
        assert_eq!(counter.decision(&asked).await.0["answered"], first.0["answered"], "the first stands");
        let fetched = play.http.get(&asked.request_uri, None).await;
        assert_eq!(fetched.error(), (410, "invalid_request_uri".into()));
    });
}

#[test]
fn replayed_to_another_request() {
    play(async |play| {
        let (rogue, credentials) = with_licence(play, 25).await;
        let counter = play.counter();
        let earlier = counter.fetch(&counter.ask(WHOLE).await).await;
        for credential in &credentials {
            let kept = rogue.present(credential, &counter.client_id(), earlier.nonce(), ALL);
            let (answer, decision) = answer(&counter, |_, _| kept.clone()).await;
            assert_eq!(answer.error(), (400, "invalid_request".into()));
            assert_eq!(decision.verdict(), Some("refused"));
            assert_eq!(decision.flaws().iter().map(|(check, _)| *check).collect::<Vec<_>>(), ["nonce"]);
        }
    });
}

#[test]
fn audience_of_another_counter() {
    play(async |play| {
        let (rogue, credentials) = with_licence(play, 26).await;
        let counter = play.counter();
        let (_running, other) = others::counter(play, "Second Counter", true).await;
        for credential in &credentials {
            // The other counter relays this one's nonce to the holder, and the holder's answer back.
            let relayed = |_: &str, nonce: &str| rogue.present(credential, &other.client_id(), nonce, ALL);
            let (answer, decision) = answer(&counter, relayed).await;
            assert_eq!(answer.error(), (400, "invalid_request".into()));
            assert_eq!(decision.verdict(), Some("refused"));
            assert_eq!(decision.flaws().iter().map(|(check, _)| *check).collect::<Vec<_>>(), ["audience"]);
        }
    });
}

#[test]
fn honest_answer_passed_on_to_another_counter() {
    play(async |play| {
        let (counter, holder) = (play.counter(), Holder::new(play, "passed-on").await);
        let (_, offer) = play.market().offered(LICENCE, &licence(27)).await;
        holder.receive(&offer).await.expect("received");
        let (_running, other) = others::counter(play, "Third Counter", true).await;
        let theirs = other.ask("company-service").await;
        holder.present(&theirs).await.expect("presented");
        other.decision(&theirs).await.must_accept();

        let sent = protocol::openid4vp::AuthorizationResponse::parse(&holder.last_answer().body).unwrap();
        let protocol::openid4vp::AuthorizationResponse::Presented { vp_token, .. } = sent else { panic!() };
        let presentation = serde_json::to_value(vp_token).unwrap()[LICENCE_SD_JWT][0].clone();
        let asked = counter.ask("company-service").await;
        let request = counter.fetch(&asked).await;
        let refused = counter.answer(&request, &presentation).await;
        assert_eq!(refused.error(), (400, "invalid_request".into()));
        let flaws = [("nonce", "nonce_wrong"), ("audience", "audience_wrong")];
        counter.decision(&asked).await.must_refuse(&flaws);
    });
}

#[test]
fn more_than_was_asked() {
    play(async |play| {
        let (rogue, [credential, _]) = with_licence(play, 28).await;
        let counter = play.counter();
        let asked = counter.ask("company-service").await;
        let request = counter.fetch(&asked).await;
        let all = rogue.present(&credential, &counter.client_id(), request.nonce(), ALL);
        let refused = counter.answer(&request, &all).await;
        assert_eq!(refused.error(), (400, "invalid_request".into()));
        counter.decision(&asked).await.must_refuse(&[("only_what_was_asked", "more_than_asked")]);
    });
}
