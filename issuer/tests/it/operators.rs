//! What operators see, and where.

use issuer::Config;

use crate::http::Http;
use crate::world::World;

#[tokio::test]
async fn counts_are_read_at_the_operators_address_and_nowhere_else() {
    let mut world = World::start().await;
    world.stop_issuer().await;
    let config = Config { operators: Some("127.0.0.1:0".parse().expect("address")), ..world.config.clone() };
    let issuer = world.instance(config).await;
    let operators = Http::new(&format!("http://{}", issuer.operators().expect("an address")));
    let (_, credential) = world.issued("business-licence-sd-jwt").await;

    let counts = operators.get("/metrics", None).await;
    assert_eq!(counts.status, 200);
    assert!(counts.header("content-type").starts_with("application/openmetrics-text"));
    let text = counts.text();
    let issued = "huizheng_http_requests_total{route=\"/credential\",method=\"POST\",status=\"200\"} 1";
    assert!(text.contains(issued), "{text}");
    assert!(text.contains("huizheng_issuer_status_list_used 1\n"), "{text}");
    assert!(text.contains("huizheng_issuer_status_changes_pending 0\n"), "{text}");
    let age = text.split("\nhuizheng_issuer_chain_age_seconds ").nth(1).and_then(|rest| rest.lines().next());
    let age: i64 = age.and_then(|age| age.parse().ok()).expect("an age");
    assert!((0..60).contains(&age), "it was heard at the start: {age}");
    assert!(!text.contains(&credential), "what stands in an address is no label");
    assert_eq!(world.http.get("/metrics", None).await.status, 404);
    issuer.shutdown().await;
    world.stop().await;
}

#[tokio::test]
async fn every_alert_asks_for_something_that_is_measured_and_is_explained() {
    let mut world = World::start().await;
    world.stop_issuer().await;
    let config = Config { operators: Some("127.0.0.1:0".parse().expect("address")), ..world.config.clone() };
    let issuer = world.instance(config).await;
    world.issued("business-licence-sd-jwt").await;
    let operators = Http::new(&format!("http://{}", issuer.operators().expect("an address")));
    let measured = operators.get("/metrics", None).await.text();
    let alerts = testkit::Alerts::of(include_str!("../../../docs/alerts.yml"), "huizheng-issuer");
    assert_eq!(alerts.names().count(), 6);
    let faults = alerts.faults(&measured, include_str!("../../../docs/issuer.md"));
    assert_eq!(faults, Vec::<String>::new(), "{measured}");
    issuer.shutdown().await;
    world.stop().await;
}

#[tokio::test]
async fn it_is_ready_while_its_store_answers_also_without_the_chain() {
    let mut world = World::start().await;
    assert_eq!(world.http.get("/health/live", None).await.status, 200);
    assert_eq!(world.http.get("/health/ready", None).await.status, 200);
    world.stop_chain().await;
    assert_eq!(world.http.get("/health/ready", None).await.status, 200);
    world.stop().await;
}
