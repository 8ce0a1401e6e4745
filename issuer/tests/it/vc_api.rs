//! `vc_api`.

use credentials::UnixSeconds;
use credentials::jsonld::Contexts;
use credentials::key::SelfContained;
use credentials::vc_api::{Mechanism, Secured};
use serde_json::{Value, json};

use crate::world::{STAFF_TOKEN, World};

fn credential() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "credentialSubject": {"id": "urn:uuid:6c8c1f0e-5c37-4ad1-93c7-8b7e6c3a0002", "name": "云帆", "description": "x"},
    })
}

#[tokio::test]
async fn every_instance_issues_what_verifies_with_its_did_key() {
    let world = World::start().await;
    let instances = world.http.get("/instances", None).await.json();
    let instances = instances.as_array().expect("a list").clone();
    assert_eq!(instances.len(), Mechanism::ALL.len());
    for instance in instances {
        let url = instance["issue"].as_str().expect("an address");
        let mut body = json!({"credential": credential()});
        let name = instance["name"].as_str().and_then(Mechanism::named).expect("a mechanism");
        let selective = name.discloses_selectively();
        if selective {
            body["options"] = json!({"mandatoryPointers": ["/issuer"]});
        }
        let answer = world.http.post_json(url, None, &body).await;
        assert_eq!(answer.status, 201, "{url}: {}", answer.text());
        let mut issued = answer.json()["verifiableCredential"].clone();
        if selective {
            let body = json!({
                "verifiableCredential": issued,
                "options": {"selectivePointers": ["/credentialSubject/name"]},
            });
            let answer = world.http.post_json("/credentials/derive", None, &body).await;
            assert_eq!(answer.status, 201, "{}", answer.text());
            issued = answer.json()["verifiableCredential"].clone();
        }
        let keys = |method: &str| SelfContained::parse(method).ok().map(|found| found.key);
        let now = UnixSeconds(service::clock::now().seconds());
        assert_eq!(issued["proof"].get("cryptosuite"), instance.get("cryptosuite"));
        let read = Secured::read(issued).expect("a credential");
        assert_eq!(read.check(&keys, now, Contexts::pinned()).flaws(), [], "{url}");
        assert_eq!(read.content().issuer(), instance["id"]);
        let subject = &read.content().dangerous_members()["credentialSubject"];
        assert_eq!(subject.get("description").is_some(), !selective, "{url}");
    }
    world.stop().await;
}

#[tokio::test]
async fn refusals_by_name() {
    let world = World::start().await;
    let rdf = "/instances/eddsa-rdfc-2022/credentials/issue";
    let with = |change: fn(&mut Value)| {
        let mut body = json!({"credential": credential()});
        change(&mut body);
        body
    };
    let cases = [
        (
            "term_undefined",
            rdf,
            with(|b| b["credential"]["credentialSubject"]["undefined"] = 1.into()),
            "not-issued",
        ),
        ("issuer_another", rdf, with(|b| b["credential"]["issuer"] = "did:key:z6Mk".into()), "not-issued"),
        ("option_unknown", rdf, with(|b| b["options"] = json!({"created": "now"})), "invalid-request"),
        ("credential_missing", rdf, json!({}), "invalid-request"),
        (
            "nothing_to_derive",
            "/credentials/derive",
            json!({"verifiableCredential": credential()}),
            "not-derived",
        ),
        ("no_object_to_derive", "/credentials/derive", json!({"verifiableCredential": "eyJ"}), "not-derived"),
    ];
    for (name, path, body, code) in cases {
        let answer = world.http.post_json(path, None, &body).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, code), "{name}: {}", answer.text());
    }
    let answer = world.http.post_json("/instances/none/credentials/issue", None, &with(|_| {})).await;
    assert_eq!((answer.status, answer.problem().as_str()), (404, "not-found"));
    let answer = world.http.post(rdf, None, "text/plain", "{}").await;
    assert_eq!((answer.status, answer.problem().as_str()), (415, "unsupported-media-type"));
    world.stop().await;
}

#[tokio::test]
async fn the_staff_changes_the_status_of_what_the_department_issued() {
    let world = World::start().await;
    let (_, id) = world.issued("business-licence-vc").await;
    let body = |purpose: &str, status: bool| {
        let change = json!({"type": "BitstringStatusListEntry", "statusPurpose": purpose, "status": status});
        json!({"credentialId": id, "credentialStatus": change})
    };
    for token in [None, Some("x")] {
        let answer = world.http.post_json("/credentials/status", token, &body("suspension", true)).await;
        assert_eq!(answer.status, 401);
    }
    for (purpose, status, becomes) in
        [("suspension", true, "suspended"), ("suspension", false, "valid"), ("revocation", true, "revoked")]
    {
        let answer =
            world.http.post_json("/credentials/status", Some(STAFF_TOKEN), &body(purpose, status)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["status"], becomes);
        assert_eq!(world.record(&id).await["status"], becomes);
    }
    let undone = body("revocation", false);
    let undone = world.http.post_json("/credentials/status", Some(STAFF_TOKEN), &undone).await;
    assert_eq!(undone.problem(), "status-unknown");
    world.stop().await;
}

#[tokio::test]
async fn it_is_not_there_unless_it_is_switched_on() {
    let mut world = World::start().await;
    world.config.vc_api = false;
    world.restart().await;
    for path in ["/instances/eddsa-rdfc-2022/credentials/issue", "/credentials/derive", "/credentials/status"]
    {
        let answer =
            world.http.post_json(path, Some(STAFF_TOKEN), &json!({"credential": credential()})).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    assert_eq!(world.http.get("/instances", None).await.status, 404);
    world.stop().await;
}
