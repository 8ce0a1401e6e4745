//! Wrong PINs: counted on the disk before each try, and answered with growing delays.

use std::time::Duration;

use registry::UnixMillis;
use serde::{Deserialize, Serialize};

/// How many tries have failed since the last that did not, and when the last one was.
///
/// A try is counted before it is made, so that ending the process in the middle gives no free one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attempts {
    pub(super) failed: u32,
    pub(super) last: UnixMillis,
}

impl Attempts {
    /// How long to wait before the next try; zero when it may be made.
    ///
    /// A clock that was put back counts as no time passed.
    pub(super) fn wait(&self, now: UnixMillis) -> Duration {
        self.delay().saturating_sub(self.last.until(now))
    }

    /// How long the tries so far make the next one wait.
    pub(super) fn delay(&self) -> Duration {
        const MINUTE: u64 = 60;
        Duration::from_secs(match self.failed {
            0..=2 => 0,
            3 => 30,
            4 => MINUTE,
            5 => 5 * MINUTE,
            6 => 15 * MINUTE,
            7 => 60 * MINUTE,
            8 => 6 * 60 * MINUTE,
            _ => 24 * 60 * MINUTE,
        })
    }

    pub(super) fn one_more(self, now: UnixMillis) -> Self {
        Self { failed: self.failed.saturating_add(1), last: now.max(self.last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_never_shrink() {
        let delays: Vec<_> = (0..20).map(|failed| Attempts { failed, last: UnixMillis(0) }.delay()).collect();
        assert!(delays.is_sorted());
        assert_eq!(delays[2], Duration::ZERO);
        assert!(delays[3] > Duration::ZERO);
    }

    #[test]
    fn a_clock_put_back_shortens_no_wait() {
        let attempts = Attempts { failed: 5, last: UnixMillis(1_000_000) };
        assert_eq!(attempts.wait(UnixMillis(1_000_000)), Duration::from_secs(300));
        assert_eq!(attempts.wait(UnixMillis(5)), Duration::from_secs(300));
        assert_eq!(attempts.wait(UnixMillis(1_000_000 + 299_000)), Duration::from_secs(1));
        assert_eq!(attempts.wait(UnixMillis(1_000_000 + 300_000)), Duration::ZERO);
        assert_eq!(attempts.one_more(UnixMillis(5)).last, UnixMillis(1_000_000));
    }
}
