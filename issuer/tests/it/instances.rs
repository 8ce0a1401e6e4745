//! Two instances of one issuer behind one address, on one database.

use std::time::Duration;

use credentials::key::Algorithm;
use issuer::{Config, Issuer, RunningIssuer, StartError};
use serde_json::json;
use store::Server;
use testkit::{Balancer, Postgres};

use crate::wallet::Wallet;
use crate::world::{STAFF_TOKEN, World};

/// Two instances, the world seen through the balancer, and what they stand on.
struct Pair {
    world: World,
    balancer: Balancer,
    one: RunningIssuer,
    other: RunningIssuer,
    // Before its folder, which it writes to while it ends.
    postgres: Postgres,
    dir: tempfile::TempDir,
}

impl Pair {
    async fn start() -> Self {
        let dir = tempfile::tempdir().expect("dir");
        let folder = dir.path().to_owned();
        let postgres = tokio::task::spawn_blocking(move || Postgres::start(&folder)).await.expect("a server");
        let mut world = World::start().await;
        world.stop_issuer().await;
        let balancer = Balancer::start().await;
        let config = |number: usize| -> Config {
            let data_dir = world.config.data_dir.with_file_name(format!("instance-{number}"));
            copy_keys(&world.config, &data_dir);
            Config {
                data_dir,
                listen: "127.0.0.1:0".parse().expect("an address"),
                base_url: Some(balancer.base_url().parse().expect("a URL")),
                database: Some(server(&postgres)),
                ..world.config.clone()
            }
        };
        // Both at once, on a database that has nothing yet.
        let (one, other) = tokio::join!(world.instance(config(0)), world.instance(config(1)));
        balancer.send_to(&[one.address(), other.address()]);
        world.see_through(balancer.base_url());
        Self { world, balancer, one, other, postgres, dir }
    }

    async fn stop(self) {
        self.one.shutdown().await;
        self.other.shutdown().await;
        self.world.stop().await;
        tokio::task::spawn_blocking(move || drop((self.postgres, self.dir))).await.expect("stopped");
    }
}

fn server(postgres: &Postgres) -> Server {
    Server { address: postgres.address(), schema: "issuer".to_owned(), authorities: None }
}

