//! The verifier: presentations over HTTP by one and by many, batches, decisions from what a phone brings along.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use credentials::catalogue::Catalogue;
use credentials::key::{Algorithm, Signer as _, SoftwareKey};
use credentials::{ClaimPath, UnixSeconds, sd_jwt};
use protocol::dcql::{DcqlQuery, QueryId};
use protocol::offline::{Answer as Shown, Binding, Message};
use protocol::openid4vp::Presentation;
use rand_core::OsRng;
use registry::{EvidenceBundle, LightClient, RecordKey, Slug, StatusListId};
use serde_json::json;
use service::{clock, outbound};
use verifier::Verdict;
use verifier::offline::{Question, Register, judge};

use super::presentation::{PRESENTATION_TRIPS, Phone};
use super::wallets::{BareTrips, Wallets, Worked};
use super::{Line, issuance, library};
use crate::demo;
use crate::fault::{Done, Fault, OrFault};
use crate::stack::{Ports, Stack};
use crate::story::desk::Desk;
use crate::story::teller::must;

/// How many present at the same time, in the second measurement.
const MANY: usize = 64;
/// Files of a batch.
const FILES: usize = 10_000;
/// Decisions made from staples.
const OFFLINE: u32 = 500;
/// Signature checks of which one's time is told.
const CHECKS: u32 = 2_000;
const BROKEN: &str = "this build is broken; report it";

/// Runs the group.
pub(super) async fn run(folder: &Path, budget: Duration) -> Done {
    let wallets = Wallets::start()?;
    let bare = wallets.bare_trips(budget).await?;
    let stack = demo::start(&folder.join("verifier"), Ports::Any, None).await?;
    let done = measure(&stack, &wallets, budget, &bare).await;
    stack.shutdown().await;
    done
}

async fn measure(stack: &Stack, wallets: &Wallets, budget: Duration, bare: &BareTrips) -> Done {
    let http = outbound::client(Duration::from_secs(60));
    let phone = Arc::new(Phone::with_licence(stack, &http).await?);
    for together in [1, MANY] {
        let Worked { done: Timed { per_s, took }, taken } =
            wallets.run(present(phone.clone(), together, budget)).await?;
        let name = |what: &str| if together == MANY { what.to_owned() } else { format!("{what}_one_client") };
        let floor_ms = 1000.0 / bare.per_s * super::pace::TOGETHER.min(together) as f64;
        Line::new(name("presentation/http_per_s"), per_s, "1/s", bare.per_s / PRESENTATION_TRIPS).print()?;
        for (what, percent) in [("decision/p50_ms", 50), ("decision/p99_ms", 99)] {
            Line::new(name(what), at(&took, percent), "ms", floor_ms).print()?;
        }
        if let (MANY, Some(taken)) = (together, taken) {
            processors(&phone, taken.each_us(took.len() as f64), bare)?;
        }
    }
    at_half(&phone, wallets, budget, bare.per_s).await?;
    library::run(stack, &phone, budget).await?;
    batch(stack, &http).await?;
    offline(stack, &phone).await?;
    super::qr::measure(stack, &http, &phone).await
}

/// `presentation/service_cpu_us`: what one presentation takes of the processors on the service's side, whatever the wallets beside it
/// take; so many seconds of processors, divided by it, are what a machine does whose clients are elsewhere. Floor: three requests
/// that ask for nothing, and the two signatures of what is shown checked. `presentation/wallets_cpu_us`: the wallets' part; floor:
/// the same requests.
fn processors(phone: &Phone, (wallets_us, service_us): (f64, f64), bare: &BareTrips) -> Done {
    let Some((bare_wallets_us, bare_service_us)) = bare.each_us else { return Ok(()) };
    let signatures_us = signature_check(&phone.holder)?.as_secs_f64() * 2.0 * 1_000_000.0;
    let floor = bare_service_us * PRESENTATION_TRIPS + signatures_us;
    Line::new("presentation/service_cpu_us", service_us, "us", floor).print()?;
    let floor = bare_wallets_us * PRESENTATION_TRIPS;
    Line::new("presentation/wallets_cpu_us", wallets_us, "us", floor).print()
}

