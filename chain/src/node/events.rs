//! Telling listeners of new blocks, as they become final.
//!
//! A listener is a task and a queue of a few events. Who does not take its events in time is let go, and comes back
//! with the last one it had: nothing waits in memory for it.

mod filter;

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use registry::api::TOO_MANY_LISTENERS;
use registry::api::events::{self, PositionEvent};
use serde::Serialize;
use service::Problem;
use service::server::Stopping;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::timeout;

use crate::ledger::{Ledger, Tip};
use crate::node::malformed;
use filter::Filter;

/// How many may listen at once.
pub(super) const MAX_LISTENERS: usize = 1024;
/// How often silence is broken.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How many events wait for a listener, and for how long the first of them.
const WAITING: usize = 16;
const PATIENCE: Duration = Duration::from_secs(10);

/// Places for listeners. Cloning shares them.
#[derive(Clone)]
pub(super) struct Listeners(Arc<Semaphore>, usize);

impl Listeners {
    pub(super) fn new(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places)), places)
    }

    /// How many listen.
    pub(super) fn count(&self) -> usize {
        self.1 - self.0.available_permits()
    }
}

/// `GET /v1/events`.
pub(super) async fn listen(
    State(ledger): State<Arc<dyn Ledger>>,
    State(listeners): State<Listeners>,
    Extension(stopping): Extension<Stopping>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let filter = Filter::parse(query.as_deref().unwrap_or_default())?;
    let last = match headers.get("last-event-id") {
        None => None,
        Some(value) => Some(
            value
                .to_str()
                .ok()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| malformed("event-id-malformed", "Last-Event-ID is a height"))?,
        ),
    };
    let full = || Problem::unavailable(TOO_MANY_LISTENERS, "Too many listen already; try again later");
    let place = listeners.0.try_acquire_owned().map_err(|_| full())?;
    let (events, waiting) = mpsc::channel(WAITING);
    let listener = Listener { filter, events, patience: PATIENCE, _place: place };
    tokio::spawn(listener.run(ledger.follow(), last, stopping));
    let body = futures_util::stream::unfold(waiting, |mut waiting| async {
        let event = waiting.recv().await?;
        Some((Ok::<_, std::convert::Infallible>(event), waiting))
    });
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, Body::from_stream(body)).into_response())
}

struct Listener {
    filter: Filter,
    events: mpsc::Sender<Bytes>,
    patience: Duration,
    _place: OwnedSemaphorePermit,
}

/// The listener is gone, or too slow.
struct Gone;

impl Listener {
    async fn run(self, mut tips: watch::Receiver<Arc<Tip>>, last: Option<u64>, mut stopping: Stopping) {
        let follow = async {
            let tip = Arc::clone(&tips.borrow_and_update());
            let mut told = self.begin(&tip, last).await?;
            loop {
                match timeout(HEARTBEAT, tips.changed()).await {
                    Ok(Ok(())) => {
                        let tip = Arc::clone(&tips.borrow_and_update());
                        told = self.tell(&tip, told).await?;
                    }
                    // The engine is gone, and the node with it.
                    Ok(Err(_)) => return Err::<(), Gone>(Gone),
                    Err(_) => self.send(Bytes::from_static(b":\n\n")).await?,
                }
            }
        };
        tokio::select! {
            _ = follow => {}
            () = stopping.wait() => {}
            () = self.events.closed() => {}
        }
    }

    /// Says where the chain is, or what was missed since `last`.
    async fn begin(&self, tip: &Tip, last: Option<u64>) -> Result<u64, Gone> {
        let height = tip.header.height;
        match last {
            None => self.position(events::HEAD, height).await,
            Some(last) if last > height => self.position(events::RESET, height).await,
            Some(last) => self.tell(tip, last).await,
        }
    }

    async fn tell(&self, tip: &Tip, told: u64) -> Result<u64, Gone> {
        let height = tip.header.height;
        let Some(news) = tip.news.since(told).filter(|news| !news.is_empty() || told == height) else {
            return self.position(events::RESET, height).await;
        };
        for news in news {
            let event = news.event(|key| self.filter.wants(key));
            if self.filter.wants_every_block() || !event.changed.is_empty() {
                self.event(events::BLOCK, news.height, &event).await?;
            }
        }
        Ok(height)
    }

    async fn position(&self, name: &str, height: u64) -> Result<u64, Gone> {
        self.event(name, height, &PositionEvent { height }).await?;
        Ok(height)
    }

    async fn event(&self, name: &str, id: u64, data: &impl Serialize) -> Result<(), Gone> {
        let data = serde_json::to_string(data).map_err(|_| Gone)?;
        self.send(format!("id: {id}\nevent: {name}\ndata: {data}\n\n").into()).await
    }

    async fn send(&self, event: Bytes) -> Result<(), Gone> {
        self.events.send_timeout(event, self.patience).await.map_err(|_| Gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_does_not_take_its_events_is_let_go_and_holds_no_place() {
        let listeners = Listeners::new(1);
        let place = listeners.0.clone().try_acquire_owned().expect("a place");
        let (events, mut waiting) = mpsc::channel(2);
        let patience = Duration::from_millis(20);
        let listener = Listener { filter: Filter::default(), events, patience, _place: place };
        for height in 1..=2 {
            assert!(listener.position(events::HEAD, height).await.is_ok());
        }
        assert!(listener.position(events::HEAD, 3).await.is_err(), "nothing more waits for it");
        assert_eq!(listeners.count(), 1);
        drop(listener);
        assert_eq!(listeners.count(), 0);
        assert!(waiting.recv().await.is_some() && waiting.recv().await.is_some());
        assert!(waiting.recv().await.is_none(), "then it learns that it was let go");
    }
}
