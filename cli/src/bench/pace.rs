//! How many of something a second, many at a time.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::fault::{Done, OrFault};

/// How many are under way at the same time.
pub(super) const TOGETHER: usize = 48;

/// Runs `one` with the numbers from 0 on, [`TOGETHER`] at a time, until the time is up or it says that there are no more
/// (`false`). How many a second.
pub(super) async fn per_second<F, Fut>(budget: Duration, one: F) -> Done<f64>
where
    F: Fn(usize) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Done<bool>> + Send,
{
    let (one, next, done) = (Arc::new(one), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let start = Instant::now();
    let tasks = (0..TOGETHER).map(|_| {
        let (one, next, done) = (one.clone(), next.clone(), done.clone());
        tokio::spawn(async move {
            while start.elapsed() < budget {
                let number = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or(usize::MAX);
                if !one(number).await? {
                    break;
                }
                done.fetch_add(1, Ordering::Relaxed);
            }
            Done::Ok(())
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.or_fault("this build is broken; report it")??;
    }
    Ok(done.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64())
}
