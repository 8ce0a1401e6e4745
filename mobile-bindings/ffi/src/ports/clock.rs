//! The device's clock.

use std::{sync::Arc, time::SystemTime};

use wallet_core::ports::{self as core_ports, UnixMillis};

use crate::time;

/// Tells the time. Apps leave it out, and the system's clock is used; tests set it.
#[uniffi::export(foreign)]
pub trait Clock: Send + Sync {
    /// The time now. Must not throw.
    fn now(&self) -> SystemTime;
}

/// The app's clock, or the system's, as the core sees it.
pub(crate) struct DeviceClock(pub(crate) Option<Arc<dyn Clock>>);

impl core_ports::Clock for DeviceClock {
    fn now(&self) -> UnixMillis {
        let now = self.0.as_ref().map_or_else(SystemTime::now, |clock| clock.now());
        UnixMillis(time::millis(now))
    }
}
