//! What is too large is still taken in for a moment, and thrown away. A server that answers and closes at once resets the
//! connection under a client that is still sending, and the client never reads why.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::body::Body;
use hyper::body::Body as _;

/// How long it listens.
const FOR: Duration = Duration::from_secs(1);
/// How many bytes it takes in at most.
const AT_MOST: usize = 8 * 1024 * 1024;

/// Reads to the end of the body, or until it has had enough.
pub(super) async fn discard(mut body: Body) {
    let all = async {
        let mut left = AT_MOST;
        while let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            let length = frame.data_ref().map_or(0, axum::body::Bytes::len);
            match left.checked_sub(length) {
                Some(less) => left = less,
                None => return,
            }
        }
    };
    // Whoever sends slower than that is told nothing.
    drop(tokio::time::timeout(FOR, all).await);
}