fn copy_keys(from: &Config, to: &std::path::Path) {
    let keys = to.join("keys");
    std::fs::create_dir_all(&keys).expect("a folder");
    for file in std::fs::read_dir(from.data_dir.join("keys")).expect("keys") {
        let file = file.expect("a key").path();
        std::fs::copy(&file, keys.join(file.file_name().expect("a name"))).expect("copied");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_may_reach_another_instance() {
    let pair = Pair::start().await;
    let world = &pair.world;
    for (number, configuration) in ["business-licence-sd-jwt", "business-licence-vc"].into_iter().enumerate()
    {
        let (_, credential) = world.issued(configuration).await;
        assert_eq!(world.change(&credential, "suspend").await.status, 200, "round {number}");
        assert_eq!(world.change(&credential, "reinstate").await.status, 200);
        for _ in 0..2 {
            assert_eq!(world.record(&credential).await["status"], "valid", "whichever is asked");
        }
        assert_eq!(world.change(&credential, "revoke").await.status, 200);
        assert_eq!(world.change(&credential, "reinstate").await.problem(), "revocation-final");
    }
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_signed_in_at_one_instance_is_at_all_of_them() {
    let mut pair = Pair::start().await;
    let http = pair.world.http.clone();
    let signed_in = http.post_form("/console/sign-in", &[("token", STAFF_TOKEN)]).await;
    let cookie = signed_in.header("set-cookie").split(';').next().expect("a cookie").to_owned();
    let see = || async { http.get_with("/console/password", &[("cookie", cookie.clone())]).await };
    let csrf = |page: &str| {
        page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned)
    };
    let mut tokens = Vec::new();
    for turn in 0..4 {
        let page = see().await;
        assert_eq!(page.status, 200, "turn {turn}");
        tokens.push(csrf(&page.text()).expect("the form to sign out"));
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 1, "forms of one pass at the other");

    // The instance that was signed in at stops; its sessions go on.
    let Pair { world, balancer, one, other, postgres, dir } = pair;
    one.shutdown().await;
    balancer.send_to(&[other.address()]);
    assert_eq!(see().await.status, 200);
    let one = world.instance(Config {
        data_dir: world.config.data_dir.with_file_name("instance-0"),
        listen: "127.0.0.1:0".parse().expect("an address"),
        base_url: Some(balancer.base_url().parse().expect("a URL")),
        database: Some(server(&postgres)),
        ..world.config.clone()
    });
    let one = one.await;
    // Signed out at one, it is over at the other.
    let headers =
        [("cookie", cookie.clone()), ("content-type", "application/x-www-form-urlencoded".to_owned())];
    let sent = crate::http::encode(&[("csrf", tokens[0].as_str())]);
    let signed_out = http.post_with("/console/sign-out", &headers, sent).await;
    assert_eq!((signed_out.status, signed_out.header("location")), (303, "/console/sign-in"));
    balancer.send_to(&[one.address()]);
    assert_eq!(see().await.header("location"), "/console/sign-in");
    pair = Pair { world, balancer, one, other, postgres, dir };
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_counts_once_counts_once_among_all_instances() {
    let pair = Pair::start().await;
    let world = &pair.world;
    let applied = world.approved().await;
    let offer = world.collectable(&applied).await;
    let token = world.token(&offer).await;
    let again = world.redeem(&offer.code, &offer.tx_code).await;
    assert_eq!(again.oauth_error(), "invalid_grant", "a code is redeemed once");

    let nonce = world.nonce().await;
    let wallets: Vec<Wallet> = (0..8).map(|_| Wallet::new(Algorithm::Es256)).collect();
    let proofs: Vec<String> = wallets.iter().map(|wallet| wallet.proof(world, &nonce)).collect();
    let asked = proofs.iter().map(|proof| world.ask(&token, "business-licence-sd-jwt", proof));
    let answers = futures_util::future::join_all(asked).await;
    let issued = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(issued, 1, "one nonce, one credential, however many ask at once");
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_instance_that_is_gone_another_carries_out_what_it_had_begun() {
    let mut pair = Pair::start().await;
    let (_, credential) = pair.world.issued("business-licence-vc").await;
    pair.world.stop_chain().await;
    pair.balancer.send_to(&[pair.one.address()]);
    assert_eq!(pair.world.change(&credential, "revoke").await.problem(), "change-queued");
    let Pair { world, balancer, one, other, postgres, dir } = pair;
    one.shutdown().await;
    balancer.send_to(&[other.address()]);
    let mut world = world;
    world.start_chain().await;
    assert_eq!(world.record(&credential).await["status"], "valid", "the claim is not over yet");
    world.clock.forward(121);
    let revoked = async {
        while world.record(&credential).await["status"] != "revoked" {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), revoked).await.expect("the other takes it over");
    other.shutdown().await;
    world.stop().await;
    tokio::task::spawn_blocking(move || drop((postgres, dir))).await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_with_other_keys_is_not_let_in() {
    let pair = Pair::start().await;
    let data_dir = pair.world.config.data_dir.with_file_name("stranger");
    let database = Some(server(&pair.postgres));
    let stranger =
        Config { data_dir, database, listen: "127.0.0.1:0".parse().unwrap(), ..pair.world.config.clone() };
    let refused = Issuer::bind(stranger).await;
    assert!(matches!(refused, Err(StartError::OtherKeys)));
    let body =
        json!({"type": "business-licence", "claims": testkit::Company::nth(5).business_licence_claims()});
    let applied = pair.world.http.post_json("/api/applications", Some(STAFF_TOKEN), &body).await;
    assert_eq!(applied.status, 201, "and the others go on");
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_without_the_new_key_signs_nothing_until_it_has_it() {
    let pair = Pair::start().await;
    let world = &pair.world;
    let keys =
        |number: usize| world.config.data_dir.with_file_name(format!("instance-{number}")).join("keys");
    pair.balancer.send_to(&[pair.one.address()]);
    let (before, _) = world.issued("business-licence-sd-jwt").await;
    let rotated = world.http.post_json("/api/keys/p256/rotate", Some(STAFF_TOKEN), &json!({})).await;
    assert_eq!((rotated.status, &rotated.json()["key"]), (200, &json!("key-4")), "{}", rotated.text());

    // The other instance has the retired key alone. It notices by the store, before anything is signed.
    pair.balancer.send_to(&[pair.other.address()]);
    let offer = world.collectable(&world.approved().await).await;
    let (token, wallet) = (world.token(&offer).await, Wallet::new(Algorithm::Es256));
    let ask = |configuration: &'static str| {
        let (token, wallet) = (&token, &wallet);
        async move { world.ask(token, configuration, &wallet.proof(world, &world.nonce().await)).await }
    };
    let refused = ask("business-licence-sd-jwt").await;
    assert_eq!((refused.status, &refused.json()["error"]), (503, &json!("temporarily_unavailable")));
    assert_eq!(world.http.get("/status-lists/0", None).await.problem(), "key-changing");
    assert_eq!(ask("business-licence-vc").await.status, 200, "the other key is the same");
    let seen = world.http.get("/api/keys", Some(STAFF_TOKEN)).await.json();
    let state = |key: &str| {
        let keys = seen["keys"].as_array().expect("keys").iter();
        keys.filter(|one| one["key"] == key).map(|one| one["state"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((state("key-4"), state("key-3")), (vec![json!("elsewhere")], vec![json!("retired")]));

    // Its file is copied, and it goes on by itself; the retired key is erased here too.
    std::fs::copy(keys(0).join("signing-p256.key-4.key"), keys(1).join("signing-p256.key-4.key"))
        .expect("copied");
    let signing = async {
        loop {
            let answer = ask("business-licence-sd-jwt").await;
            if answer.status == 200 {
                return answer.json()["credentials"][0]["credential"].clone();
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let made = tokio::time::timeout(Duration::from_secs(30), signing).await.expect("it notices");
    let kid = |credential: &serde_json::Value| {
        let read = credentials::sd_jwt::Unverified::parse(credential.as_str().expect("text")).expect("read");
        read.header().kid.clone().expect("a key").rsplit('#').next().map(str::to_owned)
    };
    assert_eq!((kid(&before).as_deref(), kid(&made).as_deref()), (Some("key-3"), Some("key-4")));
    let erased = async {
        while keys(1).join("signing-p256.key").exists() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), erased).await.expect("erased");
    pair.stop().await;
}
