//! `routes/nonce.rs`.

use crate::world::World;

#[tokio::test]
async fn every_nonce_is_new_and_nobody_may_keep_it() {
    let world = World::start().await;
    let answer = world.http.post("/nonce", None, "text/plain", "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_ne!(world.nonce().await, world.nonce().await);
    assert_eq!(world.http.get("/nonce", None).await.status, 405);
    world.stop().await;
}
