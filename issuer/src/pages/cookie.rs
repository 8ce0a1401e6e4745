//! The applicant's key after the first visit: in a cookie of that one page, out of the address.

use http::{HeaderMap, HeaderValue};
use service::session;

use crate::core::Core;
use crate::model::Id;

/// A year, in seconds.
const YEAR: u32 = 31_536_000;

/// Remembers the key for the application's own pages.
pub(super) fn remember(app: &Core, application: Id, key: &str) -> HeaderValue {
    let secure = if session::is_https(app.base.as_str()) { "; Secure" } else { "" };
    // Lax, not Strict: the link is followed from messages too.
    let text = format!(
        "{}={key}; Path=/applications/{application}; HttpOnly; SameSite=Lax; Max-Age={YEAR}{secure}",
        name(app, application)
    );
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// Whether this browser has the key.
pub(super) fn has_key(app: &Core, application: Id, headers: &HeaderMap) -> bool {
    session::cookie(headers, &name(app, application))
        .is_some_and(|key| app.seals.is_applicant_secret(application, key))
}

/// With TLS browsers take it from nobody without (`__Secure-`; `__Host-` would open it to the other pages).
fn name(app: &Core, application: Id) -> String {
    let prefix = if session::is_https(app.base.as_str()) { "__Secure-" } else { "" };
    format!("{prefix}hz_app_{application}")
}
