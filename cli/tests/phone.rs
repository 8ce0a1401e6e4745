//! The phone over HTTP, as browsers use it: only the one that entered the PIN sees anything.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why and stops")]

use std::sync::Mutex;

use cli::stack::{Ports, Stack, StackConfig};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use service::outbound;

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
