//! Nobody's data in any log line. By itself, because what other tests log at the same time would go elsewhere.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "a test that can't go on says why and stops; the helpers serve other tests too"
)]

#[path = "it/http.rs"]
mod http;
#[path = "it/wallet.rs"]
mod wallet;
#[path = "it/world.rs"]
mod world;

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::world::{STAFF_TOKEN, World};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Every text of a value that is long enough to be told from chance.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.chars().count() > 2 => found.push(text.chars().take(60).collect()),
        Value::Array(list) => list.iter().for_each(|value| texts(value, found)),
        Value::Object(map) => map.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

/// One thread, so that everything the issuer does is logged to this test's subscriber.
#[tokio::test(flavor = "current_thread")]
async fn no_log_line_has_a_persons_value_or_a_secret() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(captured.clone())
        .with_max_level(tracing::level_filters::LevelFilter::TRACE)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let world = World::start().await;
    let person = testkit::Person::nth(0).digital_id_claims();
    let applied = world.apply("digital-id", person.clone()).await;
    let mut wrong = person.clone();
    wrong["idNumber"] = json!("110105194912310021");
    world.http.post_json("/api/applications", None, &json!({"type": "digital-id", "claims": wrong})).await;
    world.http.get(&applied.link, None).await;
    let reason = "照片不清楚，请重拍";
    let other = world.apply("digital-id", testkit::Person::nth(1).digital_id_claims()).await;
    let path = format!("/api/applications/{}/reject", other.id);
    world.http.post_json(&path, Some(STAFF_TOKEN), &json!({"reason": reason})).await;
    world.approve(&applied).await;
    let offer = world.collectable(&applied).await;
    world.redeem(&offer.code, "000000").await;
    let token = world.token(&offer).await;
    let wallet = crate::wallet::Wallet::new(credentials::key::Algorithm::Es256);
    for configuration in ["digital-id-sd-jwt", "digital-id-vc"] {
        let nonce = world.nonce().await;
        let proof = wallet.proof(&world, &nonce);
        assert_eq!(world.ask(&token, configuration, &proof).await.status, 200);
        assert_eq!(world.ask(&token, configuration, &proof).await.status, 400);
    }
    let found = world.http.get(&format!("/api/applications/{}", applied.id), Some(STAFF_TOKEN)).await.json();
    let credential = found["credentials"]["digital-id-vc"].as_str().unwrap();
    world.change(credential, "revoke").await;
    world.http.post("/api/applications", None, "application/json", format!("{{\"type\": {person}}}")).await;
    world.stop().await;

    let log = String::from_utf8_lossy(&captured.0.lock().unwrap()).into_owned();
    assert!(log.contains("/api/applications"), "requests are logged at all");
    let mut forbidden = vec![reason.to_owned(), "110105194912310021".to_owned()];
    texts(&person, &mut forbidden);
    for (name, secret) in [
        ("applicant's secret", &applied.secret),
        ("code", &offer.code),
        ("access token", &token),
        ("staff token", &STAFF_TOKEN.to_owned()),
    ] {
        assert!(!log.contains(secret.as_str()), "the {name} is in the log");
    }
    for value in forbidden {
        let line = log.lines().find(|line| line.contains(&value));
        assert!(line.is_none(), "a personal value is in the log: {line:?}");
    }
}
