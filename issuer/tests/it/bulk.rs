//! Records, and bulk issuance from them.

use std::collections::BTreeSet;
use std::time::Duration;

use credentials::key::Algorithm;
use serde_json::{Value, json};

use crate::pages_console::Clerk;
use crate::wallet::Wallet;
use crate::world::{CLERK_TOKEN, STAFF_TOKEN, SUPERVISOR_TOKEN, World};

const HEADER: &str = "name,creditCode,companyType,legalRepresentative,registeredCapital,established,address,businessScope,\
                      term,registrationAuthority,licenceIdentifier\n";

/// Licences of so many companies, as a department's system writes them.
fn csv(companies: std::ops::Range<usize>) -> String {
    let mut text = HEADER.to_owned();
    for n in companies {
        let claims = testkit::Company::nth(n).business_licence_claims();
        let cell = |name: &str| match &claims[name] {
            Value::String(text) => format!("\"{text}\""),
            other => other.to_string(),
        };
        let names = HEADER.trim().split(',').map(str::trim);
        text += &names.map(cell).collect::<Vec<_>>().join(",");
        text.push('\n');
    }
    text
}

async fn import(world: &World, csv: String) -> Value {
    let answer =
        world.http.post("/api/records/business-licence/csv", Some(CLERK_TOKEN), "text/csv", csv).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn begin(world: &World) -> String {
    begin_of(world, "business-licence").await
}

async fn begin_of(world: &World, of: &str) -> String {
    let body = json!({"type": of});
    let answer = world.http.post_json("/api/jobs", Some(SUPERVISOR_TOKEN), &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn done(world: &World, job: &str) -> Value {
    let path = format!("/api/jobs/{job}");
    let done = async {
        loop {
            let job = world.http.get(&path, Some(CLERK_TOKEN)).await.json();
            if job["state"] == "done" {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), done).await.expect("done")
}

/// One half of everything a job prepared: application to value.
async fn half(world: &World, job: &str, what: &str) -> Vec<(String, String)> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/jobs/{job}/prepared?what={what}{after}");
        let page = world.http.get(&path, Some(SUPERVISOR_TOKEN)).await.json();
        for one in page["prepared"].as_array().unwrap() {
            let value = one.get("link").or(one.get("code")).unwrap();
            found.push((one["application"].as_str().unwrap().into(), value.as_str().unwrap().into()));
        }
        let Some(next) = page["next"].as_str() else { return found };
        after = format!("&after={next}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_become_offers_that_a_wallet_collects_with_both_halves() {
    let world = World::start().await;
    let mut file = csv(0..1200);
    file += &csv(1200..1201).lines().nth(1).unwrap().replace("MA8T", "MA8X");
    let report = import(&world, file).await;
    assert_eq!((&report["added"], &report["refused"]), (&json!(1200), &json!(1)));
    assert_eq!(
        report["problems"][0],
        json!({"line": 1202, "claim": "creditCode", "code": "credit_code_check"})
    );
    let job = begin(&world).await;
    let job_done = done(&world, &job).await;
    assert_eq!(
        (&job_done["done"], &job_done["total"], &job_done["refused"]),
        (&json!(1200), &json!(1200), &json!(0))
    );
    let (links, codes) = (half(&world, &job, "links").await, half(&world, &job, "codes").await);
    let applications: BTreeSet<_> = links.iter().map(|(id, _)| id).collect();
    assert_eq!((applications.len(), codes.len()), (1200, 1200), "each once");
    assert!(
        !links
            .iter()
            .any(|(id, link)| codes.iter().any(|(other, code)| id == other && link.contains(code.as_str())))
    );

    let (link, code) = (&links[7].1, &codes[7].1);
    let uri: String = url_value(link);
    let offer = world.http.get(uri.strip_prefix(world.base()).unwrap(), None).await.json();
    let grant = &offer["grants"][protocol::openid4vci::PRE_AUTHORIZED_CODE];
    let token = world.redeem(grant["pre-authorized_code"].as_str().unwrap(), code).await;
    assert_eq!(token.status, 200, "{}", token.text());
    let token = token.json()["access_token"].as_str().unwrap().to_owned();
    let proof = Wallet::new(Algorithm::Es256).proof(&world, &world.nonce().await);
    assert_eq!(world.ask(&token, "business-licence-sd-jwt", &proof).await.status, 200);

    // Nothing waits any more, and the same file prepares nothing again.
    let body = json!({"type": "business-licence"});
    let again = world.http.post_json("/api/jobs", Some(SUPERVISOR_TOKEN), &body).await;
    assert_eq!(again.problem(), "nothing-waits");
    let report = import(&world, csv(0..10)).await;
    assert_eq!((&report["added"], &report["refused"]), (&json!(0), &json!(10)));
    assert_eq!(report["problems"][0]["code"], "already_prepared");
    world.stop().await;
}

fn url_value(link: &str) -> String {
    let query = link.split_once('?').unwrap().1.strip_prefix("credential_offer_uri=").unwrap();
    let bytes = query.as_bytes();
    let (mut text, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        if bytes[at] == b'%' {
            text.push(u8::from_str_radix(&query[at + 1..at + 3], 16).unwrap());
            at += 3;
        } else {
            text.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(text).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_was_stopped_goes_on_and_prepares_nothing_twice() {
    let mut world = World::start().await;
    import(&world, csv(0..3000)).await;
    let job = begin(&world).await;
    // Stopped and started until it is through: each time in the middle of something.
    for _ in 0..3 {
        world.restart().await;
    }
    let job_done = done(&world, &job).await;
    assert_eq!((&job_done["done"], &job_done["total"]), (&json!(3000), &json!(3000)));
    let links = half(&world, &job, "links").await;
    let distinct: BTreeSet<_> = links.iter().map(|(id, _)| id).collect();
    assert_eq!((links.len(), distinct.len()), (3000, 3000));
    world.stop().await;
}

/// An API key of this name, made on the console.
async fn api_key(world: &World, name: &str, of: &str) -> String {
    let admin = world.http.post_form("/console/sign-in", &[("token", crate::world::ADMIN_TOKEN)]).await;
    let cookie = admin.header("set-cookie").split(';').next().unwrap().to_owned();
    let page = world.http.get_with("/console/accounts", &[("cookie", cookie.clone())]).await.text();
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let headers = [("cookie", cookie), ("content-type", "application/x-www-form-urlencoded".to_owned())];
    let form = crate::http::encode(&[("csrf", csrf.as_str()), ("name", name), ("type", of)]);
    let made = world.http.post_with("/console/accounts/keys", &headers, form).await.text();
    made.split("data-copy=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_brings_records_of_its_types_and_does_nothing_else() {
    let world = World::start().await;
    let key = api_key(&world, "registry", "business-licence").await;
    let records = json!({"records": [testkit::Company::nth(1).business_licence_claims()]});
    let brought = world.http.post_json("/api/records/business-licence", Some(&key), &records).await;
    assert_eq!((brought.status, &brought.json()["added"]), (200, &json!(1)), "{}", brought.text());
    let other = world.http.post_json("/api/records/mandate", Some(&key), &records).await;
    assert_eq!((other.status, other.problem().as_str()), (403, "scope"));
    for path in ["/api/applications", "/api/credentials"] {
        assert_eq!(world.http.get(path, Some(&key)).await.status, 401, "{path}");
    }
    let job = world.http.post_json("/api/jobs", Some(&key), &json!({"type": "business-licence"})).await;
    assert_eq!(job.status, 401);
    world.stop().await;
}

#[tokio::test]
async fn files_are_refused_by_their_flaw() {
    let world = World::start().await;
    for (name, file, text) in [
        ("empty", Vec::new(), "first row"),
        ("a_thousand_columns", ",".repeat(999).into_bytes(), "64 columns"),
        ("unknown_column", b"name,password\n".to_vec(), "column 2"),
    ] {
        let answer =
            world.http.post("/api/records/business-licence/csv", Some(CLERK_TOKEN), "text/csv", file).await;
        assert_eq!(answer.problem(), "file", "{name}");
        assert!(answer.text().contains(text), "{name}: {}", answer.text());
    }
    let gb18030 = [HEADER.as_bytes(), b"\xba\xcf\xb7\xca,\n", b"=cmd|'/c calc'!A1,x\n"].concat();
    let answer =
        world.http.post("/api/records/business-licence/csv", Some(CLERK_TOKEN), "text/csv", gb18030).await;
    let codes: Vec<_> =
        answer.json()["problems"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
    assert_eq!(codes, ["encoding", "formula"]);
    let large = vec![b'a'; 65 << 20];
    let answer =
        world.http.post("/api/records/business-licence/csv", Some(CLERK_TOKEN), "text/csv", large).await;
    assert_eq!(answer.status, 413);
    world.stop().await;
}

const TALENT: &str = "talent-certificate";

/// Brings the talent certificates of so many people.
async fn bring_talents(world: &World, token: &str, people: std::ops::Range<usize>) -> Value {
    let talent = |n| {
        let person = testkit::Person::nth(n);
        json!({
            "name": person.name, "idNumber": person.id_number, "level": "B", "category": "量子信息",
            "issuingAuthority": "合肥市人力资源和社会保障局",
        })
    };
    let records: Vec<_> = people.map(talent).collect();
    let path = format!("/api/records/{TALENT}");
    let answer = world.http.post_json(&path, Some(token), &json!({"records": records})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_two_approve_whoever_brought_records_does_not_begin() {
    let world = World::start().await;
    assert_eq!(bring_talents(&world, CLERK_TOKEN, 0..2).await["added"], 2);
    assert_eq!(bring_talents(&world, SUPERVISOR_TOKEN, 2..3).await["added"], 1);
    let body = json!({"type": TALENT});
    let refused = world.http.post_json("/api/jobs", Some(SUPERVISOR_TOKEN), &body).await;
    assert_eq!((refused.status, refused.problem().as_str()), (403, "brought-by-you"));
    assert!(refused.text().contains("Let another supervisor begin"), "{}", refused.text());

    // The console says who brought what, and offers no button.
    let supervisor = Clerk::sign_in_as(&world, SUPERVISOR_TOKEN).await;
    let page = supervisor.see("/console/records").await;
    assert!(
        page.contains("导入人：chen（2 条）、he（1 条）") && page.contains("请由另一位主管开始签发"),
        "{page}"
    );
    let issue = format!("/console/records/{TALENT}/issue");
    assert!(!page.contains(&issue), "{page}");
    let csrf = supervisor.csrf("/console/records").await;
    let refused = supervisor.send(&issue, &[("csrf", &csrf)]).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("请由另一位主管开始签发"), "{}", refused.text());

    // Somebody else brings that one too: then whoever did not bring any begins, and both stand in what is made.
    assert_eq!(bring_talents(&world, CLERK_TOKEN, 2..3).await["replaced"], 1);
    assert!(supervisor.see("/console/records").await.contains(&issue));
    let job = begin_of(&world, TALENT).await;
    assert_eq!(done(&world, &job).await["done"], 3);
    let (application, _) = half(&world, &job, "links").await.remove(0);
    let page = supervisor.see(&format!("/console/applications/{application}")).await;
    assert!(page.contains("chen 初审通过") && page.contains("he 批量签发"), "{page}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_two_approve_nobody_is_handed_both_halves() {
    let mut world = World::start().await;
    bring_talents(&world, CLERK_TOKEN, 0..2).await;
    let job = begin_of(&world, TALENT).await;
    done(&world, &job).await;
    assert_eq!(half(&world, &job, "links").await.len(), 2);
    let refused = async |token, what| {
        let path = format!("/api/jobs/{job}/prepared?what={what}");
        let answer = world.http.get(&path, Some(token)).await;
        if answer.status == 200 { None } else { Some((answer.status, answer.problem())) }
    };
    let yours = Some((403, "other-half-is-yours".to_owned()));
    assert_eq!(refused(SUPERVISOR_TOKEN, "codes").await, yours);
    assert_eq!(refused(SUPERVISOR_TOKEN, "links").await, None, "the same half as often as wanted");
    // Another is handed the codes, and then not the links.
    assert_eq!(refused(STAFF_TOKEN, "codes").await, None);
    assert_eq!(refused(STAFF_TOKEN, "links").await, yours);

    // The console says the same, and who has what; a start changes nothing.
    world.restart().await;
    let path = format!("/console/jobs/{job}");
    for (token, own, other) in [(SUPERVISOR_TOKEN, "links", "codes"), (STAFF_TOKEN, "codes", "links")] {
        let member = Clerk::sign_in_as(&world, token).await;
        let page = member.see(&path).await;
        assert!(page.contains("链接由 he 发放") && page.contains("领取码由 li 发放"), "{page}");
        assert!(page.contains(&format!("{path}/{own}.csv")), "{page}");
        assert!(!page.contains(&format!("{path}/{other}.csv")), "{page}");
        let csrf = member.csrf(&path).await;
        let refused = member.send(&format!("{path}/{other}.csv"), &[("csrf", &csrf)]).await;
        assert_eq!(refused.status, 403);
        assert!(refused.text().contains("另一半请由另一位主管发放"), "{}", refused.text());
        let file = member.send(&format!("{path}/{own}.csv"), &[("csrf", &csrf)]).await;
        assert_eq!((file.status, file.text().lines().count()), (200, 3), "{}", file.text());
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_and_a_member_of_the_same_name_are_two() {
    let world = World::start().await;
    let key = api_key(&world, "he", TALENT).await;
    assert_eq!(bring_talents(&world, &key, 0..2).await["added"], 2);
    let supervisor = Clerk::sign_in_as(&world, SUPERVISOR_TOKEN).await;
    assert!(supervisor.see("/console/records").await.contains("导入人：系统 he（2 条）"));
    assert_eq!(done(&world, &begin_of(&world, TALENT).await).await["done"], 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_one_approves_whoever_brought_records_may_begin() {
    let world = World::start().await;
    let answer =
        world.http.post("/api/records/business-licence/csv", Some(STAFF_TOKEN), "text/csv", csv(0..1)).await;
    assert_eq!(answer.json()["added"], 1);
    let begun =
        world.http.post_json("/api/jobs", Some(STAFF_TOKEN), &json!({"type": "business-licence"})).await;
    assert_eq!(begun.status, 201, "{}", begun.text());
    world.stop().await;
}
