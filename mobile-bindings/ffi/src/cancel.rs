//! Giving up on a call from outside it.

use std::{
    future::Future,
    pin::pin,
    sync::{Mutex, PoisonError},
};

use futures_channel::oneshot;
use futures_util::future::{Either, FutureExt, Shared, select};

/// Ends the calls that were made through `wallet.until(handle)`, now and later: each fails with `Cancelled`.
///
/// A cancelled coroutine of Kotlin or task of Python ends its call by itself; a cancelled task of Swift does not, and
/// needs this. Ending a call ends its requests to the network. What was begun may have been done: the log says whether a
/// card came or claims left.
#[derive(uniffi::Object)]
pub struct CancelHandle {
    end: Mutex<Option<oneshot::Sender<()>>>,
    ended: Shared<oneshot::Receiver<()>>,
}

#[uniffi::export]
impl CancelHandle {
    /// A handle that ends nothing yet.
    #[uniffi::constructor]
    #[expect(clippy::new_without_default, reason = "other languages have no defaults of types")]
    pub fn new() -> Self {
        let (end, ended) = oneshot::channel();
        Self { end: Mutex::new(Some(end)), ended: ended.shared() }
    }

    /// Ends them. Once is enough.
    pub fn cancel(&self) {
        // Dropping the sender is what the calls wait for.
        drop(self.end.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }
}

impl CancelHandle {
    /// What the call gives; none if this ended first. A call is not even begun if it was ended before.
    pub(crate) async fn or<T>(&self, call: impl Future<Output = T>) -> Option<T> {
        match select(self.ended.clone(), pin!(call)).await {
            Either::Left(_) => None,
            Either::Right((answer, _)) => Some(answer),
        }
    }
}
