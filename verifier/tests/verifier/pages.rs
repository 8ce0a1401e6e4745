//! The counter's pages, as a browser sees them.

use reqwest::{Client, Response};
use serde_json::Value;

use crate::stack::{Counter, Issuer, Lies, Network, Phone, Stack, TOKEN};

/// A browser that keeps the session's cookie.
pub(crate) struct Browser<'c> {
    counter: &'c Counter,
    http: Client,
    cookie: String,
}

impl<'c> Browser<'c> {
    pub(crate) async fn signed_in(counter: &'c Counter) -> Self {
        let mut browser = Self { counter, http: counter.http.clone(), cookie: String::new() };
        let answer = browser.post("/sign-in", &[("token", TOKEN)]).await;
        assert_eq!((answer.status().as_u16(), &answer.headers()["location"]), (303, &"/".parse().unwrap()));
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
        browser.cookie = cookie.split(';').next().unwrap().to_owned();
        browser
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        let request = self
            .http
            .get(self.counter.url(path))
            .header("accept", "text/html")
            .header("accept-language", "en");
        request.header("cookie", &self.cookie).send().await.unwrap()
    }

    pub(crate) async fn text(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        self.post_as("text/html", path, form).await
    }

    pub(crate) async fn post_as(&self, accept: &str, path: &str, form: &[(&str, &str)]) -> Response {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self
            .http
            .post(self.counter.url(path))
            .header("accept", accept)
            .header("accept-language", "en")
            .header("cookie", &self.cookie);
        request.header("content-type", "application/x-www-form-urlencoded").body(body).send().await.unwrap()
    }

    /// Presses the button of a purpose; the id of the request it leads to.
    pub(crate) async fn start(&self, purpose: &str) -> String {
        let csrf = value_of(&self.text("/").await, "csrf");
        let answer = self.post("/requests", &[("purpose", purpose), ("csrf", &csrf)]).await;
        assert_eq!(answer.status(), 303);
        answer.headers()["location"].to_str().unwrap().strip_prefix("/requests/").unwrap().to_owned()
    }
}

pub(crate) fn value_of(page: &str, name: &str) -> String {
    let at = page.find(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no {name} in {page}"));
    page[at..].split('"').nth(3).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_session_there_is_only_the_sign_in() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    let browser = Browser { counter: &counter, http: counter.http.clone(), cookie: String::new() };
    let id = counter.ask("open-account").await.id;
    for path in [
        "/".to_owned(),
        format!("/requests/{id}"),
        format!("/requests/{id}/live"),
        format!("/requests/{id}/shown"),
    ] {
        let answer = browser.get(&path).await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["location"]),
            (303, &"/sign-in".parse().unwrap()),
            "{path}"
        );
    }
    assert_eq!(browser.post("/requests", &[("purpose", "open-account"), ("csrf", "x")]).await.status(), 401);
    assert!(browser.text("/sign-in").await.contains("name=\"token\""));
    for _ in 0..10 {
        assert_eq!(browser.post("/sign-in", &[("token", "wrong")]).await.status(), 401);
    }
    assert_eq!(browser.post("/sign-in", &[("token", "wrong")]).await.status(), 429);
}

