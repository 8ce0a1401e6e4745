//! Bulk issuance: from records to offers that wait for their holders.
//!
//! A credential is bound to its holder's key, which nobody knows yet. So to issue in bulk is to *prepare*: for each record an
//! approved application and an offer that counts for weeks. Its link and its code are given out apart, by two ways, and what
//! a wallet then collects is signed there and then (ADR 0025).
//!
//! A batch of records is dealt with in one durable write, which also takes them off the waiting list and moves the job's
//! counters. Whatever stops the process, the job goes on after the last whole batch, and no record is prepared twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand_core::OsRng;
use store::{Range, Store, StoreError, Tx};
use tokio::task::{JoinHandle, JoinSet};

use crate::audit::{Deed, Note as _, Noting};
use crate::clock::{Clock, Moment};
use crate::collect::holder_of;
use crate::desk::put_new;
use crate::issuance::Kinds;
use crate::marks;
use crate::model::{Actor, Application, Half, Handed, Id, Job, JobState, Offer, Personal, Record};
use crate::records::{self, Moved};
use crate::seals::Seals;
use crate::tables::{JOBS, OFFERS, PREPARED, RECORDS, RECORDS_LEFT, RECORDS_WAITING, count};

/// How long a job waits for a store that does not answer.
const TRY_AGAIN: Duration = Duration::from_secs(2);
/// Records in one write.
const TOGETHER: usize = 500;
/// Jobs that are listed at most.
const LISTED: usize = 50;

/// Works on jobs. Clones share it.
#[derive(Clone)]
pub(crate) struct Bulk {
    store: Store,
    kinds: Arc<Kinds>,
    seals: Arc<Seals>,
    clock: Arc<dyn Clock>,
    stopping: Arc<AtomicBool>,
    tasks: Arc<tokio::sync::Mutex<JoinSet<()>>>,
}

impl std::fmt::Debug for Bulk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bulk")
    }
}

