//! The issuer as a department runs it: issuing over HTTP by one and by many, bulk issuance, revocation, memory.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use credentials::catalogue::{CreditCode, LicenceIdentifier};
use credentials::key::{Algorithm, SoftwareKey};
use rand_core::OsRng;
use registry::{CHUNK_ENTRIES, Record, RecordKey, Status, StatusListId};
use reqwest::Method;
use serde_json::{Value, json};
use service::outbound;

use super::flow::{ISSUANCE_TRIPS, round_trips};
use super::{Line, disk, issuance};
use crate::demo;
use crate::fault::{Done, Fault, OrFault};
use crate::stack::{Ports, Stack};
use crate::story::desk::{Desk, OfferLetter};
use crate::story::letter::{Answer, send};
use crate::term::{Ink, Paint};

/// How many issue at the same time, in the second measurement.
const MANY: usize = 64;
/// Offers made before each measurement, at most.
const MOST_OFFERS: usize = 20_000;
/// Credentials that are revoked one after another.
const REVOKED: usize = 50;
/// Durable writes one after another between asking and being proven: the wish noted, the block, what came of it.
const REVOCATION_WRITES: f64 = 3.0;
/// Records that a bulk issuance writes at once.
const BATCH: u64 = 500;
/// Rows of one import.
const ROWS: u64 = 100_000;

/// Records of the first job, which says how fast a bulk issuance is; a second one prepares what is left.
const FIRST_JOB: u64 = 100_000;
/// Records where the group is one of all.
const FEW: u64 = 20_000;
const MILLION: u64 = 1_000_000;

/// How many records the group brings unless told.
pub(super) fn usual_records(is_alone: bool) -> u64 {
    if is_alone { FIRST_JOB } else { FEW }
}

/// Runs the group.
pub(super) async fn run(folder: &Path, budget: Duration, records: u64) -> Done {
    let trips = round_trips(budget).await?;
    let stack = demo::start(&folder.join("issuer"), Ports::Any, None).await?;
    let done = measure(&stack, folder, budget, records, trips).await;
    stack.shutdown().await;
    done
}

