//! `routes/credentials.rs`.

use std::sync::Arc;

use serde_json::json;

use crate::world::{STAFF_TOKEN, World};

#[tokio::test]
async fn revocation_is_final_and_kept_with_who_and_why() {
    let world = World::start().await;
    let (_, credential) = world.issued("business-licence-sd-jwt").await;
    let answer = world.change(&credential, "revoke").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let record = world.record(&credential).await;
    assert_eq!(record["status"], "revoked");
    assert_eq!(
        (&record["changes"][0]["by"], &record["changes"][0]["reason"]),
        (&json!("li"), &json!("遗失"))
    );
    for change in ["revoke", "suspend", "reinstate"] {
        let answer = world.change(&credential, change).await;
        assert_eq!((answer.status, answer.problem().as_str()), (409, "revocation-final"), "{change}");
    }
    world.stop().await;
}

#[tokio::test]
async fn suspension_can_be_lifted() {
    let world = World::start().await;
    let (_, credential) = world.issued("business-licence-sd-jwt").await;
    assert_eq!(world.change(&credential, "reinstate").await.problem(), "already");
    for (change, status) in
        [("suspend", "suspended"), ("reinstate", "valid"), ("suspend", "suspended"), ("revoke", "revoked")]
    {
        let answer = world.change(&credential, change).await;
        assert_eq!(answer.json()["status"], status, "{change}");
    }
    world.stop().await;
}

#[tokio::test]
async fn only_the_staff_changes_and_only_with_a_reason() {
    let world = World::start().await;
    let (_, credential) = world.issued("business-licence-sd-jwt").await;
    let path = format!("/api/credentials/{credential}/revoke");
    let reason = json!({"reason": "遗失"});
    for token in [None, Some("x")] {
        assert_eq!(world.http.post_json(&path, token, &reason).await.status, 401);
    }
    assert_eq!(world.http.post_json(&path, Some(STAFF_TOKEN), &json!({})).await.problem(), "invalid-request");
    let unknown = format!("/api/credentials/{credential}/forget");
    assert_eq!(world.http.post_json(&unknown, Some(STAFF_TOKEN), &reason).await.problem(), "not-found");
    for id in ["x", "00000000000000000000000000"] {
        let path = format!("/api/credentials/{id}/revoke");
        assert_eq!(world.http.post_json(&path, Some(STAFF_TOKEN), &reason).await.problem(), "not-found");
    }
    assert_eq!(world.http.get("/api/credentials", None).await.status, 401);
    assert_eq!(world.record(&credential).await["status"], "valid");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_changes_at_once_are_all_made() {
    let world = Arc::new(World::start().await);
    let mut issued = Vec::new();
    for _ in 0..12 {
        issued.push(world.issued("business-licence-vc").await.1);
    }
    let change = |(number, id): (usize, &String)| {
        let (world, id) = (world.clone(), id.clone());
        let verb = if number.is_multiple_of(2) { "revoke" } else { "suspend" };
        tokio::spawn(async move { world.change(&id, verb).await.status })
    };
    for task in issued.iter().enumerate().map(change).collect::<Vec<_>>() {
        assert_eq!(task.await.unwrap(), 200);
    }
    for (number, id) in issued.iter().enumerate() {
        let expected = if number.is_multiple_of(2) { "revoked" } else { "suspended" };
        assert_eq!(world.record(id).await["status"], expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_change_ten_times_at_once_is_made_once() {
    let world = Arc::new(World::start().await);
    let (_, credential) = world.issued("business-licence-vc").await;
    let ask = |_| {
        let (world, id) = (world.clone(), credential.clone());
        tokio::spawn(async move { world.change(&id, "revoke").await })
    };
    let mut made = 0;
    for task in (0..10).map(ask).collect::<Vec<_>>() {
        let answer = task.await.unwrap();
        if answer.status == 200 {
            made += 1;
        } else {
            assert!(["change-pending", "revocation-final"].contains(&answer.problem().as_str()));
        }
    }
    assert_eq!(made, 1);
    assert_eq!(world.record(&credential).await["changes"].as_array().unwrap().len(), 1);
}
