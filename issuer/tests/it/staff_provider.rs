//! `pages/staff_provider.rs`: the staff sign in at an OpenID provider on loopback, right and wrong.

use std::collections::BTreeMap;

use issuer::model::{Role, Roles};
use issuer::{OidcClient, StaffLogin};
use protocol::pkce::CodeChallenge;
use serde_json::{Value, json};

use crate::http::{Answer, encode};
use crate::provider::Provider;
use crate::world::{ADMIN_TOKEN, AUDITOR_TOKEN, World};

/// A world whose staff may sign in at a provider.
struct Desk {
    world: World,
    provider: Provider,
}

impl Desk {
    async fn start() -> Self {
        let provider = Provider::start().await;
        let mut world = World::start().await;
        world.stop_issuer().await;
        world.config.staff_login = Some(StaffLogin {
            client: OidcClient::new(provider.address.parse().unwrap(), "us"),
            name_claim: "preferred_username".to_owned(),
            roles_claim: "realm_access.roles".to_owned(),
            roles: BTreeMap::from([
                ("licence-clerks".to_owned(), Roles::of(&[Role::Clerk])),
                ("admins".to_owned(), Roles::of(&[Role::Admin])),
            ]),
        });
        world.start_issuer().await;
        Self { world, provider }
    }

    /// Goes to the provider and comes back with the claims that it makes of this.
    async fn sign_in(&self, claims: Value) -> Answer {
        let begun = self.world.http.get("/console/sign-in/provider", None).await;
        assert_eq!(begun.status, 303, "{}", begun.text());
        let of = asked(&begun);
        *self.provider.nonce.lock().unwrap() = of("nonce");
        *self.provider.twist.lock().unwrap() = claims;
        let path = format!("/console/sign-in/callback?code=c&state={}", of("state"));
        let answer = self.world.http.get_with(&path, &[("cookie", cookie(&begun))]).await;
        if let Some(verifier) = self.provider.verifiers.lock().unwrap().last() {
            assert_eq!(CodeChallenge::of(&verifier.as_str().into()).as_str(), of("code_challenge"));
        }
        answer
    }

    async fn see(&self, path: &str, cookie: &str) -> Answer {
        self.world.http.get_with(path, &[("cookie", cookie.to_owned())]).await
    }
}

fn asked(begun: &Answer) -> impl Fn(&str) -> String + use<> {
    let address = url::Url::parse(begun.header("location")).unwrap();
    move |name| address.query_pairs().find(|(n, _)| n == name).unwrap().1.into_owned()
}

fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

/// The session that an answer begins.
fn session(answer: &Answer) -> String {
    let all = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    let of_session: Vec<&str> = all.filter(|cookie| cookie.starts_with("hz_desk_")).collect();
    assert_eq!(of_session.len(), 1, "{} {}", answer.status, answer.text());
    assert!(of_session[0].contains("HttpOnly") && of_session[0].contains("SameSite=Strict"));
    of_session[0].split(';').next().unwrap().to_owned()
}

fn of(sub: &str, name: &str, roles: &[&str]) -> Value {
    json!({"sub": sub, "preferred_username": name, "realm_access": {"roles": roles}})
}

#[tokio::test]
async fn a_clerk_signs_in_at_the_provider_and_has_the_roles_of_the_table() {
    let desk = Desk::start().await;
    let page = desk.world.http.get("/console/sign-in", None).await.text();
    assert!(page.contains("href=\"/console/sign-in/provider\""));
    let begun = desk.world.http.get("/console/sign-in/provider", None).await;
    let sent = asked(&begun);
    assert_eq!(sent("redirect_uri"), format!("{}/console/sign-in/callback", desk.world.base()));
    assert_eq!((sent("response_type"), sent("code_challenge_method")), ("code".into(), "S256".into()));
    assert!(begun.header("set-cookie").contains("SameSite=Lax; Max-Age=600"));

    let signed_in = desk.sign_in(of("1", "qian", &["licence-clerks", "admin", "offline_access"])).await;
    // From another site's redirect a `Strict` cookie does not go along: a page of ours leads on.
    assert_eq!((signed_in.status, signed_in.header("refresh")), (200, "0; url=/console"));
    assert!(signed_in.text().contains("qian"));
    let qian = session(&signed_in);
    assert_eq!(desk.see("/console", &qian).await.status, 200);
    assert_eq!(
        desk.see("/console/accounts", &qian).await.status,
        403,
        "the provider's own `admin` is no role"
    );
    assert!(desk.see("/console/password", &qian).await.text().contains("统一登录"));

    let admin = desk.sign_in(of("2", "zheng", &["admins"])).await;
    assert_eq!(admin.header("refresh"), "0; url=/console/overview");
    let listed = desk.see("/console/accounts", &session(&admin)).await.text();
    assert!(listed.contains("qian") && listed.contains("zheng"));
    desk.world.stop().await;
}

