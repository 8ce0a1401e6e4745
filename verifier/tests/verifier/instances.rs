//! Two instances of one verifier behind one address, on one database.

use serde_json::{Value, json};
use store::Server;
use testkit::{Balancer, Postgres};
use verifier::{Config, Policy, RunningVerifier, StartError, Verifier};

use crate::stack::{Counter, Issuer, Lies, Network, Phone, Reply, TOKEN};

/// Two instances, seen through the balancer, and what they stand on.
pub(crate) struct Pair {
    pub(crate) network: Network,
    pub(crate) market: Issuer,
    pub(crate) balancer: Balancer,
    pub(crate) one: RunningVerifier,
    pub(crate) other: RunningVerifier,
    http: reqwest::Client,
    // Before its folder, which it writes to while it ends.
    pub(crate) postgres: Postgres,
    dir: tempfile::TempDir,
}

/// The database of the pair.
pub(crate) fn server(postgres: &Postgres) -> Server {
    Server { address: postgres.address(), schema: "counter".to_owned(), authorities: None }
}

fn config(network: &Network, balancer: &Balancer, postgres: &Postgres, number: usize) -> Config {
    let folder = network.dir.path().join(format!("instance-{number}"));
    let mut config = Counter::config(network, &folder, Policy::default());
    config.tenants[0].base_url = Some(balancer.base_url().parse().unwrap());
    config.database = Some(server(postgres));
    let port = testkit::free_ports(1);
    config.operators = Some(([127, 0, 0, 1], port).into());
    config.peer_url = Some(format!("http://127.0.0.1:{port}").parse().unwrap());
    config
}

/// A verifier by these settings. A free port may be another test's by the time that it is taken: then by others.
async fn bind(config: impl Fn() -> Config) -> RunningVerifier {
    loop {
        match Verifier::bind(config()).await {
            Ok(running) => return running,
            Err(StartError::Bind(_)) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

pub(crate) fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let into = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &into);
        } else {
            std::fs::copy(&path, into).unwrap();
        }
    }
}

impl Pair {
    async fn start() -> Self {
        Self::start_as(Network::start().await, |config| config).await
    }

