//! Every component on one page, to look at while working on the stylesheet: `cargo run -p service --example gallery`.

use maud::html;
use service::qr::Robustness;
use service::ui::{
    Brand, CardView, Check, Choice, ConsentView, Field, Icon, Kind, Leaf, NavItem, Outcome, Page, PhoneTab,
    QrPanel, State, Table, Tone, Visitor, WhoAsks, Width, badge, button, card, checks, consent, copy,
    danger_button, empty, errors, facts, fill_button, form, heading, link_button, notice, panel, phone,
    qr_panel, stepper, upload,
};
use service::{Layers, Server, assets};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let router = axum::Router::new()
        .route("/", axum::routing::get(desk))
        .route("/phone", axum::routing::get(phone_page))
        .merge(assets::router());
    let server = Server::bind("127.0.0.1:7190".parse()?, Layers::default().wrap(router)).await?;
    println!("{}", server.base_url());
    let stop = server.stopper();
    tokio::spawn(async move {
        service::server::shutdown_signal().await;
        stop.stop();
    });
    server.join().await;
    Ok(())
}

fn cards() -> [CardView<'static>; 3] {
    let base = CardView {
        issuer: "合肥市市场监督管理局",
        title: "营业执照",
        subtitle: "Business licence",
        holder: "合肥云杉软件有限公司",
        validity: "长期有效",
        state: State::Valid,
        colour: "#8a2f2a",
        seed: "business-licence",
        href: Some("#"),
    };
    [
        CardView {
            issuer: "安徽省公安厅",
            title: "数字身份证",
            subtitle: "Digital ID",
            holder: "林晓岚",
            validity: "2036年3月3日前有效",
            colour: "#1f5f8b",
            seed: "digital-id",
            ..base.clone()
        },
        base.clone(),
        CardView { state: State::Revoked, href: None, ..base },
    ]
}

