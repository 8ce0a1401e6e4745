//! The interface's description is true: every route is in it with its methods, and real answers are what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use testkit::Described;
use verifier::{Scope, Verifier};

use crate::audit::{config, key, token};
use crate::stack::{Card, Counter, Lies, Stack, TOKEN};

/// Every path that the sources of `routes` serve.
fn served(folder: &Path) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            paths.extend(served(&path));
            continue;
        }
        let source = std::fs::read_to_string(path).unwrap();
        let after = |mark: &str| -> Vec<String> {
            source.split(mark).skip(1).filter_map(|rest| Some(rest.split('"').nth(1)?.to_owned())).collect()
        };
        paths.extend(after(".route(").into_iter().filter(|path| path.starts_with('/')));
        // A path that has a name.
        paths.extend(after("_PATH: &str = "));
    }
    paths
}

struct Answered {
    status: u16,
    kind: String,
    body: Vec<u8>,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

async fn send(
    counter: &Counter,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<(&str, String)>,
) -> Answered {
    let method: Method = method.to_uppercase().parse().unwrap();
    let mut request = counter.http.request(method, counter.url(path));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some((kind, body)) = body {
        request = request.header("content-type", kind).body(body);
    }
    let answer = request.send().await.unwrap();
    let kind = answer.headers().get("content-type").map_or("", |kind| kind.to_str().unwrap()).to_owned();
    Answered { status: answer.status().as_u16(), kind, body: answer.bytes().await.unwrap().to_vec() }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_described_and_nothing_else() {
    let stack = Stack::start().await;
    let counter = &stack.counter;
    let document = Described(send(counter, "get", "/openapi.json", None, None).await.json());
    assert_eq!(document.0["openapi"], "3.1.0");
    let mut paths = served(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/routes")));
    assert!(paths.remove("/metrics"), "at the operators' address alone");
    assert!(paths.contains("/api/verify/batch") && paths.len() > 12, "{paths:?}");
    let mut methods = BTreeMap::new();
    for pattern in paths {
        let path = pattern.replace("{id}", "AAAAAAAAAAAAAAAAAAAAAA");
        let brew = counter.http.request("BREW".parse().unwrap(), counter.url(&path)).send().await.unwrap();
        let allowed = brew.headers().get("allow").unwrap_or_else(|| panic!("{pattern}: {}", brew.status()));
        let allowed = allowed.to_str().unwrap().split(',').map(str::to_owned);
        methods.insert(pattern, allowed.filter(|method| method != "HEAD").collect::<BTreeSet<String>>());
    }
    assert_eq!(methods, document.methods());
    assert_eq!(document.empty_schemas(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_is_described() {
    let stack = Stack::start().await;
    let mut config = config(&stack.network);
    config.tenants[0]
        .api_keys
        .push(key("all", &[Scope::Ask, Scope::AskAnything, Scope::Verify, Scope::Audit, Scope::Claims]));
    let counter = Counter::of(Verifier::bind(config).await.unwrap());
    let document = Described(send(&counter, "get", "/openapi.json", None, None).await.json());
    for (path, methods) in document.methods() {
        for method in methods {
            let described = &document.0["paths"][&path][method.to_lowercase()];
            let opens = |name: &str| {
                described["security"].as_array().unwrap().iter().any(|scheme| scheme.get(name).is_some())
            };
            let address = path.replace("{id}", "AAAAAAAAAAAAAAAAAAAAAA");
            let body = || (method == "POST").then(|| ("application/json", "{}".to_owned()));
            let status =
                async |token: Option<&str>| send(&counter, &method, &address, token, body()).await.status;
            let is_open = described["security"].as_array().unwrap().is_empty();
            assert_eq!(status(None).await == 401, !is_open, "{method} {path} for nobody");
            let clerk = status(Some(TOKEN)).await;
            assert_eq!(
                !matches!(clerk, 401 | 403),
                is_open || opens("clerk"),
                "{method} {path}: a clerk gets {clerk}"
            );
            let program = status(Some(&token("all"))).await;
            assert!(!matches!(program, 401 | 403), "{method} {path}: a program gets {program}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn real_answers_are_as_described() {
    let stack = Stack::start().await;
    let mut config = config(&stack.network);
    config.tenants[0].api_keys.push(key("archive", &[Scope::Claims]));
    let counter = Counter::of(Verifier::bind(config).await.unwrap());
    let document = Described(send(&counter, "get", "/openapi.json", None, None).await.json());
    let held = |pattern: &str, method: &str, answer: &Answered| {
        let faults = document.answer_faults(pattern, method, answer.status, &answer.kind, &answer.body);
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(faults, Vec::<String>::new(), "{method} {pattern} {}: {text}", answer.status);
        answer.status
    };
    let post = async |path: &str, token: Option<&str>, body: &Value| {
        send(&counter, "post", path, token, Some(("application/json", body.to_string()))).await
    };
    let get = async |path: &str, token: Option<&str>| send(&counter, "get", path, token, None).await;

    for path in ["/health/live", "/health/ready", "/openapi.json"] {
        assert_eq!(held(path, "get", &get(path, None).await), 200);
    }
    assert_eq!(held("/api/policies", "get", &get("/api/policies", Some(TOKEN)).await), 200);
    let all = "/api/requests";
    let wish = json!({"purpose": "open-account", "response_mode": "direct_post"});
    let asked = post(all, Some(TOKEN), &wish).await;
    assert_eq!(held(all, "post", &asked), 201);
    for (wish, token, status) in [
        (json!({}), Some(TOKEN), 400),
        (wish.clone(), None, 401),
        (wish.clone(), Some(token("auditor").as_str()), 403),
        (json!({"purpose": "unheard-of"}), Some(TOKEN), 422),
        (json!({"purpose": "open-account", "webhook": "https://nobody.example/"}), Some(TOKEN), 422),
    ] {
        assert_eq!(held(all, "post", &post(all, token, &wish).await), status);
    }
    let id = asked.json()["id"].as_str().unwrap().to_owned();
    let (one, path) = ("/api/requests/{id}", format!("/api/requests/{id}"));
    assert_eq!(held(one, "get", &get(&path, Some(TOKEN)).await), 200);
    let object = format!("/requests/{id}/object");
    assert_eq!(held("/requests/{id}/object", "get", &get(&object, None).await), 200);
    let form = |body: &str| Some(("application/x-www-form-urlencoded", body.to_owned()));
    let by_post = send(&counter, "post", &object, None, form("wallet_nonce=abc")).await;
    assert_eq!(held("/requests/{id}/object", "post", &by_post), 200);
    let wrong_kind = send(&counter, "post", &object, None, Some(("text/plain", String::new()))).await;
    assert_eq!(held("/requests/{id}/object", "post", &wrong_kind), 415);
    let (response, response_path) = ("/requests/{id}/response", format!("/requests/{id}/response"));
    let unread = send(&counter, "post", &response_path, None, form("vp_token=x")).await;
    assert_eq!(held(response, "post", &unread), 400);
    let card = stack.market.licence(&stack.phone, 3, 1);
    let request = stack.phone.fetch(asked.json()["request_uri"].as_str().unwrap()).await;
    let answer = stack.phone.response(&request, &card, &Lies::default()).to_form().encode();
    assert_eq!(
        held(response, "post", &send(&counter, "post", &response_path, None, form(&answer)).await),
        200
    );
    assert_eq!(
        held(response, "post", &send(&counter, "post", &response_path, None, form(&answer)).await),
        409
    );
    assert_eq!(held("/requests/{id}/object", "get", &get(&object, None).await), 410);
    let decided = get(&path, Some(TOKEN)).await;
    assert_eq!((held(one, "get", &decided), &decided.json()["decision"]), (200, &json!("accepted")));
    let events = get(&format!("{path}/events"), Some(TOKEN)).await;
    assert_eq!(held("/api/requests/{id}/events", "get", &events), 200);
    let unknown = "AAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(held(one, "get", &get(&format!("/api/requests/{unknown}"), Some(TOKEN)).await), 404);
    assert_eq!(
        held(
            response,
            "post",
            &send(&counter, "post", &format!("/requests/{unknown}/response"), None, form(&answer)).await
        ),
        404
    );

    let Card::SdJwt(text) = &card else { panic!("a token") };
    for (body, status) in
        [(json!({"credential": text}), 200), (json!({"credential": "x"}), 200), (json!({}), 400)]
    {
        assert_eq!(held("/api/verify", "post", &post("/api/verify", Some(TOKEN), &body).await), status);
    }
    let presented = json!({
        "presentation": text, "nonce": "a-nonce-of-somebody", "audience": "x", "purpose": "open-account",
    });
    let found = post("/api/verify", Some(TOKEN), &presented).await;
    assert_eq!(held("/api/verify", "post", &found), 200);
    assert_eq!(found.json()["credentials"][0]["query"], "business-licence-sd-jwt");
    let lines = format!("{}\n{}\n", json!({"id": "a", "credential": text}), json!({"credential": "x"}));
    let batch =
        send(&counter, "post", "/api/verify/batch", Some(TOKEN), Some(("application/x-ndjson", lines))).await;
    assert_eq!(batch.status, 200);
    let schema = &document.0["paths"]["/api/verify/batch"]["post"]["responses"]["200"]["content"]["application/x-ndjson"]
        ["schema"];
    for line in batch.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        assert_eq!(document.faults(schema, &serde_json::from_slice(line).unwrap()), Vec::<String>::new());
    }
    let empty = send(&counter, "post", "/api/verify/batch", Some(TOKEN), None).await;
    assert_eq!(held("/api/verify/batch", "post", &empty), 400);

    let log = get("/api/audit", Some(&token("auditor"))).await;
    assert_eq!(held("/api/audit", "get", &log), 200);
    assert!(log.body.iter().filter(|byte| **byte == b'\n').count() >= 4);
    for token in [None, Some(TOKEN)] {
        held("/api/audit", "get", &get("/api/audit", token).await);
    }
    let archive = token("archive");
    assert_eq!(held("/api/claims", "get", &get("/api/claims", Some(&archive)).await), 200);
    let kept = format!("/api/claims/{unknown}");
    assert_eq!(held("/api/claims/{id}", "get", &get(&kept, Some(&archive)).await), 404);
    assert_eq!(
        held("/api/claims/{id}", "delete", &send(&counter, "delete", &kept, Some(&archive), None).await),
        404
    );
}
