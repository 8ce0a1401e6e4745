//! `kill -9`, at any moment: whatever was acknowledged is there, nothing is half done, and all of it goes on. So it does when its
//! keys are a thief's.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that fails, fails")]

mod bulk;
mod counter;
mod demo;
mod ground;
mod keys;
mod office;
mod recovery;
mod story;

use std::sync::Arc;
use std::time::Duration;

use demo::{Demo, Network};
use story::Story;

/// How often it is killed while it starts for the first time.
const KILLS_AT_START: u64 = 3;
/// How often it is killed at work; five times as often with `HUIZHENG_LONG` set.
const KILLS_AT_WORK: u64 = 6;
/// Citizens at the same time.
const CITIZENS: usize = 4;
/// When it is killed, each time, follows from this.
const SEED: u64 = 0x6875_697a_6865_6e67;

/// A moment within so many milliseconds, another for each kill.
fn moment(kill: u64, within: u64) -> Duration {
    let mut state = SEED.wrapping_add(kill.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    Duration::from_millis(50 + (state ^ (state >> 31)) % within)
}

/// One citizen after the other goes through the whole story, until nobody answers any more.
async fn citizens(network: Arc<Network>, mut stories: Vec<Story>) -> Vec<Story> {
    loop {
        let Some(unfinished) = stories.iter_mut().find(|story| !story.is_over()) else {
            stories.push(Story::default());
            continue;
        };
        if unfinished.go_on(&network).await.is_err() {
            return stories;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_is_half_done() {
    let folder = tempfile::tempdir().expect("a folder");
    for kill in 0..KILLS_AT_START {
        let starting = Demo::begin(folder.path());
        tokio::time::sleep(moment(kill, 1_000)).await;
        starting.kill();
    }

    let kills = KILLS_AT_WORK * if std::env::var_os("HUIZHENG_LONG").is_some() { 5 } else { 1 };
    let mut queues: Vec<Vec<Story>> = (0..CITIZENS).map(|_| Vec::new()).collect();
    for kill in 0..kills {
        let demo = Demo::start(folder.path()).await;
        let network = Arc::new(demo.network());
        for story in queues.iter().flatten() {
            story.must_be_there(&network).await;
        }
        let at_work: Vec<_> =
            queues.into_iter().map(|stories| tokio::spawn(citizens(network.clone(), stories))).collect();
        tokio::time::sleep(moment(kill, 2_000)).await;
        demo.kill();
        queues = Vec::new();
        for citizens in at_work {
            queues.push(citizens.await.expect("no answer was wrong"));
        }
    }

    let demo = Demo::start(folder.path()).await;
    let network = demo.network();
    let mut stories: Vec<Story> = queues.into_iter().flatten().collect();
    for story in &mut stories {
        story.must_be_there(&network).await;
        while !story.is_over() {
            story.go_on(&network).await.expect("everything can be finished");
        }
    }
    demo.kill();

    let demo = Demo::start(folder.path()).await;
    let network = demo.network();
    for story in &stories {
        story.must_be_there(&network).await;
    }
    network.audit_logs_are_whole().await;
    let over = stories.iter().filter(|story| story.is_over()).count();
    println!("{kills} kills at work, {over} whole stories");
    assert!(over >= CITIZENS, "it had work to do: {over} stories");
}