/// How long one check of a signature by this key takes.
fn signature_check(key: &SoftwareKey) -> Done<Duration> {
    let signature = key.sign(b"a message").or_fault(BROKEN)?;
    let start = Instant::now();
    for _ in 0..CHECKS {
        key.public_key().verify(b"a message", &signature).or_fault(BROKEN)?;
    }
    Ok(start.elapsed() / CHECKS)
}

/// The time at this percentile of sorted ones, in milliseconds.
fn at(took: &[Duration], percent: usize) -> f64 {
    let place = (took.len() * percent / 100).min(took.len().saturating_sub(1));
    took.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

/// Presentations a second, and how long each answer took, the shortest first.
struct Timed {
    per_s: f64,
    took: Vec<Duration>,
}

/// Presentations by so many together; each answer's time is from being posted to being decided and on the disk.
async fn present(phone: Arc<Phone>, together: usize, budget: Duration) -> Done<Timed> {
    let start = Instant::now();
    let tasks = (0..together).map(|_| {
        let phone = phone.clone();
        tokio::spawn(async move {
            let mut took = Vec::new();
            while start.elapsed() < budget {
                took.push(phone.show(took.len() == 1).await?);
            }
            Done::Ok(took)
        })
    });
    let mut took = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        took.extend(task.await.or_fault(BROKEN)??);
    }
    let per_s = took.len() as f64 / start.elapsed().as_secs_f64();
    took.sort();
    Ok(Timed { per_s, took })
}

/// How many a second are offered where it is looked at half of what is aimed at: 2,000 a second.
const HALF: u32 = 1_000;

/// `decision/p99_ms_at_half`: how long answers take when so many come a second, whether those before are decided or not. Where the
/// machine takes fewer, they queue, and the figure says so.
async fn at_half(phone: &Arc<Phone>, wallets: &Wallets, budget: Duration, trips: f64) -> Done {
    let Timed { per_s: offered, took } = wallets.run(offer(phone.clone(), budget)).await?.done;
    let floor_ms = 1000.0 / trips;
    Line::new("decision/offered_per_s_at_half", offered, "1/s", f64::from(HALF)).print()?;
    for (name, percent) in [("decision/p50_ms_at_half", 50), ("decision/p99_ms_at_half", 99)] {
        Line::new(name, at(&took, percent), "ms", floor_ms).print()?;
    }
    Ok(())
}

/// Presentations that come by the clock.
async fn offer(phone: Arc<Phone>, budget: Duration) -> Done<Timed> {
    let mut tasks = Vec::new();
    let mut clock = tokio::time::interval(Duration::from_secs(1) / HALF);
    let start = Instant::now();
    while start.elapsed() < budget {
        clock.tick().await;
        let phone = phone.clone();
        tasks.push(tokio::spawn(async move { phone.show(false).await }));
    }
    let per_s = tasks.len() as f64 / start.elapsed().as_secs_f64();
    let mut took = Vec::new();
    for task in tasks {
        took.push(task.await.or_fault(BROKEN)??);
    }
    took.sort();
    Ok(Timed { per_s, took })
}

/// `batch/per_s`: W3C credentials by EdDSA, on every processor. Floor: their signatures alone, on as many.
async fn batch(stack: &Stack, http: &reqwest::Client) -> Done {
    let issuer = stack.urls().issuers.get("market-supervision");
    let issuer = issuer.ok_or_else(|| Fault::new("the licensing issuer is missing", ""))?;
    let desk = Desk::new(http, issuer, stack.urls());
    let holder = SoftwareKey::generate(Algorithm::EdDsa, &mut OsRng);
    let letter = issuance::offers(&desk, 1).await?.pop();
    let letter = letter.ok_or_else(|| Fault::new("there is no offer", ""))?;
    let credential = issuance::collect_as(&desk, &holder, &letter, "business-licence-vc").await?;
    let files = vec![credential.to_string().into_bytes(); FILES];
    let catalogue = Catalogue::bundled().or_fault(BROKEN)?;
    let start = Instant::now();
    let verified = verifier::batch::verify(&files, catalogue, stack.client()).await;
    let per_s = FILES as f64 / start.elapsed().as_secs_f64();
    let refused = verified.iter().find(|one| one.decision != Verdict::Accepted);
    must!(refused.is_none(), "every file should be accepted: {refused:?}");
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let floor = processors as f64 / signature_check(&holder)?.as_secs_f64();
    Line::new("batch/per_s", per_s, "1/s", floor).print()
}

