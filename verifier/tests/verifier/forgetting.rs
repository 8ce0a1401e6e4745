//! What is personal leaves every one of several instances: at once when it is cleared, else when it is due.

use std::time::Duration;

use serde_json::{Value, json};
use store::{Range, Store, StoreError, Table};
use testkit::Postgres;
use verifier::{RunningVerifier, Scope};

use crate::audit::{key, token};
use crate::claims::{policies, register};
use crate::instances::{Pair, server};
use crate::pages::{Browser, value_of};
use crate::stack::{Counter, Lies, Network, Phone, Reply, TOKEN};

const KEPT: Table<(String, String), Value> = Table::new("kept-claims");
const DUE: Table<(u64, String, String), ()> = Table::new("kept-claims-due");
const REQUESTS: Table<str, Value> = Table::new("requests");
const OUTCOMES: Table<str, Value> = Table::new("outcomes");

/// What one instance answers to this.
async fn at(instance: &RunningVerifier, path: &str, token: &str) -> Reply {
    let http = service::outbound::client(Duration::from_secs(20));
    let url = format!("http://{}{path}", instance.address());
    Reply::read(http.get(url).bearer_auth(token).send().await.unwrap()).await
}

/// Whether an instance has claims of this request in memory: then another instance would be given them.
async fn remembers(instance: &RunningVerifier, id: &str) -> bool {
    let http = service::outbound::client(Duration::from_secs(20));
    let url = format!("http://{}/peers/bank/{id}", instance.operators().unwrap());
    http.post(url).send().await.unwrap().status() == 200
}

async fn soon(what: &str, holds: impl AsyncFn() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.unwrap_or_else(|_| panic!("{what}"));
}

async fn pair(period: &'static str, result_lifetime: u64) -> Pair {
    let pair = Pair::start_as(Network::start().await, |mut config| {
        config.policy.result_lifetime = Duration::from_secs(result_lifetime);
        config.tenants[0].purposes = policies(period);
        config.tenants[0].api_keys = vec![key("archive", &[Scope::Claims])];
        config
    })
    .await;
    register(&pair.network, pair.one.did()).await;
    pair
}

