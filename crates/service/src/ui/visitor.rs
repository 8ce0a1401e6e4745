//! Who looks at a page: language, theme, where.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::lang::Lang;
use crate::session::cookie;

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the visitor's system is set.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

/// What a page must know of its visitor; an extractor that never refuses.
#[derive(Debug, Clone, Default)]
pub struct Visitor {
    /// The language to write in.
    pub lang: Lang,
    /// The theme chosen on an earlier page.
    pub theme: Theme,
    /// The path that is looked at, for the language switch and the current navigation entry.
    pub path: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

impl Visitor {
    /// Reads it from a request's head.
    pub fn of(parts: &Parts) -> Self {
        let theme = match cookie(&parts.headers, "hz_theme") {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        };
        let path =
            parts.extensions.get::<axum::extract::OriginalUri>().map_or(parts.uri.path(), |uri| uri.path());
        Self { lang: Lang::of(&parts.uri, &parts.headers), theme, path: path.to_owned() }
    }
}
