//! `pages/password.rs`: a member's own password.

use crate::http::{Answer, Http, encode};
use crate::world::{ADMIN_TOKEN, STAFF_TOKEN, World};

/// A browser of the staff.
struct Browser<'w>(&'w Http, String);

impl<'w> Browser<'w> {
    async fn signed_in(http: &'w Http, form: &[(&str, &str)]) -> Option<Self> {
        let answer = http.post_form("/console/sign-in", form).await;
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        (answer.status == 303).then_some(Self(http, cookie))
    }

    async fn see(&self, path: &str) -> Answer {
        self.0.get_with(path, &[("cookie", self.1.clone())]).await
    }

    async fn send(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let page = self.see("/console/password").await.text();
        let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let headers =
            [("cookie", self.1.clone()), ("content-type", "application/x-www-form-urlencoded".to_owned())];
        let form = [form, &[("csrf", csrf)]].concat();
        self.0.post_with(path, &headers, encode(&form)).await
    }
}

#[tokio::test]
async fn a_member_changes_her_password_and_is_signed_out_elsewhere() {
    let world = World::start().await;
    let admin = Browser::signed_in(&world.http, &[("token", ADMIN_TOKEN)]).await.unwrap();
    let made = admin.send("/console/accounts", &[("name", "qian"), ("role", "clerk")]).await.text();
    let first = made.split("data-copy=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let sign_in = |password: String| {
        let http = &world.http;
        async move { Browser::signed_in(http, &[("name", "qian"), ("password", &password)]).await }
    };
    let (mut here, elsewhere) =
        (sign_in(first.clone()).await.unwrap(), sign_in(first.clone()).await.unwrap());
    let own = "一句只有她自己知道的长长的话";
    for (flaw, old, new, again, words) in [
        ("wrong_old", "a guess of the password", own, own, "当前密码不正确"),
        ("not_twice_the_same", first.as_str(), own, "另一句话，也是很长很长的", "两次输入的不一致"),
        ("short", &first, "short", "short", "12 到 128"),
        ("same", &first, &first, &first, "和当前密码一样"),
    ] {
        let refused = here.send("/console/password", &[("old", old), ("new", new), ("again", again)]).await;
        assert!(refused.status == 422 && refused.text().contains(words), "{flaw}: {}", refused.text());
        assert!(!refused.text().contains(own), "{flaw}: what was typed is not sent back");
    }
    let forged =
        [("cookie", here.1.clone()), ("content-type", "application/x-www-form-urlencoded".to_owned())];
    let sent = encode(&[("old", &first), ("new", own), ("again", own)]);
    assert_eq!(
        world.http.post_with("/console/password", &forged, sent).await.status,
        403,
        "without the token"
    );

    let changed = here.send("/console/password", &[("old", &first), ("new", own), ("again", own)]).await;
    assert_eq!((changed.status, changed.header("location")), (303, "/console/password?done"));
    let before =
        std::mem::replace(&mut here.1, changed.header("set-cookie").split(';').next().unwrap().to_owned());
    assert_ne!(before, here.1, "another session");
    assert!(here.see("/console/password?done").await.text().contains("密码已修改"));
    assert_eq!(elsewhere.see("/console").await.header("location"), "/console/sign-in");
    assert_eq!(world.http.get_with("/console", &[("cookie", before)]).await.status, 303);
    assert!(sign_in(first).await.is_none());
    assert!(sign_in(own.to_owned()).await.is_some());
    world.stop().await;
}

#[tokio::test]
async fn whoever_has_no_password_here_is_told_so_and_sessions_end_by_themselves() {
    let mut world = World::start().await;
    let li = Browser::signed_in(&world.http.clone(), &[("token", STAFF_TOKEN)]).await.map(|li| li.1).unwrap();
    let see = |world: &World| {
        let (http, cookie) = (world.http.clone(), li.clone());
        async move { http.get_with("/console/password", &[("cookie", cookie)]).await }
    };
    let page = see(&world).await.text();
    assert!(page.contains("在这里没有密码") && !page.contains("name=\"old\""));
    world.restart().await;
    assert_eq!(see(&world).await.status, 200, "a restart ends no session");
    for _ in 0..24 {
        world.clock.forward(29 * 60);
        assert_eq!(see(&world).await.status, 200, "used every half hour");
    }
    world.clock.forward(29 * 60);
    assert_eq!(see(&world).await.status, 303, "half a day is enough");
    world.stop().await;
}
