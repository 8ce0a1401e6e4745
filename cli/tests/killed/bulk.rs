//! Killed in the middle of a bulk issuance: it goes on, every record is prepared, and none twice.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::demo::Network;
use crate::office::Office;

/// How often it is killed.
const KILLS: usize = 3;
/// Records in the one bulk issuance, by the half thousand in one write: enough to be killed between two of them, several times.
const RECORDS: usize = 8000;
/// Records in one write.
const WRITE: usize = 500;
/// How long a bulk issuance may take.
const PATIENCE: Duration = Duration::from_secs(180);

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

/// How many records a job has dealt with.
async fn done(network: &Network, job: &str) -> usize {
    let url = format!("{}/api/jobs/{job}", network.market().url);
    let (status, seen) = network.get(&url, &network.urls.staff_token).await.expect("an answer");
    assert_eq!((status, &seen["total"], &seen["refused"]), (200, &json!(RECORDS), &json!(0)), "{seen}");
    usize::try_from(seen["done"].as_u64().expect("a number")).expect("small")
}

/// The same, once it is more than it was.
async fn more_than(network: &Network, job: &str, before: usize) -> usize {
    let began = Instant::now();
    loop {
        let now = done(network, job).await;
        if now > before {
            return now;
        }
        assert!(began.elapsed() < PATIENCE, "it stays at {before}");
        tokio::time::sleep(Duration::from_millis(2)).await;
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
    let office = Office::make(None).await;
    let (mut process, did) = office.start().await;
    let network = office.network(&did);
    import(&network).await;
    let url = format!("{}/api/jobs", network.market().url);
    let wish = json!({"type": "business-licence"});
    let (status, begun) =
        network.post(&url, Some(&network.urls.staff_token), &wish).await.expect("an answer");
    assert_eq!(status, 201, "{begun}");
    let job = begun["id"].as_str().expect("an id").to_owned();

    let (mut seen, mut midway) = (0, 0);
    for _ in 0..KILLS {
        // Just after a write, so while the next is made.
        let at_kill = more_than(&network, &job, seen).await;
        process.kill();
        process = office.start().await.0;
        seen = done(&network, &job).await;
        // What the job said may have been on its way to the disk yet: one write's worth, and it is made again.
        assert!(seen + WRITE >= at_kill, "what was prepared stays so: {at_kill} and then {seen}");
        println!("killed with {at_kill} of {RECORDS} prepared, {seen} when it was back");
        if seen == RECORDS {
            break;
        }
        midway += usize::from(at_kill > 0);
    }
    assert!(midway > 0, "it was killed midway, and had work left afterwards");
    while seen < RECORDS {
        seen = more_than(&network, &job, seen).await;
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
    assert_eq!(process.stop().await.0, Some(0));
    office.shutdown().await;
}
