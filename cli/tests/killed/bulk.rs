//! Killed in the middle of a bulk issuance: it goes on, every record is prepared, and none twice.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::demo::{Demo, Network};
use crate::moment;

/// How often it is killed.
const KILLS: u64 = 3;
/// Records in the one bulk issuance: enough to be killed in the middle of it.
const RECORDS: usize = 4000;

async fn import(network: &Network) {
    let url = format!("{}/api/records/business-licence", network.market().url);
    for from in (0..RECORDS).step_by(100) {
        let claims = |n| testkit::Company::nth(n).business_licence_claims();
        let records: Vec<Value> = (from..from + 100).map(claims).collect();
        let (status, body) = network
            .post(&url, Some(&network.urls.staff_token), &json!({ "records": records }))
            .await
            .expect("an answer");
        assert_eq!(status, 200, "{body}");
    }
}

/// The applications that a job prepared.
async fn prepared(network: &Network, job: &str) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let url = format!("{}/api/jobs/{job}/prepared?what=links{after}", network.market().url);
        let (status, page) = network.get(&url, &network.urls.staff_token).await.expect("an answer");
        assert_eq!(status, 200, "{page}");
        let rows = page["prepared"].as_array().expect("rows").iter();
        found.extend(rows.map(|row| row["application"].as_str().expect("an id").to_owned()));
        let Some(next) = page["next"].as_str() else { return found };
        after = format!("&after={next}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_issuance_that_was_killed_prepares_every_record_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = Demo::start(folder.path()).await;
    let network = demo.network();
    import(&network).await;
    let url = format!("{}/api/jobs", network.market().url);
    let wish = json!({"type": "business-licence"});
    let (status, begun) =
        network.post(&url, Some(&network.urls.staff_token), &wish).await.expect("an answer");
    assert_eq!(status, 201, "{begun}");
    let job = begun["id"].as_str().expect("an id").to_owned();
    let mut demo = Some(demo);
    let mut seen = 0;
    for kill in 0..KILLS {
        tokio::time::sleep(moment(kill.wrapping_add(200), 120)).await;
        demo.take().expect("running").kill();
        let again = Demo::start(folder.path()).await;
        let now = prepared(&again.network(), &job).await.len();
        assert!(now >= seen, "what was prepared stays so: {seen} and then {now}");
        seen = now;
        println!("killed with {now} of {RECORDS} prepared");
        demo = Some(again);
    }
    let network = demo.as_ref().expect("running").network();
    let (url, began) = (format!("{}/api/jobs/{job}", network.market().url), Instant::now());
    loop {
        let (_, seen) = network.get(&url, &network.urls.staff_token).await.expect("an answer");
        if seen["state"] == "done" {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "it doesn't end: {seen}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let all = prepared(&network, &job).await;
    assert_eq!((all.len(), all.iter().collect::<BTreeSet<_>>().len()), (RECORDS, RECORDS), "each once");
    let mut holders = BTreeSet::new();
    for application in all.iter().step_by(40) {
        let url = format!("{}/api/applications/{application}", network.market().url);
        let (_, seen) = network.get(&url, &network.urls.staff_token).await.expect("an answer");
        holders.insert(seen["claims"]["creditCode"].as_str().expect("a code").to_owned());
    }
    assert_eq!(holders.len(), RECORDS / 40, "each of another company");
    network.audit_logs_are_whole().await;
}