/// Why no job was begun.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginRefused {
    /// The type is not issued here.
    #[error("this department does not issue that credential type")]
    UnknownType,
    /// No record of the type waits.
    #[error("no record of this type waits")]
    NothingWaits,
    /// A job for this type is running.
    #[error("a bulk issuance of this type is running")]
    Running(Id),
    /// Two people approve the type, and whoever begins brought some of the records.
    #[error("two people approve this type, and you brought some of the records that wait")]
    BroughtByYou,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why nothing was handed out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandOutRefused {
    /// There is no job of that name.
    #[error("there is no such bulk issuance")]
    UnknownJob,
    /// Two people approve the type, and whoever asks for one half was handed the other: with both, one alone would collect.
    #[error("two people approve this type, and you were handed the other half")]
    OtherHalfIsYours,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Bulk {
    pub(crate) fn new(store: Store, kinds: Arc<Kinds>, seals: Arc<Seals>, clock: Arc<dyn Clock>) -> Self {
        let (stopping, tasks) = (Arc::default(), Arc::default());
        Self { store, kinds, seals, clock, stopping, tasks }
    }

    /// Goes on with every job that was running when the process ended.
    pub(crate) fn resume(&self) -> Result<(), StoreError> {
        for job in self.list()?.into_iter().filter(|job| job.state == JobState::Running) {
            tracing::info!(job = %job.id, left = job.left(), "a bulk issuance goes on");
            drop(self.work_on(job.id));
        }
        Ok(())
    }

    /// Begins a job for all records of a type that wait now. Durable when it returns; the work goes on behind.
    pub(crate) async fn begin(
        &self,
        credential_type: &str,
        by: Actor,
        lifetime: i64,
        now: Moment,
    ) -> Result<Job, BeginRefused> {
        let credential_type = self.kinds.credential_type(credential_type).ok_or(BeginRefused::UnknownType)?;
        let (of_type, two) = (credential_type.id.as_str(), credential_type.desk.approvals() > 1);
        let (of, noting) = (of_type.to_owned(), Noting::by(&by, now));
        let id = Id::new(now.ms, &mut OsRng);
        let begun = self.store.write_async(move |tx| {
            let running = tx.page(&JOBS, &Range::all().reversed(), LISTED)?;
            let running = running.into_iter().map(|(_, job)| job);
            if let Some(job) =
                running.into_iter().find(|job| job.state == JobState::Running && job.credential_type == of)
            {
                return Err(BeginRefused::Running(job.id));
            }
            let last = tx.page(&RECORDS_WAITING, &Range::prefix((of.as_str(),)).reversed(), 1)?;
            let Some(((_, last), ())) = last.into_iter().next() else {
                return Err(BeginRefused::NothingWaits);
            };
            if two && records::brought(tx, &of, &by)? {
                return Err(BeginRefused::BroughtByYou);
            }
            let job = Job {
                id,
                total: tx.get(&RECORDS_LEFT, of.as_str())?.unwrap_or_default(),
                credential_type: of,
                by,
                at: now.seconds,
                up_to: Id::from_key(last),
                done: 0,
                refused: 0,
                offers_until: now.seconds.plus(lifetime),
                state: JobState::Running,
                worked_at_ms: now.ms,
                handed: Handed::default(),
            };
            tx.put(&JOBS, id.key(), &job)?;
            let deed = Deed::new("bulk-begun").about("job", id).about("type", of_type);
            noting.note(tx, deed.about("records", job.total))?;
            Ok(job)
        });
        let job = begun.await?;
        drop(self.work_on(id));
        Ok(job)
    }

    /// The job of this name, as the disk has it: what is told of it as done is not taken back by a crash.
    pub(crate) async fn find(&self, id: Id) -> Result<Option<Job>, StoreError> {
        self.store.read_durable(move |tx| tx.get(&JOBS, id.key())).await
    }

    /// Whether two people answer for what a job prepares, and so for each half of it one.
    pub(crate) fn takes_two(&self, job: &Job) -> bool {
        takes_two(&self.kinds, job)
    }

    /// Notes that somebody is handed one half of what a job prepared, before it is. Where two approve, nobody is handed both.
    pub(crate) async fn hand_out(
        &self,
        id: Id,
        half: Half,
        to: Actor,
        now: Moment,
    ) -> Result<(), HandOutRefused> {
        let kinds = self.kinds.clone();
        let handed = self.store.write_async(move |tx| {
            let mut job = tx.get(&JOBS, id.key())?.ok_or(HandOutRefused::UnknownJob)?;
            if takes_two(&kinds, &job) && job.handed.to(half.other()).contains(&to) {
                return Err(HandOutRefused::OtherHalfIsYours);
            }
            if job.handed.note(half, &to) {
                tx.put(&JOBS, id.key(), &job)?;
            }
            let what = match half {
                Half::Links => "links-handed-out",
                Half::Codes => "codes-handed-out",
            };
            Ok(Noting::by(&to, now).note(tx, Deed::new(what).about("job", id))?)
        });
        handed.await
    }

    /// Jobs, newest first.
    pub(crate) fn list(&self) -> Result<Vec<Job>, StoreError> {
        Ok(self
            .store
            .page(&JOBS, &Range::all().reversed(), LISTED)?
            .into_iter()
            .map(|(_, job)| job)
            .collect())
    }

    /// Some of the applications that a job prepared, after the one named.
    pub(crate) fn prepared(&self, job: Id, after: Option<Id>, limit: usize) -> Result<Vec<Id>, StoreError> {
        let range = Range::prefix((job.key(),));
        let range = if let Some(id) = after { range.after((job.key(), id.key())) } else { range };
        let rows = self.store.page(&PREPARED, &range, limit)?;
        Ok(rows.into_iter().map(|((_, application), ())| Id::from_key(application)).collect())
    }

    /// Finishes the batches under way and begins no other.
    pub(crate) async fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        let mut tasks = self.tasks.lock().await;
        while tasks.join_next().await.is_some() {}
    }

    fn work_on(&self, id: Id) -> JoinHandle<()> {
        let bulk = self.clone();
        tokio::spawn(async move {
            let worker = bulk.clone();
            bulk.tasks.lock().await.spawn(async move {
                while !worker.stopping.load(Ordering::SeqCst) {
                    match worker.batch(id).await {
                        Ok(true) => {}
                        Ok(false) => return,
                        // A store on a server comes back; one on a disk that failed waits for a restart.
                        Err(error) if worker.store.is_shared() => {
                            tracing::warn!(%error, job = %id, "a bulk issuance waits for the store");
                            tokio::time::sleep(TRY_AGAIN).await;
                        }
                        Err(error) => {
                            tracing::error!(%error, job = %id, "a bulk issuance stopped; a restart goes on with it");
                            return;
                        }
                    }
                }
            });
        })
    }

    /// Deals with the next records; false when the job is done.
    async fn batch(&self, id: Id) -> Result<bool, StoreError> {
        let job = self.store.get(&JOBS, id.key())?.filter(|job| job.state == JobState::Running);
        let Some(job) = job else { return Ok(false) };
        let range = Range::prefix((job.credential_type.as_str(),));
        let names = self.store.page(&RECORDS_WAITING, &range, TOGETHER)?;
        let keys = names.into_iter().map(|((_, key), ())| key).filter(|key| *key <= job.up_to.key());
        let mut records = Vec::with_capacity(TOGETHER);
        for key in keys {
            records.extend(self.store.get(&RECORDS, key)?);
        }
        let now = Moment::of(&self.clock);
        let worker = self.clone();
        let prepared = tokio::task::spawn_blocking(move || worker.prepare(&job, records, now)).await;
        let Ok(prepared) = prepared else { return Err(StoreError::Panicked) };
        self.store.write_async(move |tx| settle(tx, id, prepared, now)).await
    }

    /// What a batch becomes, worked out where nobody waits for it.
    fn prepare(&self, job: &Job, records: Vec<Record>, now: Moment) -> Vec<(Record, Option<Prepared>)> {
        let configurations = self.kinds.configurations(&job.credential_type);
        let of = self.kinds.credential_type(&job.credential_type);
        let one = |mut record: Record| {
            let claims = serde_json::Value::Object(record.claims.0.clone());
            // Checked when it came in; what the catalogue says may have changed since, and days pass.
            let Some(of) = of.filter(|of| of.validate_claims(&claims, now.seconds).is_ok()) else {
                return (record, None);
            };
            // Whoever brought it was the first of two to approve it, and may have done so after the job began.
            let two = of.desk.approvals() > 1;
            if two && record.source == job.by {
                return (record, None);
            }
            let claims = std::mem::take(&mut record.claims.0);
            let id = Id::new(now.ms, &mut OsRng);
            let holder = holder_of(of, &claims);
            let by = job.by.clone();
            let mut application = Application::prepared(id, &of.id, holder, by, now.seconds);
            if two {
                application = application.endorsed_before(record.source.clone(), record.at);
            }
            application.marks = marks::of(&self.seals, of, &claims);
            let offer =
                Offer::open(Id::new(now.ms, &mut OsRng), id, configurations.clone(), job.offers_until);
            application.offer = Some(offer.id);
            application.offers = 1;
            record.application = Some(id);
            (record, Some(Prepared { application, claims: Personal(claims), offer }))
        };
        records.into_iter().map(one).collect()
    }
}

