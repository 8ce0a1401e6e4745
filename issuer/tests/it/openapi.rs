//! The interface's description is true: every route is in it with its methods, and real answers are what it says.

use std::collections::{BTreeMap, BTreeSet};

use credentials::key::Algorithm;
use serde_json::json;
use testkit::Described;

use crate::http::Answer;
use crate::wallet::Wallet;
use crate::world::{ADMIN_TOKEN, CLERK_TOKEN, STAFF_TOKEN, World};

async fn document(world: &World) -> Described {
    Described(world.http.get("/api/openapi.json", None).await.json())
}

/// Every path that the sources of `routes` serve on the public address.
fn served() -> BTreeSet<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/routes");
    let sources =
        std::fs::read_dir(folder).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()));
    let mut paths = BTreeSet::new();
    for source in sources {
        let source = source.unwrap();
        paths.extend(source.split(".route(").skip(1).map(|call| named(call.split_once(',').unwrap().0)));
    }
    // At the operators' address alone.
    assert!(paths.remove("/metrics") && paths.remove("/backup"));
    assert!(paths.contains("/token") && paths.len() > 20, "{paths:?}");
    paths
}

/// The path that a route's first argument is.
fn named(written: &str) -> String {
    match written.trim() {
        "backup::PATH" => service::backup::PATH.to_owned(),
        literal => literal
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or_else(|| panic!("which path is {literal}? Name it here"))
            .to_owned(),
    }
}

#[tokio::test]
async fn every_route_is_described_and_nothing_else() {
    let world = World::start().await;
    let document = document(&world).await;
    assert_eq!(document.0["openapi"], "3.1.0");
    let client = service::outbound::client(std::time::Duration::from_secs(30));
    let mut served_methods = BTreeMap::new();
    for pattern in served() {
        let path = pattern.replace(['{', '}'], "");
        let address = format!("{}{path}", world.base());
        let request = client.request("BREW".parse().unwrap(), address).bearer_auth(STAFF_TOKEN);
        let brew = request.send().await.unwrap();
        let allowed = brew.headers().get("allow").unwrap_or_else(|| panic!("{pattern}: {}", brew.status()));
        let allowed = allowed.to_str().unwrap().split(',').map(str::to_owned);
        let allowed: BTreeSet<String> = allowed.filter(|method| method != "HEAD").collect();
        served_methods.insert(pattern, allowed);
    }
    assert_eq!(served_methods, document.methods());
    assert_eq!(document.empty_schemas(), Vec::<String>::new());
    world.stop().await;
}

