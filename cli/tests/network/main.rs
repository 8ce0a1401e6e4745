//! Four validators, each a process: killed, torn, slow of clock. Whatever was acknowledged is there, once, on all.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that fails, fails")]

mod processes;

use std::time::Duration;

use processes::{Client, Network, Organisation, tear};
use registry::Genesis;

/// How often all are killed; twenty times with `HUIZHENG_LONG` set.
const KILLS: usize = 2;

/// Organisations that submit one transaction after the other, until they are stopped.
fn load(client: &Client, genesis: &Genesis, from: u64) -> Vec<tokio::task::JoinHandle<()>> {
    let one = |n: u64| {
        let (client, mut organisation) = (client.clone(), Organisation::new(genesis, from + n));
        tokio::spawn(async move {
            loop {
                let next = organisation.next();
                client.insist(usize::try_from(n).expect("few"), &next).await;
            }
        })
    };
    (0..8).map(one).collect()
}

async fn acknowledge(network: &Network, more: usize) {
    let count = || network.acknowledged.lock().expect("sound").len();
    let (wanted, began) = (count() + more, std::time::Instant::now());
    while count() < wanted {
        assert!(began.elapsed() < processes::PATIENCE, "nothing is acknowledged any more");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_four_is_killed_and_then_two() {
    let mut network = Network::init();
    network.start_all();
    network.reaches(0, 1).await;
    let client = network.client();
    let load = load(&client, &network.genesis, 0);
    acknowledge(&network, 20).await;
    network.kill(3);
    acknowledge(&network, 30).await;
    network.start(3);
    acknowledge(&network, 20).await;
    load.iter().for_each(tokio::task::JoinHandle::abort);
    network.check().await;

    network.kill(2);
    network.kill(3);
    let mut organisation = Organisation::new(&network.genesis, 100);
    let next = organisation.next();
    let halted = tokio::time::timeout(Duration::from_secs(4), client.submit(0, &next)).await;
    assert!(halted.is_err(), "two of four decide nothing: {halted:?}");
    network.start(2);
    network.start(3);
    client.insist(0, &next).await;
    network.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_are_killed_under_load_and_their_files_damaged() {
    let mut network = Network::init();
    let kills = if std::env::var_os("HUIZHENG_LONG").is_some() { 20 } else { KILLS };
    for kill in 0..kills {
        network.start_all();
        network.reaches(0, 1).await;
        let load = load(&network.client(), &network.genesis, 1_000 * (kill as u64 + 1));
        acknowledge(&network, 30).await;
        network.kill_all();
        load.iter().for_each(tokio::task::JoinHandle::abort);
        tear(&network.home(kill % 4).join("blocks.log"), 7);
        std::fs::remove_dir_all(network.home((kill + 1) % 4).join("index")).expect("removed");
        let database = network.home((kill + 2) % 4).join("index/sled/db");
        if database.exists() {
            tear(&database, 100_000);
        }
    }
    network.start_all();
    network.check().await;
    let mut organisation = Organisation::new(&network.genesis, 7);
    network.client().insist(0, &organisation.next()).await;
    network.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_an_hour_off_stops_nobody() {
    for offset in [3_600_000, -3_600_000] {
        let mut network = Network::init();
        (0..3).for_each(|n| network.start(n));
        network.start_with(3, offset);
        network.reaches(0, 1).await;
        let client = network.client();
        let mut organisation = Organisation::new(&network.genesis, 1);
        for n in 0..8 {
            client.insist(n % 3, &organisation.next()).await;
        }
        let head = network.head(0).await.expect("it answers");
        let now = service::clock::now();
        assert!(head.time < now.after(Duration::from_secs(60)), "the chain's time is not the wrong clock's");
        network.check().await;
    }
}
