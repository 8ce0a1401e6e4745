//! Wallets with 10, with 1,000 and with 10,000 credentials, every one of them issued over HTTP: opening, a page of the list, matching a
//! request, presenting, and a QR code for a counter with no network. Then, where the repository is, calls through the bindings.
//!
//! The PIN's hash is slow on purpose and the same for any wallet; here it is the cheapest there is.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use credentials::catalogue::Catalogue;
use credentials::jws::{self, Header};
use credentials::key::{Algorithm, SoftwareKey};
use credentials::sd_jwt;
use protocol::Endpoint;
use protocol::offline::{Ask, Message, OFFLINE_TYPE};
use serde_json::{Value, json};
use service::secrets::SecretFolder;
use service::{clock, outbound};
use wallet_core::{Choice, Collected, Collector, FrameSize, Wallet, WalletConfig};

use super::Line;
use crate::demo;
use crate::device;
use crate::fault::{Done, Fault, OrFault};
use crate::stack::{Ports, Stack};
use crate::story::counter::Counter;
use crate::story::desk::Desk;
use crate::story::teller::must;

const PIN: &str = "246810";
const PURPOSE: &str = "company-service";
/// Cards of two credentials each: those that the request asks for, and all.
const LICENCES: usize = 5;
const CARDS: usize = 500;
const MANY: usize = 5000;
/// Each figure is the middle one of at least so many.
const LEAST: usize = 5;

/// Cards that one screen shows.
const PAGE: usize = 20;

/// How large the largest wallet is: ten thousand credentials are minutes of issuing, for whoever names this group or has the time.
pub(super) fn most_cards(named: bool) -> usize {
    if named || std::env::var_os("HUIZHENG_LONG").is_some() { MANY } else { CARDS }
}

/// `call/python_us`, `call/kotlin_us`, `call/swift_us` where there is Swift, `library/bytes`: printed by the bindings' own script, each
/// beside its floor, a call of the C library by the same means.
pub(super) fn through_bindings(bindings: Option<&Path>) -> Done {
    let Some(bindings) = bindings else {
        eprintln!(
            "call/python_us, call/kotlin_us and library/bytes: --bindings, with the repository's mobile-bindings"
        );
        return Ok(());
    };
    let todo = "name the repository's mobile-bindings; mobile-bindings/README.md says what it needs";
    let status = Command::new(bindings.join("bench")).env_remove("HUIZHENG").status().or_fault(todo)?;
    if status.success() { Ok(()) } else { Err(Fault::new("the bindings could not be measured", todo)) }
}

/// `open/…_ms`, `page/…_ms`, `match/…_ms` for each size, `present_ms`, `offline_qr/bytes`, `offline_qr/frames`. Their floors:
/// the vault's files read; a page's credentials parsed; the same request to the same wallet when it had only the ten
/// cards that answer; one request to the verifier; the chain's evidence in the code, which nothing makes shorter.
pub(super) async fn run(folder: &Path, budget: Duration, most: usize) -> Done {
    let data = folder.join("wallet-stack");
    let stack = demo::start(&data, Ports::Any, None).await?;
    let measured = measure(&stack, &data, folder.join("wallet"), budget, most).await;
    stack.shutdown().await;
    measured
}

