//! The one place where services read the clock.

use std::time::{SystemTime, UNIX_EPOCH};

use registry::UnixMillis;

/// Now, by this machine's clock.
pub fn now() -> UnixMillis {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX))
}
