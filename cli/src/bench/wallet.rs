//! A wallet with 1,000 credentials, every one of them issued to it over HTTP: opening, listing, matching a request.
//!
//! The PIN's hash is slow on purpose and the same for any wallet; here it is the cheapest there is.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use credentials::catalogue::Catalogue;
use credentials::sd_jwt;
use protocol::Endpoint;
use serde_json::Value;
use service::outbound;
use wallet_core::{Wallet, WalletConfig};

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
const LICENCES: usize = 10;
const CARDS: usize = 500;
/// Each figure is the middle one of at least so many.
const LEAST: usize = 5;

/// `wallet/open_1000_ms`, `wallet/list_1000_ms`, `wallet/match_1000_ms`. Their floors: the vault's files read; every
/// credential's text parsed; the same request to the same wallet when it had only the ten cards that answer.
pub(super) async fn run(folder: &Path, budget: Duration) -> Done {
    let stack = demo::start(&folder.join("wallet-stack"), Ports::Any, None).await?;
    let measured = measure(&stack, folder.join("wallet"), budget).await;
    stack.shutdown().await;
    for line in measured? {
        line.print()?;
    }
    Ok(())
}

async fn measure(stack: &Stack, folder: PathBuf, budget: Duration) -> Done<Vec<Line>> {
    let place = Place { folder, config: config(stack)? };
    let wallet = Wallet::create(place.vault(), PIN, place.ports()?, place.config.clone());
    let wallet = wallet.await.or_fault("is there room and time on this machine?")?;
    fill(stack, &wallet, "market-supervision", "business-licence", LICENCES).await?;
    let few = matching(stack, &wallet, budget).await?;
    fill(stack, &wallet, "public-security", "digital-id", CARDS - LICENCES).await?;
    let many = matching(stack, &wallet, budget).await?;

    let list = middle(budget, async || {
        let cards = wallet.cards().or_fault("")?;
        must!(cards.len() == CARDS, "the wallet should have {CARDS} cards, and has {}", cards.len());
        Ok(())
    });
    let list = list.await?;
    let texts = texts(stack).await?;
    let parse = middle(budget, async || parsed(&texts)).await?;
    drop(wallet);

    let read = middle(budget, async || read_all(&place.vault())).await?;
    let open = middle(budget, async || {
        let wallet = Wallet::open(place.vault(), PIN, place.ports()?, place.config.clone()).await;
        wallet.map(drop).or_fault("")
    });
    Ok(vec![
        Line::new("wallet/open_1000_ms", open.await?, "ms", read),
        Line::new("wallet/list_1000_ms", list, "ms", parse),
        Line::new("wallet/match_1000_ms", many, "ms", few),
    ])
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
