//! The phone over HTTP, as browsers use it: only the one that entered the PIN sees anything.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why and stops")]

use std::sync::Mutex;

use cli::stack::{Ports, Stack, StackConfig};
use credentials::jws::{self, Header};
use credentials::key::{Algorithm, SoftwareKey};
use protocol::offline::{Ask, FrameSize, Message, OFFLINE_TYPE, frames};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use service::outbound;
use store::{BytesTable, Options, Range, Store};

const PIN: &str = "135790";

/// A browser: keeps cookies, shows redirects.
struct Browser {
    http: Client,
    base: String,
    cookie: Mutex<String>,
}

impl Browser {
    fn new(base: &str) -> Self {
        let http = outbound::client(std::time::Duration::from_secs(30));
        Self { http, base: base.to_owned(), cookie: Mutex::default() }
    }

    async fn send(&self, request: RequestBuilder) -> Response {
        let cookie = self.cookie.lock().expect("lock").clone();
        let answer =
            request.header("cookie", cookie).header("accept", "text/html").send().await.expect("answers");
        if let Some(set) = answer.headers().get("set-cookie").and_then(|value| value.to_str().ok()) {
            *self.cookie.lock().expect("lock") = set.split(';').next().unwrap_or_default().to_owned();
        }
        answer
    }

    async fn get(&self, path: &str) -> Response {
        self.send(self.http.get(format!("{}{path}", self.base))).await
    }

    async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.expect("text")
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.http.post(format!("{}{path}", self.base)).body(body);
        self.send(request.header("content-type", "application/x-www-form-urlencoded")).await
    }

    async fn csrf(&self) -> String {
        between(&self.page("/scan").await, "name=\"csrf\" value=\"", "\"").to_owned()
    }

    /// Pastes a link; where it leads.
    async fn paste(&self, link: &str) -> String {
        let answer = self.post("/scan/link", &[("csrf", &self.csrf().await), ("link", link)]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", answer.text().await.expect("text"));
        leads_to(&answer)
    }
}

fn leads_to(answer: &Response) -> String {
    answer.headers().get("location").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let start = text.split_once(before).expect(before).1;
    start.split_once(after).expect(after).0
}

async fn json(http: &Client, method: Method, url: String, token: &str, body: Option<Value>) -> Value {
    let mut request = http.request(method, url).bearer_auth(token);
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    let answer = request.send().await.expect("answers");
    assert!(answer.status().is_success(), "{}", answer.text().await.expect("text"));
    serde_json::from_str(&answer.text().await.expect("text")).expect("json")
}

/// An approved application's offer link and transaction code.
async fn offer(stack: &Stack, http: &Client) -> (String, String) {
    let urls = stack.urls();
    let desk = &urls.issuers["market-supervision"].url;
    let claims = credentials::catalogue::Catalogue::bundled()
        .expect("reads")
        .by_id("business-licence")
        .expect("there")
        .example();
    let body = json!({ "type": "business-licence", "claims": claims });
    let made = json(http, Method::POST, format!("{desk}/api/applications"), "", Some(body)).await;
    let (id, secret) = (made["id"].as_str().expect("id"), made["secret"].as_str().expect("secret"));
    json(http, Method::POST, format!("{desk}/api/applications/{id}/approve"), &urls.staff_token, None).await;
    let offer = json(http, Method::GET, format!("{desk}/api/applications/{id}/offer"), secret, None).await;
    (
        offer["offer_uri"].as_str().expect("link").to_owned(),
        offer["tx_code"].as_str().expect("code").to_owned(),
    )
}

