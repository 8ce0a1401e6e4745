//! How a department joins and how one changes its key, by the commands that docs/joining.md names, with real processes.
#![expect(clippy::expect_used, reason = "a test that fails, fails")]

mod validators;

use registry::api::BLOCK_PRUNED;
use serde_json::Value;

use validators::Town;

/// Blocks until a snapshot is made; see docs/joining.md for how many are usual.
const EVERY: u64 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fifth_department_joins_from_a_snapshot_and_a_key_is_replaced() {
    let mut town = Town::init(EVERY);
    (0..4).for_each(|n| town.start(n));
    town.reaches(0, 1).await;
    town.decides(0, 2 * EVERY).await;

    // The fifth gets the two public files, and makes its own keys.
    let key = town.join(4);
    town.snapshot_is_made(0).await;
    town.start(4);
    let head = town.head(0).await.expect("it answers");
    town.reaches(4, head.height).await;
    let first = town.get(4, "/v1/blocks/1").await;
    assert_eq!(
        first["type"],
        format!("urn:huizheng:problem:{BLOCK_PRUNED}"),
        "it began from a snapshot: {first}"
    );
    assert!(first["first"].as_u64() >= Some(EVERY), "{first}");

    // One department drafts, a second signs, anybody submits. One alone is not enough.
    let draft = town.path("add.json");
    let drafted = ["add-validator", &key, "--draft", &draft, "--key", &town.department("data-resources")];
    town.registry(0, &drafted).expect("drafted");
    let refused = town.registry(0, &["submit", &draft]).expect_err("one of three is not enough");
    assert!(refused.contains("below"), "{refused}");
    let shown = town.registry(0, &["sign", &draft, "--key", &town.department("public-security")]);
    assert!(shown.expect("signed").contains(&key), "who signs sees what");
    let again = town.registry(0, &["sign", &draft, "--key", &town.department("public-security")]);
    again.expect_err("nobody signs twice");
    town.registry(1, &["submit", &draft]).expect("decided");
    assert_eq!(
        town.validators(4).expect("proven").len(),
        5,
        "followed from the genesis' anchor, by the fifth's word"
    );

    // Four of five are needed now: without the first, the fifth's vote counts.
    town.stop(0);
    town.decides(4, 3).await;
    town.start(0);
    let head = town.head(4).await.expect("it answers");
    town.reaches(0, head.height).await;

    // The second department's key is replaced: a new folder, a decision of governance, and the old one stops.
    let old = town.key_of(1).await;
    let new = town.join(5);
    town.start(5);
    town.registry(0, &["replace-validator", &old, &new]).expect("decided");
    town.stop(1);
    town.stop(0);
    town.decides(5, 3).await;
    let set = town.validators(5).expect("proven");
    let keys: Vec<_> = set.iter().map(|validator| validator["key"].clone()).collect();
    assert!(keys.contains(&Value::from(new)) && !keys.contains(&Value::from(old)), "{keys:?}");

    // A validator that lost its chain, but not its keys, begins from a snapshot and goes on.
    town.stop(4);
    town.wipe(4);
    town.start(0);
    town.start(4);
    let head = town.head(5).await.expect("it answers");
    town.reaches(4, head.height).await;
    // It does not know what it voted before, and is quiet until it can contradict nobody.
    town.votes_again(4).await;
    town.stop(2);
    town.decides(4, 2).await;
}
