//! The audit log: every act is in it, it hangs together over restarts, and the chain vouches for it.

use std::time::Duration;

use issuer::Policy;
use issuer::audit::{self, AuditFlaw, Entry, Who};
use registry::{Did, LogAnchorRecord, Record, RecordKey};
use serde_json::json;

use crate::http::encode;
use crate::pages_console::Clerk;
use crate::world::{ADMIN_TOKEN, CLERK_TOKEN, STAFF_TOKEN, SUPERVISOR_TOKEN, World};

fn often() -> Policy {
    Policy { audit_anchored_every: Duration::from_millis(100), ..Policy::default() }
}

/// The whole log, page after page.
async fn export(world: &World) -> String {
    let mut lines = String::new();
    loop {
        let after = lines.lines().count();
        let answer = world.http.get(&format!("/api/audit?after={after}"), Some(STAFF_TOKEN)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        if answer.text().is_empty() {
            return lines;
        }
        lines.push_str(&answer.text());
    }
}

/// What the chain says, once it covers so many entries.
async fn anchored(world: &World, did: &Did, entries: u64) -> LogAnchorRecord {
    let node = service::NodeClient::new(service::NodeConfig::new(
        world.config.node_url.as_str().trim_end_matches('/'),
        world.config.anchor.clone(),
    ));
    let covered = async {
        loop {
            let key = RecordKey::LogAnchor(did.clone(), audit::log_name());
            let proven = node.proven_one(key).await.expect("proven");
            match proven.record() {
                Some(Record::LogAnchor(record)) if record.entries >= entries => return record.clone(),
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), covered).await.expect("anchored")
}

fn words(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.what.as_str()).collect()
}

fn read(export: &str) -> Vec<Entry> {
    export.lines().map(|line| Entry::read(line.as_bytes()).expect("an entry")).collect()
}

#[tokio::test]
async fn every_act_is_in_the_log_and_the_chain_vouches_for_it() {
    let mut world = World::with(often()).await;
    let did: Did = world.did().parse().expect("a DID");
    let claims = testkit::Company::nth(3).business_licence_claims();
    let body = json!({"type": "business-licence", "claims": claims});
    let applied = world.http.post_json("/api/applications", None, &body).await;
    let (application, request) = (applied.json()["id"].clone(), applied.header("x-request-id").to_owned());
    let path = format!("/api/applications/{}/reject", application.as_str().expect("an id"));
    let rejected =
        world.http.post_json(&path, Some(STAFF_TOKEN), &json!({"reason": "照片不清楚，请重拍"})).await;
    assert_eq!(rejected.status, 200);
    let (_, credential) = world.issued("business-licence-sd-jwt").await;
    assert_eq!(world.change(&credential, "suspend").await.status, 200);
    world.http.post_form("/console/sign-in", &[("token", "a guess at a token")]).await;
    world.http.post_form("/console/sign-in", &[("token", STAFF_TOKEN)]).await;

    let exported = export(&world).await;
    let entries = read(&exported);
    assert_eq!(
        words(&entries),
        [
            "keys-registered",
            "status-list-opened",
            "application-received",
            "application-rejected",
            "application-received",
            "application-approved",
            "offer-made",
            "offer-redeemed",
            "credential-issued",
            "application-read",
            "status-change-asked",
            "status-changed",
            "sign-in-failed",
            "signed-in",
        ]
    );
    assert_eq!(
        (&entries[0].who, &entries[2].who, &entries[8].who),
        (&Who::Issuer, &Who::Applicant, &Who::Wallet)
    );
    let li = Who::Staff { name: "li".into() };
    assert_eq!((&entries[3].who, &entries[11].who, &entries[13].who), (&li, &li, &li));
    assert_eq!(entries[2].request.as_ref(), Some(&request), "as the answer's header said");
    assert_eq!(entries[2].about["application"], application);
    assert_eq!(entries[3].about["state"], "rejected");
    assert_eq!(
        (&entries[11].about["credential"], entries[11].about["change"].as_str()),
        (&credential, "suspend")
    );
    for value in claims.as_object().expect("claims").values().filter_map(|value| value.as_str()) {
        assert!(value.len() < 4 || !exported.contains(value), "{value} is a claim's");
    }
    assert!(!exported.contains("照片"), "reasons stay with the application");

    let anchor = anchored(&world, &did, entries.len() as u64).await;
    let audited = audit::check(exported.as_bytes(), &did, Some(&anchor)).expect("whole");
    assert_eq!((audited.entries, audited.anchored), (14, Some(14)));
    let (cut, _) = exported.trim_end().rsplit_once('\n').expect("lines");
    let cut = audit::check(format!("{cut}\n").as_bytes(), &did, Some(&anchor));
    assert_eq!(cut, Err(AuditFlaw::Cut { entries: 13, anchored: 14 }));

    // It goes on after a restart, and what was noted last is anchored when the issuer stops.
    world.restart().await;
    world.approved().await;
    let more = export(&world).await;
    assert!(more.starts_with(&exported));
    let head = audit::check(more.as_bytes(), &did, Some(&anchor)).expect("whole");
    world.config.policy.audit_anchored_every = Duration::from_secs(3600);
    world.restart().await;
    world.approved().await;
    world.stop_issuer().await;
    let anchor = anchored(&world, &did, head.entries + 2).await;
    assert_eq!(anchor.entries, head.entries + 2);
    world.stop().await;
}

#[tokio::test]
async fn what_the_desk_does_and_who_reads_what_is_in_the_log() {
    let world = World::start().await;
    let act = |path: String, token: &'static str, body: serde_json::Value| {
        let world = &world;
        async move {
            let answer = world.http.post_json(&path, Some(token), &body).await;
            assert!(answer.status < 300, "{path}: {}", answer.text());
            answer.json()
        }
    };
    let claims = testkit::Company::nth(5).business_licence_claims();
    let applied = world.apply("business-licence", claims.clone()).await;
    let path = format!("/api/applications/{}", applied.id);
    let file = b"%PDF-1.7".to_vec();
    let files = format!("{path}/attachments");
    let kept = world.http.post(&files, Some(&applied.secret), "application/pdf", file).await;
    let attachment = kept.json()["id"].clone();
    act(format!("{path}/take"), CLERK_TOKEN, json!({})).await;
    act(format!("{path}/return"), CLERK_TOKEN, json!({"reason": "请补充住所证明"})).await;
    let correction = json!({"claims": claims});
    let corrected =
        world.http.post_json(&format!("{path}/correct"), Some(&applied.secret), &correction).await;
    assert_eq!(corrected.status, 200, "{}", corrected.text());
    world.http.get(&path, Some(&applied.secret)).await;
    world.http.get(&path, Some(CLERK_TOKEN)).await;

    let of = "business-licence";
    let records = json!({"records": [testkit::Company::nth(6).business_licence_claims()]});
    act(format!("/api/records/{of}"), CLERK_TOKEN, records).await;
    let job = act("/api/jobs".into(), SUPERVISOR_TOKEN, json!({"type": of})).await["id"].clone();
    let job_path = format!("/api/jobs/{}", job.as_str().expect("an id"));
    let done = async {
        while world.http.get(&job_path, Some(CLERK_TOKEN)).await.json()["state"] != "done" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), done).await.expect("done");
    world.http.get(&format!("{job_path}/prepared?what=codes"), Some(SUPERVISOR_TOKEN)).await;

    let page = |token: &'static str| {
        let world = &world;
        async move {
            let signed_in = world.http.post_form("/console/sign-in", &[("token", token)]).await;
            let cookie = signed_in.header("set-cookie").split(';').next().expect("a cookie").to_owned();
            let page = world.http.get_with("/console/overview", &[("cookie", cookie.clone())]).await.text();
            let csrf = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
            (cookie, csrf.expect("a form").to_owned())
        }
    };
    let send = |session: &(String, String), path: &'static str, form: &[(&str, &str)]| {
        let (cookie, csrf) = session.clone();
        let body = encode(&[&[("csrf", csrf.as_str())], form].concat());
        let world = &world;
        async move {
            let headers =
                [("cookie", cookie), ("content-type", "application/x-www-form-urlencoded".to_owned())];
            let answer = world.http.post_with(path, &headers, body).await;
            assert!(answer.status < 400, "{path}: {}", answer.text());
        }
    };
    let clerk = page(CLERK_TOKEN).await;
    let name = claims["name"].as_str().expect("a name");
    send(&clerk, "/console/search", &[("wanted", name)]).await;
    let attached = format!(
        "/console/applications/{}/attachments/{}",
        applied.id,
        attachment.as_str().expect("an attachment")
    );
    world.http.get_with(&attached, &[("cookie", clerk.0.clone())]).await;
    let admin = page(ADMIN_TOKEN).await;
    send(&admin, "/console/accounts", &[("name", "qian"), ("role", "clerk")]).await;
    send(&admin, "/console/accounts/reset", &[("name", "qian")]).await;
    send(&admin, "/console/accounts/close", &[("name", "qian")]).await;
    send(&admin, "/console/accounts", &[("name", "shen"), ("role", "supervisor")]).await;
    let other = page(STAFF_TOKEN).await;
    send(&other, "/console/accounts/confirm", &[("name", "shen")]).await;
    send(&admin, "/console/accounts/keys", &[("name", "registry"), ("type", of)]).await;

    let exported = export(&world).await;
    let entries = read(&exported);
    let told: Vec<_> = entries.iter().skip(2).collect();
    let words: Vec<_> = told.iter().map(|entry| entry.what.as_str()).collect();
    assert_eq!(
        words,
        [
            "application-received",
            "attachment-added",
            "application-taken",
            "application-returned",
            "application-corrected",
            "application-read",
            "records-imported",
            "bulk-begun",
            "bulk-prepared",
            "bulk-done",
            "codes-handed-out",
            "signed-in",
            "searched",
            "attachment-read",
            "signed-in",
            "account-made",
            "account-password-reset",
            "account-closed",
            "account-made",
            "signed-in",
            "account-confirmed",
            "api-key-made",
        ]
    );
    let staff = |name: &str| Who::Staff { name: name.into() };
    assert_eq!((&told[5].who, &told[8].who, &told[10].who), (&staff("chen"), &Who::Issuer, &staff("he")));
    assert_eq!((&told[6].about["added"], &told[9].about["prepared"]), (&"1".to_owned(), &"1".to_owned()));
    assert_eq!((&told[15].who, told[15].about["account"].as_str()), (&staff("zhou"), "qian"));
    assert_eq!((&told[20].who, told[20].about["account"].as_str()), (&staff("li"), "shen"));
    for said in [name, "请补充住所证明", claims["creditCode"].as_str().expect("a code")] {
        assert!(!exported.contains(said), "{said}");
    }
    world.stop().await;
}

