//! What all pages of one face have in common.

use credentials::UnixSeconds;
use http::Method;
use registry::UnixMillis;
use service::ui::{Brand, Markup, NavItem, Page, State as Badge, Visitor, Width, badge, csrf_field, html};
use service::{Lang, dates};

use super::console::StaffSession;
use crate::access::{self, Who};
use crate::core::{Core, texts};
use crate::model::{Application, Standing, State};

/// Applications counted for the navigation at most; more show as this.
const COUNTED: usize = 999;

/// A page of the citizen's portal.
pub(super) fn portal(app: &Core, visitor: &Visitor, title: &str) -> Page {
    let t = texts(visitor.lang);
    let brand = Brand {
        name: app.name_in(visitor.lang).to_owned(),
        part: t.get("home.part").to_owned(),
        home: "/".to_owned(),
        demonstration: app.demonstration,
    };
    Page::new(visitor, title).brand(brand)
}

/// A page of the clerk's console.
pub(super) fn console(app: &Core, visitor: &Visitor, session: &StaffSession, title: &str) -> Page {
    let t = texts(visitor.lang);
    let may = |path: &str| {
        let rule = access::rule(&Method::GET, path);
        matches!(rule, Some(Who::Staff(roles)) if session.member.roles.meets(roles))
    };
    let waiting = app.desk.how_many(State::Submitted, COUNTED).ok().filter(|count| *count > 0);
    let items = [
        NavItem::new(t.get("nav.overview"), "/console/overview"),
        NavItem {
            count: waiting,
            parts: Some(&["/console/applications"]),
            ..NavItem::new(t.get("nav.queue"), "/console")
        },
        NavItem::new(t.get("nav.credentials"), "/console/credentials"),
        NavItem::new(t.get("nav.search"), "/console/search"),
        NavItem {
            parts: Some(&["/console/records", "/console/jobs"]),
            ..NavItem::new(t.get("nav.records"), "/console/records")
        },
        NavItem::new(t.get("nav.audit"), "/console/audit"),
        NavItem::new(t.get("nav.accounts"), "/console/accounts"),
        NavItem::new(t.get("nav.keys"), "/console/keys"),
    ];
    let items = items.into_iter().filter(|item| may(&item.href));
    let aside = html! {
        a.tool href="/console/password" { (session.member.name) }
        form method="post" action="/console/sign-out" {
            button.tool type="submit" { (t.get("nav.sign-out")) }
            (csrf_field(&session.csrf))
        }
    };
    console_brand(app, visitor, title).nav(items).aside(aside).width(Width::Wide)
}

/// A console page before anybody signed in.
pub(super) fn console_brand(app: &Core, visitor: &Visitor, title: &str) -> Page {
    let brand = Brand {
        name: app.name_in(visitor.lang).to_owned(),
        part: texts(visitor.lang).get("nav.console").to_owned(),
        home: "/console".to_owned(),
        demonstration: app.demonstration,
    };
    Page::new(visitor, title).brand(brand)
}

/// A time to the minute, as people write it.
pub(super) fn moment(lang: Lang, at: UnixSeconds) -> String {
    dates::moment(lang, UnixMillis::from_seconds(at.0))
}

/// A day, as people write it.
pub(super) fn day(lang: Lang, at: UnixSeconds) -> String {
    dates::day_of(lang, UnixMillis::from_seconds(at.0))
}

/// A credential type's name.
pub(super) fn type_name<'c>(app: &'c Core, lang: Lang, credential_type: &'c str) -> &'c str {
    let of = app.kinds.credential_type(credential_type);
    of.map_or(credential_type, |of| lang.pick(&of.label.zh, &of.label.en))
}

/// The name of the format that a credential configuration is in.
pub(super) fn format_name(app: &Core, lang: Lang, configuration: &str) -> &'static str {
    use credentials::catalogue::Format;
    let t = texts(lang);
    match app.kinds.get(configuration).map(|kind| kind.format) {
        Some(Format::SdJwtVc) => t.get("format.sd-jwt"),
        Some(Format::LdpVc) => t.get("format.vc"),
        Some(Format::MsoMdoc) => t.get("format.mdoc"),
        None => "",
    }
}

/// Where an application stands, for whoever looks at a list of them.
pub(super) fn application_badge(lang: Lang, application: &Application) -> Markup {
    let t = texts(lang);
    match application.state {
        State::Submitted => badge(Badge::Waiting, t.get("state.submitted")),
        State::InReview => badge(Badge::Waiting, t.get("state.in-review")),
        State::NeedsCorrection => badge(Badge::CannotTell, t.get("state.needs-correction")),
        State::Approved => badge(Badge::Accepted, t.get("state.approved")),
        State::Issued => badge(Badge::Done, t.get("state.collected")),
        State::Rejected => badge(Badge::Refused, t.get("state.rejected")),
    }
}

/// Where a credential stands.
pub(super) fn standing_badge(
    lang: Lang,
    standing: Standing,
    ends: Option<UnixSeconds>,
    now: UnixSeconds,
) -> Markup {
    let t = texts(lang);
    match standing {
        Standing::Revoked => badge(Badge::Revoked, t.get("state.revoked")),
        _ if ends.is_some_and(|ends| ends <= now) => badge(Badge::Expired, t.get("state.expired")),
        Standing::Suspended => badge(Badge::Suspended, t.get("state.suspended")),
        Standing::Valid => badge(Badge::Valid, t.get("state.valid")),
    }
}
