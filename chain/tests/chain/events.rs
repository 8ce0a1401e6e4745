//! Events: every block is told, in order, to whoever listens.

use std::time::Duration;

use chain::Ledger;
use registry::api::events::{BLOCK, BlockEvent, HEAD, PositionEvent, RESET};
use registry::api::{EVENTS, TOO_MANY_LISTENERS};
use registry::{Action, RecordKey, Status, StatusChange, StatusListId};
use service::sse::{Event, Events, SseError};

use crate::fixture::{create, list, transaction};
use crate::running::{Running, node, node_with, problem};

/// How long something may take that always comes.
const LONG: Duration = Duration::from_secs(60);

struct Listener {
    events: Events,
    come: std::collections::VecDeque<Event>,
}

impl Listener {
    async fn open(running: &Running, query: &str, last: Option<&str>) -> Self {
        let events = Events::open(&running.url(&format!("{EVENTS}{query}")), last, LONG).await.unwrap();
        Self { events, come: Default::default() }
    }

    async fn next(&mut self) -> Event {
        while self.come.is_empty() {
            let next = tokio::time::timeout(LONG, self.events.next()).await.unwrap().unwrap();
            self.come.extend(next);
        }
        self.come.pop_front().unwrap()
    }

    async fn block(&mut self) -> BlockEvent {
        let event = self.next().await;
        assert_eq!(event.name, BLOCK);
        let block: BlockEvent = serde_json::from_str(&event.data).unwrap();
        assert_eq!(event.id.as_deref(), Some(block.height.to_string().as_str()));
        block
    }

    async fn position(&mut self) -> (String, u64) {
        let event = self.next().await;
        let PositionEvent { height } = serde_json::from_str(&event.data).unwrap();
        (event.name, height)
    }
}

#[tokio::test]
async fn every_block_is_told_in_order_with_what_it_changed() {
    let running = node().await;
    let mut listener = Listener::open(&running, "", None).await;
    assert_eq!(listener.position().await, (HEAD.to_owned(), 1));
    let (did, first) = create(1);
    running.done(&first).await;
    running.done(&transaction(&did, 1, 1, list(3))).await;
    let created = listener.block().await;
    assert_eq!((created.height, created.transactions), (2, 1));
    assert!(created.changed.contains(&RecordKey::Did(did.clone())));
    let opened = listener.block().await;
    assert_eq!((opened.height, opened.id), (3, running.node.ledger().tip().header.id()));
    let list = RecordKey::StatusList(StatusListId { owner: did, number: 3 });
    assert!(opened.changed.contains(&list));
}

#[tokio::test]
async fn a_revocation_is_the_first_thing_that_its_listener_hears() {
    let running = node().await;
    let (did, first) = create(1);
    running.done(&first).await;
    running.done(&transaction(&did, 1, 1, list(3))).await;
    let id = StatusListId { owner: did.clone(), number: 3 };
    let chunk = RecordKey::chunk_of(&id, 5000);
    let mut by_key = Listener::open(&running, &format!("?key={chunk}"), None).await;
    let mut by_prefix = Listener::open(&running, &format!("?prefix=status/{did}/3/"), None).await;
    let mut of_another = Listener::open(&running, "?key=governance&prefix=schema/", None).await;
    for listener in [&mut by_key, &mut by_prefix, &mut of_another] {
        assert_eq!(listener.position().await.1, 3);
    }
    running.done(&create(2).1).await;
    let revoke = |index| Action::StatusUpdate {
        number: 3,
        changes: vec![StatusChange { index, status: Status::Revoked }],
    };
    let revoked = running.done(&transaction(&did, 1, 2, revoke(5000))).await;
    for listener in [&mut by_key, &mut by_prefix] {
        let told = listener.block().await;
        assert_eq!(
            (told.height, told.changed),
            (revoked.height, vec![chunk.clone()]),
            "before or after: nothing"
        );
    }
    let elsewhere = running.done(&transaction(&did, 1, 3, revoke(9000))).await;
    assert_eq!(by_prefix.block().await.height, elsewhere.height);
    assert!(of_another.come.is_empty());
}

#[tokio::test]
async fn who_comes_back_misses_nothing_or_is_told_so() {
    let running = node().await;
    for n in 1..=3 {
        running.done(&create(n).1).await;
    }
    let mut back = Listener::open(&running, "", Some("2")).await;
    assert_eq!([back.block().await.height, back.block().await.height], [3, 4]);
    running.done(&create(4).1).await;
    assert_eq!(back.block().await.height, 5);
    let mut nothing_missed = Listener::open(&running, "", Some("5")).await;
    running.done(&create(5).1).await;
    assert_eq!(nothing_missed.block().await.height, 6);
    for too_far in ["9", "18446744073709551615"] {
        let mut ahead = Listener::open(&running, "", Some(too_far)).await;
        assert_eq!(
            ahead.position().await,
            (RESET.to_owned(), 6),
            "of another chain, or one that was restored"
        );
    }

    // After a restart, what the blocks before it changed is no longer known.
    let Running { node, folder, .. } = running;
    node.shutdown().await;
    let ledger = crate::fixture::open(folder.path());
    let height = ledger.tip().header.height;
    let running = Running::serve(std::sync::Arc::new(ledger), folder, |config| config).await;
    let mut before = Listener::open(&running, "", Some("2")).await;
    assert_eq!(before.position().await, (RESET.to_owned(), height));
}

#[tokio::test]
async fn listeners_are_bounded_and_let_go_of_at_shutdown() {
    let running = node_with(|config| chain::NodeConfig { max_listeners: 1, ..config }).await;
    let mut only = Listener::open(&running, "", None).await;
    only.position().await;
    problem(running.get(EVENTS).await, 503, TOO_MANY_LISTENERS).await;
    problem(running.get("/v1/events?key=nonsense").await, 400, "record-key-malformed").await;
    drop(only);
    // The place is free once the node noticed.
    let free = async {
        loop {
            match Events::open(&running.url(EVENTS), None, LONG).await {
                Ok(events) => return events,
                Err(error) => {
                    assert!(matches!(error, SseError::Refused { status: 503, .. }), "{error}");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    };
    let mut events = tokio::time::timeout(LONG, free).await.unwrap();
    running.node.shutdown().await;
    let end = loop {
        match tokio::time::timeout(LONG, events.next()).await.unwrap() {
            Ok(_) => {}
            Err(end) => break end,
        }
    };
    assert!(matches!(end, SseError::BrokeOff { .. }));
}

#[tokio::test]
async fn malformed_resumption_is_refused_by_name() {
    let running = node().await;
    let request = running.client.get(running.url(EVENTS)).header("last-event-id", "yesterday");
    problem(request.send().await.unwrap(), 400, "event-id-malformed").await;
}
