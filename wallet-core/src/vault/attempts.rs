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
    /// A clock that was put back counts as no time passed: [`Attempts::at`] first, or the wait lasts until it is there again.
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

    /// The same seen from a clock that may have been put back since: the wait begins anew from there. It gets no shorter by that,
    /// and it ends, however far ahead the clock once was.
    pub(super) fn at(self, now: UnixMillis) -> Self {
        Self { last: self.last.min(now), ..self }
    }

    pub(super) fn one_more(self, now: UnixMillis) -> Self {
        Self { failed: self.failed.saturating_add(1), last: now }
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
    }

    #[test]
    fn a_clock_that_was_ahead_and_was_put_right_makes_no_one_wait_for_ever() {
        let ahead = Attempts { failed: 5, last: UnixMillis(1_000_000) };
        let put_right = ahead.at(UnixMillis(5));
        assert_eq!(put_right.wait(UnixMillis(5)), Duration::from_secs(300));
        assert_eq!(put_right.wait(UnixMillis(5 + 300_000)), Duration::ZERO);
        assert_eq!(ahead.at(UnixMillis(1_000_007)), ahead, "a clock that goes on shortens nothing");
    }
}