/// The instances' rows, as whoever has the database sees them.
fn rows(postgres: &Postgres) -> Store {
    Store::postgres(&server(postgres)).unwrap().scoped("bank").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cleared_at_one_instance_leaves_the_others_memory() {
    let pair = pair("30d", 600).await;
    let phone = Phone::new();
    let card = pair.market.licence(&phone, 3, 1);
    let name = testkit::Company::nth(3).name;
    let Pair { one, other, balancer, postgres, .. } = pair;
    let counter = Counter::of(one);
    let browser = Browser::signed_in(&counter).await;
    let id = browser.start("keeps-nothing").await;
    let uri = counter.url(&format!("/requests/{id}/object"));
    assert_eq!(phone.answer(&uri, &card, Lies::default()).await.status, 200);
    let path = format!("/requests/{id}");
    let page = browser.text(&path).await;
    assert!(page.contains(&name));
    let api = format!("/api/requests/{id}");
    // Both have what she saw, since somebody asked both.
    for instance in [&counter.running, &other] {
        assert!(at(instance, &api, TOKEN).await.body.to_string().contains(&name));
    }
    assert!(remembers(&counter.running, &id).await && remembers(&other, &id).await);

    // Cleared, at whichever: gone from the answers of both at once.
    let csrf = value_of(&page, "csrf");
    assert_eq!(browser.post(&format!("{path}/clear"), &[("csrf", &csrf)]).await.status(), 303);
    for instance in [&counter.running, &other] {
        let said = at(instance, &api, TOKEN).await.body;
        assert_eq!((&said["decision"], &said["claims"]), (&json!("accepted"), &json!({})));
    }
    assert!(!browser.text(&path).await.contains(&name));

    // And from the memory of both without anybody's asking.
    let id = browser.start("keeps-nothing").await;
    let uri = counter.url(&format!("/requests/{id}/object"));
    assert_eq!(phone.answer(&uri, &card, Lies::default()).await.status, 200);
    for instance in [&counter.running, &other] {
        at(instance, &format!("/api/requests/{id}"), TOKEN).await;
    }
    assert!(remembers(&counter.running, &id).await && remembers(&other, &id).await);
    assert_eq!(browser.post(&format!("/requests/{id}/clear"), &[("csrf", &csrf)]).await.status(), 303);
    soon("the memory of both", async || {
        !remembers(&counter.running, &id).await && !remembers(&other, &id).await
    })
    .await;
    counter.running.shutdown().await;
    other.shutdown().await;
    drop(balancer);
    tokio::task::spawn_blocking(move || drop(postgres)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_leaves_the_database_and_both_memories_whichever_instance_runs() {
    let pair = pair("1m", 10).await;
    let phone = Phone::new();
    let (code, archive) = (pair.market.draft(3, 1).claims["creditCode"].clone(), token("archive"));
    let mut ids = Vec::new();
    for index in [1, 2] {
        let wish = json!({ "purpose": "keeps", "response_mode": "direct_post" }).to_string();
        let http = service::outbound::client(Duration::from_secs(20));
        let request = http.post(format!("{}/api/requests", pair.balancer.base_url())).bearer_auth(TOKEN);
        let answer = request.header("content-type", "application/json").body(wish).send().await.unwrap();
        let asked = Reply::read(answer).await.body;
        let card = pair.market.licence(&phone, 3, index);
        let uri = asked["request_uri"].as_str().unwrap();
        assert_eq!(phone.answer(uri, &card, Lies::default()).await.status, 200);
        ids.push(asked["id"].as_str().unwrap().to_owned());
    }
    for (id, instance) in ids.iter().flat_map(|id| [(id, &pair.one), (id, &pair.other)]) {
        let said = at(instance, &format!("/api/requests/{id}"), TOKEN).await.body;
        assert!(said["claims"].to_string().contains(code.as_str().unwrap()), "{said}");
        let kept = at(instance, &format!("/api/claims/{id}"), &archive).await.body;
        assert_eq!(kept["kept"][0]["claims"]["creditCode"], code);
    }

    // Results: after their few seconds nothing is in either memory, nor in the database.
    let store = rows(&pair.postgres);
    soon("results are forgotten", async || {
        let (requests, outcomes) =
            (store.page(&REQUESTS, &Range::all(), 10), store.page(&OUTCOMES, &Range::all(), 10));
        requests.unwrap().is_empty() && outcomes.unwrap().is_empty()
    })
    .await;
    for (id, instance) in ids.iter().flat_map(|id| [(id, &pair.one), (id, &pair.other)]) {
        assert_eq!(at(instance, &format!("/api/requests/{id}"), TOKEN).await.status, 404);
        assert!(!remembers(instance, id).await);
    }

    // Kept claims: the first's minute ends while both run, the second's while one does. Their end is bound to what is sealed, so only
    // the list of what is due is moved.
    let end = |id: &str| {
        let id = id.to_owned();
        let moved = store.write(move |tx| {
            for ((at, request, part), ()) in tx.page(&DUE, &Range::all(), 10)? {
                if request == id {
                    tx.remove(&DUE, (at, request.clone(), part.clone()))?;
                    tx.put(&DUE, (1, request, part), &())?;
                }
            }
            Ok::<_, StoreError>(())
        });
        moved.unwrap();
    };
    let left = || store.page(&KEPT, &Range::all(), 10).unwrap().len();
    assert_eq!(left(), 2);
    end(&ids[0]);
    soon("the first is deleted", async || left() == 1).await;
    for instance in [&pair.one, &pair.other] {
        assert_eq!(at(instance, &format!("/api/claims/{}", ids[0]), &archive).await.status, 404);
        assert_eq!(at(instance, &format!("/api/claims/{}", ids[1]), &archive).await.status, 200);
    }
    let Pair { one, other, postgres, .. } = pair;
    one.shutdown().await;
    end(&ids[1]);
    soon("the second is deleted", async || left() == 0).await;
    assert!(store.page(&DUE, &Range::all(), 10).unwrap().is_empty());
    assert_eq!(at(&other, &format!("/api/claims/{}", ids[1]), &archive).await.status, 404);
    other.shutdown().await;
    tokio::task::spawn_blocking(move || drop((store, postgres))).await.unwrap();
}
