//! Whom the processors worked for: what plays the wallets shares the machine with the service, and is told apart by its threads' name.

use std::time::Duration;

/// The name of the threads that play wallets.
pub(super) const WALLETS: &str = "wallets";

/// Processor time that this process has taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// Playing wallets.
    pub(super) wallets: Duration,
    /// By all other threads: the counter's and, next to nothing while nobody asks them, those of the chain and the issuers.
    pub(super) service: Duration,
}

impl Taken {
    /// What was taken up to now by the threads that are running; none where the system does not say (Linux alone does).
    pub(super) fn so_far() -> Option<Self> {
        let mut taken = Self::default();
        for task in std::fs::read_dir("/proc/self/task").ok()? {
            // A thread that ended meanwhile has nothing to say.
            let Ok(stat) = std::fs::read_to_string(task.ok()?.path().join("stat")) else { continue };
            let (name, time) = of_thread(&stat)?;
            *if name == WALLETS { &mut taken.wallets } else { &mut taken.service } += time;
        }
        Some(taken)
    }

    /// What was taken since `before`.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            wallets: self.wallets.saturating_sub(before.wallets),
            service: self.service.saturating_sub(before.service),
        }
    }

    /// In microseconds, for each of so many: the wallets' part, the service's.
    pub(super) fn each_us(self, count: f64) -> (f64, f64) {
        let each = |time: Duration| time.as_secs_f64() * 1_000_000.0 / count;
        (each(self.wallets), each(self.service))
    }
}

/// Hundredths of a second: what Linux counts for programs in (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// A thread's name and what it has taken, in its own and in the system's code (proc(5): `comm`, `utime`, `stime`).
fn of_thread(stat: &str) -> Option<(&str, Duration)> {
    let (before, after) = stat.rsplit_once(") ")?;
    let (_, name) = before.split_once(" (")?;
    let mut ticks = after.split(' ').skip(11).map(|text| text.parse::<u32>().ok());
    Some((name, TICK * (ticks.next()?? + ticks.next()??)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threads_line_is_read_whatever_its_name() {
        let line = "81 (a) 1 (b)) S 1 2 3 4 5 6 7 8 9 10 250 50 13 14";
        assert_eq!(of_thread(line), Some(("a) 1 (b)", Duration::from_secs(3))));
        assert_eq!(of_thread("81 (a) S 1 2"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_plays_wallets_is_told_from_the_rest() {
        let before = Taken::so_far().expect("Linux says");
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let busy = move || {
            let enough = Duration::from_millis(50);
            let own = || std::fs::read_to_string("/proc/thread-self/stat").expect("Linux says");
            while of_thread(&own()).is_some_and(|(_, taken)| taken < enough) {}
            done.send(()).expect("told");
            // It must be there when it is counted.
            std::thread::park_timeout(Duration::from_secs(2));
        };
        std::thread::Builder::new().name(WALLETS.to_owned()).spawn(busy).expect("a thread");
        wait.recv().expect("told");
        let taken = Taken::so_far().expect("Linux says").since(before);
        assert!(taken.wallets >= Duration::from_millis(50), "{taken:?}");
    }
}
