//! `/health`.

use crate::stack::{Counter, Network};

#[tokio::test(flavor = "multi_thread")]
async fn it_is_ready_while_the_chain_answers() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    let status =
        async |path: &str| counter.http.get(counter.url(path)).send().await.unwrap().status().as_u16();
    assert_eq!(status("/health/live").await, 200);
    assert_eq!(status("/health/ready").await, 200);
    assert_eq!(status("/nothing/here").await, 404);
}
