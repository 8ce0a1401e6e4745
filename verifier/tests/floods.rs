//! Floods: memory stays within bounds, and others are served. By itself, because it measures the whole process.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unused_imports,
    reason = "what a test builds on must hold; the helpers serve other tests too"
)]

#[path = "verifier/stack/mod.rs"]
mod stack;

use std::time::Duration;

use credentials::key::{Algorithm, SoftwareKey};
use registry::Status;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use verifier::{Policy, Verifier};

use crate::stack::{Card, Counter, Issuer, Lies, Network, Phone, Statuses, TOKEN};

/// How much more memory a flood may leave in use, in MiB: far less than what is sent.
const ROOM: usize = 160;

fn resident_mib() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = text.split_whitespace().nth(1).unwrap().parse().unwrap();
    (pages * 4096) >> 20
}

/// How much more memory a full batch may take while it is verified, in MiB: what came in some copies, and what is found of it.
const BATCH_ROOM: usize = 320;
/// So many credentials are in it.
const BATCH: usize = 10_000;

/// Begins to measure the most memory in use anew.
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

fn peak_mib() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() >> 10
}

/// A counter, and somebody who wants to be served while others flood it.
struct Scene {
    counter: Counter,
    phone: Phone,
    card: Card,
    market: Issuer,
    network: Network,
}

impl Scene {
    async fn start() -> Self {
        let network = Network::start().await;
        let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
        let policy =
            Policy { asked_per_minute: u32::MAX, answered_per_minute: u32::MAX, ..Policy::default() };
        let config = Counter::config(&network, &network.dir.path().join("flooded"), policy);
        let counter = Counter::of(Verifier::bind(config).await.unwrap());
        let phone = Phone::new();
        let card = market.licence(&phone, 3, 1);
        Self { counter, phone, card, market, network }
    }

    async fn serves(&self, during: &str) {
        let asked = self.counter.ask("open-account").await;
        let reply = self.phone.answer(&asked.request_uri, &self.card, Lies::default()).await;
        assert_eq!(reply.status, 200, "{during}: {}", reply.body);
        assert_eq!(self.counter.read(&asked.id).await["decision"], "accepted", "{during}");
    }

