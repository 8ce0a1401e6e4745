//! The layout every page has: landmarks, brand, navigation, language and theme, one column of content.

use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::icon::{Icon, icon};
use super::texts;
use super::visitor::{Theme, Visitor};
use crate::assets;

/// Whose page it is.
#[derive(Debug, Clone, Default)]
pub struct Brand {
    /// The organisation or place, in the visitor's language ("Hefei Market Supervision").
    pub name: String,
    /// What this part of it is ("Staff console"); may be empty.
    pub part: String,
    /// Where the name leads.
    pub home: String,
    /// Whether people, companies and numbers here are made up, which the foot of every page then says. To a citizen of a
    /// department that would be false.
    pub demonstration: bool,
}

/// An entry of the page's navigation.
#[derive(Debug, Clone)]
pub struct NavItem {
    /// What it says.
    pub label: String,
    /// Where it leads; the longest `href` that begins the visitor's path is the current one.
    pub href: String,
    /// A number beside it (applications that wait), if it says something.
    pub count: Option<usize>,
    /// Where its pages are, where that is not under `href`.
    pub parts: Option<&'static [&'static str]>,
}

impl NavItem {
    /// An entry without a number.
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: href.into(), count: None, parts: None }
    }
}

/// How wide the content runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Width {
    /// One thing a page: forms, decisions to read (about 44 rem).
    #[default]
    Reading,
    /// Tables and consoles (about 72 rem).
    Wide,
    /// A phone's screen inside its frame, see [`super::phone`].
    Phone,
}

/// A page in the making; answers as HTML.
#[derive(Debug, Clone)]
pub struct Page {
    visitor: Visitor,
    title: String,
    brand: Brand,
    nav: Vec<NavItem>,
    aside: Option<Markup>,
    width: Width,
    scripts: Vec<String>,
    head: Markup,
    body: Markup,
}

impl Page {
    /// A page with this title (for the window, not shown on the page itself).
    pub fn new(visitor: &Visitor, title: impl Into<String>) -> Self {
        Self {
            visitor: visitor.clone(),
            title: title.into(),
            brand: Brand::default(),
            nav: Vec::new(),
            aside: None,
            width: Width::default(),
            scripts: Vec::new(),
            head: Markup::default(),
            body: Markup::default(),
        }
    }

    /// Whose page it is.
    #[must_use]
    pub fn brand(mut self, brand: Brand) -> Self {
        self.brand = brand;
        self
    }

    /// The navigation under the header.
    #[must_use]
    pub fn nav(mut self, items: impl IntoIterator<Item = NavItem>) -> Self {
        self.nav = items.into_iter().collect();
        self
    }

    /// Something at the header's right: who is signed in, and the form to sign out.
    #[must_use]
    pub fn aside(mut self, aside: Markup) -> Self {
        self.aside = Some(aside);
        self
    }

    /// How wide the content runs.
    #[must_use]
    pub fn width(mut self, width: Width) -> Self {
        self.width = width;
        self
    }

    /// Another script of this origin, deferred (`/assets/scan.js`).
    #[must_use]
    pub fn script(mut self, src: impl Into<String>) -> Self {
        self.scripts.push(src.into());
        self
    }

    /// More in its head: a manifest, another stylesheet of this origin.
    #[must_use]
    pub fn head(mut self, head: Markup) -> Self {
        self.head = head;
        self
    }

    /// The content.
    #[must_use]
    pub fn body(mut self, body: Markup) -> Self {
        self.body = body;
        self
    }

