//! Nobody's data where it does not belong: in logs, on the chain, on the counter's disk, in the open on a phone's.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails, fails")]

use std::path::{Path, PathBuf};

use e2e::{Application, Holder, LICENCE, Offer, Play, TAX};
use serde_json::{Value, json};
use testkit::{Captured, Company, Person};

/// Every text of the claims that is long enough to be told from chance.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.chars().count() > 2 => found.push(text.chars().take(60).collect()),
        Value::Number(number) => found.push(number.to_string()),
        Value::Array(list) => list.iter().for_each(|value| texts(value, found)),
        Value::Object(map) => map.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

/// What must not be found.
struct Forbidden {
    personal: Vec<String>,
    secret: Vec<(&'static str, String)>,
}

impl Forbidden {
    fn note(&mut self, application: Application, offer: Offer) {
        self.secret.push(("an applicant's secret", application.secret));
        self.secret.push(("a pre-authorized code", offer.code));
    }

    /// A personal value or secret in these bytes, if there is one.
    fn found_in(&self, bytes: &[u8]) -> Option<String> {
        let text = String::from_utf8_lossy(bytes);
        let personal = self.personal.iter().find(|value| text.contains(value.as_str())).cloned();
        let secret = self.secret.iter().find(|(_, secret)| text.contains(secret.as_str()));
        personal.or(secret.map(|(name, _)| (*name).to_owned()))
    }
}

/// One of everything, the refusals included.
async fn whole_story(play: &Play, claims: [(&'static str, Value); 2]) -> Forbidden {
    let counter = play.counter();
    let holder = Holder::new(play, "citizen").await;
    let mut forbidden = Forbidden { personal: Vec::new(), secret: Vec::new() };
    forbidden.secret.push(("the staff's token", play.urls().staff_token.clone()));
    for (kind, claims) in claims {
        texts(&claims, &mut forbidden.personal);
        let desk = if kind == LICENCE { play.market() } else { play.police() };
        let mut wrong = claims.clone();
        wrong["idNumber"] = json!("110105194912310021");
        wrong["creditCode"] = json!("91340100MA8TE5T020");
        let sent = json!({"type": kind, "claims": wrong});
        let refused = play.http.post_json(&format!("{}/api/applications", desk.url), None, &sent).await;
        assert_eq!(refused.status, 422, "{}", refused.text());
        // Claims where something else belongs: parsers like to quote what they can't read.
        let misplaced = json!({"type": claims, "claims": kind});
        play.http.post_json(&format!("{}/api/applications", desk.url), None, &misplaced).await;

        let (application, offer) = desk.offered(kind, &claims).await;
        holder.receive_with(&offer, &offer.wrong_tx_code()).await.expect_err("the wrong code");
        holder.receive(&offer).await.expect("received");
        let purposes: &[&str] =
            if kind == LICENCE { &["company-service", "licence-original"] } else { &["identity-check"] };
        for purpose in purposes {
            let asked = counter.ask(purpose).await;
            holder.present(&asked).await.expect("presented");
            counter.decision(&asked).await.must_accept();
            let sent = holder.last_answer();
            let form = "application/x-www-form-urlencoded";
            play.http.post(&sent.url, None, form, sent.body.clone()).await;
            let open = counter.fetch(&counter.ask(purpose).await).await;
            play.http.post(&open.response_uri(), None, form, sent.body).await;
        }
        if kind == LICENCE {
            let tax = play.tax();
            let asked = tax.asks(TAX).await;
            let presented = holder.present(&asked).await.expect("presented");
            let application = tax.led_to(&presented);
            forbidden.note(application.clone(), tax.offer(&application).await);
        }
        desk.change_all(&application, "revoke").await;
        let asked = counter.ask(purposes[0]).await;
        holder.present(&asked).await.expect("presented");
        forbidden.note(application, offer);
    }
    forbidden.personal.extend(["110105194912310021".to_owned(), "91340100MA8TE5T020".to_owned()]);
    forbidden
}

/// Records that a department has, whole and broken, as JSON and as CSV, and what is handed out of them.
async fn in_bulk(play: &Play, forbidden: &mut Forbidden) {
    let (police, token) = (play.police().url, play.urls().staff_token.clone());
    let at = |path: &str| format!("{police}{path}");
    let people: Vec<Value> = (30..33).map(|n| Person::nth(n).digital_id_claims()).collect();
    people.iter().for_each(|claims| texts(claims, &mut forbidden.personal));
    let sent = json!({"records": people});
    let report = play.http.post_json(&at("/api/records/digital-id"), Some(&token), &sent).await;
    assert_eq!(report.status, 200, "{}", report.text());
    let csv = "name,idNumber\n欧阳测试者,11010519491231002B\n欧阳测试者,\"=1+1,x\n";
    forbidden.personal.extend(["欧阳测试者".to_owned(), "11010519491231002B".to_owned()]);
    play.http
        .post(&at("/api/records/digital-id/csv"), Some(&token), "text/csv", csv.as_bytes().to_vec())
        .await;
    let begin = json!({"type": "digital-id"});
    let begun = play.http.post_json(&at("/api/jobs"), Some(&play.urls().supervisor_token), &begin).await;
    let job = begun.must(201)["id"].as_str().unwrap().to_owned();
    while play.http.get(&at(&format!("/api/jobs/{job}")), Some(&token)).await.must(200)["state"] != "done" {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let links =
        play.http.get(&at(&format!("/api/jobs/{job}/prepared?what=links")), Some(&token)).await.must(200);
    for row in links["prepared"].as_array().unwrap() {
        forbidden.secret.push(("a prepared link", row["link"].as_str().unwrap().to_owned()));
    }
    // A member of the staff looks for somebody on the console.
    let form = "application/x-www-form-urlencoded";
    let sought = format!("wanted={}", Person::nth(30).id_number);
    play.http.post(&at("/console/search"), None, form, sought.into_bytes()).await;
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_personal_value_and_no_secret_where_it_does_not_belong() {
    let captured = Captured::default();
    tracing_subscriber::fmt().with_writer(captured.writer()).with_env_filter("trace,sled=info").init();
    let folder = tempfile::tempdir().unwrap();
    let play = Play::start(folder.path()).await;
    let person = Person::nth(7).digital_id_claims();
    let company = Company::nth(8).business_licence_claims();
    let mut forbidden = whole_story(&play, [("digital-id", person), (LICENCE, company)]).await;
    in_bulk(&play, &mut forbidden).await;
    // The names of offices and the kinds of companies are nobody's, and stand in the seed and in the catalogue.
    let public = ["合肥市市场监督管理局", "long-term", "male", "female", "芜湖市公安局"];
    forbidden.personal.retain(|value| !public.contains(&value.as_str()) && !value.ends_with("公安局"));
    let personal = forbidden.personal.len();
    assert!(personal > 14, "there is something to look for: {personal}");
    play.stop().await;
    tracing::info!(value = forbidden.personal[0], "what a leak would look like");

    let log = captured.bytes();
    let log = String::from_utf8_lossy(&log);
    assert!(log.contains("/api/applications"), "requests are logged at all");
    let mut leaks = log.lines().filter_map(|line| Some((forbidden.found_in(line.as_bytes())?, line)));
    let last = leaks.next_back().map(|(_, line)| line.contains("what a leak would look like"));
    assert_eq!(last, Some(true), "a leak would be found");
    let leaks: Vec<_> = leaks.collect();
    assert!(leaks.is_empty(), "{leaks:#?}");

    forbidden.secret.retain(|(name, _)| *name != "the staff's token");
    for place in ["stack/chain", "stack/verifier", "stack/phone", "holders"] {
        let files = files(&folder.path().join(place));
        assert!(!files.is_empty(), "{place} holds something");
        for file in files {
            let found = forbidden.found_in(&std::fs::read(&file).unwrap());
            assert_eq!(found, None, "{}", file.display());
        }
    }
}
