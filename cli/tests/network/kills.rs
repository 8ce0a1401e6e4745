//! Killed with `kill -9`: one, two, all of them under load and their files damaged.

use std::time::Duration;

use crate::load::Load;
use crate::machine::tear;
use crate::processes::{Network, Organisation};

/// How often all are killed.
const KILLS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_four_is_killed_and_then_two() {
    let mut network = Network::init();
    network.start_all();
    network.reaches(0, 1).await;
    let client = network.client();
    let load = Load::on(&network, 0);
    load.acknowledges(&network, 20).await;
    network.kill(3);
    let from = network.head(0).await.expect("it answers").height + 1;
    load.acknowledges(&network, 30).await;
    // Enough heights that some are its turn, and that one lost round on a busy machine is not the median.
    while network.head(0).await.expect("it answers").height < from + 16 {
        load.acknowledges(&network, 8).await;
    }
    let to = network.head(0).await.expect("it answers").height;
    network.start(3);
    load.acknowledges(&network, 20).await;
    drop(load);
    network.check().await;
    // The dead one's turns are decided in the round after its own, without a second round lost.
    let mut rounds = Vec::new();
    for height in from..=to {
        rounds.push(network.block(0, height).await.certificate.round);
    }
    rounds.retain(|round| *round > 0);
    rounds.sort_unstable();
    assert!(!rounds.is_empty(), "it had no turn from {from} to {to}");
    assert_eq!(rounds.get((rounds.len() - 1) / 2), Some(&1), "rounds of its turns: {rounds:?}");

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
    for kill in 0..KILLS {
        network.start_all();
        network.reaches(0, 1).await;
        let load = Load::on(&network, 1_000 * (kill as u64 + 1));
        load.acknowledges(&network, 30).await;
        network.kill_all();
        drop(load);
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
