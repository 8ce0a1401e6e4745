//! How much one client may do, and what keeps browsers' secrets.

use std::time::Duration;

use issuer::{Issuer, Policy};
use serde_json::{Value, json};

use crate::http::{Answer, Http};
use crate::world::{STAFF_TOKEN, World};

fn application() -> Value {
    let claims = testkit::Company::nth(0).business_licence_claims();
    json!({"type": "business-licence", "claims": claims})
}

async fn apply_from(world: &World, address: &str) -> Answer {
    let headers = [("content-type", "application/json".to_owned()), ("x-forwarded-for", address.to_owned())];
    world.http.post_with("/api/applications", &headers, application().to_string()).await
}

#[tokio::test]
async fn a_client_that_applies_too_often_must_wait() {
    let period = Duration::from_secs(3600);
    let world =
        World::with(Policy { applications_per_client: 2, applications_period: period, ..Policy::default() })
            .await;
    let flawed = json!({"type": "business-licence", "claims": {}});
    for _ in 0..5 {
        assert_eq!(world.http.post_json("/api/applications", None, &flawed).await.status, 422);
    }
    for _ in 0..2 {
        assert_eq!(apply_from(&world, "198.51.100.1").await.status, 201, "flawed ones did not count");
    }
    let refused = apply_from(&world, "198.51.100.2").await;
    assert_eq!((refused.status, refused.problem().as_str()), (429, "too-many-requests"));
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=1800).contains(&wait), "{wait}");
    world.stop().await;
}

#[tokio::test]
async fn behind_a_trusted_proxy_clients_are_told_apart() {
    let policy = Policy { applications_per_client: 1, trusted_proxies: 1, ..Policy::default() };
    let world = World::with(policy).await;
    assert_eq!(apply_from(&world, "198.51.100.1").await.status, 201);
    assert_eq!(apply_from(&world, "203.0.113.9, 198.51.100.1").await.status, 429, "what it says is hearsay");
    assert_eq!(apply_from(&world, "198.51.100.2").await.status, 201);
    world.stop().await;
}

#[tokio::test]
async fn at_an_https_address_cookies_are_secure() {
    let mut world = World::start().await;
    world.stop_issuer().await;
    world.config.base_url = Some("https://issuer.example".parse().expect("url"));
    let issuer = Issuer::bind(world.config.clone()).await.expect("starts");
    let http = Http::new(&format!("http://{}", world.config.listen));
    let signed_in = http.post_form("/console/sign-in", &[("token", STAFF_TOKEN)]).await;
    let cookie = signed_in.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-hz_desk_") && cookie.contains("; Secure"), "{cookie}");
    let pair = cookie.split(';').next().unwrap().to_owned();
    assert_eq!(http.get_with("/console", &[("cookie", pair)]).await.status, 200);

    let applied = http.post_json("/api/applications", None, &application()).await.json();
    let link = applied["link"].as_str().unwrap().replace("https://issuer.example", "");
    let cookie = http.get(&link, None).await.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Secure-hz_app_") && cookie.contains("; Secure"), "{cookie}");
    let (pair, page) = (cookie.split(';').next().unwrap().to_owned(), link.split('?').next().unwrap());
    assert_eq!(http.get_with(page, &[("cookie", pair)]).await.status, 200);
    issuer.shutdown().await;
    world.stop().await;
}
