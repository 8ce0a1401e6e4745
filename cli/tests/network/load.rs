//! Transactions from several organisations at once, while something goes wrong.

use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::processes::{Network, Organisation, PATIENCE};

const ORGANISATIONS: u64 = 8;

/// Organisations that submit one transaction after the other, to one validator after the other, until this is dropped.
pub(crate) struct Load(Vec<JoinHandle<()>>);

impl Load {
    /// `from` tells these organisations from those of other loads.
    pub(crate) fn on(network: &Network, from: u64) -> Self {
        let one = |n: u64| {
            let client = network.client();
            let mut organisation = Organisation::new(&network.genesis, from + n);
            tokio::spawn(async move {
                loop {
                    let next = organisation.next();
                    client.insist(usize::try_from(n).expect("few"), &next).await;
                }
            })
        };
        Self((0..ORGANISATIONS).map(one).collect())
    }

    /// Waits until so many more transactions are acknowledged.
    pub(crate) async fn acknowledges(&self, network: &Network, more: usize) {
        let (wanted, began) = (network.acknowledged() + more, Instant::now());
        while network.acknowledged() < wanted {
            assert!(began.elapsed() < PATIENCE, "nothing is acknowledged any more");
            assert!(!self.0.iter().any(JoinHandle::is_finished), "an answer was wrong; see above");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}
