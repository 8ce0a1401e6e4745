//! Which language a visitor reads: `?lang=`, then the cookie, then `Accept-Language`, then Chinese.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Request};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Uri, header};

use crate::session::cookie;

/// A language that everything is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Simplified Chinese.
    #[default]
    Zh,
    /// English.
    En,
}

const COOKIE: &str = "hz_lang";

impl Lang {
    /// The short code: `zh`, `en`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// For HTML's `lang`: `zh-Hans`, `en`.
    pub fn html(self) -> &'static str {
        match self {
            Self::Zh => "zh-Hans",
            Self::En => "en",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }

    /// The text in this language, of a pair.
    pub fn pick<'t>(self, zh: &'t str, en: &'t str) -> &'t str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }

    /// What these headers and this address ask for.
    pub fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        asked_in(uri)
            .or_else(|| cookie(headers, COOKIE).and_then(Self::parse))
            .or_else(|| headers.get(header::ACCEPT_LANGUAGE).and_then(|value| accepted(value.to_str().ok()?)))
            .unwrap_or_default()
    }

    fn parse(tag: &str) -> Option<Self> {
        match tag.split('-').next()?.trim().to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Lang {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri, &parts.headers))
    }
}

fn asked_in(uri: &Uri) -> Option<Lang> {
    uri.query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == "lang")
        .and_then(|(_, value)| Lang::parse(value))
}

/// The best language of an `Accept-Language` value (RFC 9110 section 12.5.4).
fn accepted(value: &str) -> Option<Lang> {
    let weighed = value.split(',').filter_map(|part| {
        let (tag, parameters) = part.split_once(';').unwrap_or((part, ""));
        let quality = parameters.trim().strip_prefix("q=").map_or(Some(1.0f32), |q| q.parse().ok())?;
        Some((Lang::parse(tag.trim())?, quality))
    });
    weighed
        .filter(|(_, quality)| *quality > 0.0)
        .fold(None, |best: Option<(Lang, f32)>, next| match best {
            Some(best) if best.1 >= next.1 => Some(best),
            _ => Some(next),
        })
        .map(|(lang, _)| lang)
}

/// Keeps the language that `?lang=` chose in a cookie, for the pages that follow.
pub(crate) async fn remember<F>(request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let chosen = asked_in(request.uri());
    let mut response = next(request).await;
    if let Some(lang) = chosen {
        let text = format!("{COOKIE}={}; Path=/; SameSite=Lax; Max-Age=31536000", lang.code());
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uri: &str, headers: &[(&'static str, &'static str)]) -> Lang {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)));
        Lang::of(&uri.parse().expect("uri"), &headers.collect())
    }

    #[test]
    fn the_query_wins_over_the_cookie_over_the_browser() {
        let browser = ("accept-language", "fr, en;q=0.8, zh;q=0.5");
        assert_eq!(of("/", &[]), Lang::Zh);
        assert_eq!(of("/", &[browser]), Lang::En);
        assert_eq!(of("/", &[browser, ("cookie", "a=b; hz_lang=zh")]), Lang::Zh);
        assert_eq!(of("/?x=1&lang=en", &[("cookie", "hz_lang=zh")]), Lang::En);
        assert_eq!(of("/?lang=xx", &[browser]), Lang::En);
    }
}