async fn measure(stack: &Stack, folder: &Path, budget: Duration, records: u64, trips: f64) -> Done {
    let http = outbound::client(Duration::from_secs(120));
    let issuer = stack.urls().issuers.get("market-supervision");
    let issuer = issuer.ok_or_else(|| Fault::new("the licensing issuer is missing", ""))?;
    let desk = Desk::new(&http, issuer, stack.urls());
    let floor_ms = 1000.0 * ISSUANCE_TRIPS / trips * super::pace::TOGETHER as f64;
    for together in [1, MANY] {
        let measured = issue(&desk, together, budget).await?;
        let name = |what: &str| if together == MANY { what.to_owned() } else { format!("{what}_one_client") };
        Line::new(name("issuance/http_per_s"), measured.per_s, "1/s", trips / ISSUANCE_TRIPS).print()?;
        Line::new(name("issuance/p50_ms"), measured.p50_ms, "ms", floor_ms).print()?;
        Line::new(name("issuance/p99_ms"), measured.p99_ms, "ms", floor_ms).print()?;
    }
    let visible = revocations(stack, &desk, &issuer.did.to_string()).await?;
    let page = disk::synced_page(folder, 99).or_fault("is there room on this disk?")?;
    let floor_ms = REVOCATION_WRITES * page.as_secs_f64() * 1000.0;
    Line::new("revocation/visible_p99_ms", visible, "ms", floor_ms).print()?;
    let room = "is there room on this disk?";
    let (before_mb, before_bytes) = (rss_mb(), disk::bytes_in(folder).or_fault(room)?);
    let first = records.min(FIRST_JOB);
    let mut brought = bring(&desk, 0..first).await?;
    let prepared = bulk(&desk, folder, first).await?;
    Line::new("bulk/per_s", prepared.per_s, "1/s", prepared.floor_per_s).print()?;
    let at = if records == MILLION { "1m".to_owned() } else { records.to_string() };
    let mut jobs = vec![prepared.job];
    if records > first {
        brought += bring(&desk, first..records).await?;
        let prepared = bulk(&desk, folder, records - first).await?;
        Line::new(format!("bulk/per_s_to_{at}"), prepared.per_s, "1/s", prepared.floor_per_s).print()?;
        jobs.push(prepared.job);
    }
    let rate = collect_all(&desk, &jobs, records).await?;
    Line::new(format!("issuance/http_per_s_to_{at}"), rate, "1/s", trips / ISSUANCE_TRIPS).print()?;
    // What the disk has more than before, where the records themselves, as they were brought, are so much.
    let stored = disk::bytes_in(folder).or_fault(room)?.saturating_sub(before_bytes);
    Line::new(format!("issuer/stored_mb_at_{at}"), mb(stored), "MB", mb(brought)).print()?;
    // The whole stack is in this process, and so is the chain: the issuer's share is less. A store keeps 32 MB of its rows.
    if let (Some(now_mb), Some(before_mb)) = (rss_mb(), before_mb) {
        Line::new(format!("issuer/rss_mb_at_{at}"), now_mb, "MB", before_mb).print()?;
    }
    Ok(())
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

struct Measured {
    per_s: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// Issues until the time is up or the offers are, `together` at a time.
async fn issue(desk: &Desk, together: usize, budget: Duration) -> Done<Measured> {
    let holder = Arc::new(SoftwareKey::generate(Algorithm::Es256, &mut OsRng));
    let warm = issuance::offers(desk, 32).await?;
    let begun = Instant::now();
    for offer in &warm {
        issuance::collect(desk, &holder, offer).await?;
    }
    let rate = warm.len() as f64 / begun.elapsed().as_secs_f64();
    let wanted =
        (rate * budget.as_secs_f64() * (1.0 + together as f64 / 8.0)).clamp(64.0, MOST_OFFERS as f64);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped just before")]
    let offers = Arc::new(issuance::offers(desk, wanted as usize).await?);
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let tasks = (0..together).map(|_| {
        let (desk, holder, offers, next) = (desk.clone(), holder.clone(), offers.clone(), next.clone());
        tokio::spawn(async move {
            let mut took = Vec::new();
            while begun.elapsed() < budget {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(offer) = offers.get(at) else { break };
                let one = Instant::now();
                issuance::collect(&desk, &holder, offer).await?;
                took.push(one.elapsed());
            }
            Done::Ok(took)
        })
    });
    let mut took = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        took.extend(task.await.or_fault("this build is broken; report it")??);
    }
    let whole = begun.elapsed().as_secs_f64();
    let per_s = took.len() as f64 / whole;
    let (p50_ms, p99_ms) = (percentile(&mut took, 50), percentile(&mut took, 99));
    Ok(Measured { per_s, p50_ms, p99_ms })
}

fn percentile(took: &mut [Duration], percent: usize) -> f64 {
    took.sort_unstable();
    let at = (took.len() * percent / 100).min(took.len().saturating_sub(1));
    took.get(at).map_or(0.0, |took| took.as_secs_f64() * 1000.0)
}

/// From asking to revoke until a client that trusts the anchor alone has it proven, in milliseconds.
async fn revocations(stack: &Stack, desk: &Desk, did: &str) -> Done<f64> {
    let holder = SoftwareKey::generate(Algorithm::Es256, &mut OsRng);
    for offer in issuance::offers(desk, REVOKED).await? {
        issuance::collect(desk, &holder, &offer).await?;
    }
    let owner = did.parse().or_fault("this build is broken; report it")?;
    let listed =
        send(&desk.http, Method::GET, &format!("{}/api/credentials", desk.url), Some(&desk.token), None)
            .await?
            .expect(200, "the credentials")?;
    let records = listed.get("credentials").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut took = Vec::new();
    for record in records.iter().take(REVOKED) {
        let id = Answer::text(record, "/id")?;
        let number =
            |name: &str| record.get(name).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
        let (list, index) =
            (number("status_list").unwrap_or_default(), number("status_index").unwrap_or_default());
        let list = StatusListId { owner: Clone::clone(&owner), number: list };
        let begun = Instant::now();
        desk.change(&id, "revoke", "measured").await?.expect(200, "the revocation")?;
        loop {
            let key = RecordKey::StatusChunk(list.clone(), index / CHUNK_ENTRIES);
            let proven = stack.client().proven_one(key).await.or_fault("is the chain up?")?;
            if let Some(Record::StatusChunk(chunk)) = proven.record()
                && chunk.status(index) == Some(Status::Revoked)
            {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        took.push(begun.elapsed());
    }
    Ok(percentile(&mut took, 99))
}

/// Brings these records, and says how many bytes they are.
async fn bring(desk: &Desk, records: Range<u64>) -> Done<u64> {
    let (mut from, mut bytes, begun) = (records.start, 0, Instant::now());
    while from < records.end {
        let until = records.end.min(from + ROWS);
        let rows = csv(from..until)?;
        bytes += rows.len() as u64;
        let url = format!("{}/api/records/{}/csv", desk.url, "business-licence");
        let answer = desk.http.post(url).bearer_auth(&desk.token).header("content-type", "text/csv");
        let answer = answer.body(rows).send().await.or_fault("")?;
        if !answer.status().is_success() {
            return Err(Fault::new(format!("the import answers {}", answer.status()), ""));
        }
        from = until;
        progress(&format!("{from} of {} records brought", records.end), begun);
    }
    Ok(bytes)
}

/// A bulk issuance that is done.
struct Prepared {
    job: String,
    per_s: f64,
    /// If the disk had only to take what is then in the stores more than before, in as many writes.
    floor_per_s: f64,
}

/// Prepares so many licences from records that wait.
async fn bulk(desk: &Desk, folder: &Path, records: u64) -> Done<Prepared> {
    let room = "is there room on this disk?";
    let url = format!("{}/api/jobs", desk.url);
    let body = json!({ "type": "business-licence" });
    let before = disk::bytes_in(folder).or_fault(room)?;
    let begun = Instant::now();
    let job =
        send(&desk.http, Method::POST, &url, Some(&desk.token), Some(body)).await?.expect(201, "the job")?;
    let id = Answer::text(&job, "/id")?;
    let url = format!("{url}/{id}");
    let mut told = 0;
    loop {
        let job =
            send(&desk.http, Method::GET, &url, Some(&desk.token), None).await?.expect(200, "the job")?;
        if Answer::text(&job, "/state")? == "done" {
            let done = job.get("done").and_then(Value::as_u64).unwrap_or_default();
            if done != records {
                return Err(Fault::new(format!("{done} of {records} were prepared"), "report it"));
            }
            let rate = records as f64 / begun.elapsed().as_secs_f64();
            let written = disk::bytes_in(folder).or_fault(room)?.saturating_sub(before);
            let batches = usize::try_from(records.div_ceil(BATCH)).unwrap_or(usize::MAX);
            let floor = disk::synced_bytes(folder, written, batches).or_fault(room)?;
            return Ok(Prepared { job: id, per_s: rate, floor_per_s: records as f64 / floor.as_secs_f64() });
        }
        let done = job.get("done").and_then(Value::as_u64).unwrap_or_default();
        if done >= told + ROWS {
            told = done;
            progress(&format!("{done} of {records} licences prepared"), begun);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Has wallets collect what the jobs prepared, each licence by its link and its code, as their holders would: then the store has as
/// many credentials, with their entries in status lists on the chain, as there were records. How many a second.
async fn collect_all(desk: &Desk, jobs: &[String], records: u64) -> Done<f64> {
    let holder = Arc::new(SoftwareKey::generate(Algorithm::Es256, &mut OsRng));
    let (begun, mut collected, mut told) = (Instant::now(), 0, 0);
    for job in jobs {
        let mut after = None;
        loop {
            let (links, next) = page_of(desk, job, "link", after.as_deref()).await?;
            let (codes, _) = page_of(desk, job, "code", after.as_deref()).await?;
            let letters = links.into_iter().zip(codes).map(|((of, link), (same, tx_code))| {
                let letter = OfferLetter { link, by_value: String::new(), tx_code };
                if of == same { Ok(letter) } else { Err(Fault::new("the halves differ", "report it")) }
            });
            let letters: Arc<Vec<_>> = Arc::new(letters.collect::<Done<_>>()?);
            let taken = Arc::new(AtomicUsize::new(0));
            let tasks = (0..MANY).map(|_| {
                let (desk, holder, letters, taken) =
                    (desk.clone(), holder.clone(), letters.clone(), taken.clone());
                tokio::spawn(async move {
                    while let Some(letter) = letters.get(taken.fetch_add(1, Ordering::Relaxed)) {
                        issuance::collect(&desk, &holder, letter).await?;
                    }
                    Done::Ok(())
                })
            });
            for task in tasks.collect::<Vec<_>>() {
                task.await.or_fault("this build is broken; report it")??;
            }
            collected += letters.len() as u64;
            if collected >= told + ROWS / 4 {
                told = collected;
                progress(&format!("{collected} of {records} licences collected"), begun);
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
    }
    if collected == records {
        Ok(records as f64 / begun.elapsed().as_secs_f64())
    } else {
        Err(Fault::new(format!("{collected} of {records} were collected"), "report it"))
    }
}

/// A page of one half of what a job prepared, application by application, and where to read on.
async fn page_of(
    desk: &Desk,
    job: &str,
    half: &str,
    after: Option<&str>,
) -> Done<(Vec<(String, String)>, Option<String>)> {
    let after = after.map(|after| format!("&after={after}")).unwrap_or_default();
    let url = format!("{}/api/jobs/{job}/prepared?what={half}s{after}", desk.url);
    let page = send(&desk.http, Method::GET, &url, Some(&desk.token), None)
        .await?
        .expect(200, "what is prepared")?;
    let rows = page.get("prepared").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let row =
        |row: &Value| Done::Ok((Answer::text(row, "/application")?, Answer::text(row, &format!("/{half}"))?));
    let next = page.get("next").and_then(Value::as_str).map(str::to_owned);
    Ok((rows.iter().map(row).collect::<Done<_>>()?, next))
}

/// Licences of companies that don't exist, each with a credit code and an identifier of its own.
fn csv(range: Range<u64>) -> Done<String> {
    const TYPE: &str = "11100000MB0143028R001";
    const AUTHORITY: &str = "11340100MB1HUE0MXJ";
    let broken = || Fault::new("a check character can't be made", "this build is broken; report it");
    let mut text = "name,creditCode,companyType,legalRepresentative,registeredCapital,established,address,businessScope,term,\
                    registrationAuthority,licenceIdentifier\n"
        .replace(' ', "");
    for n in range {
        let body = format!("91340100M{:08}", n % 100_000_000);
        let code = CreditCode::check_character(&body).ok_or_else(broken)?;
        let serial = format!("2026AH{n:08}");
        let check =
            LicenceIdentifier::check_character(&[TYPE, AUTHORITY, &serial, "001"]).ok_or_else(broken)?;
        text += &format!(
            "合肥示例{n}有限公司,{body}{code},有限责任公司,程知夏,{},2021-06-18,合肥市示例大道{n}号,软件开发,long-term,\
             合肥市市场监督管理局,1.2.156.3005.2.{TYPE}.{AUTHORITY}.{serial}.001.{check}\n",
            10_000_000 + n
        );
    }
    Ok(text)
}

/// Says on the other stream how far a long measurement is.
fn progress(what: &str, begun: Instant) {
    eprintln!(
        "{}",
        Paint::stderr().text(Ink::Faint, format!("{what}, after {} s", begun.elapsed().as_secs()))
    );
}

/// Memory that this process holds, where Linux says so.
fn rss_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kb: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kb / 1024.0)
}
