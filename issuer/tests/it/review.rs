//! An application's way over the desk: taken, sent back, corrected, approved by two; what is attached; who applied before.

use credentials::catalogue::Catalogue;
use serde_json::{Value, json};

use crate::http::Answer;
use crate::pages_console::Clerk;
use crate::world::{Applied, CLERK_TOKEN, STAFF_TOKEN, SUPERVISOR_TOKEN, World};

pub fn example(of: &str) -> Value {
    Catalogue::bundled().unwrap().by_id(of).unwrap().example()
}

pub async fn act(world: &World, applied: &Applied, verb: &str, token: &str) -> Answer {
    act_on(world, &applied.id, verb, token).await
}

/// What a member of the staff does with the application of this name.
pub async fn act_on(world: &World, application: &str, verb: &str, token: &str) -> Answer {
    let path = format!("/api/applications/{application}/{verb}");
    let body = if verb.starts_with("return") || verb.starts_with("reject") {
        json!({"reason": "照片不清楚"})
    } else {
        json!({})
    };
    world.http.post_json(&path, Some(token), &body).await
}

#[tokio::test]
async fn what_is_sent_back_is_corrected_by_its_applicant_and_decided_then() {
    let world = World::start().await;
    let applied = world.apply("mandate", example("mandate")).await;
    assert_eq!(act(&world, &applied, "take", CLERK_TOKEN).await.json()["state"], "in-review");
    let back = act(&world, &applied, "return", CLERK_TOKEN).await.json();
    assert_eq!((&back["state"], &back["note"]), (&json!("needs-correction"), &json!("照片不清楚")));
    assert_eq!(act(&world, &applied, "approve", CLERK_TOKEN).await.problem(), "with-applicant");
    let path = format!("/api/applications/{}/correct", applied.id);
    let mut claims = example("mandate");
    claims["agentIdNumber"] = json!("11010519491231002X");
    let wrong = world.http.post_json(&path, Some(&applied.secret), &json!({"claims": {}})).await;
    assert_eq!(wrong.problem(), "claims");
    assert_eq!(world.http.post_json(&path, Some(STAFF_TOKEN), &json!({"claims": claims})).await.status, 401);
    let again = world.http.post_json(&path, Some(&applied.secret), &json!({"claims": claims})).await.json();
    assert_eq!(again["state"], "submitted");
    let twice = world.http.post_json(&path, Some(&applied.secret), &json!({"claims": claims})).await;
    assert_eq!(twice.problem(), "nothing-to-correct");
    assert_eq!(act(&world, &applied, "approve", CLERK_TOKEN).await.json()["state"], "approved");
    let seen = world.http.get(&format!("/api/applications/{}", applied.id), Some(STAFF_TOKEN)).await.json();
    assert_eq!(seen["claims"]["agentIdNumber"], "11010519491231002X");
    world.stop().await;
}

#[tokio::test]
async fn what_was_corrected_since_it_was_read_is_not_decided() {
    let world = World::start().await;
    let applied = world.apply("mandate", example("mandate")).await;
    let path = format!("/console/applications/{}", applied.id);
    let slow = Clerk::sign_in(&world).await;
    // What the forms of the page say that it showed.
    let read = async || {
        let page = slow.see(&path).await;
        let seen: Vec<_> =
            page.split("name=\"seen\" value=\"").skip(1).map(|rest| rest[..1].to_owned()).collect();
        assert_eq!(seen.len(), 3, "to approve, to send back, to reject");
        seen[0].clone()
    };
    let (csrf, seen) = (slow.csrf(&path).await, read().await);
    let sent = world.http.get(&format!("/api/applications/{}", applied.id), Some(STAFF_TOKEN)).await.json();
    assert_eq!(sent["sent"].to_string(), seen);

    act(&world, &applied, "return", SUPERVISOR_TOKEN).await;
    let mut claims = example("mandate");
    claims["agentIdNumber"] = json!("11010519491231002X");
    let correct = format!("/api/applications/{}/correct", applied.id);
    world.http.post_json(&correct, Some(&applied.secret), &json!({"claims": claims})).await;

    for verb in ["approve", "return", "reject"] {
        let form = [("csrf", csrf.as_str()), ("seen", &seen), ("reason", "照片不清楚")];
        let refused = slow.send(&format!("{path}/{verb}"), &form).await;
        assert_eq!(refused.status, 409, "{verb}");
        let page = refused.text();
        assert!(page.contains("申请人又重新提交了") && page.contains("11010519491231002X"), "{verb}: {page}");
        let refused = act(&world, &applied, &format!("{verb}?seen={seen}"), CLERK_TOKEN).await;
        assert_eq!((refused.status, refused.problem().as_str()), (409, "sent-since"), "{verb}");
    }
    assert_eq!(act(&world, &applied, "take", CLERK_TOKEN).await.json()["state"], "in-review", "still open");
    let form = [("csrf", csrf.as_str()), ("seen", &read().await)];
    assert_eq!(slow.send(&format!("{path}/approve"), &form).await.status, 303);
    world.stop().await;
}