fn takes_two(kinds: &Kinds, job: &Job) -> bool {
    kinds.credential_type(&job.credential_type).is_some_and(|of| of.desk.approvals() > 1)
}

struct Prepared {
    application: Application,
    claims: Personal<serde_json::Map<String, serde_json::Value>>,
    offer: Offer,
}

/// Writes a batch down, whole; false when nothing is left to do.
fn settle(
    tx: &mut Tx<'_>,
    id: Id,
    batch: Vec<(Record, Option<Prepared>)>,
    now: Moment,
) -> Result<bool, StoreError> {
    let Some(mut job) = tx.get(&JOBS, id.key())? else { return Ok(false) };
    let more = !batch.is_empty();
    let (mut done, mut moved) = (0, Moved::default());
    for (record, prepared) in batch {
        let waits = (job.credential_type.as_str(), record.id.key());
        // Somebody else was quicker, or the record was replaced meanwhile: the next batch sees it as it is.
        if !tx.contains(&RECORDS_WAITING, waits)? {
            continue;
        }
        let claims = prepared.as_ref().map_or(&record.claims, |prepared| &prepared.claims);
        let as_read = |now: &Record| now.claims == *claims && now.source == record.source;
        if tx.get(&RECORDS, record.id.key())?.is_none_or(|now| !as_read(&now)) {
            continue;
        }
        tx.remove(&RECORDS_WAITING, waits)?;
        moved.add(&record.source, -1);
        let Some(Prepared { application, claims, offer }) = prepared else {
            job.refused += 1;
            continue;
        };
        put_new(tx, &application, &claims)?;
        tx.put(&OFFERS, offer.id.key(), &offer)?;
        tx.put(&PREPARED, (id.key(), application.id.key()), &())?;
        tx.put(&RECORDS, record.id.key(), &record)?;
        done += 1;
    }
    job.done += done;
    job.worked_at_ms = now.ms;
    if !more {
        job.state = JobState::Done;
        tracing::info!(job = %id, done = job.done, refused = job.refused, "a bulk issuance is done");
    }
    moved.write(tx, &job.credential_type)?;
    count(tx, "approved", i64::try_from(done).unwrap_or(i64::MAX))?;
    tx.put(&JOBS, id.key(), &job)?;
    let deed = Deed::new(if more { "bulk-prepared" } else { "bulk-done" }).about("job", id);
    let prepared = if more { done } else { job.done };
    Noting::by_issuer(now).note(tx, deed.about("prepared", prepared))?;
    Ok(more)
}

