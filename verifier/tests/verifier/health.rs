//! What operators see, and where.

use verifier::{Policy, Verifier};

use crate::faults::{Liar, Says};
use crate::stack::{Counter, Issuer, Lies, Network, Phone};
use crate::without_node::shown;

#[tokio::test(flavor = "multi_thread")]
async fn it_is_ready_while_the_chain_answers() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    let status =
        async |path: &str| counter.http.get(counter.url(path)).send().await.unwrap().status().as_u16();
    assert_eq!(status("/health/live").await, 200);
    assert_eq!(status("/health/ready").await, 200);
    assert_eq!(status("/nothing/here").await, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_lives_but_is_not_ready_once_what_it_knows_is_too_old() {
    let network = Network::start().await;
    let policy = Policy { evidence_max_age: std::time::Duration::from_secs(6), ..Policy::default() };
    let counter = Counter::start_with(&network, "forgetful", policy).await;
    let status =
        async |path: &str| counter.http.get(counter.url(path)).send().await.unwrap().status().as_u16();
    assert_eq!(status("/health/ready").await, 200);
    let Network { node, .. } = network;
    node.shutdown().await;
    let unready = async {
        while status("/health/ready").await != 503 {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), unready).await.unwrap();
    assert_eq!(status("/health/live").await, 200, "restarting it would not help");
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_read_at_the_operators_address_and_nowhere_else() {
    let network = Network::start().await;
    let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let mut config = Counter::config(&network, &network.dir.path().join("watched"), Policy::default());
    config.operators = Some(([127, 0, 0, 1], 0).into());
    let counter = Counter::of(Verifier::bind(config).await.unwrap());
    let phone = Phone::new();
    let asked = counter.ask("open-account").await;
    let card = market.licence(&phone, 3, 1);
    assert_eq!(phone.answer(&asked.request_uri, &card, Lies::default()).await.status, 200);
    assert_eq!(
        phone.post_to(&counter.url(&format!("/requests/{}/response", asked.id)), String::new()).await.status,
        409
    );

    let operators = format!("http://{}", counter.running.operators().unwrap());
    let get = async |path: &str| counter.http.get(format!("{operators}{path}")).send().await.unwrap();
    assert_eq!(get("/health/live").await.status(), 200);
    assert_eq!(get("/health/ready").await.status(), 200);
    let counts = get("/metrics").await;
    assert!(counts.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    let text = counts.text().await.unwrap();
    for expected in [
        "huizheng_verifier_requests_asked_total{tenant=\"bank\"} 1\n",
        "huizheng_verifier_decisions_total{tenant=\"bank\",decision=\"accepted\"} 1\n",
        "huizheng_verifier_answers_refused_total{tenant=\"bank\",reason=\"used\"} 1\n",
        "huizheng_http_requests_total{route=\"/requests/{id}/response\",method=\"POST\",status=\"200\"} 1\n",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    let age =
        text.lines().find_map(|line| line.strip_prefix("huizheng_verifier_chain_age_seconds ")).unwrap();
    assert!((0..60).contains(&age.parse::<i64>().unwrap()), "{age}");
    assert!(!text.contains(&asked.id), "what stands in an address is no label");
    assert_eq!(counter.http.get(counter.url("/metrics")).send().await.unwrap().status(), 404);
    counter.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_alert_asks_for_something_that_is_measured() {
    let network = Network::start().await;
    let liar = Liar::start(&network).await;
    let mut config = Counter::config(&network, &network.dir.path().join("alarmed"), Policy::default());
    config.operators = Some(([127, 0, 0, 1], 0).into());
    config.node_urls = vec![liar.running.base_url().parse().unwrap()];
    config.policy.account.journal_kept = std::time::Duration::from_secs(1);
    let counter = Counter::of(Verifier::bind(config).await.unwrap());
    let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let phone = Phone::new();
    liar.say(Says::Nothing);
    let asked = counter.ask("open-account").await;
    let card = market.licence(&phone, 3, 1);
    assert_eq!(phone.answer(&asked.request_uri, &card, Lies::default()).await.status, 200);
    let again = counter.url(&format!("/requests/{}/response", asked.id));
    assert_eq!(phone.post_to(&again, String::new()).await.status, 409);
    assert_eq!(shown(&counter, (&network, &market, &phone), 1).await, "accepted");
    let metrics = format!("http://{}/metrics", counter.running.operators().unwrap());
    let alerts = testkit::Alerts::of(include_str!("../../../docs/alerts.yml"), "huizheng-verifier");
    assert!(alerts.names().count() >= 8);
    let mut faults = Vec::new();
    // Until the second look was given up.
    for _ in 0..600 {
        let measured = counter.http.get(&metrics).send().await.unwrap().text().await.unwrap();
        faults = alerts.faults(&measured, include_str!("../../../docs/verifier.md"));
        if faults.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(faults, Vec::<String>::new());
    counter.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_or_comes_too_often_waits() {
    let network = Network::start().await;
    let policy = Policy { asked_per_minute: 2, answered_per_minute: 3, ..Policy::default() };
    let counter = Counter::start_with(&network, "busy", policy).await;
    let asked = counter.ask("open-account").await;
    counter.ask("open-account").await;
    let wish = serde_json::json!({ "purpose": "open-account" });
    let third = counter.post("/api/requests", &wish, Some(crate::stack::TOKEN)).await;
    assert_eq!(third.status(), 429);
    assert!(third.headers().contains_key("retry-after"));
    for _ in 0..3 {
        assert_eq!(counter.http.get(&asked.request_uri).send().await.unwrap().status(), 200);
    }
    let fourth = counter.http.get(&asked.request_uri).send().await.unwrap();
    assert_eq!(fourth.status(), 429);
    let reply = crate::stack::Reply::read(fourth).await;
    assert_eq!(reply.error(), "temporarily_unavailable", "in OpenID4VP's own format");
    assert_eq!(counter.read(&asked.id).await["state"], "open", "reading goes on");
}