async fn measure(stack: &Stack, data: &Path, folder: PathBuf, budget: Duration, most: usize) -> Done {
    let place = Place { folder, config: config(stack)? };
    let wallet = Wallet::create(place.vault(), PIN, place.ports()?, place.config.clone());
    let mut wallet = wallet.await.or_fault("is there room and time on this machine?")?;
    let texts = texts(stack).await?;
    let mut few = None;
    let (market, police) = (("market-supervision", "business-licence"), ("public-security", "digital-id"));
    let mut sizes = vec![(LICENCES, market, LICENCES), (CARDS, police, CARDS - LICENCES)];
    if most > CARDS {
        sizes.push((most, police, most - CARDS));
    }
    for (cards, (issuer, kind), count) in sizes {
        let credentials = 2 * cards;
        fill(stack, &wallet, issuer, kind, count).await?;
        let many = matching(stack, &wallet, budget).await?;
        let shown = PAGE.min(cards);
        let page = middle(budget, async || {
            let cards = wallet.cards_page(None, PAGE).or_fault("")?;
            must!(cards.len() == shown, "a page should have {shown} cards, and has {}", cards.len());
            Ok(())
        });
        let page = page.await?;
        let parse = middle(budget, async || parsed(texts.get(..shown).unwrap_or_default())).await?;
        drop(wallet);
        let read = middle(budget, async || read_all(&place.vault())).await?;
        let open = middle(budget, async || {
            let wallet = Wallet::open(place.vault(), PIN, place.ports()?, place.config.clone()).await;
            wallet.map(drop).or_fault("")
        });
        Line::new(format!("open/{credentials}_ms"), open.await?, "ms", read).print()?;
        Line::new(format!("page/{credentials}_ms"), page, "ms", parse).print()?;
        let least = *few.get_or_insert(many);
        Line::new(format!("match/{credentials}_ms"), many, "ms", least).print()?;
        wallet = Wallet::open(place.vault(), PIN, place.ports()?, place.config.clone()).await.or_fault("")?;
        if cards == CARDS {
            presenting(stack, &wallet, budget).await?.print()?;
            offline(stack, data, &wallet).await?;
        }
    }
    Ok(())
}

