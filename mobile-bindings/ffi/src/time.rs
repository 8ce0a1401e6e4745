//! Times as platforms have them: `Instant` in Kotlin, `Date` in Swift, `datetime` in Python.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The end of the year 9999, beyond which not every platform counts.
const END: u64 = 253_402_300_799_999;

/// From milliseconds since 1970.
pub(crate) fn from_millis(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis.min(END))
}

/// From seconds since 1970; times before it become 1970.
pub(crate) fn from_seconds(seconds: i64) -> SystemTime {
    from_millis(u64::try_from(seconds).unwrap_or_default().saturating_mul(1000))
}

/// Milliseconds since 1970; zero for times before it.
pub(crate) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_both_ways() {
        for at in [0, 1, 1_777_622_400_123, END] {
            assert_eq!(millis(from_millis(at)), at);
        }
        assert_eq!(from_seconds(1_777_622_400), from_millis(1_777_622_400_000));
    }

    #[test]
    fn times_out_of_range_stop_at_the_ends() {
        assert_eq!(millis(from_millis(u64::MAX)), END);
        assert_eq!(millis(from_seconds(i64::MAX)), END);
        assert_eq!(millis(from_seconds(-1)), 0);
        assert_eq!(millis(UNIX_EPOCH - Duration::from_secs(1)), 0);
    }
}
