//! What is not accepted, each by the name of its flaw; and none of it leaves anything but its refusal.

use credentials::key::{Algorithm, SoftwareKey};
use issuer::Approval;
use protocol::openid4vp::AuthorizationResponse;
use rand_core::OsRng;
use registry::Action;
use serde_json::{Value, json};
use store::{Range, Store, Table};

use super::town::{Card, Lies, TAX, Town, key, led_to, purpose, sealed, slug};

/// Presentations as they are stored.
const PRESENTATIONS: Table<u128, Value> = Table::new("presentations");

/// What a counter's checks found wrong, by name.
fn flaws(seen: &Value) -> Vec<(&str, &str)> {
    let flaws = seen["flaws"].as_array().unwrap_or_else(|| panic!("no flaws in {seen}"));
    flaws.iter().map(|flaw| (flaw["check"].as_str().unwrap(), flaw["code"].as_str().unwrap())).collect()
}

/// It is refused for this, with this status to the wallet, and made no application.
async fn refused(town: &Town, name: &str, card: &Card, lies: Lies, status: u16, flaw: (&str, &str)) {
    let (asked, answer) = town.present(card, lies).await;
    assert_eq!(answer.status, status, "{name}: {}", answer.text());
    let seen = town.look(&asked).await;
    assert_eq!(seen["state"], "refused", "{name}: {seen}");
    assert!(flaws(&seen).contains(&flaw), "{name}: {seen}");
    assert!(
        !seen["reason"]["zh"].as_str().unwrap().is_empty()
            && !seen["reason"]["en"].as_str().unwrap().is_empty()
    );
    assert_eq!(town.applications().await.len(), 0, "{name}");
    if status == 400 {
        assert_eq!(answer.oauth_error(), "invalid_request", "{name}");
    } else {
        let back = answer.json()["redirect_uri"].as_str().unwrap().to_owned();
        assert_eq!(
            back,
            format!("{}/presentations/{}", town.http.base(), asked.id),
            "{name}: no application's key"
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_not_genuine_is_refused() {
    let town = Town::start(Approval::AtOnce).await;
    let card = town.licence().await;
    let other_key = || Some(SoftwareKey::generate(Algorithm::Es256, &mut OsRng));
    let lies = [
        (
            "licence_on_another_key",
            Lies { key: other_key(), ..Lies::default() },
            "holder_binding",
            "key_binding_signature_wrong",
        ),
        (
            "key_binding_stripped",
            Lies { strip_binding: true, ..Lies::default() },
            "holder_binding",
            "key_binding_missing",
        ),
        (
            "nonce_of_another_request",
            Lies { nonce: Some("another"), ..Lies::default() },
            "nonce",
            "nonce_wrong",
        ),
        (
            "made_for_another_verifier",
            Lies {
                audience: Some(format!("decentralized_identifier:{}", town.world.did())),
                ..Lies::default()
            },
            "audience",
            "audience_wrong",
        ),
        ("signed_long_ago", Lies { age: 3600, ..Lies::default() }, "holder_binding", "key_binding_too_old"),
        (
            "more_than_asked",
            Lies { also: vec!["address"], ..Lies::default() },
            "only_what_was_asked",
            "more_than_asked",
        ),
        (
            "claim_withheld",
            Lies { without: vec!["creditCode"], ..Lies::default() },
            "query_satisfied",
            "claim_missing",
        ),
    ];
    for (name, lies, check, code) in lies {
        refused(&town, name, &card, lies, 400, (check, code)).await;
    }
    let person = testkit::Person::nth(0).digital_id_claims();
    let id = town.issued("digital-id", "digital-id-sd-jwt", person).await;
    refused(&town, "another_type", &id, Lies::default(), 400, ("query_satisfied", "another_type")).await;
    // After all of that the licence is as good as before.
    led_to(&town.present(&card, Lies::default()).await.1);
    town.stop().await;
}

#[tokio::test]
async fn a_licence_that_does_not_count_any_more_is_refused() {
    let town = Town::start(Approval::AtOnce).await;
    let card = town.licence().await;
    assert_eq!(town.world.change(&card.id, "suspend").await.status, 200);
    refused(&town, "suspended", &card, Lies::default(), 200, ("status", "suspended")).await;
    assert_eq!(town.world.change(&card.id, "reinstate").await.status, 200);
    let revoked = town.licence().await;
    assert_eq!(town.world.change(&revoked.id, "revoke").await.status, 200);
    refused(&town, "revoked", &revoked, Lies::default(), 200, ("status", "revoked")).await;
    town.world.clock.forward(3651 * 86_400);
    refused(&town, "expired", &card, Lies::default(), 200, ("validity", "expired")).await;
    town.stop().await;
}

#[tokio::test]
async fn a_licence_of_an_issuer_that_is_not_accredited_is_refused() {
    let town = Town::unaccredited(Approval::AtOnce).await;
    let card = town.licence().await;
    refused(&town, "unaccredited", &card, Lies::default(), 200, ("issuer_accredited", "never_accredited"))
        .await;
    town.stop().await;
}

#[tokio::test]
async fn an_answer_counts_once_and_only_where_it_was_asked_for() {
    let town = Town::start(Approval::AtOnce).await;
    let card = town.licence().await;
    let asked = town.ask().await;
    // What can't be read leaves the request open.
    let foreign = town.body(&asked.request, &card, &Lies { state: Some("another"), ..Lies::default() });
    let other = town.ask().await;
    for body in [foreign.as_str(), "vp_token=%7B%7D&state=x", "response=a.b.c.d.e", "", "%ff=1"] {
        let answer = town.post(&asked.request, body.to_owned()).await;
        assert_eq!((answer.status, answer.oauth_error().as_str()), (400, "invalid_request"), "{body}");
    }
    assert_eq!(town.look(&asked).await["state"], "open");

    let AuthorizationResponse::Presented { vp_token, state } =
        town.answer(&asked.request, &card, &Lies::default())
    else {
        panic!("a presentation")
    };
    let recorded = AuthorizationResponse::Presented { vp_token: vp_token.clone(), state };
    let body = sealed(&asked.request, &recorded);
    led_to(&town.post(&asked.request, body.clone()).await);
    for again in [body.clone(), town.body(&asked.request, &card, &Lies::default())] {
        let answer = town.post(&asked.request, again).await;
        assert_eq!((answer.status, answer.oauth_error().as_str()), (409, "invalid_request"));
    }
    let gone = town.http.get(&format!("/presentations/{}/object", asked.id), None).await;
    assert_eq!((gone.status, gone.oauth_error().as_str()), (410, "invalid_request_uri"));

    // A recorded answer: another request has another key, and the nonce is in the signature.
    assert_eq!(town.post(&other.request, body).await.status, 400);
    assert_eq!(town.look(&other).await["state"], "open");
    let replayed = AuthorizationResponse::Presented { vp_token, state: other.request.state.clone() };
    assert_eq!(town.post(&other.request, sealed(&other.request, &replayed)).await.status, 400);
    assert!(flaws(&town.look(&other).await).contains(&("nonce", "nonce_wrong")));
    assert_eq!(town.applications().await.len(), 1);

    // Two at once: one is taken.
    let asked = town.ask().await;
    let bodies = [0, 1].map(|_| town.body(&asked.request, &card, &Lies::default()));
    let [first, second] = bodies.map(|body| town.post(&asked.request, body));
    let (first, second) = tokio::join!(first, second);
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(town.applications().await.len(), 2);

    // And too late is too late.
    let asked = town.ask().await;
    town.world.clock.forward(301);
    let late = town.post(&asked.request, town.body(&asked.request, &card, &Lies::default())).await;
    assert_eq!((late.status, late.oauth_error().as_str()), (410, "invalid_request"));
    assert_eq!(town.look(&asked).await["state"], "expired");
    let nowhere = town.http.get("/api/presentations/nowhere", None).await;
    assert_eq!(nowhere.status, 404);
    town.stop().await;
}

#[tokio::test]
async fn an_answer_must_be_encrypted_to_the_key_of_its_request() {
    let town = Town::start(Approval::AtOnce).await;
    let card = town.licence().await;
    let (asked, other) = (town.ask().await, town.ask().await);
    let again = town.fetch(&format!("/presentations/{}/object", asked.id)).await;
    assert_eq!(key(&again), key(&asked.request), "a request keeps its key");
    assert_ne!(key(&asked.request), key(&other.request), "each has its own");

    let answer = town.answer(&asked.request, &card, &Lies::default());
    let right = sealed(&asked.request, &answer);
    let text = right.strip_prefix("response=").expect("a response");
    let last = if text.ends_with('A') { "B" } else { "A" };
    for (name, body) in [
        ("in_clear", answer.to_form().encode()),
        ("to_the_key_of_another_request", sealed(&other.request, &answer)),
        ("changed_on_the_way", format!("response={}{last}", &text[..text.len() - 1])),
        ("signed_and_not_encrypted", "response=eyJhbGciOiJub25lIn0.e30.".to_owned()),
    ] {
        let refused = town.post(&asked.request, body).await;
        assert_eq!((refused.status, refused.oauth_error().as_str()), (400, "invalid_request"), "{name}");
        if name == "in_clear" {
            assert!(refused.text().contains("must be encrypted"), "{}", refused.text());
        }
    }
    assert_eq!(town.look(&asked).await["state"], "open");
    assert_eq!(town.applications().await.len(), 0);
    led_to(&town.post(&asked.request, right).await);
    town.stop().await;
}

#[tokio::test]
async fn without_its_sealed_key_a_request_is_asked_again() {
    let mut town = Town::start(Approval::AtOnce).await;
    let card = town.licence().await;
    let (removed, changed) = (town.ask().await, town.ask().await);
    let answers = [&removed, &changed].map(|asked| town.body(&asked.request, &card, &Lies::default()));
    town.tax.shutdown().await;
    let folder = town.config.data_dir.join("store");
    tokio::task::spawn_blocking(move || {
        let store = Store::persistent(folder, &store::Options::default()).expect("opens");
        let mut rows = store.page(&PRESENTATIONS, &Range::all(), 9).expect("read");
        let [(_, first), (_, second)] = rows.as_mut_slice() else { panic!("two rows: {}", rows.len()) };
        // As a version before wrote it.
        first.as_object_mut().expect("a row").remove("seal");
        let seal = second["seal"].as_str().expect("a seal").to_owned();
        second["seal"] = format!("{}AAAA", &seal[..seal.len() - 4]).into();
        for (key, row) in rows {
            store.write(move |tx| tx.put(&PRESENTATIONS, key, &row)).expect("written");
        }
        store.close();
    })
    .await
    .expect("changed");
    town.tax = town.world.instance(town.config.clone()).await;
    for (asked, answer) in [&removed, &changed].into_iter().zip(answers) {
        let gone = town.http.get(&format!("/presentations/{}/object", asked.id), None).await;
        assert_eq!((gone.status, gone.oauth_error().as_str()), (410, "invalid_request_uri"));
        let gone = town.post(&asked.request, answer).await;
        assert_eq!((gone.status, gone.oauth_error().as_str()), (410, "invalid_request"));
        assert!(gone.text().contains("ask again"), "{}", gone.text());
    }
    led_to(&town.present(&card, Lies::default()).await.1);
    town.stop().await;
}

#[tokio::test]
async fn a_no_is_noted_and_nothing_else() {
    let town = Town::start(Approval::AtOnce).await;
    let asked = town.ask().await;
    let state = asked.request.state.as_ref().unwrap().expose();
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("error", "access_denied")
        .append_pair("state", state)
        .finish();
    assert_eq!(town.post(&asked.request, body).await.status, 200);
    let seen = town.look(&asked).await;
    assert_eq!((&seen["state"], &seen["error"]), (&json!("declined"), &json!("access_denied")));
    assert_eq!(town.applications().await.len(), 0);
    let other = town.http.post_json("/api/presentations", None, &json!({"type": "business-licence"})).await;
    assert_eq!((other.status, other.problem().as_str()), (422, "unknown-type"));
    town.stop().await;
}

#[tokio::test]
async fn without_its_purpose_on_the_chain_it_neither_asks_nor_looks() {
    let town = Town::unregistered(Approval::AtOnce).await;
    let ask = async || town.http.post_json("/api/presentations", None, &json!({"type": TAX})).await;
    assert_eq!(ask().await.problem(), "purpose-not-registered");
    town.world.govern(&purpose(&town.did(), &["name"])).await;
    let refused = ask().await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (503, "purpose-not-registered"),
        "it takes more"
    );
    let withdraw = Action::WithdrawPurpose { did: town.did().parse().unwrap(), purpose: slug(TAX) };
    town.world.govern(&withdraw).await;
    town.world.govern(&purpose(&town.did(), &["name", "creditCode"])).await;
    let card = town.licence().await;
    let asked = town.ask().await;
    town.world.govern(&withdraw).await;
    let answer = town.post(&asked.request, town.body(&asked.request, &card, &Lies::default())).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(flaws(&town.look(&asked).await), [("purpose", "not_registered")]);
    assert_eq!(town.applications().await.len(), 0);
    town.stop().await;
}

#[tokio::test]
async fn what_the_chain_is_not_there_to_say_is_not_accepted() {
    let mut town = Town::start(Approval::AtOnce).await;
    let card = town.licence().await;
    let asked = town.ask().await;
    town.world.stop_chain().await;
    // What it heard lately still counts, for as long as the policy says; of this licence it never asked.
    let answer = town.post(&asked.request, town.body(&asked.request, &card, &Lies::default())).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = town.look(&asked).await;
    assert_eq!(seen["state"], "cannot_tell", "{seen}");
    assert_eq!(town.applications().await.len(), 0);
    town.stop().await;
}