/// The QR code of a link as a PNG, as a screenshot has it.
fn png(link: &str) -> Vec<u8> {
    let code = qrcode::QrCode::new(link).expect("fits");
    let (width, colours) = (code.width(), code.to_colors());
    let dark = |x: u32, y: u32| {
        let (x, y) = ((x as usize / 4).checked_sub(4), (y as usize / 4).checked_sub(4));
        x.zip(y).is_some_and(|(x, y)| x < width && y < width && colours[y * width + x] == qrcode::Color::Dark)
    };
    let side = u32::try_from(width + 8).expect("small") * 4;
    let picture =
        image::GrayImage::from_fn(side, side, |x, y| image::Luma([if dark(x, y) { 0 } else { 255 }]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("encodes");
    bytes.into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_browser_that_entered_the_pin_sees_and_shows_cards() {
    let dir = tempfile::tempdir().expect("dir");
    let stack =
        Stack::start(StackConfig::new(dir.path(), Ports::Any).expect("config")).await.expect("starts");
    let phone = stack.urls().phone.url.clone();
    let (holder, stranger) = (Browser::new(&phone), Browser::new(&phone));

    // Making the wallet: the PIN twice, digits, not all the same.
    assert_eq!(leads_to(&holder.get("/").await), "/welcome");
    for (pin, again) in [(PIN, "135791"), ("111111", "111111"), ("12345", "12345"), ("abcdef", "abcdef")] {
        let answer = holder.post("/welcome", &[("pin", pin), ("again", again)]).await;
        assert_eq!(answer.status(), StatusCode::OK, "{pin} is refused on the page");
    }
    assert_eq!(leads_to(&holder.post("/welcome", &[("pin", PIN), ("again", PIN)]).await), "/");
    assert!(holder.page("/").await.contains("/scan"));

    // A stranger sees nothing, and guessing doesn't put the holder out.
    for path in ["/", "/scan", "/log", "/log/export", "/more", "/cards/x", "/offers/x", "/requests/x"] {
        assert_eq!(leads_to(&stranger.get(path).await), "/unlock", "{path}");
    }
    assert_eq!(stranger.post("/unlock", &[("pin", "000001")]).await.status(), StatusCode::OK);
    assert_eq!(leads_to(&stranger.get("/").await), "/unlock");
    assert_eq!(holder.get("/").await.status(), StatusCode::OK);

    // An offer from a picture of its code; the wrong code first.
    let (link, code) = offer(&stack, &holder.http).await;
    let at = upload(&holder, &png(&link)).await;
    assert!(at.starts_with("/offers/"), "{at}");
    let csrf = holder.csrf().await;
    let forged = holder.post(&at, &[("csrf", "x"), ("tx_code", &code)]).await;
    assert_eq!(forged.status(), StatusCode::FORBIDDEN, "a form from elsewhere");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let again = holder.post(&at, &[("csrf", &csrf), ("tx_code", wrong)]).await;
    assert!(again.text().await.expect("text").contains("tx_code"), "the form is there again");
    let done = holder.post(&at, &[("csrf", &csrf), ("tx_code", &code)]).await.text().await.expect("text");
    let card = format!("/cards/{}", between(&done, "href=\"/cards/", "\""));
    assert!(holder.page(&card).await.contains("91340100MA8HUE6K0R"));
    assert!(!holder.page("/").await.contains("91340100MA8HUE6K0R"), "the list shows no numbers");

    // Consent shows what would leave; after it, the counter has decided and the log knows.
    let counter = &stack.urls().verifier.url;
    let token = &stack.urls().staff_token;
    let ask = json!({ "purpose": "company-service" });
    let asked = json(&holder.http, Method::POST, format!("{counter}/api/requests"), token, Some(ask)).await;
    let at = holder.paste(asked["link"].as_str().expect("link")).await;
    let consent = holder.page(&at).await;
    assert!(consent.contains("91340100MA8HUE6K0R") && consent.contains("value=\"decline\""));
    let shared = holder.post(&at, &[("csrf", &csrf), ("decision", "share")]).await;
    assert_eq!(shared.status(), StatusCode::OK);
    let id = asked["id"].as_str().expect("id");
    let decided = json(&holder.http, Method::GET, format!("{counter}/api/requests/{id}"), token, None).await;
    assert_eq!(decided["decision"], "accepted");
    assert_eq!(leads_to(&holder.get(&at).await), "/scan", "answered once");
    let log = holder.page("/log").await;
    assert!(log.contains("合肥市政务服务中心") && !log.contains("91340100MA8HUE6K0R"), "names, never values");

    // What is no code, and links of other kinds, are said to be so.
    let nothing = holder.post("/scan/link", &[("csrf", &csrf), ("link", "https://example.test/")]).await;
    assert!(nothing.text().await.expect("text").contains("role=\"alert\""));

    // Locking ends the session; the right PIN begins another.
    holder.post("/lock", &[("csrf", &csrf)]).await;
    assert_eq!(leads_to(&holder.get("/").await), "/unlock");
    assert_eq!(leads_to(&holder.post("/unlock", &[("pin", PIN)]).await), "/");
    holder.page(&card).await;
    stack.shutdown().await;
}

async fn upload(browser: &Browser, picture: &[u8]) -> String {
    let csrf = browser.csrf().await;
    let mut body = format!("--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--b\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n").into_bytes();
    body.extend_from_slice(picture);
    body.extend_from_slice(b"\r\n--b--\r\n");
    let request = browser.http.post(format!("{}/scan/picture", browser.base)).body(body);
    leads_to(&browser.send(request.header("content-type", "multipart/form-data; boundary=b")).await)
}

/// A counter's code for three claims of a licence, in several parts, as its screen shows them with no network. What it
/// staples proves nothing: the phone asks the chain.
fn counters_code(stack: &Stack, data: &std::path::Path) -> Vec<String> {
    let key = std::fs::read(data.join("verifier/keys/counter/signing-p256.key")).expect("the counter's key");
    let key = SoftwareKey::from_secret_bytes(Algorithm::Es256, &key).expect("a key");
    let verifier = &stack.urls().verifier;
    let now = service::clock::now().seconds();
    let claims = json!({
        "client_id": verifier.client_id, "purpose": "company-service", "nonce": "0123456789abcdef",
        "dcql_query": { "credentials": [{
            "id": "licence", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:huizheng:business-licence:1"] },
            "claims": [{ "path": ["name"] }, { "path": ["creditCode"] }, { "path": ["legalRepresentative"] }],
        }]},
        "iat": now, "exp": now + 300,
    });
    let header = Header::typed(OFFLINE_TYPE).with_kid(&format!("{}#key-2", verifier.did));
    let request = jws::sign(&header, &claims, &key).expect("signed");
    // As long as evidence is, so that it takes several parts.
    let mut dice = testkit::Dice::named("staple");
    let staple = (0..300).flat_map(|_| dice.roll().to_le_bytes()).collect();
    let message = Message::Ask(Ask { request, staples: vec![staple] }).to_bytes();
    frames(&message, FrameSize::COARSE).expect("frames")
}

/// A page with a file and texts in its form.
async fn restore(browser: &Browser, file: &[u8], code: &str) -> Response {
    let mut body = Vec::new();
    for (name, text) in [("code", code), ("pin", PIN), ("again", PIN)] {
        let field = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
        body.extend_from_slice(field.as_bytes());
    }
    body.extend_from_slice(b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"w\"\r\n\r\n");
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--b--\r\n");
    let request = browser.http.post(format!("{}/restore", browser.base)).body(body);
    browser.send(request.header("content-type", "multipart/form-data; boundary=b")).await
}

/// Logs in at the issuer's page as the first of its citizens and agrees; where the browser is sent back to.
async fn logs_in(issuer: &str, address: &str) -> String {
    let there = Browser::new(issuer);
    let path = |address: &str| address.strip_prefix(issuer).unwrap_or(address).to_owned();
    there.get(&path(address)).await;
    let page = there.page("/authorize/citizens").await;
    let csrf = between(&page, "name=\"csrf\" value=\"", "\"").to_owned();
    there.post("/authorize/citizens", &[("csrf", &csrf), ("citizen", "0")]).await;
    let page = there.page("/authorize/consent").await;
    let csrf = between(&page, "name=\"csrf\" value=\"", "\"").to_owned();
    leads_to(&there.post("/authorize/consent", &[("csrf", &csrf), ("decision", "agree")]).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_core_can_do_the_phone_offers() {
    let dir = tempfile::tempdir().expect("dir");
    let stack =
        Stack::start(StackConfig::new(dir.path(), Ports::Any).expect("config")).await.expect("starts");
    let phone = stack.urls().phone.url.clone();
    let (holder, stranger) = (Browser::new(&phone), Browser::new(&phone));
    holder.post("/welcome", &[("pin", PIN), ("again", PIN)]).await;
    for path in ["/login", "/collect", "/backup", "/backup/x", "/export", "/erase", "/log/complaint?entry=x"]
    {
        assert_eq!(leads_to(&stranger.get(path).await), "/unlock", "{path}");
    }
    let (link, code) = offer(&stack, &holder.http).await;
    let at = holder.paste(&link).await;
    let csrf = holder.csrf().await;
    let done = holder.post(&at, &[("csrf", &csrf), ("tx_code", &code)]).await.text().await.expect("text");
    let card = format!("/cards/{}", between(&done, "href=\"/cards/", "\""));

    // A counter with no network: its parts in the wrong order, the answer as codes.
    let mut parts = counters_code(&stack, dir.path());
    parts.reverse();
    assert!(parts.len() > 1, "several parts");
    let first = holder.post("/scan/link", &[("csrf", &csrf), ("link", &parts[0])]).await;
    let said = first.text().await.expect("text");
    assert!(said.contains(&format!("已读到 {} 部分中的 1 部分", parts.len())), "{said}");
    let at = holder.paste(&parts.join("\n")).await;
    assert!(holder.page(&at).await.contains("91340100MA8HUE6K0R"));
    for _ in 0..2 {
        let shown = holder.post(&at, &[("csrf", &csrf), ("decision", "share")]).await;
        let shown = shown.text().await.expect("text");
        assert!(
            shown.contains("data-frames") && shown.contains("<svg class=\"qr\""),
            "shown, and shown again"
        );
    }

    // The log is searched, and an entry becomes a complaint's draft.
    let found = holder.page("/log?q=%E6%95%B0%E6%8D%AE%E4%B8%8D%E5%AD%98%E5%9C%A8").await;
    assert!(found.contains("没有符合的记录"));
    let found = holder.page("/log?q=%E5%90%88%E8%82%A5").await;
    let entry = between(&found, "/log/complaint?entry=", "\"");
    assert!(holder.page(&format!("/log/complaint?entry={entry}")).await.contains("第六十五条"));
    assert_eq!(holder.get("/log/complaint?entry=x").await.status(), StatusCode::NOT_FOUND);

    // A card is renewed: another one is in its place.
    assert!(holder.page(&card).await.contains(&format!("{card}/renew")));
    let renewed = holder.post(&format!("{card}/renew"), &[("csrf", &csrf)]).await.text().await.expect("text");
    assert_ne!(format!("/cards/{}", between(&renewed, "href=\"/cards/", "\"")), card);
    assert_eq!(holder.get(&card).await.status(), StatusCode::NOT_FOUND);

    // Collecting by logging in; nothing else than an issuer's address leads there.
    let issuer = stack.urls().issuers["market-supervision"].url.clone();
    for wrong in ["", "ftp://x", "https://user@issuer.example"] {
        let answer = holder.post("/login", &[("csrf", &csrf), ("issuer", wrong)]).await;
        assert_eq!(answer.status(), StatusCode::OK, "{wrong}");
    }
    let at = leads_to(&holder.post("/login", &[("csrf", &csrf), ("issuer", &issuer)]).await);
    assert!(holder.page(&at).await.contains("business-licence"), "{at}");
    let begun = holder.post(&at, &[("csrf", &csrf), ("kind", "business-licence")]).await;
    let back = logs_in(&issuer, &leads_to(&begun)).await;
    let back = back.strip_prefix(&phone).expect("to this phone").to_owned();
    assert!(holder.page(&back).await.contains("href=\"/cards/"), "collected");
    assert!(!holder.page(&back).await.contains("href=\"/cards/"), "an answer is taken once");

    // What takes a department its time is waited for, or no more.
    let police = stack.urls().issuers["public-security"].url.clone();
    let claims = credentials::catalogue::Catalogue::bundled()
        .expect("reads")
        .by_id("digital-id")
        .expect("there")
        .example();
    let body = json!({ "type": "digital-id", "claims": claims });
    json(&holder.http, Method::POST, format!("{police}/api/applications"), "", Some(body)).await;
    let at = leads_to(&holder.post("/login", &[("csrf", &csrf), ("issuer", &police)]).await);
    let begun = holder.post(&at, &[("csrf", &csrf), ("kind", "digital-id")]).await;
    let back = logs_in(&police, &leads_to(&begun)).await;
    let back = back.strip_prefix(&phone).expect("to this phone").to_owned();
    assert!(holder.page(&back).await.contains("仍在办理中"));
    let pick_up = async || holder.post("/pick-up", &[("csrf", &csrf)]).await.text().await.expect("text");
    let page = pick_up().await;
    let waits = between(&page, "name=\"id\" value=\"", "\"").to_owned();
    assert!(page.contains("不再等待：数字身份证"), "{page}");
    let given_up = holder.post("/give-up", &[("csrf", &csrf), ("id", &waits)]).await;
    assert_eq!(leads_to(&given_up), "/more");
    assert!(pick_up().await.contains("没有办理中的证照"));

    // Everything into a file; everything away; everything named again.
    let page = holder.post("/backup", &[("csrf", &csrf)]).await.text().await.expect("text");
    let backup_code = between(&page, "data-backup-code>", "<").to_owned();
    let path = format!("/backup/{}", between(&page, "href=\"/backup/", "\""));
    let file = holder.get(&path).await.bytes().await.expect("a file");
    let export: Value = serde_json::from_str(&holder.page("/export").await).expect("json");
    let cards = export["cards"].as_array().expect("cards").len();
    assert!(cards > 0);
    let wrong = holder.post("/erase", &[("csrf", &csrf), ("pin", "000001")]).await;
    assert_eq!(wrong.status(), StatusCode::OK, "the wrong PIN deletes nothing");
    assert_eq!(leads_to(&holder.post("/erase", &[("csrf", &csrf), ("pin", PIN)]).await), "/welcome");
    assert_eq!(leads_to(&holder.get("/").await), "/welcome");

    let again = Browser::new(&phone);
    let refused = restore(&again, &file, "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF").await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let restored = restore(&again, &file, &backup_code.to_lowercase()).await;
    assert_eq!((restored.status(), leads_to(&restored)), (StatusCode::SEE_OTHER, "/collect".to_owned()));
    let page = again.page("/collect").await;
    assert_eq!(page.matches("action=\"/login\"").count(), cards, "each card has a way back");
    assert!(again.page("/log?q=%E5%90%88%E8%82%A5").await.contains("/log/complaint"), "the log is back");
    stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_card_is_marked_explained_and_can_be_deleted() {
    let dir = tempfile::tempdir().expect("dir");
    let stack =
        Stack::start(StackConfig::new(dir.path(), Ports::Any).expect("config")).await.expect("starts");
    let holder = Browser::new(&stack.urls().phone.url);
    holder.post("/welcome", &[("pin", PIN), ("again", PIN)]).await;
    let (link, code) = offer(&stack, &holder.http).await;
    let at = holder.paste(&link).await;
    let csrf = holder.csrf().await;
    let done = holder.post(&at, &[("csrf", &csrf), ("tx_code", &code)]).await.text().await.expect("text");
    let card = format!("/cards/{}", between(&done, "href=\"/cards/", "\""));
    assert!(!holder.page("/").await.contains("已损坏"));
    holder.post("/lock", &[("csrf", &csrf)]).await;

    // One byte of the card's content, on the disk of a phone that is locked.
    let apart: BytesTable<(String, String)> = BytesTable::new("sealed-apart");
    let store = Store::persistent(dir.path().join("phone/vault"), &Options::default()).expect("opens");
    let (key, mut bytes) = store.page(&apart, &Range::prefix(("cards",)), 1).expect("reads").remove(0);
    *bytes.last_mut().expect("some bytes") ^= 1;
    store.write(move |tx| tx.put(&apart, key, &bytes)).expect("written");
    store.close();
    drop(store);

    assert_eq!(leads_to(&holder.post("/unlock", &[("pin", PIN)]).await), "/");
    let list = holder.page("/").await;
    assert!(list.contains("有 1 张证照已损坏") && list.contains(&card), "{list}");
    let page = holder.page(&card).await;
    assert!(page.contains("已损坏") && page.contains("重新领取") && !page.contains("/renew"), "{page}");
    let csrf = holder.csrf().await;
    assert_eq!(leads_to(&holder.post(&format!("{card}/delete"), &[("csrf", &csrf)]).await), "/");
    let list = holder.page("/").await;
    assert!(!list.contains("已损坏") && !list.contains(&card), "{list}");
    stack.shutdown().await;
}
