//! The load: wallets on threads of their own, as if on machines of their own. What they take of the processors is told from what the
//! service takes, and neither waits in the other's queue.

use std::future::Future;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::post;
use service::{Layers, Server};
use tokio::runtime::{Builder, Handle, Runtime};

use super::pace::per_second;
use super::processor::{Taken, WALLETS};
use super::wire::{Wires, request};
use crate::fault::{Done, OrFault};

/// Threads that play wallets.
pub(super) struct Wallets {
    threads: Handle,
    runtime: Option<Runtime>,
}

/// What came of it, and what the processors did meanwhile.
pub(super) struct Worked<T> {
    pub(super) done: T,
    /// None where the system does not say.
    pub(super) taken: Option<Taken>,
}

/// Requests that ask for nothing.
pub(super) struct BareTrips {
    pub(super) per_s: f64,
    /// What one takes of the processors, in microseconds: the wallets', the service's.
    pub(super) each_us: Option<(f64, f64)>,
}

impl Wallets {
    /// On half of the machine's processors.
    pub(super) fn start() -> Done<Self> {
        let half = available_parallelism().map_or(1, NonZeroUsize::get) / 2;
        let runtime =
            Builder::new_multi_thread().worker_threads(half.max(1)).thread_name(WALLETS).enable_all().build();
        let runtime = runtime.or_fault("the system gives no threads; free some and try again")?;
        Ok(Self { threads: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Has it done there.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Done<T>> + Send + 'static,
    ) -> Done<Worked<T>> {
        let before = Taken::so_far();
        let done = self.threads.spawn(work).await.or_fault("this build is broken; report it")??;
        Ok(Worked { done, taken: before.zip(Taken::so_far()).map(|(before, now)| now.since(before)) })
    }

    /// Bare trips by the same clients, to a server with the same layers as the services'.
    pub(super) async fn bare_trips(&self, budget: Duration) -> Done<BareTrips> {
        let router = Layers::default().wrap(Router::new().route("/", post(|| async { "{}" })));
        let server = Server::bind(([127, 0, 0, 1], 0).into(), router).await.or_fault("is a port free?")?;
        let wires = Arc::new(Wires::to(server.addr().to_string()));
        let text = request("POST /", &wires.host, "content-type: application/json\r\n", Some("{}"));
        let text: Arc<str> = text.into();
        let one = move |_| {
            let (wires, text) = (wires.clone(), text.clone());
            async move {
                let mut wire = wires.take().await?;
                wire.exchange(text.as_bytes()).await?.expect(200, "a bare request")?;
                wires.give_back(wire);
                Ok(true)
            }
        };
        let start = Instant::now();
        let worked = self.run(per_second(budget, one)).await;
        let took = start.elapsed();
        server.shutdown().await;
        let Worked { done: per_s, taken } = worked?;
        let each_us = taken.map(|taken| taken.each_us(per_s * took.as_secs_f64()));
        Ok(BareTrips { per_s, each_us })
    }
}

impl Drop for Wallets {
    fn drop(&mut self) {
        // A runtime that is dropped waits for its threads, which is not for whoever is on one of another's.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
