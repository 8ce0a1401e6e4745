//! A clock that stands still until it is moved.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::NOW;

/// A clock for tests, shared by reference or in an `Arc`. Starts at [`NOW`].
#[derive(Debug)]
pub struct FixedClock {
    millis: AtomicI64,
}

impl Default for FixedClock {
    fn default() -> Self {
        Self::at(NOW)
    }
}

impl FixedClock {
    /// A clock that shows this time, in seconds since 1970.
    #[must_use]
    pub fn at(seconds: i64) -> Self {
        Self { millis: AtomicI64::new(seconds.saturating_mul(1000)) }
    }

    /// The time in seconds since 1970.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.millis.load(Ordering::SeqCst).div_euclid(1000)
    }

    /// The time in milliseconds since 1970; 0 for times before.
    #[must_use]
    pub fn millis(&self) -> u64 {
        u64::try_from(self.millis.load(Ordering::SeqCst)).unwrap_or(0)
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sets the time, in seconds since 1970.
    pub fn set(&self, seconds: i64) {
        self.millis.store(seconds.saturating_mul(1000), Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_only_when_told() {
        let clock = FixedClock::default();
        assert_eq!(clock.seconds(), NOW);
        clock.advance(Duration::from_millis(1500));
        assert_eq!((clock.seconds(), clock.millis()), (NOW + 1, 1_772_424_001_500));
        clock.set(0);
        assert_eq!(clock.millis(), 0);
    }
}
