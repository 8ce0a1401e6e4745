//! One author, one writer: status changes that wait together become one transaction.

use std::collections::BTreeMap;
use std::time::Instant;

use registry::StatusChange;
use service::node::SubmitError;
use service::trace_context::{self, TraceContext};
use tokio::sync::{mpsc, oneshot};

use super::claim::{BEGUN_WITHIN, FINAL_WITHIN};
use crate::ledger::{Ledger, as_status};
use crate::model::Standing;

/// Changes that wait at most; further callers wait to be let in.
const WAITING: usize = 4096;
/// Credentials changed in one transaction at most; the chain takes 4,096 entries, and a credential has 32 copies at most.
const TOGETHER: usize = 128;

/// Hands changes to the task that writes them.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
}

struct Job {
    list: u32,
    /// Of one credential: its copies.
    entries: Vec<u32>,
    standing: Standing,
    asked: Instant,
    trace: Option<TraceContext>,
    done: oneshot::Sender<Result<(), Unwritten>>,
}

/// Why an entry was not set.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Unwritten {
    /// The chain refuses it, and always will.
    #[error("the chain refuses the change ({code})")]
    Refused {
        /// Its error's stable name.
        code: String,
    },
    /// The chain can't be reached, or didn't answer: it may be set or not.
    #[error("the chain can't be reached")]
    Away,
}

impl Writer {
    /// Starts the task; it ends with the last clone.
    pub(crate) fn start(ledger: Ledger) -> Self {
        let (jobs, waiting) = mpsc::channel(WAITING);
        tokio::spawn(run(ledger, waiting));
        Self { jobs }
    }

    /// Sets a credential's entries on a list, all or none; final when it returns.
    pub(crate) async fn set(
        &self,
        list: u32,
        entries: Vec<u32>,
        standing: Standing,
    ) -> Result<(), Unwritten> {
        let (done, answer) = oneshot::channel();
        let (asked, trace) = (Instant::now(), trace_context::current());
        self.jobs
            .send(Job { list, entries, standing, asked, trace, done })
            .await
            .map_err(|_| Unwritten::Away)?;
        answer.await.map_err(|_| Unwritten::Away)?
    }
}

async fn run(ledger: Ledger, mut waiting: mpsc::Receiver<Job>) {
    let mut jobs = Vec::new();
    while waiting.recv_many(&mut jobs, TOGETHER).await > 0 {
        let mut lists: BTreeMap<u32, Vec<Job>> = BTreeMap::new();
        for job in jobs.drain(..) {
            // Another instance may carry it out before this one would.
            if job.asked.elapsed() >= BEGUN_WITHIN {
                _ = job.done.send(Err(Unwritten::Away));
                continue;
            }
            lists.entry(job.list).or_default().push(job);
        }
        for (list, jobs) in lists {
            let trace = jobs.first().and_then(|job| job.trace);
            trace_context::within(trace, write(&ledger, list, jobs)).await;
        }
    }
}

/// All of a list's changes at once. One that the chain refuses must not keep the others from being made: then each goes
/// by itself. The same entry twice can only be a healing beside its own request; both say the same.
async fn write(ledger: &Ledger, list: u32, jobs: Vec<Job>) {
    let of = |job: &Job| job.entries.iter().map(|index| (*index, job.standing)).collect::<Vec<_>>();
    let together: BTreeMap<u32, Standing> = jobs.iter().flat_map(of).collect();
    match submit(ledger, list, &together).await {
        Err(Unwritten::Refused { .. }) if jobs.len() > 1 => {
            for job in jobs {
                let alone = of(&job).into_iter().collect();
                _ = job.done.send(submit(ledger, list, &alone).await);
            }
        }
        outcome => {
            for job in jobs {
                // Whoever asked may have gone; the keeper settles what is final.
                _ = job.done.send(outcome.clone());
            }
        }
    }
}

async fn submit(ledger: &Ledger, list: u32, changes: &BTreeMap<u32, Standing>) -> Result<(), Unwritten> {
    let changes = changes
        .iter()
        .map(|(index, standing)| StatusChange { index: *index, status: as_status(*standing) })
        .collect();
    let Ok(outcome) = tokio::time::timeout(FINAL_WITHIN, ledger.set(list, changes)).await else {
        tracing::warn!(list, "a status change is not final in time");
        return Err(Unwritten::Away);
    };
    match outcome {
        Ok(_) => Ok(()),
        Err(SubmitError::Rejected { code, .. }) => Err(Unwritten::Refused { code }),
        Err(
            error @ (SubmitError::Busy | SubmitError::Unknown | SubmitError::Sign(_) | SubmitError::Node(_)),
        ) => {
            tracing::warn!(%error, list, "a status change is not on the chain yet");
            Err(Unwritten::Away)
        }
    }
}