async fn desk(visitor: Visitor) -> Page {
    let lang = visitor.lang;
    let check = |id: &str, title: &str, outcome| Check {
        id: id.into(),
        title: title.into(),
        outcome,
        finding: "签名与发证机关登记在链上的密钥一致。".into(),
        evidence: vec![
            ("密钥".into(), "did:hui:anhui:z6MkfD9…#key-1".into()),
            ("区块".into(), "第 1 204 块，2026年3月3日 10:21".into()),
        ],
    };
    Page::new(&visitor, "组件")
        .brand(Brand {
            name: "合肥市市场监督管理局".into(),
            part: "证照办理".into(),
            home: "/".into(),
            demonstration: true,
        })
        .nav([
            NavItem::new("首页", "/"),
            NavItem { count: Some(3), ..NavItem::new("待办", "/console") },
            NavItem::new("已发证照", "/issued"),
        ])
        .width(Width::Wide)
        .body(html! {
            (heading("申请营业执照", "填写下面的信息。审核通过后，证照会发到您的手机上。"))
            (stepper(lang, &["填写", "审核", "领取"], 1))
            div.grid { @for view in &cards() { (card(lang, view)) } }
            div.row { @for state in [State::Valid, State::Refused, State::CannotTell, State::Suspended, State::Expired, State::Waiting, State::Revoked, State::Damaged, State::Done] {
                (badge(state, state.word(lang)))
            } }
            div.split {
                (panel("申请人信息", form("/", "x", html! {
                    (errors(lang, &[("code".into(), "统一社会信用代码的校验位不对，请核对后重新填写".into())]))
                    div.fields {
                        (Field::new("name", "名称").value("合肥云杉软件有限公司").render(lang))
                        (Field::new("code", "统一社会信用代码").hint("18 位，印在执照正面").error("校验位不对，请核对最后一位").value("91340100MA8TE5T02G").render(lang))
                        (Field::new("date", "成立日期").kind(Kind::Date).half().render(lang))
                        (Field::new("capital", "注册资本（元）").kind(Kind::Number).half().optional().render(lang))
                        (Field::new("kind", "类型").kind(Kind::Select(vec![Choice { value: "a".into(), label: "有限责任公司".into() }])).render(lang))
                        (Field::new("sex", "性别").kind(Kind::Radio(vec![Choice { value: "f".into(), label: "女".into() }, Choice { value: "m".into(), label: "男".into() }])).value("f").render(lang))
                        (Field::new("scope", "经营范围").kind(Kind::Lines).value("软件开发；技术咨询").render(lang))
                        (Field::new("tx", "领取码").kind(Kind::Digits(Some(6))).value("493826").render(lang))
                        (Field::new("ok", "我确认以上内容属实").kind(Kind::Check).render(lang))
                        (upload("file", "选择图片或拖到这里", "PNG 或 JPEG，最大 1 MB", "image/*"))
                    }
                    div.row { (button("提交申请")) (fill_button("填入示例", &[("name".into(), "示例".into())])) (danger_button("吊销")) (link_button("返回", "/", true)) }
                })))
                div.stack {
                    (qr_panel(lang, &QrPanel { link: "openid-credential-offer://?credential_offer_uri=http%3A%2F%2F127.0.0.1%3A7102%2Foffers%2Fq8Zk2", label: "用手机扫码领取营业执照", robustness: Robustness::Usual, expires: Some((594, 0)) }))
                    (notice(Tone::Good, "已提交", "我们会在 3 个工作日内审核。"))
                    (notice(Tone::Bad, "没有发送成功", "网络断开了，请检查后再试一次。"))
                    (notice(Tone::Unsure, "", "这张证照已暂停使用。"))
                    (panel("详情", facts([("名称", html! { "合肥云杉软件有限公司" }), ("状态", badge(State::Valid, "有效"))])))
                    (copy(lang, "https://example.test/verylong/verylong/verylong/link", "复制"))
                }
            }
            (checks(lang, &[
                check("issuer_signature", "证照由发证机关签名", Outcome::Passed),
                check("status", "证照没有被吊销或暂停", Outcome::Failed),
                check("validity", "在有效期内", Outcome::Unknown),
            ]))
            (Table::new("最近的申请", ["申请", "类型", "提交时间", "状态"])
                .row([html! { a href="#" { "A-1042" } }, html! { "营业执照" }, html! { "3月3日 10:21" }, badge(State::Waiting, "待审核")])
                .row([html! { a href="#" { "A-1041" } }, html! { "数字身份证" }, html! { "3月2日 16:05" }, badge(State::Accepted, "已通过")])
                .render())
            (empty(Icon::Card, "还没有申请", "选择要办理的证照，几分钟就能填完。", link_button("开始办理", "/", false)))
        })
}

async fn phone_page(visitor: Visitor) -> Page {
    let lang = visitor.lang;
    let leaf =
        |label: &str, value: &str| Leaf { label: label.into(), value: value.into(), card: String::new() };
    let leaves = [leaf("名称", "合肥云杉软件有限公司"), leaf("统一社会信用代码", "91340100MA8TE5T02F")];
    let stays = ["法定代表人".to_owned(), "注册资本".into(), "住所".into(), "经营范围".into()];
    let view = ConsentView {
        who: WhoAsks {
            name: "合肥市政务服务中心",
            mark: "已在链上登记，可为此用途查验",
            purpose: "办理税务登记",
            legal_basis: "本人同意",
            kept: "30 天",
        },
        leaves: &leaves,
        stays: &stays,
        warnings: &[],
        action: "/",
        csrf: "x",
        extra: html! {},
    };
    let tab = |icon, label, current| PhoneTab { icon, label, href: "#", current };
    Page::new(&visitor, "手机").width(Width::Phone).body(phone(
        "出示证照",
        Some(("/", "返回")),
        consent(lang, &view),
        &[tab(Icon::Card, "证照", true), tab(Icon::Scan, "扫一扫", false), tab(Icon::List, "记录", false)],
        "主导航",
    ))
}
