use crate::stack::{Lies, Stack, TOKEN};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measurement"]
async fn load() {
    let stack = Arc::new(Stack::start().await);
    let distinct = std::env::var("DISTINCT").is_ok();
    let cards: Arc<Vec<_>> = Arc::new(
        (0..if distinct { 256 } else { 1 })
            .map(|n| stack.market.licence(&stack.phone, 3, (n * 512) as u32))
            .collect(),
    );
    let done = Arc::new(AtomicUsize::new(0));
    // floor: live
    for (name, floor) in [("floor", true), ("presentations", false)] {
        done.store(0, Ordering::SeqCst);
        let start = Instant::now();
        let tasks: Vec<_> = (0..48usize)
            .map(|n| {
                let (stack, cards, done) = (stack.clone(), cards.clone(), done.clone());
                tokio::spawn(async move {
                    let mut i = n;
                    while start.elapsed() < Duration::from_secs(6) {
                        if floor {
                            let a = stack
                                .counter
                                .http
                                .get(stack.counter.url("/health/live"))
                                .send()
                                .await
                                .unwrap();
                            a.bytes().await.unwrap();
                        } else {
                            let answer = stack
                                .counter
                                .post("/api/requests", &json!({"purpose":"open-account"}), Some(TOKEN))
                                .await;
                            let asked: serde_json::Value =
                                serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
                            let r = stack
                                .phone
                                .answer(
                                    asked["request_uri"].as_str().unwrap(),
                                    &cards[i % cards.len()],
                                    Lies::default(),
                                )
                                .await;
                            assert_eq!(r.status, 200, "{}", r.body);
                            i += 7;
                        }
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        for t in tasks {
            t.await.unwrap();
        }
        println!("{name}: {:.0}/s", done.load(Ordering::SeqCst) as f64 / start.elapsed().as_secs_f64());
    }
}
