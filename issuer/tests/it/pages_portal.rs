//! `pages/home.rs`, `pages/apply.rs`, `pages/application.rs`.

use crate::http::Answer;
use crate::world::{STAFF_TOKEN, World};

const BOUNDARY: &str = "----a-boundary";

/// A form as a browser sends it; a value that begins with `file:` is a file's content.
fn multipart(fields: &[(&str, &[u8])], file: Option<(&str, &[u8])>) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").bytes(),
        );
        body.extend_from_slice(value);
        body.extend(b"\r\n");
    }
    if let Some((name, content)) = file {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"p.png\"\r\nContent-Type: image/png\r\n\r\n"
        );
        body.extend(head.bytes());
        body.extend_from_slice(content);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").bytes());
    body
}

async fn send(world: &World, path: &str, body: Vec<u8>) -> Answer {
    let headers = [
        ("content-type", format!("multipart/form-data; boundary={BOUNDARY}")),
        ("accept", "text/html".to_owned()),
    ];
    world.http.post_with(path, &headers, body).await
}

fn company() -> Vec<(&'static str, String)> {
    let company = testkit::Company::nth(2);
    vec![
        ("name", company.name),
        ("creditCode", company.credit_code.to_lowercase()),
        ("companyType", "有限责任公司".into()),
        ("legalRepresentative", company.legal_representative),
        ("registeredCapital", "5,000,000.50".into()),
        ("established", company.established),
        ("address", company.address),
        ("businessScope", "软件开发\r\n技术服务".into()),
        ("term", "长期".into()),
        ("registrationAuthority", "合肥市市场监督管理局".into()),
        ("licenceIdentifier", company.licence_identifier),
    ]
}

