//! QR codes: how much they carry, and how soon a page shows what they come to.

use std::time::{Duration, Instant};

use credentials::catalogue::Catalogue;
use credentials::key::{Algorithm, SoftwareKey};
use credentials::{ClaimPath, UnixSeconds, jws, sd_jwt};
use protocol::dcql::QueryId;
use protocol::offline::{Answer, FrameSize, Message, frames};
use protocol::openid4vp::Presentation;
use rand_core::{OsRng, RngCore as _};
use registry::{EvidenceBundle, Record, RecordKey, Slug, StatusChunk, StatusListId};
use reqwest::Client;
use serde_json::Value;
use service::clock;

use super::presentation::{PURPOSE, Phone, QUERY};
use super::{Line, issuance};
use crate::fault::{Done, Fault, OrFault};
use crate::stack::Stack;
use crate::story::desk::Desk;
use crate::story::teller::must;
use crate::verify::codes;

/// Who asks, and the challenge, as long as a counter's.
const CLIENT: &str = "decentralized_identifier:did:hui:anhui:zCounterOfTheHefeiGovernmentServiceCentre";
const NONCE: &str = "a-challenge-of-32-characters-now";
/// Of the entries of a part of a status list that is in use, one in so many is revoked.
const REVOKED_ONE_IN: usize = 100;
/// How often the page is measured.
const SHOWN: usize = 50;
const BROKEN: &str = "this build is broken; report it";

