//! `pages/sign_in.rs` and `pages/password.rs`: signing in by a password, and a member's own new one.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use issuer::Policy;

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
    let (admin, first) = qian(&world).await;
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
    drop((admin, here, elsewhere));
    world.stop().await;
}

/// An account of an admin's making, and its first password.
async fn qian(world: &World) -> (Browser<'_>, String) {
    let admin = Browser::signed_in(&world.http, &[("token", ADMIN_TOKEN)]).await.unwrap();
    let made = admin.send("/console/accounts", &[("name", "qian"), ("role", "clerk")]).await.text();
    (admin, told(&made))
}

/// The password that a page tells once.
fn told(page: &str) -> String {
    page.split("data-copy=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_session_begins_by_a_password_that_was_reset_meanwhile() {
    let world = World::with(Policy { trusted_proxies: 1, ..Policy::default() }).await;
    let (admin, mut password) = qian(&world).await;
    let addresses = AtomicU32::new(0);
    // Each from elsewhere, so that wrong ones are not too many.
    let sign_in = async |password: &str| {
        let address = format!("198.51.100.{}", addresses.fetch_add(1, Ordering::Relaxed));
        let headers =
            [("x-forwarded-for", address), ("content-type", "application/x-www-form-urlencoded".to_owned())];
        let form = encode(&[("name", "qian"), ("password", password)]);
        let answer = world.http.post_with("/console/sign-in", &headers, form).await;
        assert!(matches!(answer.status, 303 | 401), "{}", answer.text());
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        (answer.status == 303).then_some(Browser(&world.http, cookie))
    };
    let begun = Instant::now();
    assert!(sign_in(&password).await.is_some());
    let takes = begun.elapsed();
    for _ in 0..8 {
        // Some are checked before the other password is written, and would begin a session after it.
        let late = (0..3u32).map(|nth| {
            let (sign_in, password) = (&sign_in, password.clone());
            async move {
                tokio::time::sleep(takes * nth / 4).await;
                sign_in(&password).await
            }
        });
        let reset = admin.send("/console/accounts/reset", &[("name", "qian")]);
        let (reset, late) = tokio::join!(reset, futures_util::future::join_all(late));
        password = told(&reset.text());
        for browser in late.into_iter().flatten() {
            assert_eq!(browser.see("/console").await.header("location"), "/console/sign-in");
        }
    }
    assert_eq!(sign_in(&password).await.expect("the new one is right").see("/console").await.status, 200);
    drop(admin);
    world.stop().await;
}

#[tokio::test]
async fn whoever_guessed_too_often_is_refused_before_a_password_is_checked_and_each_guess_is_noted() {
    let world = World::start().await;
    let (admin, password) = qian(&world).await;
    let sign_in = async |name: &str, password: &str| {
        world.http.post_form("/console/sign-in", &[("name", name), ("password", password)]).await
    };
    let noted = async || {
        let log = world.http.get("/api/audit", Some(STAFF_TOKEN)).await.text();
        log.matches("\"sign-in-failed\"").count()
    };
    let here = Browser::signed_in(&world.http, &[("name", "qian"), ("password", &password)]).await.unwrap();
    for guess in 1..=10 {
        assert_eq!(sign_in("nobody", "a guess").await.status, 401);
        assert_eq!(noted().await, guess);
    }
    let refused = sign_in("qian", &password).await;
    assert_eq!((refused.status, refused.problem().as_str()), (429, "too-many-requests"));
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|wait| (1..=30).contains(&wait)));
    let own = "一句只有她自己知道的长长的话";
    let form = [("old", password.as_str()), ("new", own), ("again", own)];
    assert_eq!(here.send("/console/password", &form).await.status, 429, "nor as the old one of a change");
    assert_eq!(noted().await, 10, "it was not looked at");
    let guess = world.http.post_form("/console/sign-in", &[("token", "a guess at a token")]).await;
    assert_eq!(
        (guess.status, noted().await),
        (429, 10),
        "nobody fills the log with tokens that nobody guesses"
    );
    let right = Browser::signed_in(&world.http, &[("token", STAFF_TOKEN)]).await;
    assert!(right.is_some(), "a token needs no such care");
    drop((admin, here, right));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_more_passwords_are_checked_at_once_than_there_is_room_for() {
    let world = World::start().await;
    let guesses = (0..40)
        .map(|_| world.http.post_form("/console/sign-in", &[("name", "nobody"), ("password", "a guess")]));
    let answers = futures_util::future::join_all(guesses).await;
    let busy: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(!busy.is_empty(), "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    assert!(busy.iter().all(|busy| busy.problem() == "busy" && busy.header("retry-after") == "1"));
    assert!(answers.iter().any(|answer| answer.status == 401), "some were looked at");
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