fn bytes<'f>(fields: &'f [(&'f str, String)]) -> Vec<(&'f str, &'f [u8])> {
    fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect()
}

fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_portal_speaks_both_languages() {
    let world = World::start().await;
    let zh = world.http.get("/", None).await;
    assert_eq!(zh.status, 200);
    assert!(
        zh.text().contains("您想申领什么")
            && zh.text().contains("营业执照")
            && zh.text().contains("lang=\"zh")
    );
    let en = world.http.get("/?lang=en", None).await;
    assert!(en.text().contains("What would you like to apply for") && en.text().contains("Business licence"));
    assert!(en.text().contains("Hefei Market Supervision"));
    world.stop().await;
}

#[tokio::test]
async fn a_form_that_is_right_becomes_an_application() {
    let world = World::start().await;
    let fields = company();
    let answer = send(&world, "/apply/business-licence", multipart(&bytes(&fields), None)).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = answer.header("location").to_owned();
    assert!(!page.contains("key"), "the key stays out of the address");
    let set_cookie = answer.header("set-cookie");
    assert!(set_cookie.contains("HttpOnly") && set_cookie.contains(&format!("Path={page}")), "{set_cookie}");

    let id = page.rsplit('/').next().unwrap();
    let stored = world.http.get(&format!("/api/applications/{id}"), Some(STAFF_TOKEN)).await.json();
    assert_eq!(stored["claims"]["registeredCapital"], 500_000_050);
    assert_eq!(stored["claims"]["term"], "long-term");
    assert_eq!(stored["claims"]["businessScope"], "软件开发\n技术服务");
    assert_eq!(stored["claims"]["creditCode"], testkit::Company::nth(2).credit_code);

    let with_cookie = [("cookie", cookie(&answer))];
    let shown = world.http.get_with(&page, &with_cookie).await;
    assert_eq!(shown.status, 200);
    assert!(shown.text().contains("正在审核"));
    let without = world.http.get_with(&page, &[("accept", "text/html".to_owned())]).await;
    assert_eq!(without.status, 401);
    assert!(without.text().contains("链接不完整"), "said in the visitor's language");
    world.stop().await;
}

#[tokio::test]
async fn what_is_wrong_is_said_where_it_is_wrong_and_the_rest_is_kept() {
    let world = World::start().await;
    let mut fields = company();
    fields[1].1 = "91340100MA8HUE6K0X".to_owned();
    fields[4].1 = "a lot".to_owned();
    fields[0].1 = "<script>alert(1)</script>".to_owned();
    let answer = send(&world, "/apply/business-licence", multipart(&bytes(&fields), None)).await;
    assert_eq!(answer.status, 422);
    let page = answer.text();
    assert!(page.contains("校验码不符") && page.contains("href=\"#f-creditCode\""));
    assert!(page.contains("id=\"f-registeredCapital-error\""));
    assert!(page.contains("value=\"91340100MA8HUE6K0X\""), "what was entered is kept");
    assert!(!page.contains("<script>alert"), "and is never markup");
    world.stop().await;
}

#[tokio::test]
async fn the_example_can_be_sent_as_it_is() {
    let world = World::start().await;
    for path in ["/apply/business-licence", "/apply/digital-id"] {
        let page = world.http.get(&format!("{path}?example=1"), None).await.text();
        let fields = filled(&page);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let answer = send(&world, path, multipart(&fields, None)).await;
        assert_eq!(answer.status, 303, "{path}");
    }
    world.stop().await;
}

/// What a browser would send of a form: inputs with their values, areas, what is checked and selected.
fn filled(page: &str) -> Vec<(String, String)> {
    let form = page.split("<form class=\"panel\"").nth(1).unwrap().split("</form>").next().unwrap();
    let attribute = |tag: &str, name: &str| {
        let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
        Some(value.replace("&quot;", "\"").replace("&lt;", "<").replace("&amp;", "&"))
    };
    let mut fields = Vec::new();
    for tag in form.split("<input ").skip(1) {
        let tag = format!(" {}", tag.split('>').next().unwrap());
        let kind = attribute(&tag, "type").unwrap_or_default();
        let unchecked = matches!(kind.as_str(), "radio" | "checkbox") && !tag.contains(" checked");
        if let (Some(name), false) = (attribute(&tag, "name"), kind == "file" || unchecked) {
            fields.push((name, attribute(&tag, "value").unwrap_or_default()));
        }
    }
    for area in form.split("<textarea ").skip(1) {
        let (tag, rest) = area.split_once('>').unwrap();
        fields.push((
            attribute(&format!(" {tag}"), "name").unwrap(),
            rest.split("</textarea").next().unwrap().to_owned(),
        ));
    }
    for select in form.split("<select ").skip(1) {
        let (tag, rest) = select.split_once('>').unwrap();
        let chosen = rest
            .split("</select")
            .next()
            .unwrap()
            .split("<option")
            .find(|option| option.contains(" selected"));
        if let Some(chosen) = chosen {
            fields
                .push((attribute(&format!(" {tag}"), "name").unwrap(), attribute(chosen, "value").unwrap()));
        }
    }
    fields
}

#[tokio::test]
async fn a_portrait_is_a_picture_of_some_size_and_nothing_else() {
    let world = World::start().await;
    let page = world.http.get("/apply/digital-id?example=1", None).await.text();
    let fields: Vec<_> = filled(&page).into_iter().filter(|(name, _)| name != "portrait").collect();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let portrait = testkit::portrait_png(1);
    let large = [portrait.clone(), vec![0; 60_000]].concat();
    for (name, file, status) in [
        ("right", portrait.as_slice(), 303),
        ("markup", b"<svg onload=alert(1)></svg>".as_slice(), 422),
        ("too_large", large.as_slice(), 422),
        ("empty", b"".as_slice(), 422),
    ] {
        let answer = send(&world, "/apply/digital-id", multipart(&fields, Some(("portrait", file)))).await;
        assert_eq!(answer.status, status, "{name}");
        assert!(!answer.text().contains("<svg onload"), "{name}");
    }
    world.stop().await;
}

#[tokio::test]
async fn broken_forms_are_refused() {
    let world = World::start().await;
    let broken = send(&world, "/apply/business-licence", b"--nothing".to_vec()).await;
    assert_eq!(broken.status, 400);
    let huge = send(&world, "/apply/business-licence", vec![b'x'; 2 << 20]).await;
    assert_eq!(huge.status, 413);
    // Nothing is put in the place of what is no text.
    let half_a_letter = multipart(&[("name", b"\xe7\x8e")], None);
    assert_eq!(send(&world, "/apply/business-licence", half_a_letter).await.status, 400);
    assert_eq!(world.http.post("/apply/business-licence", None, "text/plain", "x").await.status, 415);
    assert_eq!(world.http.get("/apply/passport", None).await.status, 404);
    world.stop().await;
}

#[tokio::test]
async fn the_form_for_documents_goes_by_itself_when_it_is_decided() {
    let world = World::start().await;
    let applied = world.apply("business-licence", testkit::Company::nth(3).business_licence_claims()).await;
    let with_cookie = [("cookie", cookie(&world.http.get(&applied.link, None).await))];
    let state = format!("/applications/{}/state", applied.id);
    let form = format!("/applications/{}/attach", applied.id);
    assert!(world.http.get_with(&state, &with_cookie).await.text().contains(&form));
    world.approve(&applied).await;
    assert!(
        !world.http.get_with(&state, &with_cookie).await.text().contains(&form),
        "nobody would look at them"
    );
    world.stop().await;
}

#[tokio::test]
async fn the_link_leads_to_the_page_and_the_page_to_the_wallet() {
    let world = World::start().await;
    let applied = world.approved().await;
    let first = world.http.get(&applied.link, None).await;
    assert_eq!(
        (first.status, first.header("location")),
        (303, format!("/applications/{}", applied.id).as_str())
    );
    let with_cookie = [("cookie", cookie(&first))];
    let page = format!("/applications/{}", applied.id);
    assert!(world.http.get_with(&page, &with_cookie).await.text().contains("领到手机"));

    let collect =
        [("cookie", cookie(&first)), ("content-type", "application/x-www-form-urlencoded".to_owned())];
    let answer = world.http.post_with(&format!("{page}/collect"), &collect, "").await;
    assert_eq!(answer.status, 303);
    let shown = world.http.get_with(&page, &with_cookie).await.text();
    let offer = world.collectable(&applied).await;
    assert!(
        shown.contains(&offer.tx_code)
            && shown.contains("class=\"qr\"")
            && shown.contains("openid-credential-offer://")
    );
    // One look at the page must not have both halves.
    let folded = shown.split("<details class=\"more\"><summary>显示领取码</summary>").nth(1).expect("a fold");
    assert!(folded.split("</details>").next().unwrap().contains(&offer.tx_code));
    assert_eq!(shown.matches(&offer.tx_code).count(), 1, "nowhere else");

    let state = format!("{page}/state");
    let part = world.http.get_with(&state, &with_cookie).await;
    assert_eq!((part.status, part.header("x-live")), (200, ""), "whoever shows nothing yet is shown all");
    let drawn = shown.split("data-live-seen=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(part.header("x-live-version"), drawn, "the page says what it shows");
    let seen = format!("{state}?seen={drawn}");
    assert_eq!(world.http.get_with(&seen, &with_cookie).await.status, 204, "nothing changed");
    let token = world.token(&offer).await;
    let wallet = crate::wallet::Wallet::new(credentials::key::Algorithm::Es256);
    for configuration in ["business-licence-sd-jwt", "business-licence-vc"] {
        let proof = wallet.proof(&world, &world.nonce().await);
        assert_eq!(world.ask(&token, configuration, &proof).await.status, 200);
    }
    let done = world.http.get_with(&seen, &with_cookie).await;
    assert_eq!((done.status, done.header("x-live")), (200, "done"));
    assert!(
        done.text().contains("已领到手机") && done.text().contains("重新领取"),
        "there is no more to come, and a way to get it again"
    );
    assert!(!world.http.get_with(&page, &with_cookie).await.text().contains("data-live"));

    // The phone was lost: a new offer, which the page shows and watches again.
    assert_eq!(world.http.post_with(&format!("{page}/collect"), &collect, "").await.status, 303);
    let again = world.http.get_with(&page, &with_cookie).await.text();
    assert!(
        again.contains("class=\"qr\"") && again.contains("data-live=") && !again.contains(&offer.tx_code)
    );
    world.stop().await;
}
