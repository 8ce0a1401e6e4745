//! Several organisations in one verifier, and no way from one to another.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use verifier::{ApiKey, Policy, RunningVerifier, Scope, StaffAccount, Verifier};

use crate::stack::{Card, Counter, Issuer, Lies, Network, Phone, Reply, TOKEN, not_passed};

const TAX_TOKEN: &str = "a token of the tax bureau that a test made up";
const BANK_KEY: &str = "a key of the bank's program that a test made up";

/// A bank and a tax bureau behind one address: by number, and by name.
struct Pair {
    network: Network,
    running: RunningVerifier,
    bank: String,
    tax: String,
    http: reqwest::Client,
}

impl Pair {
    async fn start() -> Self {
        let network = Network::start().await;
        let port = testkit::free_ports(1);
        let mut config = Counter::config(&network, &network.dir.path().join("pair"), Policy::default());
        config.listen = ([127, 0, 0, 1], port).into();
        let [bank, tax] = ["127.0.0.1", "localhost"].map(|host| format!("http://{host}:{port}"));
        config.tenants[0].base_url = Some(bank.parse().unwrap());
        config.tenants[0].api_keys = vec![ApiKey {
            account: StaffAccount::new("program", BANK_KEY),
            scopes: vec![Scope::Ask, Scope::AskAnything, Scope::Verify, Scope::Audit, Scope::Claims],
            webhooks: Vec::new(),
        }];
        let mut other = Counter::tenant("tax", TAX_TOKEN);
        other.base_url = Some(tax.parse().unwrap());
        config.tenants.push(other);
        let running = Verifier::bind(config).await.unwrap();
        let http = service::outbound::client(std::time::Duration::from_secs(20));
        Self { network, running, bank, tax, http }
    }

    async fn ask(&self, base: &str, token: &str) -> Value {
        let wish = json!({ "purpose": "open-account", "response_mode": "direct_post" }).to_string();
        let request = self.http.post(format!("{base}/api/requests")).bearer_auth(token);
        let answer = request.header("content-type", "application/json").body(wish).send().await.unwrap();
        let reply = Reply::read(answer).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        reply.body
    }

    /// A session of this tenant's counter: the cookie's name and value.
    async fn sign_in(&self, base: &str, token: &str) -> (String, String) {
        let body = url::form_urlencoded::Serializer::new(String::new()).append_pair("token", token).finish();
        let request = self.http.post(format!("{base}/sign-in"));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 303);
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap();
        let (name, value) = cookie.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_asks_in_its_own_name_and_decides_for_itself() {
    let pair = Pair::start().await;
    let [bank, tax] = pair.running.tenants() else { panic!("two tenants") };
    assert_ne!(bank.did, tax.did);
    let market = Issuer::register(&pair.network, "Hefei Market Supervision", &["business-licence"]).await;
    let phone = Phone::new();
    let card = market.licence(&phone, 3, 1);
    let of_bank = pair.ask(&pair.bank, TOKEN).await;
    let of_tax = pair.ask(&pair.tax, TAX_TOKEN).await;
    let uri = |asked: &Value| asked["request_uri"].as_str().unwrap().to_owned();
    let (bank_request, tax_request) = (phone.fetch(&uri(&of_bank)).await, phone.fetch(&uri(&of_tax)).await);
    for (request, tenant, base) in [(&bank_request, bank, &pair.bank), (&tax_request, tax, &pair.tax)] {
        assert_eq!(request.client_id.as_str(), format!("decentralized_identifier:{}", tenant.did));
        assert!(request.response_uri.as_ref().unwrap().as_str().starts_with(base.as_str()));
    }
    // What was made for the bank is no answer to the tax bureau, wherever it is sent.
    let response = phone.response(&bank_request, &card, &Lies::default()).to_form().encode();
    let at_tax = bank_request.response_uri.as_ref().unwrap().as_str().replace(&pair.bank, &pair.tax);
    assert_eq!(phone.post_to(&at_tax, response.clone()).await.status, 404, "there is no such request");
    let lie = Lies { audience: Some(bank_request.client_id.to_string()), ..Lies::default() };
    let reply = phone.answer(&uri(&of_tax), &card, lie).await;
    assert_eq!(reply.status, 400);
    let read = pair.http.get(format!("{}/api/requests/{}", pair.tax, of_tax["id"].as_str().unwrap()));
    let decision = Reply::read(read.bearer_auth(TAX_TOKEN).send().await.unwrap()).await.body;
    assert_eq!(not_passed(&decision), ["audience"]);
    assert_eq!(phone.post(&bank_request, response).await.status, 200, "and the bank takes it");
    pair.running.shutdown().await;
}

/// Everything of the bank's, tried at every address of the tax bureau: it is answered as a stranger is who has nothing.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_one_opens_anything_of_another() {
    let pair = Pair::start().await;
    let market = Issuer::register(&pair.network, "Hefei Market Supervision", &["business-licence"]).await;
    let phone = Phone::new();
    let card = market.licence(&phone, 3, 1);
    let asked = pair.ask(&pair.bank, BANK_KEY).await;
    let open = pair.ask(&pair.bank, BANK_KEY).await["id"].as_str().unwrap().to_owned();
    let id = asked["id"].as_str().unwrap().to_owned();
    assert_eq!(answered(&phone, &asked, &card).await, 200);
    let (bank_cookie, session) = pair.sign_in(&pair.bank, TOKEN).await;
    let (tax_cookie, _) = pair.sign_in(&pair.tax, TAX_TOKEN).await;
    let stolen = format!("{bank_cookie}={session}; {tax_cookie}={session}");

