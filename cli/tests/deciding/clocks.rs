//! A counter whose clock is wrong by an hour: libfaketime tells the process another time of day. Nobody who shows a credential is
//! suspected for it, and nobody is accepted.

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::json;

use crate::process::{Place, Running};
use crate::stack::{Issuer, Lies, Network, Phone, check};

/// libfaketime, where Debian puts it.
fn faketime() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten();
    let mut libraries = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    libraries.find(|library| library.exists())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_whose_clock_is_an_hour_off_says_so_and_blames_no_holder() {
    let Some(library) = faketime() else {
        _ = writeln!(std::io::stderr(), "left out: a counter's clock: libfaketime is not installed");
        return;
    };
    let network = Network::start().await;
    let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let (place, phone) = (Place::make(&network, "", ""), Phone::new());
    let card = market.licence(&phone, 3, 1);
    let decide = async |counter: &Running| {
        let (id, uri) = counter.ask().await;
        let status = phone.answer(&uri, &card, Lies::default()).await.status;
        (status, counter.read(&id).await)
    };
    // It makes its DID while its clock is right.
    let mut right = Running::start(&place, &[], "/health/ready").await;
    assert_eq!(decide(&right).await.1["decision"], "accepted");
    right.kill();
    for (offset, code) in [("+3600s", "chain_too_old"), ("-3600s", "chain_from_the_future")] {
        // What was kept would be from the future, or too old; a counter of yesterday has none of it.
        std::fs::remove_dir_all(place.path("data/registry")).unwrap();
        let wrong = [
            ("LD_PRELOAD", library.to_str().unwrap()),
            ("FAKETIME", offset),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("NO_FAKE_STAT", "1"),
        ];
        let counter = Running::start(&place, &wrong, "/health/live").await;
        let (status, decision) = decide(&counter).await;
        assert_eq!((status, &decision["decision"]), (200, &json!("cannot_tell")), "{offset}: {decision}");
        assert_eq!(check(&decision, "status"), ("unknown", code), "{offset}");
        assert_eq!(check(&decision, "holder_binding"), ("unknown", "clock_doubted"), "{offset}");
        for id in ["nonce", "audience", "only_what_was_asked", "query_satisfied"] {
            assert_eq!(check(&decision, id), ("passed", "right"), "{offset}");
        }
        assert_eq!(decision["claims"], json!({}), "{offset}");
    }
}
