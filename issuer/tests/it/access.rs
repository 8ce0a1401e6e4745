//! `access.rs`: every address, and who of the staff may use it.

use serde_json::json;

use crate::http::encode;
use crate::pages_console::Clerk;
use crate::world::{ADMIN_TOKEN, AUDITOR_TOKEN, CLERK_TOKEN, STAFF_TOKEN, SUPERVISOR_TOKEN, World};

const ID: &str = "00000000000000000000000000";

/// Method, address, and who may: clerk, supervisor, auditor, admin.
#[rustfmt::skip]
const TABLE: &[(&str, &str, [bool; 4])] = &[
    ("GET",  "/console",                             [true,  true,  true,  false]),
    ("GET",  "/console/overview",                    [true,  true,  true,  true]),
    ("GET",  "/console/search",                      [true,  true,  true,  false]),
    ("POST", "/console/search",                      [true,  true,  true,  false]),
    ("GET",  "/console/applications/ID",             [true,  true,  true,  false]),
    ("GET",  "/console/applications/ID/attachments/ID", [true, true, true, false]),
    ("POST", "/console/applications/ID/take",        [true,  true,  false, false]),
    ("POST", "/console/applications/ID/return",      [true,  true,  false, false]),
    ("POST", "/console/applications/ID/approve",     [true,  true,  false, false]),
    ("POST", "/console/applications/ID/reject",      [true,  true,  false, false]),
    ("GET",  "/console/credentials",                 [true,  true,  true,  false]),
    ("GET",  "/console/credentials/ID",              [true,  true,  true,  false]),
    ("GET",  "/console/credentials/ID/correct",      [true,  true,  false, false]),
    ("POST", "/console/credentials/ID/revoke",       [true,  true,  false, false]),
    ("GET",  "/console/records",                     [true,  true,  true,  false]),
    ("POST", "/console/records/mandate/issue",       [false, true,  false, false]),
    ("GET",  "/console/jobs/ID",                     [true,  true,  true,  false]),
    ("GET",  "/console/jobs/ID/events",              [true,  true,  true,  false]),
    ("POST", "/console/jobs/ID/links.csv",           [false, true,  false, false]),
    ("POST", "/console/jobs/ID/codes.csv",           [false, true,  false, false]),
    ("GET",  "/console/audit",                       [false, false, true,  false]),
    ("GET",  "/console/accounts",                    [false, false, false, true]),
    ("POST", "/console/accounts",                    [false, false, false, true]),
    ("POST", "/console/accounts/reset",              [false, false, false, true]),
    ("POST", "/console/accounts/close",              [false, false, false, true]),
    ("POST", "/console/accounts/confirm",            [false, false, false, true]),
    ("POST", "/console/accounts/keys",               [false, false, false, true]),
    ("POST", "/console/accounts/keys/close",         [false, false, false, true]),
    ("GET",  "/api/applications",                    [true,  true,  true,  false]),
    ("GET",  "/api/applications/ID",                 [true,  true,  true,  false]),
    ("POST", "/api/applications/ID/take",            [true,  true,  false, false]),
    ("POST", "/api/applications/ID/return",          [true,  true,  false, false]),
    ("POST", "/api/applications/ID/approve",         [true,  true,  false, false]),
    ("POST", "/api/applications/ID/reject",          [true,  true,  false, false]),
    ("GET",  "/api/credentials",                     [true,  true,  true,  false]),
    ("GET",  "/api/credentials/ID",                  [true,  true,  true,  false]),
    ("POST", "/api/credentials/ID/revoke",           [true,  true,  false, false]),
    ("POST", "/api/credentials/ID/correct",          [true,  true,  false, false]),
    ("POST", "/api/records/mandate",                 [true,  true,  false, false]),
    ("POST", "/api/records/mandate/csv",             [true,  true,  false, false]),
    ("POST", "/api/jobs",                            [false, true,  false, false]),
    ("GET",  "/api/jobs/ID",                         [true,  true,  true,  false]),
    ("GET",  "/api/jobs/ID/prepared?what=links",     [false, true,  false, false]),
    ("GET",  "/api/audit",                           [false, false, true,  false]),
];

#[tokio::test]
async fn roles_open_what_the_table_says_and_nothing_else() {
    let world = World::start().await;
    let tokens = [CLERK_TOKEN, SUPERVISOR_TOKEN, AUDITOR_TOKEN, ADMIN_TOKEN];
    for (at, token) in tokens.iter().enumerate() {
        let signed_in = world.http.post_form("/console/sign-in", &[("token", token)]).await;
        let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
        for (method, path, allowed) in TABLE {
            let path = path.replace("ID", ID);
            let who = if path.starts_with("/console") {
                ("cookie", cookie.clone())
            } else {
                ("authorization", format!("Bearer {token}"))
            };
            let answer = match *method {
                "GET" => world.http.get_with(&path, &[who]).await,
                _ if path.starts_with("/api") => {
                    let headers = [who, ("content-type", "application/json".to_owned())];
                    world.http.post_with(&path, &headers, "{}").await
                }
                _ => {
                    let headers = [who, ("content-type", "application/x-www-form-urlencoded".to_owned())];
                    world.http.post_with(&path, &headers, encode(&[("x", "y")])).await
                }
            };
            // A form without its token is refused too, by another name.
            let by_role = answer.status == 403
                && answer.text().contains(if path.starts_with("/api") { ":role" } else { "账号" });
            let by_role = by_role || (answer.status == 403 && answer.text().contains("roles don't include"));
            assert_eq!(
                !by_role,
                allowed[at],
                "{method} {path} for role {at}: {} {}",
                answer.status,
                answer.text()
            );
            assert_ne!(answer.status, 401, "{method} {path} for role {at}");
        }
    }
    // Without anything, each of them is closed.
    for (method, path, _) in TABLE {
        let path = path.replace("ID", ID);
        let answer = match *method {
            "GET" => world.http.get(&path, None).await,
            _ => world.http.post_json(&path, None, &json!({})).await,
        };
        let closed = if path.starts_with("/api") { 401 } else { 303 };
        assert_eq!(answer.status, closed, "{method} {path}");
    }
    world.stop().await;
}