#[tokio::test]
async fn who_may_is_described_as_the_table_of_roles_has_it() {
    let world = World::start().await;
    let document = document(&world).await;
    for (path, methods) in document.methods() {
        for method in methods.iter().filter(|_| path.starts_with("/api/")) {
            let security =
                document.0["paths"][&path][method.to_lowercase()]["security"].as_array().unwrap().clone();
            let opens = |name: &str| security.iter().any(|scheme| scheme.get(name).is_some());
            let address = path.replace("{type}", "mandate").replace(['{', '}'], "");
            let address = address
                .replace("/id", "/00000000000000000000000000")
                .replace("/change", "/revoke")
                .replace("/key/", "/key-99/");
            let send = |token: Option<&'static str>| {
                let (http, address, post) = (&world.http, address.clone(), method == "POST");
                async move {
                    if post {
                        http.post_json(&address, token, &json!({})).await
                    } else {
                        http.get(&address, token).await
                    }
                }
            };
            let (nobody, staff) = (send(None).await.status, send(Some(STAFF_TOKEN)).await.status);
            assert_eq!(nobody == 401, !security.is_empty(), "{method} {path}: nobody gets {nobody}");
            let by_staff = security.is_empty() || opens("staff");
            assert_eq!(staff != 401 && staff != 403, by_staff, "{method} {path}: staff get {staff}");
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn real_answers_are_as_described() {
    let world = World::start().await;
    let document = document(&world).await;
    let held = |pattern: &str, method: &str, answer: &Answer| {
        let kind = answer.header("content-type");
        let faults = document.answer_faults(pattern, method, answer.status, kind, answer.bytes());
        assert_eq!(faults, Vec::<String>::new(), "{method} {pattern} {}: {}", answer.status, answer.text());
        answer.status
    };
    let post = |path: &str, token: Option<&'static str>, body: serde_json::Value| {
        let (http, path) = (&world.http, path.to_owned());
        async move { http.post_json(&path, token, &body).await }
    };
    let claims = || testkit::Company::nth(0).business_licence_claims();

    // Apply, send back, correct, attach, approve.
    let sent = post("/api/applications", None, json!({"type": "business-licence", "claims": claims()})).await;
    assert_eq!(held("/api/applications", "post", &sent), 201);
    let (id, secret) = (sent.json()["id"].as_str().unwrap().to_owned(), sent.json()["secret"].clone());
    let secret = secret.as_str().unwrap();
    let refused = post("/api/applications", None, json!({"type": "business-licence", "claims": {}})).await;
    assert_eq!(held("/api/applications", "post", &refused), 422);
    let unread = world.http.post("/api/applications", None, "application/json", "{").await;
    assert_eq!(held("/api/applications", "post", &unread), 400);
    let one = "/api/applications/{id}";
    let at = |rest: &str| format!("/api/applications/{id}{rest}");
    let taken = post(&at("/take"), Some(CLERK_TOKEN), json!({})).await;
    assert_eq!(held(&format!("{one}/take"), "post", &taken), 200);
    let returned = post(&at("/return"), Some(CLERK_TOKEN), json!({"reason": "住所不全"})).await;
    assert_eq!(held(&format!("{one}/return"), "post", &returned), 200);
    let corrected = world.http.post_json(&at("/correct"), Some(secret), &json!({"claims": claims()})).await;
    assert_eq!(held(&format!("{one}/correct"), "post", &corrected), 200);
    let png = testkit::portrait_png(0);
    let attached = world.http.post(&at("/attachments"), Some(secret), "application/octet-stream", png).await;
    assert_eq!(held(&format!("{one}/attachments"), "post", &attached), 201);
    let no_file =
        world.http.post(&at("/attachments"), Some(secret), "application/octet-stream", "text").await;
    assert_eq!(held(&format!("{one}/attachments"), "post", &no_file), 422);
    assert_eq!(held(&format!("{one}/offer"), "get", &world.http.get(&at("/offer"), Some(secret)).await), 409);
    let approved = post(&at("/approve"), Some(STAFF_TOKEN), json!({})).await;
    assert_eq!(held(&format!("{one}/approve"), "post", &approved), 200);
    let again = post(&at("/reject"), Some(STAFF_TOKEN), json!({"reason": "不符"})).await;
    assert_eq!(held(&format!("{one}/reject"), "post", &again), 409);
    for token in [Some(STAFF_TOKEN), Some(secret), Some(ADMIN_TOKEN), None] {
        held(one, "get", &world.http.get(&at(""), token).await);
    }
    for (query, status) in [("", 200), ("?state=approved", 200), ("?state=none", 400)] {
        let listed = world.http.get(&format!("/api/applications{query}"), Some(STAFF_TOKEN)).await;
        assert_eq!(held("/api/applications", "get", &listed), status);
    }

    // Collect.
    let offered = world.http.get(&at("/offer"), Some(secret)).await;
    assert_eq!(held(&format!("{one}/offer"), "get", &offered), 200);
    let renewed = world.http.post_json(&at("/offer"), Some(secret), &json!({})).await;
    assert_eq!(held(&format!("{one}/offer"), "post", &renewed), 200);
    let (_, credential) = world.issued("business-licence-sd-jwt").await;
    let offer = world.collectable(&world.approved().await).await;
    assert_eq!(held("/token", "post", &world.redeem(&offer.code, "000000").await), 400);
    let redeemed = world.redeem(&offer.code, &offer.tx_code).await;
    assert_eq!(held("/token", "post", &redeemed), 200);
    let token = redeemed.json()["access_token"].as_str().unwrap().to_owned();
    let nonce = post("/nonce", None, json!({})).await;
    assert_eq!(held("/nonce", "post", &nonce), 200);
    let proof = Wallet::new(Algorithm::Es256).proof(&world, nonce.json()["c_nonce"].as_str().unwrap());
    let issued = world.ask(&token, "business-licence-vc", &proof).await;
    assert_eq!(held("/credential", "post", &issued), 200);
    assert_eq!(held("/credential", "post", &world.ask("none", "business-licence-vc", &proof).await), 401);
    for path in ["/deferred_credential", "/notification"] {
        held(path, "post", &world.http.post_json(path, Some(&token), &json!({})).await);
    }
    held("/par", "post", &world.http.post_form("/par", &[("client_id", "nobody")]).await);

    // Records and jobs.
    let mandate = testkit::Company::nth(1).business_licence_claims();
    let records =
        post("/api/records/business-licence", Some(STAFF_TOKEN), json!({"records": [mandate, {}]})).await;
    assert_eq!(held("/api/records/{type}", "post", &records), 200);
    assert_eq!(records.json()["refused"], 1);
    let csv = world
        .http
        .post("/api/records/business-licence/csv", Some(STAFF_TOKEN), "text/csv", "a,b\n1,2\n")
        .await;
    held("/api/records/{type}/csv", "post", &csv);
    let none = post("/api/jobs", Some(STAFF_TOKEN), json!({"type": "mandate"})).await;
    assert_eq!(held("/api/jobs", "post", &none), 409);
    let begun = post("/api/jobs", Some(STAFF_TOKEN), json!({"type": "business-licence"})).await;
    assert_eq!(held("/api/jobs", "post", &begun), 201);
    let job = begun.json()["id"].as_str().unwrap().to_owned();
    loop {
        let found = world.http.get(&format!("/api/jobs/{job}"), Some(STAFF_TOKEN)).await;
        assert_eq!(held("/api/jobs/{id}", "get", &found), 200);
        if found.json()["state"] == "done" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    for (what, status) in [("links", 200), ("codes", 200), ("both", 400)] {
        let path = format!("/api/jobs/{job}/prepared?what={what}");
        let prepared = world.http.get(&path, Some(STAFF_TOKEN)).await;
        assert_eq!(held("/api/jobs/{id}/prepared", "get", &prepared), status);
    }

    // Change what was issued.
    let path = format!("/api/credentials/{credential}");
    for (change, status) in [("suspend", 200), ("suspend", 409), ("destroy", 404)] {
        let changed =
            post(&format!("{path}/{change}"), Some(STAFF_TOKEN), json!({"reason": "年报逾期"})).await;
        assert_eq!(held("/api/credentials/{id}/{change}", "post", &changed), status, "{change}");
    }
    assert_eq!(held("/api/credentials/{id}", "get", &world.http.get(&path, Some(STAFF_TOKEN)).await), 200);
    assert_eq!(
        held("/api/credentials", "get", &world.http.get("/api/credentials", Some(STAFF_TOKEN)).await),
        200
    );
    let correction = json!({"claims": claims(), "reason": "住所写错"});
    let corrected = post(&format!("{path}/correct"), Some(STAFF_TOKEN), correction).await;
    assert_eq!(held("/api/credentials/{id}/correct", "post", &corrected), 200);

    let entries = world.http.get("/api/audit", Some(STAFF_TOKEN)).await;
    assert_eq!(held("/api/audit", "get", &entries), 200);
    assert!(entries.text().lines().count() > 10, "it tells of all the above");

    let keys = world.http.get("/api/keys", Some(STAFF_TOKEN)).await;
    assert_eq!(held("/api/keys", "get", &keys), 200);
    let rotated = post("/api/keys/p256/rotate", Some(STAFF_TOKEN), json!({})).await;
    assert_eq!(held("/api/keys/{key}/rotate", "post", &rotated), 200);
    let wish = json!({"since": 0, "keep": true, "reason": "钥匙丢失"});
    let asked = post("/api/keys/key-99/compromised", Some(STAFF_TOKEN), wish).await;
    assert!(held("/api/keys/{key}/compromised", "post", &asked) >= 400);
    let approved =
        post("/api/keys/key-99/compromised/approve", Some(STAFF_TOKEN), json!({"wish": "none"})).await;
    assert_eq!(held("/api/keys/{key}/compromised/approve", "post", &approved), 404);
    let unseen = post("/api/keys/key-99/compromised/approve", Some(STAFF_TOKEN), json!({})).await;
    assert_eq!(held("/api/keys/{key}/compromised/approve", "post", &unseen), 400);

    // What anybody reads.
    let reference = offer.offer_uri.split("offers%2F").nth(1).unwrap().to_owned();
    let gets = [
        ("/offers/{reference}", format!("/offers/{reference}")),
        ("/offers/{reference}", "/offers/none".to_owned()),
        ("/status-lists/{number}", "/status-lists/0".to_owned()),
        ("/status-lists/{number}", "/status-lists/77".to_owned()),
        ("/bitstring/{number}/{purpose}", "/bitstring/0/revocation".to_owned()),
        ("/bitstring/{number}/{purpose}", "/bitstring/0/none".to_owned()),
    ];
    for (pattern, path) in gets {
        held(pattern, "get", &world.http.get(&path, None).await);
    }
    for path in [
        "/.well-known/openid-credential-issuer",
        "/.well-known/oauth-authorization-server",
        "/mdoc/root",
        "/mdoc/roots",
        "/health/live",
        "/health/ready",
        "/api/openapi.json",
    ] {
        assert_eq!(held(path, "get", &world.http.get(path, None).await), 200);
    }
    world.stop().await;
}
