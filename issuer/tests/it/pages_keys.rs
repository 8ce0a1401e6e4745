//! `pages/keys.rs`, `pages/accreditation.rs`.

use std::time::Duration;

use registry::{Action, LocalText, Slug, UnixMillis};

use crate::pages_console::Clerk;
use crate::world::{ADMIN_TOKEN, AUDITOR_TOKEN, CLERK_TOKEN, STAFF_TOKEN, World};

#[tokio::test]
async fn admins_replace_a_key_and_two_declare_one_stolen() {
    let mut world = World::start().await;
    let admin = Clerk::sign_in_as(&world, ADMIN_TOKEN).await;
    let page = admin.see("/console/keys").await;
    assert!(page.contains("key-2") && page.contains("key-3") && page.contains("root-1"));
    let csrf = admin.csrf("/console/keys").await;
    assert_eq!(
        admin.send("/console/keys/p256/rotate", &[]).await.status,
        403,
        "no token against forged forms"
    );
    let rotated = admin.send("/console/keys/p256/rotate", &[("csrf", &csrf)]).await;
    assert_eq!((rotated.status, rotated.header("location")), (303, "/console/keys"));
    assert!(admin.see("/console/keys").await.contains("key-4"));

    let wish = |time| {
        [
            ("csrf", csrf.as_str()),
            ("key", "key-2"),
            ("date", "2026-01-02"),
            ("time", time),
            ("keep", "keep"),
            ("reason", "遗失"),
        ]
    };
    let incomplete = admin.send("/console/keys/compromised", &wish("noon")).await;
    assert_eq!(incomplete.status, 422);
    assert_eq!(admin.send("/console/keys/compromised", &wish("09:30")).await.status, 303);
    let page = admin.see("/console/keys").await;
    assert!(page.contains("须由另一位管理员批准。") && page.contains("遗失"));
    let own = admin.send("/console/keys/key-2/compromised/approve", &[("csrf", &csrf)]).await;
    assert!(own.status == 422 && own.text().contains("须由他人批准"), "{}", own.text());

    let auditor = Clerk::sign_in_as(&world, AUDITOR_TOKEN).await;
    let seen = auditor.see("/console/keys").await;
    assert!(seen.contains("key-2") && !seen.contains("/rotate") && !seen.contains("/approve"), "reads alone");
    let clerk = Clerk::sign_in_as(&world, CLERK_TOKEN).await;
    let refused = world.http.get_with("/console/keys", &[("cookie", clerk.cookie.clone())]).await;
    assert_eq!(refused.status, 403);

    let second = Clerk::sign_in_as(&world, STAFF_TOKEN).await;
    let csrf = second.csrf("/console/keys").await;
    let approve = "/console/keys/key-2/compromised/approve";
    let unseen = second.send(approve, &[("csrf", &csrf), ("wish", "another")]).await;
    assert!(unseen.status == 409 && unseen.text().contains("已不是您所看到的内容"), "{}", unseen.text());
    let page = second.see("/console/keys").await;
    let wish = page.split("name=\"wish\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(second.send(approve, &[("csrf", &csrf), ("wish", wish)]).await.status, 303);
    let page = second.see("/console/keys").await;
    assert!(page.contains("已被盗用") && page.contains("key-5"), "it was replaced: {page}");
    drop((admin, auditor, clerk, second));

    world.stop_chain().await;
    let admin = Clerk::sign_in_as(&world, ADMIN_TOKEN).await;
    assert!(admin.see("/console/keys").await.contains("链恢复应答之前不能更换密钥"));
    assert!(admin.see("/console/keys").await.contains("key-4"), "what is in use is known without it");
    let csrf = admin.csrf("/console/keys").await;
    let away = admin.send("/console/keys/p256/rotate", &[("csrf", &csrf)]).await;
    assert!(away.status == 422 && away.text().contains("什么都没有开始"), "{}", away.text());
    drop(admin);
    world.stop().await;
}

#[tokio::test]
async fn the_chains_view_of_the_accreditation_has_its_times_and_its_block() {
    let mut world = World::start().await;
    let did: registry::Did = world.did().parse().unwrap();
    let accredit = |name: &str, valid_until| Action::Accredit {
        did: did.clone(),
        credential_type: Slug::new(name).unwrap(),
        issuer_name: LocalText::new("合肥", "Hefei"),
        valid_from: UnixMillis(0),
        valid_until,
    };
    let later = service::clock::now().after(Duration::from_secs(86_400));
    world.govern(&accredit("business-licence", Some(later))).await;
    world.govern(&accredit("mandate", None)).await;
    let mandate = Slug::new("mandate").unwrap();
    world.govern(&Action::WithdrawAccreditation { did: did.clone(), credential_type: mandate }).await;
    let clerk = Clerk::sign_in_as(&world, CLERK_TOKEN).await;
    let page = clerk.see("/console/accreditation").await;
    for words in ["已撤销", "秒前", "取证区块", &did.to_string()] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(page.contains(&service::dates::moment(service::Lang::Zh, later)), "until when");
    drop(clerk);
    world.stop_chain().await;
    let clerk = Clerk::sign_in_as(&world, CLERK_TOKEN).await;
    assert!(clerk.see("/console/accreditation").await.contains("其余无法得知"));
    drop(clerk);
    world.stop().await;
}