#[tokio::test]
async fn a_talent_certificate_takes_two_and_the_second_supervises() {
    let world = World::start().await;
    let applied = world.apply("talent-certificate", example("talent-certificate")).await;
    assert_eq!(act(&world, &applied, "approve", SUPERVISOR_TOKEN).await.json()["state"], "in-review");
    assert_eq!(act(&world, &applied, "approve", SUPERVISOR_TOKEN).await.problem(), "same-person");
    let clerk = act(&world, &applied, "approve", CLERK_TOKEN).await;
    assert_eq!((clerk.status, clerk.problem().as_str()), (403, "needs-supervisor"));
    let offer =
        world.http.get(&format!("/api/applications/{}/offer", applied.id), Some(&applied.secret)).await;
    assert_eq!(offer.problem(), "not-approved");
    assert_eq!(act(&world, &applied, "approve", STAFF_TOKEN).await.json()["state"], "approved");
    world.collectable(&applied).await;
    world.stop().await;
}

#[tokio::test]
async fn the_clerk_sees_who_applied_before_and_the_applicant_does_not() {
    let world = World::start().await;
    let (first, second) =
        (world.apply("mandate", example("mandate")).await, world.apply("mandate", example("mandate")).await);
    let mut other = example("mandate");
    other["agentIdNumber"] = json!("11010519491231002X");
    world.apply("mandate", other).await;
    let path = format!("/api/applications/{}", second.id);
    let by_staff = world.http.get(&path, Some(STAFF_TOKEN)).await.json();
    assert_eq!(by_staff["alike"], json!([first.id]));
    assert!(world.http.get(&path, Some(&second.secret)).await.json().get("alike").is_none());
    world.stop().await;
}

#[tokio::test]
async fn what_is_attached_is_judged_by_its_content_and_saved_never_shown() {
    let world = World::start().await;
    let applied = world.apply("mandate", example("mandate")).await;
    let path = format!("/api/applications/{}/attachments", applied.id);
    let attach = |media_type: &'static str, body: Vec<u8>| {
        let (world, path, secret) = (&world, path.clone(), applied.secret.clone());
        async move { world.http.post(&path, Some(&secret), media_type, body).await }
    };
    let svg = attach("image/png", b"<svg onload=alert(1)>".to_vec()).await;
    assert_eq!((svg.status, svg.problem().as_str()), (422, "attachment-kind"));
    let large = [b"%PDF-1.7".to_vec(), vec![0; 950 << 10]].concat();
    assert_eq!(attach("application/pdf", large).await.problem(), "attachment-size");
    let kept = attach("text/html", b"%PDF-1.7 <script>".to_vec()).await;
    assert_eq!(kept.status, 201, "{}", kept.text());
    assert_eq!(kept.json()["media_type"], "application/pdf", "whatever it was called");
    for _ in 0..4 {
        assert_eq!(attach("image/png", b"\x89PNG\r\n\x1a\n".to_vec()).await.status, 201);
    }
    assert_eq!(attach("image/png", b"\x89PNG\r\n\x1a\n".to_vec()).await.problem(), "attachments-full");

    let signed_in = world.http.post_form("/console/sign-in", &[("token", CLERK_TOKEN)]).await;
    let cookie = ("cookie", signed_in.header("set-cookie").split(';').next().unwrap().to_owned());
    let id = kept.json()["id"].as_str().unwrap().to_owned();
    let file = format!("/console/applications/{}/attachments/{id}", applied.id);
    let saved = world.http.get_with(&file, std::slice::from_ref(&cookie)).await;
    assert_eq!((saved.status, saved.bytes()), (200, b"%PDF-1.7 <script>".as_slice()));
    assert_eq!(saved.header("content-disposition"), "attachment; filename=\"attachment.pdf\"");
    assert_eq!(saved.header("x-content-type-options"), "nosniff");
    assert!(saved.header("content-security-policy").contains("sandbox"));
    let other = world.apply("mandate", example("mandate")).await;
    let elsewhere = format!("/console/applications/{}/attachments/{id}", other.id);
    assert_eq!(world.http.get_with(&elsewhere, &[cookie]).await.status, 404);
    act(&world, &applied, "approve", CLERK_TOKEN).await;
    assert_eq!(attach("image/png", b"\x89PNG\r\n\x1a\n".to_vec()).await.problem(), "attachments-closed");
    world.stop().await;
}