/// Signing and sending what was agreed to, and the verifier's decision: from the yes to its answer.
async fn presenting(stack: &Stack, wallet: &Wallet, budget: Duration) -> Done<Line> {
    let urls = stack.urls();
    let http = outbound::client(Duration::from_secs(20));
    let counter = Counter { http, url: urls.verifier.url.clone(), token: urls.staff_token.clone() };
    let health = format!("{}/health/live", counter.url);
    let floor =
        middle(budget, async || counter.http.get(&health).send().await.map(drop).or_fault("")).await?;
    let (start, mut times) = (Instant::now(), Vec::new());
    while times.len() < LEAST || start.elapsed() < budget {
        let asked = counter.ask(PURPOSE, None).await?;
        let consent = wallet.review_request(&asked.link).await.or_fault("")?;
        let begun = Instant::now();
        wallet.present(&consent.id, &Choice::first()).await.or_fault("")?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    let present = times.get(times.len() / 2).copied().unwrap_or_default();
    Ok(Line::new("present_ms", present, "ms", floor))
}

/// Three claims of a licence for a counter with no network.
async fn offline(stack: &Stack, data: &Path, wallet: &Wallet) -> Done {
    let broken = "this build is broken; report it";
    let keys = SecretFolder::open(&data.join("verifier/keys/counter")).or_fault(broken)?;
    let key = keys.secret("signing-p256.key").or_fault(broken)?;
    let key = SoftwareKey::from_secret_bytes(Algorithm::Es256, key.as_slice()).or_fault(broken)?;
    let verifier = &stack.urls().verifier;
    let now = clock::now().seconds();
    let claims = json!({
        "client_id": verifier.client_id, "purpose": PURPOSE, "nonce": "0123456789abcdef",
        "dcql_query": { "credentials": [{
            "id": "licence", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:huizheng:business-licence:1"] },
            "claims": [{ "path": ["name"] }, { "path": ["creditCode"] }, { "path": ["legalRepresentative"] }],
        }]},
        "iat": now, "exp": now + 300,
    });
    let header = Header::typed(OFFLINE_TYPE).with_kid(&format!("{}#key-2", verifier.did));
    let request = jws::sign(&header, &claims, &key).or_fault(broken)?;
    let message = Message::Ask(Ask { request, staples: Vec::new() }).to_bytes();
    let consent = wallet.review_offline(&message).await.or_fault(broken)?;
    let code = wallet.present_offline(&consent.id, &Choice::first(), FrameSize::CAMERA_720P).await;
    let code = code.or_fault(broken)?;
    let mut collector = Collector::default();
    let mut evidence = 0;
    for frame in &code.frames {
        if let Collected::Whole(bytes) = collector.add(frame).or_fault(broken)?
            && let Message::Answer(answer) = Message::from_bytes(&bytes).or_fault(broken)?
        {
            evidence = answer.staples.iter().map(Vec::len).sum();
        }
    }
    must!(evidence > 0, "the code should carry evidence");
    let (bytes, frames) = (code.bytes as f64, code.frames.len() as f64);
    Line::new("offline_qr/bytes", bytes, "bytes", evidence as f64).print()?;
    Line::new("offline_qr/frames", frames, "frames", 1.0).print()
}

struct Place {
    folder: PathBuf,
    config: WalletConfig,
}

impl Place {
    fn vault(&self) -> PathBuf {
        self.folder.join(device::VAULT)
    }

    fn ports(&self) -> Done<wallet_core::ports::Ports> {
        device::ports(&self.folder).or_fault("name another folder with --data")
    }
}

fn config(stack: &Stack) -> Done<WalletConfig> {
    let chain = &stack.urls().chain;
    let node = Endpoint::parse(&chain.url).or_fault("this build is broken; report it")?;
    Ok(WalletConfig::new(chain.anchor.clone(), node).with_insecurely_cheap_pin())
}

/// So many cards of a type, applied for, approved and received like any other.
async fn fill(stack: &Stack, wallet: &Wallet, issuer: &str, kind: &str, count: usize) -> Done {
    let desk = desk(stack, issuer)?;
    let claims = example(kind)?;
    for _ in 0..count {
        let application = desk.apply(kind, &claims).await?;
        desk.approve(&application).await?;
        let letter = desk.offer(&application, false).await?;
        let offer = wallet.preview_offer(&letter.link).await.or_fault("")?;
        let received = wallet.receive(&offer, Some(&letter.tx_code)).await.or_fault("")?;
        must!(received.failed.is_empty(), "{kind} should come in both formats");
    }
    Ok(())
}

fn desk(stack: &Stack, issuer: &str) -> Done<Desk> {
    let urls = stack.urls();
    let known = urls.issuers.get(issuer).ok_or_else(|| Fault::new(format!("{issuer} is missing"), ""))?;
    Ok(Desk::new(&outbound::client(Duration::from_secs(20)), known, urls))
}

fn example(kind: &str) -> Done<Value> {
    let catalogue = Catalogue::bundled().or_fault("this build is broken; report it")?;
    let kind = catalogue.by_id(kind).ok_or_else(|| Fault::new("the catalogue lacks a type", ""))?;
    Ok(kind.example())
}

/// Fetching a request, checking it and who asks, and finding what answers.
async fn matching(stack: &Stack, wallet: &Wallet, budget: Duration) -> Done<f64> {
    let urls = stack.urls();
    let http = outbound::client(Duration::from_secs(20));
    let counter = Counter { http, url: urls.verifier.url.clone(), token: urls.staff_token.clone() };
    let asked = counter.ask(PURPOSE, None).await?;
    middle(budget, async || {
        let consent = wallet.review_request(&asked.link).await.or_fault("")?;
        let options: usize = consent.questions.iter().map(|question| question.options.len()).sum();
        must!(options >= LICENCES, "{LICENCES} cards should answer, and {options} do");
        Ok(())
    })
    .await
}

/// As many credential texts as the wallet has.
async fn texts(stack: &Stack) -> Done<Vec<String>> {
    let desk = desk(stack, "market-supervision")?;
    let holder =
        credentials::key::SoftwareKey::generate(credentials::key::Algorithm::Es256, &mut rand_core::OsRng);
    let one = super::issuance::one(&desk, &holder).await?;
    Ok(vec![one; 2 * CARDS])
}

fn parsed(texts: &[String]) -> Done {
    for text in texts {
        let token = sd_jwt::Unverified::parse(text).or_fault("")?;
        must!(token.vct().is_some(), "it should have a type");
    }
    Ok(())
}

fn read_all(folder: &Path) -> Done {
    for entry in std::fs::read_dir(folder).or_fault("")? {
        let path = entry.or_fault("")?.path();
        if path.is_dir() {
            read_all(&path)?;
        } else {
            std::fs::read(&path).or_fault("")?;
        }
    }
    Ok(())
}

/// The middle of the times that something takes, in milliseconds.
async fn middle(budget: Duration, one: impl AsyncFn() -> Done) -> Done<f64> {
    let (start, mut times) = (Instant::now(), Vec::new());
    while times.len() < LEAST || start.elapsed() < budget {
        let begun = Instant::now();
        one().await?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().ok_or_else(|| Fault::new("nothing was measured", ""))
}
