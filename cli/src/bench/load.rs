//! Verifying for long, and with several threads: does memory stay, does throughput grow?

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use credentials::bench::{Case, Measured};

use super::Line;
use crate::fault::{Done, Fault, OrFault};

/// So many verifications before memory is looked at the first time: the caches are filled, the allocator has its room.
const WARM: u64 = 5_000;

/// The verification of every mechanism.
fn each_mechanism(cases: &[Case]) -> impl Iterator<Item = &Case> {
    cases.iter().filter(|case| case.name.starts_with("verify/"))
}

/// Prints for each mechanism how many are verified a second with one thread and with all of the machine's; the floor is
/// the bare check with as many threads.
pub(super) fn threads(cases: &[Case], budget: Duration) -> Done {
    let all = thread::available_parallelism().map_or(1, NonZero::get);
    for case in each_mechanism(cases) {
        for threads in if all > 1 { vec![1, all] } else { vec![1] } {
            // In turns, so that whatever else the machine does falls on both.
            let turn = budget / 8;
            let (mut value, mut floor) = (0.0, 0.0);
            for _ in 0..4 {
                value += per_second(&*case.run, threads, turn)? / 4.0;
                floor += per_second(&*case.floor, threads, turn)? / 4.0;
            }
            let name = format!("{}/threads_{threads}", case.name);
            Line::new(name, value, "1/s", floor).print()?;
        }
    }
    Ok(())
}

/// Prints by how much memory grows over so many verifications, of every mechanism in turn, on all of the machine's threads; the
/// floor is the memory before.
pub(super) fn memory(cases: &[Case], verifications: u64) -> Done {
    let cases: Vec<&Case> = each_mechanism(cases).collect();
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    verify(&cases, WARM, threads)?;
    let before = rss_mb()?;
    verify(&cases, verifications, threads)?;
    Line::new("verify/rss_growth_mb", rss_mb()? - before, "MB", before).print()
}

fn per_second(what: &Measured, threads: usize, budget: Duration) -> Done<f64> {
    let wrong = AtomicBool::new(false);
    let start = Instant::now();
    let one = || {
        let mut done = 0_u64;
        while start.elapsed() < budget {
            if !what() {
                wrong.store(true, Ordering::Relaxed);
            }
            done += 1;
        }
        done
    };
    let done = on_each(threads, one);
    right(&wrong).map(|()| done as f64 / start.elapsed().as_secs_f64())
}

fn verify(cases: &[&Case], times: u64, threads: usize) -> Done {
    let wrong = AtomicBool::new(false);
    let each = times.div_ceil(threads as u64);
    let one = || {
        for case in cases.iter().cycle().take(usize::try_from(each).unwrap_or(usize::MAX)) {
            if !(case.run)() {
                wrong.store(true, Ordering::Relaxed);
            }
        }
        each
    };
    on_each(threads, one);
    right(&wrong)
}

/// The sum of what each thread gives.
fn on_each(threads: usize, one: impl Fn() -> u64 + Sync) -> u64 {
    thread::scope(|scope| {
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(&one)).collect();
        started.into_iter().map(|thread| thread.join().unwrap_or_default()).sum()
    })
}

fn right(wrong: &AtomicBool) -> Done {
    if wrong.load(Ordering::Relaxed) {
        return Err(Fault::new("a credential did not verify", "this build is broken; report it"));
    }
    Ok(())
}

/// Memory of this process that is in RAM.
fn rss_mb() -> Done<f64> {
    let todo = "memory is measured on Linux alone";
    let status = std::fs::read_to_string("/proc/self/status").or_fault(todo)?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kb = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kb| kb.parse::<f64>().ok());
    kb.map(|kb| kb / 1024.0)
        .ok_or_else(|| Fault::new("the system does not say how much memory is used", todo))
}