    fn bounded(&self, before: usize, during: &str) {
        let now = resident_mib();
        println!("{during}: {before} MiB before, {now} MiB after");
        assert!(now <= before + ROOM, "{during}: {before} MiB before, {now} MiB after");
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.counter.running.address()).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_counter_bears_what_is_sent() {
    let scene = Scene::start().await;
    scene.serves("before").await;
    open_requests(&scene).await;
    slow_clients(&scene).await;
    huge_answers(&scene).await;
    full_batch(&scene).await;
    scene.serves("after").await;
    scene.counter.running.shutdown().await;
}

/// Ten thousand requests that nobody answers.
async fn open_requests(scene: &Scene) {
    let before = resident_mib();
    let wish = json!({ "purpose": "open-account" }).to_string();
    let url = scene.counter.url("/api/requests");
    let askers = (0..50).map(|_| {
        let (http, url, wish) = (scene.counter.http.clone(), url.clone(), wish.clone());
        tokio::spawn(async move {
            for _ in 0..200 {
                let request = http.post(&url).bearer_auth(TOKEN).header("content-type", "application/json");
                assert_eq!(request.body(wish.clone()).send().await.unwrap().status(), 201);
            }
        })
    });
    let askers: Vec<_> = askers.collect();
    scene.serves("while ten thousand are asked").await;
    for asker in askers {
        asker.await.unwrap();
    }
    scene.serves("with ten thousand open").await;
    scene.bounded(before, "10,000 open requests");
}

/// A thousand clients that send a head, or a part of an answer, and then nothing.
async fn slow_clients(scene: &Scene) {
    let before = resident_mib();
    let asked = scene.counter.ask("open-account").await;
    let mut slow = Vec::new();
    for number in 0..1_000 {
        let mut stream = scene.connect().await;
        let begun = match number % 3 {
            0 => "POST /requests/".to_owned(),
            1 => format!("GET /requests/{}/object HTTP/1.1\r\nhost: counter\r\n", asked.id),
            _ => format!(
                "POST /requests/{}/response HTTP/1.1\r\nhost: counter\r\nconnection: close\r\n\
                 content-type: application/x-www-form-urlencoded\r\ncontent-length: 900000\r\n\r\nvp_token=",
                asked.id
            ),
        };
        stream.write_all(begun.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    scene.serves("with a thousand slow clients").await;
    scene.bounded(before, "1,000 slow clients");
    // Each is given up on by the counter itself, and told so where it can be.
    let ends = slow.into_iter().enumerate().map(|(number, mut stream)| async move {
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut answer)).await;
        // A connection that is cut off after the answer is no fault.
        drop(read.unwrap_or_else(|_| panic!("slow client {number} is still waited for")));
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(number % 3 != 2 || answer.starts_with("HTTP/1.1 408 "), "{number}: {answer}");
    });
    futures_util::future::join_all(ends).await;
    assert_eq!(scene.counter.read(&asked.id).await["state"], "open", "none of them answered it");
}

/// Answers of twelve mebibytes, with and without saying so before.
async fn huge_answers(scene: &Scene) {
    let before = resident_mib();
    let asked = scene.counter.ask("open-account").await;
    let senders = (0..40).map(|number| {
        let id = asked.id.clone();
        async move {
            let mut stream = scene.connect().await;
            let announced = number % 2 == 0;
            let length = if announced { "content-length: 12582912" } else { "transfer-encoding: chunked" };
            let head = format!(
                "POST /requests/{id}/response HTTP/1.1\r\nhost: counter\r\nconnection: close\r\n\
                 content-type: application/x-www-form-urlencoded\r\n{length}\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            let piece = vec![b'x'; 64 << 10];
            for _ in 0..192 {
                // The counter may have answered and gone.
                let sent = async {
                    if !announced {
                        stream.write_all(b"10000\r\n").await?;
                    }
                    stream.write_all(&piece).await?;
                    if announced { Ok(()) } else { stream.write_all(b"\r\n").await }
                };
                if sent.await.is_err() {
                    break;
                }
            }
            let mut answer = [0; 12];
            // Of a connection that was cut off while one still sends, the answer may be lost.
            match stream.read_exact(&mut answer).await {
                Ok(_) => assert_eq!(&answer, b"HTTP/1.1 413", "{number}"),
                Err(error) => assert!(!announced, "whoever says so before is told: {error}"),
            }
        }
    });
    let flood = futures_util::future::join_all(senders);
    tokio::join!(flood, scene.serves("while huge answers come"));
    scene.bounded(before, "40 answers of 12 MiB");
    assert_eq!(scene.counter.read(&asked.id).await["state"], "open");
}

/// What is sent at one place of the batch, and what must be found of it: the decision, and the only check that does not pass.
struct Expected {
    credential: Value,
    decision: &'static str,
    not_passed: Value,
}

/// Ten kinds in turn: six good ones, one revoked, one that another key signed, one without a status, one that can't even be read.
fn expected(scene: &Scene) -> Vec<Expected> {
    const REVOKED: u32 = 100;
    let (market, phone) = (&scene.market, &scene.phone);
    let text = |card: Card| match card {
        Card::SdJwt(text) => json!(text),
        Card::Whole(credential) => credential,
        Card::Mdoc(_) => panic!("a licence"),
    };
    let good = (0..5).map(|at| text(market.licence(phone, 40 + at, 10 + at as u32)));
    let whole = text(market.licence_whole(phone, 45, 15));
    let fine = |credential| Expected { credential, decision: "accepted", not_passed: json!([]) };
    let mut all: Vec<Expected> = good.chain([whole]).map(fine).collect();
    let mut flawed = |credential, decision, check: [&str; 2]| {
        all.push(Expected { credential, decision, not_passed: json!([check]) });
    };
    flawed(text(market.licence(phone, 46, REVOKED)), "refused", ["status", "revoked"]);
    let stranger = SoftwareKey::generate(Algorithm::Es256, &mut testkit::rng(77));
    let forged = market.issue(market.draft(47, 17), &stranger, phone);
    flawed(text(forged), "refused", ["issuer_signature", "signature_wrong"]);
    let mut silent = market.draft(48, 18);
    silent.status = Statuses::None;
    flawed(text(market.issue(silent, &market.es256, phone)), "cannot_tell", ["status", "no_status"]);
    flawed(json!("no credential"), "refused", ["readable", "unreadable"]);
    all
}

/// Ten thousand credentials at once: a verdict on each, in order, within bounds of memory, while another is served.
async fn full_batch(scene: &Scene) {
    scene.market.set(&scene.network, 100, Status::Revoked).await;
    let kinds = expected(scene);
    let line = |number: usize| {
        let credential = &kinds[number % kinds.len()].credential;
        json!({ "id": number.to_string(), "credential": credential }).to_string() + "\n"
    };
    let http = service::outbound::client(Duration::from_secs(120));
    let send = async |lines: String| {
        let request = http.post(scene.counter.url("/api/verify/batch")).bearer_auth(TOKEN);
        request.header("content-type", "application/x-ndjson").body(lines).send().await.unwrap()
    };
    let lines: String = (0..BATCH).map(line).collect();
    let sent = lines.len() >> 20;
    let before = resident_mib();
    forget_peak();
    let (answer, ()) = tokio::join!(send(lines), scene.serves("while a batch is verified"));
    assert_eq!(answer.status(), 200);
    let told = answer.text().await.unwrap();
    let peak = peak_mib();
    println!("a batch of {BATCH}, {sent} MiB: {before} MiB before, {peak} MiB at most");
    assert!(peak <= before + BATCH_ROOM, "{before} MiB before, {peak} MiB at most");
    assert_eq!(told.lines().count(), BATCH);
    for (number, told) in told.lines().enumerate() {
        let (told, meant): (Value, _) = (serde_json::from_str(told).unwrap(), &kinds[number % kinds.len()]);
        assert_eq!(told["id"], number.to_string());
        assert_eq!(
            (&told["decision"], &told["not_passed"]),
            (&json!(meant.decision), &meant.not_passed),
            "{told}"
        );
    }
    // One more is too many, whatever they are.
    let many =
        send((0..=BATCH).map(|number| format!("{{\"id\":\"{number}\",\"credential\":\"x\"}}\n")).collect())
            .await;
    assert_eq!(many.status(), 422);
}
