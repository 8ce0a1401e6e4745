//! The one clock, at the rim: everything below takes the moment as an argument.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use credentials::UnixSeconds;
use registry::UnixMillis;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970, UTC.
    fn now_ms(&self) -> u64;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// One moment, as records and credentials write it and as names carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Milliseconds since 1970.
    pub(crate) ms: u64,
    /// The same, in whole seconds.
    pub(crate) seconds: UnixSeconds,
}

impl Moment {
    /// The clock's now.
    pub(crate) fn of(clock: &Arc<dyn Clock>) -> Self {
        let ms = clock.now_ms();
        Self { ms, seconds: UnixSeconds(i64::try_from(ms / 1000).unwrap_or(i64::MAX)) }
    }
}

impl From<Moment> for UnixMillis {
    fn from(moment: Moment) -> Self {
        Self(moment.ms)
    }
}

impl From<Moment> for UnixSeconds {
    fn from(moment: Moment) -> Self {
        moment.seconds
    }
}