/// `offline/decision_ms`: a licence with two claims and its staples, from the bytes in the codes to the decision. Floor: its
/// signatures alone, the issuer's and the holder's by ES256, the validators' aside.
async fn offline(stack: &Stack, phone: &Phone) -> Done {
    let (client, nonce) = ("decentralized_identifier:did:hui:anhui:zCounter", "a-challenge-of-this-counter");
    let read = sd_jwt::Unverified::parse(&phone.credential).or_fault(BROKEN)?;
    let entry = read.status().and_then(|status| status.registry.clone());
    let entry = entry.ok_or_else(|| Fault::new("the licence has no status", BROKEN))?;
    let list: StatusListId = entry.list.parse().or_fault(BROKEN)?;
    let keys = [
        RecordKey::Did(list.owner.clone()),
        RecordKey::Trust(list.owner.clone(), Slug::new("business-licence").or_fault(BROKEN)?),
        RecordKey::StatusList(list.clone()),
        RecordKey::chunk_of(&list, entry.index),
    ];
    let facts = stack.client().facts(&keys).await.or_fault("the node should answer")?;
    let evidence: Vec<_> = facts.into_iter().map(|fact| fact.evidence).collect();
    let staple = EvidenceBundle::of(&evidence)
        .ok_or_else(|| Fault::new("the evidence is of several blocks", "run it again"))?;
    let selection = read.select(&["name", "creditCode"].map(ClaimPath::top)).or_fault(BROKEN)?;
    let at = UnixSeconds(clock::now().seconds());
    let shown = selection.bind(client, nonce, at).or_fault(BROKEN)?.sign(&phone.holder).or_fault(BROKEN)?;
    let query = json!({ "credentials": [{
        "id": "licence", "format": "dc+sd-jwt",
        "meta": { "vct_values": [read.vct()] },
        "claims": [{ "path": ["name"] }, { "path": ["creditCode"] }],
    }]});
    let query = DcqlQuery::parse(query.to_string().as_bytes()).or_fault(BROKEN)?;
    let answer = Message::Answer(Shown {
        nonce: nonce.to_owned(),
        presentations: vec![(QueryId::new("licence").or_fault(BROKEN)?, Presentation::Text(shown))],
        staples: vec![staple.to_bytes()],
    });
    let bytes = answer.to_bytes();
    let register = Register::from(LightClient::new(stack.client().anchor().clone()));
    let catalogue = Catalogue::bundled().or_fault(BROKEN)?;
    let binding = Binding::Challenge(nonce.to_owned());
    let start = Instant::now();
    for _ in 0..OFFLINE {
        let Message::Answer(answer) = Message::from_bytes(&bytes).or_fault(BROKEN)? else {
            return Err(Fault::new("an answer is no answer", BROKEN));
        };
        let question = Question {
            query: &query,
            client_id: client,
            binding: &binding,
            policy: None,
            max_age: Duration::from_secs(3600),
            now: clock::now(),
        };
        let decision = judge(&answer, question, catalogue, &register).or_fault(BROKEN)?;
        must!(decision.decision == Verdict::Accepted, "it should be accepted: {}", decision.reason.en);
    }
    let each = start.elapsed().as_secs_f64() * 1000.0 / f64::from(OFFLINE);
    let floor = signature_check(&phone.holder)?.as_secs_f64() * 2.0 * 1000.0;
    Line::new("offline/decision_ms", each, "ms", floor).print()
}