#[tokio::test]
async fn every_page_that_shows_claims_is_in_the_log_also_after_a_refusal() {
    let world = World::start().await;
    let clerk = Clerk::sign_in(&world).await;
    let noted = async |what: &str| {
        let entries = read(&export(&world).await);
        entries.iter().filter(|entry| entry.what == what).count()
    };
    let company = testkit::Company::nth(0);
    let applied = world.apply("business-licence", company.business_licence_claims()).await;
    let path = format!("/console/applications/{}", applied.id);
    let csrf = clerk.csrf(&path).await;
    assert_eq!(noted("application-read").await, 1);
    let form = [("csrf", csrf.as_str()), ("seen", "1")];
    assert_eq!(clerk.send(&format!("{path}/approve"), &form).await.status, 303);
    assert_eq!(noted("application-read").await, 1, "it shows nothing");
    for (read, (act, status)) in
        (2..).zip([("reject", 422), ("return", 422), ("take", 409), ("approve", 409)])
    {
        let refused = clerk.send(&format!("{path}/{act}"), &form).await;
        assert_eq!(refused.status, status, "{act}");
        assert!(refused.text().contains(&company.credit_code), "{act} shows the claims again");
        assert_eq!(noted("application-read").await, read, "{act}");
    }

    let (_, credential) = world.issued("business-licence-sd-jwt").await;
    let before = noted("credential-read").await;
    let path = format!("/console/credentials/{credential}/correct");
    assert!(clerk.see(&path).await.contains(&company.credit_code));
    assert_eq!(noted("credential-read").await, before + 1);
    let headers = [
        ("cookie", clerk.cookie.clone()),
        ("content-type", "multipart/form-data; boundary=between".to_owned()),
    ];
    let body = format!(
        "--between\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--between--\r\n"
    );
    assert_eq!(world.http.post_with(&path, &headers, body).await.status, 422);
    assert_eq!(noted("credential-read").await, before + 2);
    drop(clerk);
    world.stop().await;
}

#[tokio::test]
async fn the_log_is_for_auditors_and_acts_that_fail_leave_nothing_in_it() {
    let world = World::start().await;
    let applied = world.approved().await;
    let before = export(&world).await;
    for token in [None, Some("a guess at a token"), Some(applied.secret.as_str())] {
        assert_eq!(world.http.get("/api/audit", token).await.status, 401);
    }
    for token in [CLERK_TOKEN, SUPERVISOR_TOKEN, ADMIN_TOKEN] {
        assert_eq!(world.http.get("/api/audit", Some(token)).await.problem(), "role");
    }
    let again = format!("/api/applications/{}/approve", applied.id);
    assert_eq!(world.http.post_json(&again, Some(STAFF_TOKEN), &json!({})).await.status, 409);
    let refused = json!({"type": "business-licence", "claims": {}});
    let refused = world.http.post_json("/api/applications", None, &refused).await;
    assert_eq!(refused.status, 422);
    assert_eq!(export(&world).await, before);
    world.stop().await;
}
