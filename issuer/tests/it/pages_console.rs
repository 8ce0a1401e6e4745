//! `pages/sign_in.rs`, `pages/queue.rs`, `pages/review.rs`, `pages/issued.rs`, `pages/credential.rs`.

use registry::{Action, LocalText, Slug, UnixMillis};

use crate::http::{Answer, encode};
use crate::world::{STAFF_TOKEN, World};

/// Somebody at a browser.
pub struct Clerk<'w> {
    world: &'w World,
    pub cookie: String,
}

impl<'w> Clerk<'w> {
    pub async fn sign_in(world: &'w World) -> Self {
        Self::sign_in_as(world, STAFF_TOKEN).await
    }

    pub async fn sign_in_as(world: &'w World, token: &str) -> Self {
        let answer = world.http.post_form("/console/sign-in", &[("token", token)]).await;
        assert!(
            answer.status == 303 && answer.header("location").starts_with("/console"),
            "{}",
            answer.text()
        );
        let set_cookie = answer.header("set-cookie");
        assert!(set_cookie.contains("HttpOnly") && set_cookie.contains("SameSite=Strict"), "{set_cookie}");
        Self { world, cookie: set_cookie.split(';').next().unwrap().to_owned() }
    }

    pub async fn see(&self, path: &str) -> String {
        let answer = self.world.http.get_with(path, &[("cookie", self.cookie.clone())]).await;
        assert_eq!(answer.status, 200, "{path}");
        answer.text()
    }

    pub async fn send(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let headers = [
            ("cookie", self.cookie.clone()),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ];
        self.world.http.post_with(path, &headers, encode(form)).await
    }

    pub async fn csrf(&self, path: &str) -> String {
        let page = self.see(path).await;
        page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }
}

#[tokio::test]
async fn without_signing_in_there_is_only_the_sign_in() {
    let world = World::start().await;
    let applied = world.approved().await;
    for path in ["/console", "/console/credentials", &format!("/console/applications/{}", applied.id)] {
        let answer = world.http.get(path, None).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/console/sign-in"), "{path}");
    }
    let wrong = world.http.post_form("/console/sign-in", &[("token", "guess")]).await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.text().contains("登录口令不正确") && wrong.header("set-cookie").is_empty());
    for _ in 0..10 {
        world.http.post_form("/console/sign-in", &[("token", "guess")]).await;
    }
    assert_eq!(world.http.post_form("/console/sign-in", &[("token", "guess")]).await.status, 429);
    world.stop().await;
}

#[tokio::test]
async fn a_clerk_reviews_and_approves_with_a_form_of_her_own() {
    let world = World::start().await;
    let company = testkit::Company::nth(0);
    let applied = world.apply("business-licence", company.business_licence_claims()).await;
    let clerk = Clerk::sign_in(&world).await;
    let queue = clerk.see("/console").await;
    assert!(queue.contains(&company.name) && queue.contains(&applied.id));
    let path = format!("/console/applications/{}", applied.id);
    let page = clerk.see(&path).await;
    assert!(page.contains(&company.credit_code) && page.contains("元"));

    let approve = format!("{path}/approve");
    assert_eq!(clerk.send(&approve, &[]).await.status, 403, "no token against forged forms");
    assert_eq!(clerk.send(&approve, &[("csrf", "x")]).await.status, 403);
    let csrf = clerk.csrf(&path).await;
    assert_eq!(clerk.send(&approve, &[("csrf", &csrf)]).await.status, 409, "it does not say what was read");
    assert_eq!(clerk.send(&approve, &[("csrf", &csrf), ("seen", "1")]).await.status, 303);
    assert!(clerk.see(&path).await.contains("li 审核通过"));
    let again = clerk.send(&approve, &[("csrf", &csrf)]).await;
    assert_eq!(again.status, 409);
    assert!(again.text().contains("已经由 li 审核过了"));
    world.stop().await;
}

