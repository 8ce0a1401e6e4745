//! Transactions between validators: sent in batches as they come in, verified on a thread of their own.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use malachite_app::NetworkMsg;
use malachite_app::app::streaming::{StreamContent, StreamId, StreamMessage};
use malachite_app::app::types::PeerId;
use registry::Transaction;
use tokio::sync::mpsc;

use crate::network::context::Chain;
use crate::network::mempool::Mempool;
use crate::network::part::Part;

/// How long transactions are gathered before they are sent.
const GATHER: Duration = Duration::from_millis(5);
/// How often what was sent without success is looked for.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How much is sent at once, in bytes.
const BATCH_BYTES: usize = 256 * 1024;
/// How many batches may wait to be verified. What comes beyond is left out: whoever sent it sends it again.
pub(super) const MAX_BATCHES: usize = 64;

/// Sends what is submitted here to the others, until the pool is closed or consensus has ended.
pub(super) async fn send(mempool: Arc<Mempool>, network: mpsc::Sender<NetworkMsg<Chain>>, start: u64) {
    let mut stream = start;
    while !mempool.is_closed() {
        let transactions = mempool.to_offer(BATCH_BYTES);
        if transactions.is_empty() {
            // Either way there may be something to send; which it was doesn't matter.
            drop(tokio::time::timeout(LOOK_AGAIN, mempool.changed()).await);
            tokio::time::sleep(GATHER).await;
            continue;
        }
        stream = stream.wrapping_add(1);
        let stream_id = StreamId::new([b"transactions".as_slice(), &stream.to_be_bytes()].concat().into());
        let content = StreamContent::Data(Part::Transactions(transactions));
        let message = NetworkMsg::PublishProposalPart(StreamMessage::new(stream_id, 0, content));
        if network.send(message).await.is_err() {
            return;
        }
    }
}

/// How long nothing is taken from a peer that sent what does not verify. Who is honest verifies before sending, so this
/// costs no one else anything, and a flood costs one signature's check.
const IGNORED: Duration = Duration::from_secs(30);

/// Transactions, and who sent them.
pub(super) type Batch = (PeerId, Vec<Transaction>);

/// Verifies what the others send.
pub(super) fn verify(mempool: &Mempool, received: &Receiver<Batch>) {
    let mut ignored: HashMap<PeerId, Instant> = HashMap::new();
    for (from, transactions) in received {
        ignored.retain(|_, since| since.elapsed() < IGNORED);
        if ignored.contains_key(&from) {
            continue;
        }
        let (mut taken, count) = (0, transactions.len());
        for transaction in transactions {
            if mempool.knows(&transaction.hash()) {
                continue;
            }
            match transaction.verify() {
                Ok(verified) => taken += usize::from(mempool.take(verified)),
                Err(error) => {
                    tracing::warn!(%from, %error, "a peer sends what nobody signed; it is ignored for a while");
                    ignored.insert(from, Instant::now());
                    break;
                }
            }
        }
        tracing::trace!(count, taken, "transactions from another validator");
    }
}
