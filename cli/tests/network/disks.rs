//! Disks that are full or slow, and a machine that stalls.

use std::time::Duration;

use crate::load::Load;
use crate::machine::{SlowDisk, SmallDisk, has, is_root, left_out, signal};
use crate::processes::{Network, Organisation};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_one_validator_and_harms_nothing() {
    if !is_root() {
        return left_out("a full disk", "mounting a small one needs root");
    }
    let mut network = Network::init();
    let disk = SmallDisk::over(&network.home(3));
    network.start_all();
    network.reaches(3, 1).await;
    let load = Load::on(&network, 0);
    load.acknowledges(&network, 20).await;
    disk.fill();
    // It says that it takes nothing any more, and the others go on.
    network.becomes_unready(3).await;
    load.acknowledges(&network, 30).await;
    let mut organisation = Organisation::new(&network.genesis, 100);
    let next = organisation.next();
    assert_eq!(network.client().submit(3, &next).await, None, "what it can't write it does not acknowledge");
    // Started again while the disk is full, it harms nothing either, whether it comes up or not.
    network.end(3);
    network.start(3);
    load.acknowledges(&network, 10).await;
    network.end(3);
    disk.make_room();
    network.start(3);
    load.acknowledges(&network, 20).await;
    drop(load);
    network.client().insist(3, &next).await;
    network.check().await;
    drop(network);
    drop(disk);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_disk_and_a_stalled_machine_hold_up_nobody() {
    let mut network = Network::init();
    network.start_all();
    network.reaches(0, 1).await;
    let load = Load::on(&network, 0);
    load.acknowledges(&network, 20).await;
    if has("strace", "-V") && is_root() {
        // Longer than a whole round of the others.
        let slow = SlowDisk::of(network.pid(2), Duration::from_millis(1_500));
        load.acknowledges(&network, 60).await;
        drop(slow);
    } else {
        left_out("a slow disk", "strace, which makes one, is not installed or needs root");
    }
    for _ in 0..3 {
        signal(network.pid(1), "STOP");
        load.acknowledges(&network, 20).await;
        signal(network.pid(1), "CONT");
        load.acknowledges(&network, 20).await;
    }
    drop(load);
    network.check().await;
}