#[tokio::test]
async fn a_rejection_needs_a_reason() {
    let world = World::start().await;
    let applied = world.apply("business-licence", testkit::Company::nth(0).business_licence_claims()).await;
    let clerk = Clerk::sign_in(&world).await;
    let path = format!("/console/applications/{}", applied.id);
    let csrf = clerk.csrf(&path).await;
    let reject = format!("{path}/reject");
    assert_eq!(clerk.send(&reject, &[("csrf", &csrf), ("reason", "  ")]).await.status, 422);
    let why = ("reason", "住所与登记不符");
    assert_eq!(clerk.send(&reject, &[("csrf", &csrf), ("seen", "1"), why]).await.status, 303);
    assert!(clerk.see("/console?state=rejected").await.contains(&applied.id));
    assert!(clerk.see(&path).await.contains("住所与登记不符"));
    world.stop().await;
}

#[tokio::test]
async fn a_clerk_suspends_reinstates_and_revokes_with_care() {
    let world = World::start().await;
    let (_, credential) = world.issued("business-licence-sd-jwt").await;
    let clerk = Clerk::sign_in(&world).await;
    assert!(clerk.see("/console/credentials").await.contains(&credential));
    let path = format!("/console/credentials/{credential}");
    let csrf = clerk.csrf(&path).await;
    let groundless = clerk.send(&format!("{path}/suspend"), &[("csrf", &csrf), ("reason", "年报逾期")]).await;
    assert_eq!(groundless.status, 422);
    assert!(groundless.text().contains("请选择事由"));
    for (change, code, word) in [("suspend", "checking", "已暂停"), ("reinstate", "checked", "有效")] {
        let sent = [("csrf", csrf.as_str()), ("reason", "年报逾期"), ("code", code)];
        let answer = clerk.send(&format!("{path}/{change}"), &sent).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, format!("{path}?done={change}").as_str())
        );
        assert!(clerk.see(&path).await.contains(word), "{change}");
    }
    let revoke = format!("{path}/revoke");
    let unconfirmed = clerk.send(&revoke, &[("csrf", &csrf), ("reason", "注销")]).await;
    assert_eq!(unconfirmed.status, 422);
    assert!(unconfirmed.text().contains("请先勾选确认"));
    assert_eq!(world.record(&credential).await["status"], "valid");
    let confirmed =
        |code| [("csrf", csrf.as_str()), ("reason", "注销"), ("confirmed", "true"), ("code", code)];
    assert_eq!(clerk.send(&revoke, &confirmed("deregistered")).await.status, 303);
    let dead = clerk.see(&path).await;
    assert!(dead.contains("吊销是最终决定") && !dead.contains("/suspend"));
    assert_eq!(clerk.send(&format!("{path}/reinstate"), &confirmed("checked")).await.status, 409);
    world.stop().await;
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let world = World::start().await;
    let clerk = Clerk::sign_in(&world).await;
    let csrf = clerk.csrf("/console").await;
    assert_eq!(clerk.send("/console/sign-out", &[("csrf", &csrf)]).await.status, 303);
    let answer = world.http.get_with("/console", &[("cookie", clerk.cookie.clone())]).await;
    assert_eq!(answer.header("location"), "/console/sign-in");
    world.stop().await;
}

#[tokio::test]
async fn the_console_says_when_the_department_is_not_accredited() {
    let world = World::start().await;
    let clerk = Clerk::sign_in(&world).await;
    assert!(clerk.see("/console").await.contains("尚未获得签发营业执照的授权"));
    let accredit = Action::Accredit {
        did: world.did().parse().unwrap(),
        credential_type: Slug::new("business-licence").unwrap(),
        issuer_name: LocalText::new("合肥市市场监督管理局", "Hefei Market Supervision"),
        valid_from: UnixMillis(0),
        valid_until: None,
    };
    world.govern(&accredit).await;
    let page = clerk.see("/console").await;
    assert!(!page.contains("签发营业执照的授权") && page.contains("签发数字身份证的授权"));
    world.stop().await;
}