#[tokio::test]
async fn accounts_are_made_used_locked_and_closed() {
    let world = World::start().await;
    let admin = world.http.post_form("/console/sign-in", &[("token", ADMIN_TOKEN)]).await;
    assert_eq!(admin.header("location"), "/console/overview", "an admin sees nobody's data");
    let cookie = admin.header("set-cookie").split(';').next().unwrap().to_owned();
    let page = world.http.get_with("/console/accounts", &[("cookie", cookie.clone())]).await.text();
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let send = |path: &'static str, form: Vec<(&'static str, String)>| {
        let (world, cookie, csrf) = (&world, cookie.clone(), csrf.clone());
        async move {
            let headers =
                [("cookie", cookie), ("content-type", "application/x-www-form-urlencoded".to_owned())];
            let mut fields = vec![("csrf", csrf.as_str())];
            fields.extend(form.iter().map(|(name, value)| (*name, value.as_str())));
            world.http.post_with(path, &headers, encode(&fields)).await
        }
    };
    let made = send("/console/accounts", vec![("name", "qian".into()), ("role", "clerk".into())]).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let secret =
        |page: &str| page.split("data-copy=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let password = secret(&made.text());
    let sign_in = |password: String| {
        let http = world.http.clone();
        async move { http.post_form("/console/sign-in", &[("name", "qian"), ("password", &password)]).await }
    };
    let signed_in = sign_in(password.clone()).await;
    assert_eq!((signed_in.status, signed_in.header("location")), (303, "/console"));
    let session = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_eq!(world.http.get_with("/console", &[("cookie", session.clone())]).await.status, 200);
    assert_eq!(world.http.get_with("/console/accounts", &[("cookie", session.clone())]).await.status, 403);
    for _ in 0..5 {
        assert_eq!(sign_in("guess".into()).await.status, 401);
    }
    let locked = sign_in(password.clone()).await;
    assert!(locked.status == 401 && locked.text().contains("锁定"), "{}", locked.text());
    world.clock.forward(16 * 60);
    assert_eq!(sign_in(password.clone()).await.status, 303);
    assert_eq!(send("/console/accounts/close", vec![("name", "qian".into())]).await.status, 303);
    let closed = world.http.get_with("/console", &[("cookie", session)]).await;
    assert_eq!(closed.header("location"), "/console/sign-in", "a session ends with its account");
    assert_eq!(sign_in(password).await.status, 401);
    world.stop().await;
}

#[tokio::test]
async fn a_supervisor_has_each_half_of_her_password_from_another_admin() {
    const PATH: &str = "/console/accounts";
    let world = World::start().await;
    let (first, second) =
        (Clerk::sign_in_as(&world, ADMIN_TOKEN).await, Clerk::sign_in_as(&world, STAFF_TOKEN).await);
    let send = async |admin: &Clerk<'_>, what: &str, form: &[(&str, &str)]| {
        let csrf = admin.csrf(PATH).await;
        admin.send(&format!("{PATH}{what}"), &[&[("csrf", csrf.as_str())], form].concat()).await
    };
    let sign_in = async |password: &str| {
        world.http.post_form("/console/sign-in", &[("name", "shen"), ("password", password)]).await
    };
    let told = |page: &str| page.split("data-copy=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let shen = [("name", "shen")];

    let mut first_half = told(&send(&first, "", &[("name", "shen"), ("role", "supervisor")]).await.text());
    for (asked_by, other) in [(&first, &second), (&second, &first)] {
        assert!(!asked_by.see(PATH).await.contains("/accounts/confirm"), "nothing to press");
        let refused = send(asked_by, "/confirm", &shen).await;
        assert!(refused.status == 422 && refused.text().contains("须由另一位管理员确认"));
        assert_eq!(sign_in(&first_half).await.status, 401);
        assert!(other.see(PATH).await.contains("/accounts/confirm"));
        let confirmed = send(other, "/confirm", &shen).await.text();
        assert!(confirmed.contains("这是密码的后一半"), "{confirmed}");
        let second_half = told(&confirmed);
        assert_eq!(sign_in(&second_half).await.status, 401);
        assert_eq!(sign_in(&format!("{first_half}{second_half}")).await.status, 303);
        let again = send(other, "/confirm", &shen).await;
        assert!(again.status == 422 && again.text().contains("已不需要确认"));
        // A new password takes two as well.
        let reset = send(other, "/reset", &shen).await.text();
        assert!(reset.contains("这是密码的前一半"), "{reset}");
        first_half = told(&reset);
    }
    world.stop().await;
}