    /// The whole document.
    pub fn render(&self) -> Markup {
        let t = texts(self.visitor.lang);
        let theme = match self.visitor.theme {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        html! {
            (DOCTYPE)
            html lang=(self.visitor.lang.html()) data-theme=(theme) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) @if !self.brand.name.is_empty() { " · " (self.brand.name) } }
                    link rel="icon" href=(assets::ICON) type="image/svg+xml";
                    link rel="stylesheet" href=(assets::stylesheet());
                    script src=(assets::script()) defer {}
                    (self.head)
                    @for src in &self.scripts { script src=(src) defer {} }
                }
                body.wide[self.width == Width::Wide].reading[self.width == Width::Reading].phone-page[self.width == Width::Phone] {
                    a.skip href="#content" { (t.get("page.skip")) }
                    (self.header())
                    @if !self.nav.is_empty() { (self.navigation()) }
                    main #content tabindex="-1" { (self.body) }
                    footer.site-footer {
                        div.bar {
                            span { (t.get("page.footer")) }
                            @if self.brand.demonstration { span.quiet { (t.get("page.synthetic")) } }
                        }
                    }
                    div.toasts role="status" aria-live="polite" {}
                }
            }
        }
    }

    fn header(&self) -> Markup {
        let t = texts(self.visitor.lang);
        let home = if self.brand.home.is_empty() { "/" } else { &self.brand.home };
        html! {
            header.site-header {
                div.bar {
                    a.brand href=(home) {
                        (mark())
                        span.brand-text {
                            span.brand-name { @if self.brand.name.is_empty() { (t.get("page.product")) } @else { (self.brand.name) } }
                            @if !self.brand.part.is_empty() { span.brand-part { (self.brand.part) } }
                        }
                    }
                    div.tools {
                        @if let Some(aside) = &self.aside { (aside) }
                        a.tool href={ "?lang=" (self.visitor.lang.other().code()) } hreflang=(self.visitor.lang.other().html())
                            lang=(self.visitor.lang.other().html()) {
                            (icon(Icon::Globe)) (t.get("page.other_language"))
                        }
                        button.tool type="button" data-theme-toggle aria-label=(t.get("page.theme")) title=(t.get("page.theme")) {
                            (icon(Icon::Moon))
                        }
                    }
                }
            }
        }
    }

    fn navigation(&self) -> Markup {
        let t = texts(self.visitor.lang);
        let path = self.visitor.path.as_str();
        // Every path begins with "/": the first page is current on itself alone.
        let under = |part: &str| {
            let rest = path.strip_prefix(part.trim_end_matches('/'));
            part != "/" && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let leads_here = |item: &&NavItem| {
            path == item.href
                || item.parts.map_or_else(|| under(&item.href), |parts| parts.iter().any(|part| under(part)))
        };
        let current =
            self.nav.iter().filter(leads_here).max_by_key(|item| item.href.len()).map(|item| &item.href);
        html! {
            nav.site-nav aria-label=(t.get("page.navigation")) {
                ul.bar {
                    @for item in &self.nav {
                        li {
                            a href=(item.href) aria-current=[(current == Some(&item.href)).then_some("page")] {
                                (item.label)
                                @if let Some(count) = item.count { span.count { (count) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        self.render().into_response()
    }
}

/// The mark: a stepped gable under its roof line, with the tick of a verified paper.
pub(crate) fn mark() -> Markup {
    maud::PreEscaped(MARK.to_owned())
}

/// The mark alone, as SVG.
pub const MARK: &str = concat!(
    "<svg class=\"mark\" viewBox=\"0 0 40 40\" aria-hidden=\"true\" focusable=\"false\" xmlns=\"http://www.w3.org/2000/svg\">",
    "<rect width=\"40\" height=\"40\" rx=\"9\" fill=\"#14475a\"/>",
    "<path fill=\"#f4f8f8\" d=\"M9 32V20h4v-4.5h4V11h6v4.5h4V20h4v12z\"/>",
    "<path fill=\"none\" stroke=\"#f4f8f8\" stroke-width=\"1.8\" stroke-linecap=\"round\" d=\"M7.5 18.3h4M11.5 13.8h4M16 9.2h8M24.5 13.8h4M28.5 18.3h4\"/>",
    "<path fill=\"none\" stroke=\"#14475a\" stroke-width=\"2.6\" stroke-linecap=\"round\" stroke-linejoin=\"round\" d=\"M15 24.5l3.7 3.7 6.6-7.4\"/>",
    "</svg>"
);
