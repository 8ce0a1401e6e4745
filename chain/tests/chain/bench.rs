//! The measurements work, and what they measure is of the size it should be. How fast is for a machine to say.

use std::time::Duration;

use chain::bench::{evidence, solo_tx_per_s};

#[test]
fn evidence_stays_small() {
    let measures = evidence(Duration::from_millis(20)).unwrap();
    assert_eq!(measures.iter().map(|m| m.name).collect::<Vec<_>>(), ["evidence/verify", "evidence/bytes"]);
    assert!(measures[1].value <= 1100.0, "{measures:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_can_be_measured() {
    let folder = tempfile::tempdir().unwrap();
    let measure = solo_tx_per_s(folder.path(), Duration::from_millis(100)).await.unwrap();
    assert!(measure.value > 0.0 && measure.ratio > 0.0);
}