    /// The same with other settings.
    pub(crate) async fn start_as(network: Network, change: impl Fn(Config) -> Config) -> Self {
        let config =
            |balancer: &_, postgres: &_, number| change(config(&network, balancer, postgres, number));
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().to_owned();
        let postgres = tokio::task::spawn_blocking(move || Postgres::start(&folder)).await.unwrap();
        let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
        let balancer = Balancer::start().await;
        let folder = |number: usize| network.dir.path().join(format!("instance-{number}")).join("keys");
        // The keys are made by whoever starts first, and copied.
        let mut alone = config(&balancer, &postgres, 0);
        alone.database = None;
        Verifier::bind(alone).await.unwrap().shutdown().await;
        copy(&folder(0), &folder(1));
        // Both at once, on a database that has nothing yet.
        let (one, other) =
            tokio::join!(bind(|| config(&balancer, &postgres, 0)), bind(|| config(&balancer, &postgres, 1)));
        balancer.send_to(&[one.address(), other.address()]);
        // Each request on a connection of its own, so that the balancer is asked each time.
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).no_proxy();
        let http = http.redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { network, market, balancer, one, other, http, postgres, dir }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.balancer.base_url())
    }

    async fn ask(&self) -> (String, String) {
        let wish = json!({ "purpose": "open-account", "response_mode": "direct_post" }).to_string();
        let request = self.http.post(self.url("/api/requests")).bearer_auth(TOKEN);
        let answer = request.header("content-type", "application/json").body(wish).send().await.unwrap();
        let reply = Reply::read(answer).await;
        assert_eq!(reply.status, 201);
        let text = |name: &str| reply.body[name].as_str().unwrap().to_owned();
        (text("id"), text("request_uri"))
    }

    async fn read(&self, id: &str) -> Value {
        let answer = self.http.get(self.url(&format!("/api/requests/{id}"))).bearer_auth(TOKEN);
        Reply::read(answer.send().await.unwrap()).await.body
    }

    pub(crate) async fn stop(self) {
        self.one.shutdown().await;
        self.other.shutdown().await;
        tokio::task::spawn_blocking(move || drop((self.postgres, self.dir))).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_may_reach_another_instance() {
    let pair = Pair::start().await;
    let phone = Phone::new();
    let card = pair.market.licence(&phone, 3, 1);
    for round in 0..4 {
        let (id, uri) = pair.ask().await;
        let reply = phone.answer(&uri, &card, Lies::default()).await;
        assert_eq!(reply.status, 200, "round {round}: {}", reply.body);
        // Whichever is asked has the claims, though one alone judged.
        for turn in 0..4 {
            let decision = pair.read(&id).await;
            assert_eq!(decision["decision"], "accepted", "round {round}, turn {turn}");
            let name = decision["claims"].as_object().unwrap().values().find_map(|claims| claims.get("name"));
            assert_eq!(name, Some(&json!(testkit::Company::nth(3).name)), "round {round}, turn {turn}");
        }
    }
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_that_an_instance_took_along_are_nowhere() {
    let pair = Pair::start().await;
    let phone = Phone::new();
    let card = pair.market.licence(&phone, 3, 1);
    let (id, uri) = pair.ask().await;
    pair.balancer.send_to(&[pair.one.address()]);
    assert_eq!(phone.answer(&uri, &card, Lies::default()).await.status, 200);
    let Pair { network, market, balancer, one, other, http, postgres, dir } = pair;
    // What goes between instances opens nothing to whoever asks.
    let peers = format!("http://{}/peers/bank/{id}", one.operators().unwrap());
    let sealed = http.post(&peers).send().await.unwrap();
    assert_eq!(sealed.status(), 200);
    let sealed = sealed.bytes().await.unwrap();
    let name = testkit::Company::nth(3).name;
    assert!(!sealed.windows(name.len()).any(|part| part == name.as_bytes()));
    assert_eq!(http.post(peers.replace("bank", "tax")).send().await.unwrap().status(), 404);
    assert_eq!(
        http.post(format!("{}/peers/bank/{id}", balancer.base_url())).send().await.unwrap().status(),
        404
    );
    one.shutdown().await;
    balancer.send_to(&[other.address()]);
    let one = bind(|| config(&network, &balancer, &postgres, 0)).await;
    let pair = Pair { network, market, balancer, one, other, http, postgres, dir };
    let decision = pair.read(&id).await;
    assert_eq!((&decision["decision"], &decision["claims"]), (&json!("accepted"), &json!({})));
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_answers_at_once_one_counts_among_all_instances() {
    let pair = Pair::start().await;
    let phone = Phone::new();
    let card = pair.market.licence(&phone, 3, 1);
    for _ in 0..5 {
        let (_, uri) = pair.ask().await;
        let request = phone.fetch(&uri).await;
        let form = phone.response(&request, &card, &Lies::default()).to_form().encode();
        let to = request.response_uri.as_ref().unwrap().as_str().to_owned();
        let answers = (0..8).map(|_| {
            let sent = pair.http.post(&to).header("content-type", "application/x-www-form-urlencoded");
            let sent = sent.body(form.clone()).send();
            async { sent.await.unwrap().status().as_u16() }
        });
        let mut statuses = futures_util::future::join_all(answers).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
    }
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_at_one_hears_what_the_other_took() {
    let pair = Pair::start().await;
    let phone = Phone::new();
    let card = pair.market.licence(&phone, 3, 1);
    let (id, uri) = pair.ask().await;
    let listen = format!("http://{}/api/requests/{id}/events", pair.other.address());
    let mut events = pair.http.get(listen).bearer_auth(TOKEN).send().await.unwrap();
    let first = events.chunk().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).contains("\"state\":\"open\""));
    pair.balancer.send_to(&[pair.one.address()]);
    assert_eq!(phone.answer(&uri, &card, Lies::default()).await.status, 200);
    let heard = async {
        let mut text = String::new();
        while let Some(more) = events.chunk().await.unwrap() {
            text += &String::from_utf8_lossy(&more);
        }
        text
    };
    let heard = tokio::time::timeout(std::time::Duration::from_secs(30), heard).await.unwrap();
    assert!(heard.contains("\"decision\":\"accepted\"") && heard.contains("creditCode"), "{heard}");
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_who_opened_one_has_opened_all() {
    let pair = Pair::start().await;
    let form = [("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html")];
    let with = |request: reqwest::RequestBuilder| {
        form.iter().fold(request, |r, (name, value)| r.header(*name, *value))
    };
    let token = url::form_urlencoded::Serializer::new(String::new()).append_pair("token", TOKEN).finish();
    let signed_in = with(pair.http.post(pair.url("/sign-in"))).body(token).send().await.unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let see = async || pair.http.get(pair.url("/")).header("cookie", &cookie).send().await.unwrap();
    let mut csrf = Vec::new();
    for _ in 0..4 {
        let page = see().await.text().await.unwrap();
        csrf.push(page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned());
    }
    csrf.dedup();
    assert_eq!(csrf.len(), 1, "forms of one pass at the other");
    let out = url::form_urlencoded::Serializer::new(String::new()).append_pair("csrf", &csrf[0]).finish();
    let out =
        with(pair.http.post(pair.url("/sign-out"))).header("cookie", &cookie).body(out).send().await.unwrap();
    assert_eq!(out.status(), 303);
    for _ in 0..2 {
        assert_eq!(see().await.headers()["location"], "/sign-in", "closed at one, closed at all");
    }
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_with_other_keys_is_not_let_in_and_a_database_that_is_away_acknowledges_nothing() {
    let mut pair = Pair::start().await;
    let stranger = config(&pair.network, &pair.balancer, &pair.postgres, 7);
    assert!(matches!(Verifier::bind(stranger).await, Err(StartError::OtherKeys)));
    let phone = Phone::new();
    let card = pair.market.licence(&phone, 3, 1);
    let (answered, uri) = pair.ask().await;
    assert_eq!(phone.answer(&uri, &card, Lies::default()).await.status, 200);
    let (open, open_uri) = pair.ask().await;
    let request = phone.fetch(&open_uri).await;

    pair.postgres = tokio::task::spawn_blocking(move || {
        let mut postgres = pair.postgres;
        postgres.kill();
        postgres
    })
    .await
    .unwrap();
    let form = phone.response(&request, &card, &Lies::default()).to_form().encode();
    let to = request.response_uri.as_ref().unwrap().as_str();
    assert_eq!(phone.post_to(to, form.clone()).await.status, 500, "nothing is acknowledged that is not kept");
    let ready = pair.http.get(pair.url("/health/ready")).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    pair.postgres = tokio::task::spawn_blocking(move || {
        let mut postgres = pair.postgres;
        postgres.resume();
        postgres
    })
    .await
    .unwrap();
    let back = async {
        while pair.http.get(pair.url("/health/ready")).send().await.unwrap().status() != 200 {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), back).await.unwrap();
    assert_eq!(pair.read(&answered).await["decision"], "accepted", "what was acknowledged is there");
    let again = to.replace(&open, &answered);
    assert_eq!(phone.post_to(&again, form.clone()).await.status, 409);
    assert_eq!(phone.post_to(to, form).await.status, 200, "and what was not, can be answered");
    pair.stop().await;
}