/// A card, and which claims of it are shown.
type Part<'p> = (&'p str, &'p str, &'p [&'p str]);

pub(super) async fn measure(stack: &Stack, http: &Client, phone: &Phone) -> Done {
    let id: &[Part<'_>] = &[("public-security", "digital-id", &["name", "idNumber", "ageOver18"])];
    size(stack, http, "id3", id).await?;
    let acting: &[Part<'_>] = &[
        ("market-supervision", "business-licence", &["name", "creditCode", "legalRepresentative"]),
        ("market-supervision", "mandate", &["principal", "matters"]),
    ];
    size(stack, http, "licence_mandate", acting).await?;
    page(stack, http, phone).await
}

/// `qr/…/bytes` and `qr/…/frames`, at the size that a 720p camera reads: with evidence from a chain of 100,000 records that four
/// validators run, where one in a hundred credentials is revoked; `qr/…_new_chain/…`: from the chain at hand, with one validator, few
/// records, and nothing revoked. Floor: the presentations alone, without the evidence that lets them be checked with no network; one frame.
async fn size(stack: &Stack, http: &Client, name: &str, parts: &[Part<'_>]) -> Done {
    let holder = SoftwareKey::generate(Algorithm::Es256, &mut OsRng);
    let (mut presentations, mut held) = (Vec::new(), Vec::new());
    for (issuer, kind, claims) in parts {
        let credential = issued(stack, http, issuer, kind, &holder).await?;
        let paths: Vec<ClaimPath> = claims.iter().map(|name| ClaimPath::top(name)).collect();
        let selection = sd_jwt::Unverified::parse(&credential).or_fault(BROKEN)?;
        let selection = selection.select(&paths).or_fault(BROKEN)?;
        let at = UnixSeconds(clock::now().seconds());
        let shown = selection.bind(CLIENT, NONCE, at).or_fault(BROKEN)?.sign(&holder).or_fault(BROKEN)?;
        let query = QueryId::new(&format!("{kind}-sd-jwt")).or_fault(BROKEN)?;
        presentations.push((query, Presentation::Text(shown)));
        held.push((credential, *kind));
    }
    let held: Vec<(&str, &str)> = held.iter().map(|(text, kind)| (text.as_str(), *kind)).collect();
    let bare = Answer { nonce: NONCE.to_owned(), presentations, staples: Vec::new() };
    let floor = Message::Answer(bare.clone()).to_bytes().len();
    let new_chain = format!("{name}_new_chain");
    for (name, staple) in
        [(name, used(stack, &held).await?), (new_chain.as_str(), staple(stack, &held).await?)]
    {
        let bytes = Message::Answer(Answer { staples: vec![staple], ..bare.clone() }).to_bytes();
        let codes = frames(&bytes, FrameSize::CAMERA_720P).or_fault(BROKEN)?;
        Line::new(format!("qr/{name}/bytes"), bytes.len() as f64, "bytes", floor as f64).print()?;
        Line::new(format!("qr/{name}/frames"), codes.len() as f64, "frames", 1.0).print()?;
    }
    Ok(())
}

async fn issued(
    stack: &Stack,
    http: &Client,
    issuer: &str,
    kind: &str,
    holder: &SoftwareKey,
) -> Done<String> {
    let urls = stack.urls();
    let issuer =
        urls.issuers.get(issuer).ok_or_else(|| Fault::new(format!("{issuer} is missing"), BROKEN))?;
    let desk = Desk::new(http, issuer, urls);
    let catalogue = Catalogue::bundled().or_fault(BROKEN)?;
    let of = catalogue.by_id(kind).ok_or_else(|| Fault::new(format!("{kind} is missing"), BROKEN))?;
    let application = desk.apply(kind, &of.example()).await?;
    desk.approve(&application).await?;
    let letter = desk.offer(&application, false).await?;
    let credential = issuance::collect_as(&desk, holder, &letter, &format!("{kind}-sd-jwt")).await?;
    credential.as_str().map(str::to_owned).ok_or_else(|| Fault::new("the credential is no token", BROKEN))
}

/// The chain's evidence of everything that these credentials rest on, as a phone carries it.
async fn staple(stack: &Stack, held: &[(&str, &str)]) -> Done<Vec<u8>> {
    let facts = stack.client().facts(&keys(held)?).await.or_fault("the node should answer")?;
    let evidence: Vec<_> = facts.into_iter().map(|fact| fact.evidence).collect();
    let bundle = EvidenceBundle::of(&evidence);
    Ok(bundle.ok_or_else(|| Fault::new("the evidence is of several blocks", "run it again"))?.to_bytes())
}

/// The same, as if all of it stood on a chain that many use.
async fn used(stack: &Stack, held: &[(&str, &str)]) -> Done<Vec<u8>> {
    let facts = stack.client().facts(&keys(held)?).await.or_fault("the node should answer")?;
    let record = |proven: &registry::Proven| match (proven.record(), proven.key()) {
        (Some(record), _) => Some(record.clone()),
        (None, RecordKey::StatusChunk(list, chunk)) => Some(Record::StatusChunk(in_use(list, *chunk))),
        (None, _) => None,
    };
    let records: Option<Vec<Record>> = facts.iter().map(|fact| record(&fact.proven)).collect();
    let records = records.ok_or_else(|| Fault::new("what a credential rests on is not there", BROKEN))?;
    let bundle = tokio::task::spawn_blocking(move || chain::bench::bundle_among_many(&records));
    Ok(bundle.await.or_fault(BROKEN)?.or_fault(BROKEN)?.to_bytes())
}

/// A part of a status list in which some entries are revoked.
fn in_use(list: &StatusListId, chunk: u32) -> StatusChunk {
    let mut part = StatusChunk::new(list.clone(), chunk);
    let entries = part.bits.len() * 4;
    for _ in 0..entries / REVOKED_ONE_IN {
        let entry = OsRng.next_u32() as usize % entries;
        if let Some(bits) = part.bits.get_mut(entry / 4) {
            *bits |= 1 << (2 * (entry % 4));
        }
    }
    part
}

/// What these credentials rest on.
fn keys(held: &[(&str, &str)]) -> Done<Vec<RecordKey>> {
    let mut keys = Vec::new();
    for (credential, kind) in held {
        let read = sd_jwt::Unverified::parse(credential).or_fault(BROKEN)?;
        let entry = read.status().and_then(|status| status.registry.clone());
        let entry = entry.ok_or_else(|| Fault::new("a credential has no status", BROKEN))?;
        let list: StatusListId = entry.list.parse().or_fault(BROKEN)?;
        keys.extend([
            RecordKey::Did(list.owner.clone()),
            RecordKey::Trust(list.owner.clone(), Slug::new(kind).or_fault(BROKEN)?),
            RecordKey::StatusList(list.clone()),
            RecordKey::chunk_of(&list, entry.index),
        ]);
    }
    keys.sort();
    keys.dedup();
    Ok(keys)
}

/// `page/scan_to_decision_ms`: from the text of the last code being read to the page with the decision being there, by the counter's
/// own service over HTTP, the median; the browser's part is measured where there is a browser (e2e/browser). Floor: an empty page twice.
async fn page(stack: &Stack, http: &Client, phone: &Phone) -> Done {
    let screen = Screen::open(stack, http).await?;
    let mut took = Vec::with_capacity(SHOWN);
    for _ in 0..SHOWN {
        took.push(screen.shown(stack, phone).await?);
    }
    took.sort();
    let median = took.get(SHOWN / 2).copied().unwrap_or_default();
    let start = Instant::now();
    for _ in 0..SHOWN {
        screen.read("/health/live").await?;
    }
    let floor = start.elapsed().as_secs_f64() * 2000.0 / SHOWN as f64;
    Line::new("page/scan_to_decision_ms", median.as_secs_f64() * 1000.0, "ms", floor).print()
}

/// A clerk's screen.
struct Screen {
    http: Client,
    url: String,
    cookie: String,
    csrf: String,
}

impl Screen {
    async fn open(stack: &Stack, http: &Client) -> Done<Self> {
        let urls = stack.urls();
        let url = urls.verifier.url.clone();
        let mut screen = Self { http: http.clone(), url, cookie: String::new(), csrf: String::new() };
        let answer = screen.post("/sign-in", &[("token", &urls.staff_token)]).await?;
        let cookie = answer.headers().get("set-cookie").and_then(|value| value.to_str().ok());
        screen.cookie = cookie.and_then(|text| text.split(';').next()).unwrap_or_default().to_owned();
        let home = screen.read("/").await?;
        screen.csrf = between(&home, "name=\"csrf\" value=\"", "\"")?.to_owned();
        Ok(screen)
    }

    /// Asks by codes, has them answered, and looks at the result: how long from the last code to the page.
    async fn shown(&self, stack: &Stack, phone: &Phone) -> Done<Duration> {
        let form = [("purpose", PURPOSE), ("way", "codes"), ("csrf", self.csrf.as_str())];
        let answer = self.post("/requests", &form).await?;
        let path = answer.headers().get("location").and_then(|value| value.to_str().ok());
        let path = path.unwrap_or_default().to_owned();
        let asked = self.read(&path).await?;
        let texts: Vec<String> = between(&asked, "data-copy=\"", "\"")?.lines().map(str::to_owned).collect();
        let codes = self.answered(stack, phone, &texts).await?;
        let form = [("csrf", self.csrf.as_str()), ("codes", &codes.join("\n"))];
        let start = Instant::now();
        let taken = self.post(&path, &form).await?;
        let taken = taken.bytes().await.or_fault(BROKEN)?;
        let taken: Value = serde_json::from_slice(&taken).or_fault(BROKEN)?;
        let next = taken.get("next").and_then(Value::as_str).unwrap_or_default();
        let page = self.read(next).await?;
        let took = start.elapsed();
        must!(page.contains("data-look=\"accepted\""), "the counter should accept: {taken}");
        Ok(took)
    }

    async fn answered(&self, stack: &Stack, phone: &Phone, texts: &[String]) -> Done<Vec<String>> {
        let Message::Ask(ask) = codes::message(texts)? else {
            return Err(Fault::new("the counter should show a request", BROKEN));
        };
        let token = jws::Unverified::parse(&ask.request).or_fault(BROKEN)?;
        let claim =
            |name: &str| token.dangerous_claims().get(name).and_then(Value::as_str).unwrap_or_default();
        let nonce = claim("nonce").to_owned();
        let shown = phone.presentation(claim("client_id"), &nonce)?;
        let staples = vec![staple(stack, &[(&phone.credential, "business-licence")]).await?];
        let presentations = vec![(QueryId::new(QUERY).or_fault(BROKEN)?, Presentation::Text(shown))];
        let answer = Message::Answer(Answer { nonce, presentations, staples });
        frames(&answer.to_bytes(), FrameSize::CAMERA_720P).or_fault(BROKEN)
    }

    async fn read(&self, path: &str) -> Done<String> {
        let request = self.http.get(format!("{}{path}", self.url)).header("cookie", &self.cookie);
        let answer = request.send().await.or_fault("the counter should answer")?;
        answer.text().await.or_fault("the counter should answer")
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Done<reqwest::Response> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.http.post(format!("{}{path}", self.url)).header("cookie", &self.cookie);
        let request = request.header("accept", "application/json");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(body).send().await.or_fault("the counter should answer")
    }
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Done<&'t str> {
    let found = text.split_once(before).and_then(|(_, rest)| rest.split_once(after));
    Ok(found.ok_or_else(|| Fault::new("the counter's page should have what is looked for", BROKEN))?.0)
}
