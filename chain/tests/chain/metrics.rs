//! What is counted, and when a node counts as ready.

use std::time::Duration;

use registry::api::{METRICS, READY, STALE, evidence_path, frame_blocks, unframe_blocks};
use registry::{CertifiedBlock, RecordKey};
use testkit::Alerts;

use crate::fixture::{create, list, transaction};
use crate::running::{Running, node, node_with, problem};

async fn value(running: &Running, line: &str) -> f64 {
    let text = running.get(METRICS).await.text().await.unwrap();
    assert!(text.ends_with("# EOF\n"));
    let found = text.lines().find_map(|found| found.strip_prefix(line)?.trim().parse().ok());
    assert!(found.is_some(), "no {line} in\n{text}");
    found.unwrap()
}

#[tokio::test]
async fn what_happens_is_counted() {
    let running = node().await;
    let (did, first) = create(1);
    running.done(&first).await;
    running.submit(&transaction(&did, 1, 7, list(0))).await;
    running.get(&evidence_path(&RecordKey::Governance)).await;
    running.get("/v1/blocks/999").await;
    assert_eq!(value(&running, "huizheng_chain_height").await, 2.0);
    assert_eq!(value(&running, "huizheng_submissions_accepted_total").await, 1.0);
    assert_eq!(value(&running, "huizheng_submissions_refused_total{error=\"nonce-ahead\"}").await, 1.0);
    assert_eq!(value(&running, "huizheng_evidence_served_total").await, 1.0);
    assert_eq!(value(&running, "huizheng_mempool_transactions").await, 0.0);
    assert_eq!(value(&running, "huizheng_event_listeners").await, 0.0);
    let missing = "huizheng_http_requests_total{route=\"/v1/blocks/{height}\",method=\"GET\",status=\"404\"}";
    assert_eq!(value(&running, missing).await, 1.0, "by pattern, never by address");
    assert!(value(&running, "huizheng_process_resident_bytes").await > 0.0);
    let blocks = async {
        while value(&running, "huizheng_block_sync_seconds_count").await < 1.0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), blocks).await.unwrap();
}

#[tokio::test]
async fn a_node_whose_chain_stands_still_is_not_ready() {
    let running = node_with(|config| chain::NodeConfig { patience: Duration::ZERO, ..config }).await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    let refusal = problem(running.get(READY).await, 503, STALE).await;
    assert_eq!(refusal["height"], 1);
}

#[tokio::test]
async fn blocks_as_bytes_alone_and_in_a_row() {
    let running = node().await;
    for n in 1..=4 {
        running.done(&create(n).1).await;
    }
    let request =
        running.client.get(running.url("/v1/blocks/3")).header("accept", "application/octet-stream");
    let bytes = request.send().await.unwrap().bytes().await.unwrap();
    let one: CertifiedBlock = borsh::from_slice(&bytes).unwrap();
    let bytes = running.get("/v1/blocks/2?count=100").await.bytes().await.unwrap();
    let row = unframe_blocks(&bytes).unwrap();
    assert_eq!(row.iter().map(|block| block.block.header.height).collect::<Vec<_>>(), [2, 3, 4, 5]);
    assert_eq!(row[1], one);
    assert_eq!(frame_blocks(&row), bytes);
    for cut in [1, 5, bytes.len() - 1] {
        unframe_blocks(&bytes[..cut]).unwrap_err();
    }
    problem(running.get("/v1/blocks/6?count=1").await, 404, "not-found").await;
    problem(running.get("/v1/blocks/1?count=0").await, 400, "limit").await;
    problem(running.get("/v1/blocks/1?count=101").await, 400, "limit").await;
}

#[tokio::test]
async fn every_alert_asks_for_something_that_is_measured() {
    let running = node().await;
    running.submit(&transaction(&create(1).0, 1, 7, list(0))).await;
    let measured = running.get(METRICS).await.text().await.unwrap();
    let alerts = Alerts::of(include_str!("../../../docs/alerts.yml"), "huizheng-node");
    assert!(alerts.names().count() >= 8);
    let faults = alerts.faults(&measured, include_str!("../../../docs/operations.md"));
    assert_eq!(faults, Vec::<String>::new(), "{measured}");
}
