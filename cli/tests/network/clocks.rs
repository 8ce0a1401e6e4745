//! A machine whose clock is wrong: libfaketime tells the process another time of day. What measures durations is left
//! alone, as a wrong clock leaves it alone.

use std::time::Duration;

use crate::machine::{faketime, left_out};
use crate::processes::{Network, Organisation};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_an_hour_off_stops_nobody() {
    let Some(library) = faketime() else {
        return left_out("a clock that is an hour off", "libfaketime is not installed");
    };
    let library = library.to_str().expect("UTF-8");
    for offset in ["+3600s", "-3600s"] {
        let mut network = Network::init();
        (0..3).for_each(|n| network.start(n));
        let wrong = [
            ("LD_PRELOAD", library),
            ("FAKETIME", offset),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("NO_FAKE_STAT", "1"),
        ];
        network.start_with(3, &wrong);
        for n in 0..4 {
            network.reaches(n, 1).await;
        }
        let client = network.client();
        let mut organisation = Organisation::new(&network.genesis, 1);
        // The wrong one is asked, too.
        for n in 0..8 {
            client.insist(n, &organisation.next()).await;
        }
        let head = network.head(0).await.expect("it answers");
        let now = service::clock::now();
        assert!(head.time < now.after(Duration::from_secs(60)), "the chain's time is not the wrong clock's");
        assert!(now < head.time.after(Duration::from_secs(600)), "nor an hour ago");
        network.check().await;
        // Put right again, it goes on where it was.
        network.kill(3);
        network.start(3);
        client.insist(3, &organisation.next()).await;
        network.check().await;
    }
}