#[tokio::test]
async fn what_is_forged_late_or_anothers_lets_nobody_in() {
    let desk = Desk::start().await;
    let right = of("1", "qian", &["licence-clerks"]);
    let with = |name: &str, value: Value| {
        let mut claims = right.clone();
        claims[name] = value;
        claims
    };
    for (flaw, claims, status) in [
        ("nonce_of_another_login", with("nonce", json!("another")), 400),
        ("for_another_client", with("aud", json!("them")), 400),
        ("of_another_provider", with("iss", json!("https://evil.example")), 400),
        ("expired", with("exp", json!(1)), 400),
        ("of_nobody", with("sub", json!("")), 400),
        ("no_role", of("1", "qian", &["clerk", "Licence-Clerks"]), 403),
        (
            "roles_elsewhere",
            json!({"sub": "1", "preferred_username": "qian", "roles": ["licence-clerks"]}),
            403,
        ),
        ("no_name", of("1", "", &["licence-clerks"]), 403),
        ("a_name_of_the_configuration", of("1", "li", &["licence-clerks"]), 403),
        ("a_name_of_two_lines", of("1", "a\nb", &["licence-clerks"]), 403),
    ] {
        let refused = desk.sign_in(claims).await;
        assert_eq!(refused.status, status, "{flaw}: {}", refused.text());
        let cookies = refused.headers.get_all("set-cookie").iter();
        assert!(!cookies.into_iter().any(|value| value.to_str().unwrap().starts_with("hz_desk_")), "{flaw}");
    }
    desk.world.stop().await;
}

#[tokio::test]
async fn an_answer_counts_in_the_browser_that_asked_and_not_for_long() {
    let desk = Desk::start().await;
    let begin = || desk.world.http.get("/console/sign-in/provider", None);
    let (begun, others) = (begin().await, begin().await);
    let state = asked(&begun)("state");
    *desk.provider.nonce.lock().unwrap() = asked(&begun)("nonce");
    *desk.provider.twist.lock().unwrap() = of("1", "qian", &["licence-clerks"]);
    let back = |query: String| format!("/console/sign-in/callback?{query}");
    for (flaw, query, cookie) in [
        ("no_cookie", format!("code=c&state={state}"), String::new()),
        ("cookie_of_another_sign_in", format!("code=c&state={state}"), cookie(&others)),
        ("cookie_that_is_made_up", format!("code=c&state={state}"), "hz_staff_login=AAAA".to_owned()),
        ("no_state", "code=c".to_owned(), cookie(&begun)),
        ("wrong_state", "code=c&state=x".to_owned(), cookie(&begun)),
        ("state_twice", format!("code=c&state=x&state={state}"), cookie(&begun)),
        (
            "another_provider_answers",
            format!("code=c&state={state}&iss=https://evil.example"),
            cookie(&begun),
        ),
    ] {
        let refused = desk.see(&back(query), &cookie).await;
        assert_eq!(refused.status, 400, "{flaw}: {}", refused.text());
    }
    let declined = desk.see(&back(format!("error=access_denied&state={state}")), &cookie(&begun)).await;
    assert_eq!(declined.status, 403);
    desk.world.clock.forward(601);
    let late = desk.see(&back(format!("code=c&state={state}")), &cookie(&begun)).await;
    assert_eq!(late.status, 400);
    let without = World::start().await;
    assert_eq!(without.http.get("/console/sign-in/provider", None).await.status, 404);
    assert!(!without.http.get("/console/sign-in", None).await.text().contains("sign-in/provider"));
    without.stop().await;
    desk.world.stop().await;
}

#[tokio::test]
async fn nobody_passes_for_another_and_who_is_closed_or_without_role_is_out() {
    let desk = Desk::start().await;
    let qian = session(&desk.sign_in(of("1", "qian", &["licence-clerks"])).await);
    assert_eq!(desk.sign_in(of("2", "qian", &["licence-clerks"])).await.status, 403, "the name is taken");
    let renamed = desk.sign_in(of("1", "another-name", &["licence-clerks"])).await;
    assert!(renamed.status == 200 && renamed.text().contains("qian"), "one person has one name");
    let guess = desk.world.http.post_form("/console/sign-in", &[("name", "qian"), ("password", "")]).await;
    assert_eq!(guess.status, 401, "there is no password");

    assert_eq!(desk.see("/console", &qian).await.status, 200);
    assert_eq!(desk.sign_in(of("1", "qian", &[])).await.status, 403);
    assert_eq!(desk.see("/console", &qian).await.status, 303, "what was open is over too");
    let qian = session(&desk.sign_in(of("1", "qian", &["licence-clerks"])).await);

    let admin = desk.world.http.post_form("/console/sign-in", &[("token", ADMIN_TOKEN)]).await;
    let admin = cookie(&admin);
    let page = desk.see("/console/accounts", &admin).await.text();
    assert!(!page.contains("action=\"/console/accounts/reset\""), "a provider's member has no password here");
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let headers = [("cookie", admin), ("content-type", "application/x-www-form-urlencoded".to_owned())];
    let form = encode(&[("csrf", csrf), ("name", "qian")]);
    assert_eq!(
        desk.world.http.post_with("/console/accounts/reset", &headers, form.clone()).await.status,
        422
    );
    assert_eq!(desk.world.http.post_with("/console/accounts/close", &headers, form).await.status, 303);
    assert_eq!(desk.see("/console", &qian).await.status, 303);
    let closed = desk.sign_in(of("1", "qian", &["licence-clerks"])).await;
    assert!(closed.status == 403 && closed.text().contains("已停用"));
    desk.world.stop().await;
}

#[tokio::test]
async fn the_one_who_is_not_let_in_once_too_often_is_noted_too() {
    let desk = Desk::start().await;
    let nobody = of("1", "qian", &[]);
    for _ in 0..10 {
        assert_eq!(desk.sign_in(nobody.clone()).await.status, 403);
    }
    assert_eq!(desk.sign_in(nobody).await.status, 429);
    let log = desk.world.http.get("/api/audit", Some(AUDITOR_TOKEN)).await.text();
    assert_eq!(log.matches("\"sign-in-failed\"").count(), 11, "{log}");
    desk.world.stop().await;
}