/// The page that shows a code belongs to the session that shows it: whoever learns its address, a clerk beside or one who was
/// sent there, sees and does nothing of it (RFC 10027).
#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_shown_to_the_session_that_asked_and_to_no_other_clerk() {
    let stack = Stack::start().await;
    let (first, second) =
        (Browser::signed_in(&stack.counter).await, Browser::signed_in(&stack.counter).await);
    let id = first.start("open-account").await;
    let path = |part: &str| format!("/requests/{id}{part}");
    let csrf = value_of(&second.text("/").await, "csrf");
    let strange = async || {
        for part in ["", "/live", "/live?seen=waiting", "/state", "/codes"] {
            assert_eq!(second.get(&path(part)).await.status(), 404, "{part}");
        }
        // What she may not see and what never was look the same.
        let never = second.text("/requests/AAAAAAAAAAAAAAAAAAAAAA/shown").await;
        assert_eq!(second.text(&path("/shown")).await, never);
        for (part, form) in [("/clear", vec![]), ("/codes", vec![("codes", "HZ1:00")])] {
            let form: Vec<_> = form.into_iter().chain([("csrf", csrf.as_str())]).collect();
            assert_eq!(second.post(&path(part), &form).await.status(), 404, "{part}");
        }
    };
    strange().await;
    let card = stack.market.licence(&stack.phone, 3, 1);
    let uri = stack.counter.url(&path("/object"));
    assert_eq!(stack.phone.answer(&uri, &card, Lies::default()).await.status, 200);
    strange().await;
    let page = first.text(&path("")).await;
    assert!(page.contains(&testkit::Company::nth(3).name), "nothing was cleared by somebody else");
    // Nor is it answered through another's screen, as if that had shown it before.
    let (former, asked) = crate::codes::ask(&first).await;
    let (own, _) = crate::codes::ask(&second).await;
    let evidence = stack.market.staples(&stack.network, 1).await;
    let nonce = asked.nonce.as_deref().unwrap();
    let codes = crate::codes::answered(&stack.phone, &card, &asked, nonce, evidence);
    let former = former.split('/').nth(2).unwrap();
    let taken = crate::codes::take(&second, &own, &codes, Some(former)).await;
    assert_eq!(crate::codes::look(&second, &taken).await, "replayed");
    let state = first.get(&format!("/requests/{former}/state")).await.text().await.unwrap();
    assert_eq!(state, "{\"state\":\"open\"}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_was_set_before_the_sign_in_is_not_kept() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    let genuine = Browser::signed_in(&counter).await;
    let name = genuine.cookie.split('=').next().unwrap();
    let browser = |cookie: String| Browser { counter: &counter, http: counter.http.clone(), cookie };
    let csrf = value_of(&genuine.text("/").await, "csrf");
    // One that somebody made up; one of a session that ended; one of somebody else's session that goes on.
    let ended = Browser::signed_in(&counter).await;
    let its_csrf = value_of(&ended.text("/").await, "csrf");
    assert_eq!(ended.post("/sign-out", &[("csrf", &its_csrf)]).await.status(), 303);
    let made_up = format!("{name}={}", "A".repeat(43));
    for planted in [made_up, ended.cookie.clone(), genuine.cookie.clone()] {
        let victim = browser(planted.clone());
        let answer = victim.post("/sign-in", &[("token", TOKEN)]).await;
        assert_eq!(answer.status(), 303);
        let given = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        assert!(given.starts_with(name) && given != planted, "a fresh one");
        let hers = browser(given);
        assert_ne!(value_of(&hers.text("/").await, "csrf"), csrf, "and another session");
        if planted != genuine.cookie {
            assert_eq!(browser(planted).get("/").await.status(), 303, "what was planted opens nothing");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_a_counter() {
    let stack = Stack::start().await;
    let browser = Browser::signed_in(&stack.counter).await;
    let home = browser.text("/").await;
    assert!(home.contains("Open a business account") && home.contains("Unified social credit code"));
    let id = browser.start("open-account").await;
    let page = browser.text(&format!("/requests/{id}")).await;
    assert!(
        page.contains("<svg class=\"qr\"")
            && page.contains("openid4vp://authorize?")
            && page.contains("data-countdown")
    );
    let live = format!("/requests/{id}/live");
    let waiting = browser.get(&live).await;
    assert!(waiting.headers().get("x-live").is_none());
    let version = waiting.headers()["x-live-version"].to_str().unwrap().to_owned();
    assert!(page.contains(&format!("data-live-seen=\"{version}\"")), "the page says what it shows");
    let seen = format!("{live}?seen={version}");
    assert_eq!(browser.get(&seen).await.status(), 204, "it stays as it is until something happens");

    let card = stack.market.licence(&stack.phone, 3, 1);
    let uri = stack.counter.url(&format!("/requests/{id}/object"));
    assert_eq!(stack.phone.answer(&uri, &card, Lies::default()).await.status, 200);

    let done = browser.get(&seen).await;
    assert_eq!(done.headers()["x-live"], "done");
    assert_eq!(done.headers()["cache-control"], "no-store");
    let result = done.text().await.unwrap();
    assert!(result.contains("data-outcome=\"good\""));
    assert!(result.contains(&testkit::Company::nth(3).name));
    for id in verifier::CheckId::ALWAYS {
        assert!(result.contains(&format!("data-check=\"{}\"", id.id())), "{}", id.id());
    }
    assert!(
        browser.text(&format!("/requests/{id}")).await.contains("data-outcome=\"good\""),
        "it survives a reload"
    );
    let zh = browser.text(&format!("/requests/{id}?lang=zh")).await;
    assert!(zh.contains("统一社会信用代码") && zh.contains("判断依据"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_why() {
    let stack = Stack::start().await;
    let browser = Browser::signed_in(&stack.counter).await;
    let card = stack.market.licence(&stack.phone, 3, 5);
    stack.market.set(&stack.network, 5, registry::Status::Revoked).await;
    let id = browser.start("open-account").await;
    stack.phone.answer(&stack.counter.url(&format!("/requests/{id}/object")), &card, Lies::default()).await;
    let page = browser.text(&format!("/requests/{id}")).await;
    assert!(page.contains("data-outcome=\"bad\""));
    assert!(page.contains("This business licence was revoked by Hefei Market Supervision"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_claim_is_never_on_the_screen() {
    let stack = Stack::start().await;
    let browser = Browser::signed_in(&stack.counter).await;
    let stranger =
        credentials::key::SoftwareKey::generate(credentials::key::Algorithm::Es256, &mut testkit::rng(8));
    let mut draft = stack.market.draft(3, 5);
    draft.claims.insert("name".into(), Value::from("<script>alert(1)</script>"));
    let card = stack.market.issue(draft, &stranger, &stack.phone);
    let id = browser.start("open-account").await;
    stack.phone.answer(&stack.counter.url(&format!("/requests/{id}/object")), &card, Lies::default()).await;
    let page = browser.text(&format!("/requests/{id}")).await;
    assert!(page.contains("data-outcome=\"bad\"") && !page.contains("alert(1)"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_genuine_claim_is_escaped() {
    let stack = Stack::start().await;
    let browser = Browser::signed_in(&stack.counter).await;
    let mut draft = stack.market.draft(3, 5);
    draft.claims.insert("name".into(), Value::from("<b>&\"Co\"</b>"));
    let card = stack.market.issue(draft, &stack.market.es256, &stack.phone);
    let id = browser.start("open-account").await;
    stack.phone.answer(&stack.counter.url(&format!("/requests/{id}/object")), &card, Lies::default()).await;
    let page = browser.text(&format!("/requests/{id}")).await;
    assert!(page.contains("&lt;b&gt;&amp;") && !page.contains("<b>&"));
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_other_pages_are_refused() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    let browser = Browser::signed_in(&counter).await;
    let refused = browser.post("/requests", &[("purpose", "open-account"), ("csrf", "guessed")]).await;
    assert_eq!(refused.status(), 403);
    let csrf = value_of(&browser.text("/").await, "csrf");
    assert_eq!(browser.post("/requests", &[("purpose", "unheard-of"), ("csrf", &csrf)]).await.status(), 422);
    assert_eq!(browser.post("/sign-out", &[("csrf", "guessed")]).await.status(), 403);
    assert_eq!(browser.post("/sign-out", &[("csrf", &csrf)]).await.status(), 303);
    assert_eq!(browser.get("/").await.status(), 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_claims_leave_the_screen() {
    use std::time::Duration;
    let network = Network::start().await;
    let market =
        crate::stack::Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let policy = verifier::Policy {
        result_lifetime: Duration::from_secs(4),
        on_screen: Duration::from_secs(1),
        ..verifier::Policy::default()
    };
    let counter = Counter::start_with(&network, "counter", policy).await;
    let (browser, phone) = (Browser::signed_in(&counter).await, Phone::new());
    let id = browser.start("open-account").await;
    let card = market.licence(&phone, 3, 1);
    phone.answer(&counter.url(&format!("/requests/{id}/object")), &card, Lies::default()).await;
    let shown = format!("/requests/{id}/shown");
    assert!(browser.text(&shown).await.contains(&testkit::Company::nth(3).name));
    let page = browser.text(&format!("/requests/{id}")).await;
    assert!(page.contains("data-live-seen=\"kept\"") && page.contains("data-leaving=\"1\""));
    let seen = format!("{shown}?seen=kept");
    assert_eq!(browser.get(&seen).await.status(), 204, "nothing is forgotten yet");
    tokio::time::sleep(Duration::from_millis(4200)).await;
    let gone = browser.get(&seen).await;
    assert_eq!(gone.headers()["x-live"], "done");
    assert!(!gone.text().await.unwrap().contains(&testkit::Company::nth(3).name));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_licence_that_came_as_mdoc_reads_as_one() {
    let stack = Stack::start().await;
    let police = Issuer::register(&stack.network, "Anhui Public Security", &["drivers-licence"]).await;
    let card = police.driving(&stack.phone, 1, 0, Some(&format!("{}#key-3", police.did)));
    let browser = Browser::signed_in(&stack.counter).await;
    let asked = stack.counter.ask("driving").await;
    stack.phone.answer(&asked.request_uri, &card, Lies::default()).await;
    let page = browser.text(&format!("/requests/{}", asked.id)).await;
    for seen in [
        "程",
        "Small cars",
        "8 June 2012",
        "International categories, with their dates",
        "B, 2012-06-08 – ",
        "data:image/jpeg;base64,",
        "mso_mdoc",
    ] {
        assert!(page.contains(seen), "{seen} in {page}");
    }
}
