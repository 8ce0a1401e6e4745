//! The phone's screens: title, way back, content, tabs.

use maud::{Markup, html};
use service::Texts;
use service::ui::{Brand, Icon, Page, PhoneTab, Visitor, Width, phone};

use super::words::texts;

/// The tabs at the lower edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Cards,
    Scan,
    Log,
    More,
}

/// A screen in the making.
pub(super) struct Screen<'s> {
    visitor: &'s Visitor,
    title: String,
    back: Option<&'s str>,
    tab: Option<Tab>,
    script: Option<&'s str>,
}

impl<'s> Screen<'s> {
    pub(super) fn new(visitor: &'s Visitor, title: impl Into<String>) -> Self {
        Self { visitor, title: title.into(), back: None, tab: None, script: None }
    }

    /// A way back.
    pub(super) fn back(mut self, href: &'s str) -> Self {
        self.back = Some(href);
        self
    }

    /// With tabs, this one current.
    pub(super) fn tab(mut self, tab: Tab) -> Self {
        self.tab = Some(tab);
        self
    }

    pub(super) fn script(mut self, src: &'s str) -> Self {
        self.script = Some(src);
        self
    }

    pub(super) fn body(self, body: Markup) -> Page {
        let t = texts(self.visitor.lang);
        let tabs = self.tab.map_or_else(Vec::new, |current| tabs(t, current));
        let back = self.back.map(|href| (href, t.get("nav.back")));
        let brand = Brand {
            name: t.get("phone.brand").to_owned(),
            part: t.get("phone.part").to_owned(),
            home: "/".into(),
            // There is a phone in a stack alone, where everybody is made up.
            demonstration: true,
        };
        let page = Page::new(self.visitor, self.title.clone()).brand(brand).width(Width::Phone);
        let page = match self.script {
            Some(src) => page.script(src),
            None => page,
        };
        page.body(phone(&self.title, back, html! { (body) }, &tabs, t.get("nav.tabs")))
    }
}

fn tabs(t: Texts<'static>, current: Tab) -> Vec<PhoneTab<'static>> {
    let tab = |tab, icon, label, href| PhoneTab { icon, label, href, current: tab == current };
    vec![
        tab(Tab::Cards, Icon::Card, t.get("nav.cards"), "/"),
        tab(Tab::Scan, Icon::Scan, t.get("nav.scan"), "/scan"),
        tab(Tab::Log, Icon::List, t.get("nav.log"), "/log"),
        tab(Tab::More, Icon::Person, t.get("nav.more"), "/more"),
    ]
}