    let routes = routes();
    assert!(routes.len() > 12, "{routes:?}");
    let mut opened = 0;
    for route in &routes {
        for (method, content_type, body) in BODIES {
            for named in [&id, &open] {
                let send = |base: &str, named: &str| {
                    let request =
                        pair.http.request(method.clone(), format!("{base}{}", filled(route, named)));
                    request.header("accept-language", "en").header("content-type", content_type).body(body)
                };
                let strange = "AAAAAAAAAAAAAAAAAAAAAA";
                let none = seen(send(&pair.tax, strange)).await;
                let by_clerk = send(&pair.tax, named).bearer_auth(TOKEN);
                let by_key = send(&pair.tax, named).bearer_auth(BANK_KEY);
                let by_session = send(&pair.tax, named).header("cookie", &stolen);
                // A wrong token is refused as a missing one is, but for the words.
                let wrong =
                    seen(send(&pair.tax, strange).bearer_auth("no token of anybody's at all, made up")).await;
                for (what, request, as_stranger) in [
                    ("clerk's token", by_clerk, &wrong),
                    ("program's key", by_key, &wrong),
                    ("session", by_session, &none),
                    ("name of a request", send(&pair.tax, named), &none),
                ] {
                    let got = seen(request).await;
                    assert_eq!(&got, as_stranger, "{method} {route} with the bank's {what}");
                    assert!(!got.body.contains(&testkit::Company::nth(3).credit_code), "{method} {route}");
                }
                // The same at home, to know that something was tried at all.
                let at_home = seen(send(&pair.bank, named).bearer_auth(BANK_KEY)).await;
                opened += usize::from(at_home != seen(send(&pair.bank, strange)).await);
            }
        }
    }
    assert!(opened >= 8, "the bank's own key opens {opened} at the bank");
    // A session is not the other's for its cookie being renamed, and each goes on at home.
    let home = pair.http.get(format!("{}/", pair.bank)).header("cookie", format!("{bank_cookie}={session}"));
    assert_eq!(home.send().await.unwrap().status(), 200);
    pair.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_served_at_another_host_but_balancers() {
    let pair = Pair::start().await;
    for (path, status) in
        [("/health/live", 200), ("/health/ready", 200), ("/", 421), ("/sign-in", 421), ("/api/policies", 421)]
    {
        let request = pair.http.get(format!("{}{path}", pair.bank)).header("host", "elsewhere.example");
        assert_eq!(request.bearer_auth(TOKEN).send().await.unwrap().status().as_u16(), status, "{path}");
    }
    pair.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_rows_are_not_another_organisations() {
    let network = Network::start().await;
    let config = || Counter::config(&network, &network.dir.path().join("moved"), Policy::default());
    Verifier::bind(config()).await.unwrap().shutdown().await;
    std::fs::rename(config().data_dir.join("keys"), config().data_dir.join("keys-of-before")).unwrap();
    let refused = Verifier::bind(config()).await.unwrap_err();
    assert!(matches!(refused, verifier::StartError::OtherKeys), "{refused}");
    let mut another = config();
    another.tenants = vec![Counter::tenant("another", TOKEN)];
    Verifier::bind(another).await.unwrap().shutdown().await;
}

const BODIES: [(Method, &str, &str); 4] = [
    (Method::GET, "text/plain", ""),
    (Method::POST, "application/json", r#"{"purpose":"open-account"}"#),
    (
        Method::POST,
        "application/x-www-form-urlencoded",
        "purpose=open-account&csrf=x&error=access_denied&state=x",
    ),
    (Method::DELETE, "text/plain", ""),
];

/// What somebody sees of an answer.
#[derive(Debug, PartialEq)]
struct Seen {
    status: StatusCode,
    leads_to: Option<String>,
    body: String,
}

async fn seen(request: RequestBuilder) -> Seen {
    let mut answer = request.send().await.unwrap();
    let leads_to = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    let goes_on = answer.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream");
    let status = answer.status();
    let mut body = match goes_on {
        // Events come for as long as one listens: the first will do.
        true => String::from_utf8(answer.chunk().await.unwrap().unwrap().to_vec()).unwrap(),
        false => answer.text().await.unwrap(),
    };
    if let Ok(mut problem) = serde_json::from_str::<Value>(&body)
        && let Some(members) = problem.as_object_mut()
    {
        members.remove("requestId");
        body = problem.to_string();
    }
    Seen { status, leads_to, body }
}

async fn answered(phone: &Phone, asked: &Value, card: &Card) -> u16 {
    phone.answer(asked["request_uri"].as_str().unwrap(), card, Lies::default()).await.status
}

fn filled(route: &str, named: &str) -> String {
    let parts = route.split('/').map(|part| if part.starts_with('{') { named } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Every address that the source builds a route of: a new one is tried without being named here.
fn routes() -> BTreeSet<String> {
    let mut routes = BTreeSet::from(["/api/verify/batch".to_owned()]);
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let source = std::fs::read_to_string(&path).unwrap();
            let named =
                source.split(".route(").skip(1).filter_map(|call| call.trim_start().strip_prefix('"'));
            routes.extend(named.filter_map(|call| call.split('"').next()).map(str::to_owned));
        }
    }
    routes
}