#[cfg(test)]
mod tests {
    use credentials::UnixSeconds;
    use credentials::catalogue::Catalogue;
    use zeroize::Zeroizing;

    use super::*;

    #[tokio::test]
    async fn where_two_approve_a_record_that_the_beginner_brought_meanwhile_is_left() {
        let now = Moment { ms: 1_772_424_000_000, seconds: UnixSeconds(1_772_424_000) };
        let catalogue = Catalogue::bundled().expect("catalogue");
        let names = ["talent-certificate", "mandate"].map(str::to_owned);
        let kinds = Arc::new(Kinds::of(catalogue, &names).expect("known"));
        let seals = Arc::new(Seals::new(&Zeroizing::new([1; 32])));
        let bulk = Bulk::new(crate::audit::kept(), kinds, seals, Arc::new(crate::clock::SystemClock));
        for (of, brought_by, is_prepared) in [
            ("talent-certificate", Actor::staff("he"), false),
            ("talent-certificate", Actor::staff("chen"), true),
            ("talent-certificate", Actor::system("he"), true),
            ("mandate", Actor::staff("he"), true),
        ] {
            let example = catalogue.by_id(of).expect("type").example();
            let claims = example.as_object().expect("claims").clone();
            let id = Id::new(now.ms, &mut OsRng);
            let record = Record {
                id,
                credential_type: of.to_owned(),
                claims: Personal(claims),
                mark: "m".to_owned(),
                source: brought_by.clone(),
                at: now.seconds,
                application: None,
            };
            let job = Job {
                id,
                credential_type: of.to_owned(),
                by: Actor::staff("he"),
                at: now.seconds,
                up_to: id,
                total: 1,
                done: 0,
                refused: 0,
                offers_until: now.seconds.plus(60),
                state: JobState::Running,
                worked_at_ms: now.ms,
                handed: Handed::default(),
            };
            let prepared = bulk.prepare(&job, vec![record], now).remove(0).1;
            assert_eq!(prepared.is_some(), is_prepared, "{of} {brought_by:?}");
        }
    }
}
