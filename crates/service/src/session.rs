//! Sessions for pages: an unguessable cookie, a CSRF token, a time limit, in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::problem::Problem;
use crate::random;

/// How many sessions are kept; the oldest give way.
const MAX_SESSIONS: usize = 10_000;

/// The sessions of one service. `T` is what is known of whoever signed in. Cloning shares them.
///
/// Browsers share cookies between the ports of a host, so services on one host need different cookie names.
pub struct Sessions<T> {
    cookie: SessionCookie,
    idle: Duration,
    inner: Arc<Mutex<HashMap<String, Entry<T>>>>,
}

struct Entry<T> {
    value: T,
    csrf: String,
    seen: Instant,
}

/// A session that a request belongs to.
#[derive(Clone)]
pub struct Session<T> {
    /// What is known of whoever signed in.
    pub value: T,
    /// Put this in every form, see [`crate::ui::form`].
    pub csrf: String,
}

/// A session that just began: send `set_cookie` with the answer.
pub struct Started<T> {
    /// For the `Set-Cookie` header.
    pub set_cookie: HeaderValue,
    /// The session.
    pub session: Session<T>,
}

impl<T> fmt::Debug for Sessions<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("cookie", &self.cookie).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Session<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(…)")
    }
}

impl<T> fmt::Debug for Started<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Started(…)")
    }
}

impl<T> Clone for Sessions<T> {
    fn clone(&self) -> Self {
        Self { cookie: self.cookie.clone(), idle: self.idle, inner: self.inner.clone() }
    }
}

impl<T: Clone> Sessions<T> {
    /// Sessions under this cookie name that end after `idle` without a request.
    pub fn new(cookie: impl Into<Arc<str>>, idle: Duration) -> Self {
        Self { cookie: SessionCookie::new(cookie), idle, inner: Arc::default() }
    }

    /// The same for a service whose public address is this; see [`SessionCookie::at`].
    #[must_use]
    pub fn at(self, base_url: &str) -> Self {
        Self { cookie: self.cookie.at(base_url), ..self }
    }

    /// The same with another cookie.
    #[must_use]
    pub fn with(self, cookie: SessionCookie) -> Self {
        Self { cookie, ..self }
    }

    /// Begins a session. Always a fresh id, so that none can be fixed beforehand.
    pub fn start(&self, value: T) -> Started<T> {
        let (id, csrf) = (random::token(32), random::token(32));
        let now = Instant::now();
        let mut sessions = self.lock();
        sessions.retain(|_, entry| now.saturating_duration_since(entry.seen) < self.idle);
        if sessions.len() >= MAX_SESSIONS
            && let Some(oldest) =
                sessions.iter().min_by_key(|(_, entry)| entry.seen).map(|(id, _)| id.clone())
        {
            sessions.remove(&oldest);
        }
        sessions.insert(id.clone(), Entry { value: value.clone(), csrf: csrf.clone(), seen: now });
        Started { set_cookie: self.cookie.set(&id), session: Session { value, csrf } }
    }

    /// The session that this request's cookie belongs to, if it is still alive.
    pub fn find(&self, headers: &HeaderMap) -> Option<Session<T>> {
        let id = self.cookie.id(headers)?;
        let now = Instant::now();
        let mut sessions = self.lock();
        let entry = sessions.get_mut(id)?;
        if now.saturating_duration_since(entry.seen) >= self.idle {
            sessions.remove(id);
            return None;
        }
        entry.seen = now;
        Some(Session { value: entry.value.clone(), csrf: entry.csrf.clone() })
    }

    /// Ends the session; send the value as `Set-Cookie`.
    pub fn end(&self, headers: &HeaderMap) -> HeaderValue {
        if let Some(id) = self.cookie.id(headers) {
            self.lock().remove(id);
        }
        self.cookie.cleared()
    }

    /// Whether anybody is signed in.
    pub fn any_alive(&self) -> bool {
        let now = Instant::now();
        self.lock().values().any(|entry| now.saturating_duration_since(entry.seen) < self.idle)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry<T>>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Session<T> {
    /// Whether a form came from one of this session's own pages; compared in constant time.
    pub fn check_csrf(&self, sent: &str) -> Result<(), Problem> {
        check_csrf(&self.csrf, sent)
    }
}

/// Whether a form carries the token `own` of its session; compared in constant time.
///
/// # Errors
/// A refusal that says to open the page again.
pub fn check_csrf(own: &str, sent: &str) -> Result<(), Problem> {
    if bool::from(own.as_bytes().ct_eq(sent.as_bytes())) {
        Ok(())
    } else {
        Err(Problem::forbidden("csrf", "This page is out of date; open it again and repeat the step"))
    }
}

/// The cookie that carries a session's id: out of reach of scripts, and sent by no other site's pages.
#[derive(Clone, Debug)]
pub struct SessionCookie {
    name: Arc<str>,
    https: bool,
}

impl SessionCookie {
    /// A cookie of this name, for a service without TLS.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), https: false }
    }

    /// The cookie of a staff's desk (letters), told from those of other services on the same host by its address.
    #[must_use]
    pub fn of_desk(desk: &str, base_url: &str) -> Self {
        let digest = Sha256::digest(base_url);
        Self::new(format!("hz_{desk}_{}", hex::encode(&digest[..3]))).at(base_url)
    }

    /// The same for a service whose public address is this. With `https` the cookie is `Secure`, and its name begins with
    /// `__Host-`, so that browsers take it from this host alone and never send it in the clear (RFC 6265bis §4.1.3.2).
    #[must_use]
    pub fn at(self, base_url: &str) -> Self {
        if is_https(base_url) {
            Self { name: format!("__Host-{}", self.name).into(), https: true }
        } else {
            self
        }
    }

    /// The id that a request carries.
    #[must_use]
    pub fn id<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        cookie(headers, &self.name)
    }

    /// For `Set-Cookie` when a session begins.
    #[must_use]
    pub fn set(&self, id: &str) -> HeaderValue {
        self.written(id, "")
    }

    /// For `Set-Cookie` when it ends.
    #[must_use]
    pub fn cleared(&self) -> HeaderValue {
        self.written("", "; Max-Age=0")
    }

    fn written(&self, id: &str, ends: &str) -> HeaderValue {
        let secure = if self.https { "; Secure" } else { "" };
        let text = format!("{}={id}; Path=/; HttpOnly; SameSite=Strict{secure}{ends}", self.name);
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
    }
}

/// Whether browsers reach a service at this address over TLS, whatever is between it and them.
pub fn is_https(base_url: &str) -> bool {
    base_url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"))
}

/// A cookie's value.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request_with(set_cookie: &HeaderValue) -> HeaderMap {
        let pair = set_cookie.to_str().expect("ascii").split(';').next().expect("pair").to_owned();
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, format!("other=1; {pair}").parse().expect("header"));
        headers
    }

    #[test]
    fn a_session_is_found_by_its_cookie_until_it_ends() {
        let sessions = Sessions::new("desk", Duration::from_secs(60));
        let started = sessions.start("li");
        let headers = request_with(&started.set_cookie);
        assert_eq!(sessions.find(&headers).expect("alive").value, "li");
        assert!(sessions.any_alive());
        drop(sessions.end(&headers));
        assert!(sessions.find(&headers).is_none() && !sessions.any_alive());
    }

    #[test]
    fn a_session_ends_when_idle() {
        let sessions = Sessions::new("desk", Duration::ZERO);
        let started = sessions.start(());
        assert!(!sessions.any_alive());
        assert!(sessions.find(&request_with(&started.set_cookie)).is_none());
    }

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        let started = Sessions::new("desk", Duration::from_secs(1)).start(());
        let text = started.set_cookie.to_str().expect("ascii").to_owned();
        assert!(text.contains("HttpOnly") && text.contains("SameSite=Strict"), "{text}");
    }

    #[test]
    fn over_https_the_cookie_is_secure_and_the_hosts_own() {
        let sessions = Sessions::new("desk", Duration::from_secs(60)).at("https://desk.example");
        let started = sessions.start("li");
        let text = started.set_cookie.to_str().expect("ascii").to_owned();
        assert!(text.starts_with("__Host-desk=") && text.contains("; Path=/;"), "{text}");
        assert!(text.ends_with("; Secure") && !text.contains("Domain"), "{text}");
        let headers = request_with(&started.set_cookie);
        assert_eq!(sessions.find(&headers).expect("alive").value, "li");
        let ended = sessions.end(&headers).to_str().expect("ascii").to_owned();
        assert!(ended.starts_with("__Host-desk=;") && ended.contains("; Secure; Max-Age=0"), "{ended}");
        let plain = Sessions::new("desk", Duration::from_secs(60)).at("http://127.0.0.1:7100").start(());
        let text = plain.set_cookie.to_str().expect("ascii").to_owned();
        assert!(
            text.starts_with("desk=") && !text.contains("Secure"),
            "browsers drop it without TLS: {text}"
        );
    }

    #[test]
    fn another_sessions_csrf_token_is_refused() {
        let sessions = Sessions::new("desk", Duration::from_secs(60));
        let (mine, other) = (sessions.start(()).session, sessions.start(()).session);
        mine.check_csrf(&mine.csrf).expect("its own");
        assert_eq!(mine.check_csrf(&other.csrf).expect_err("another's").status(), 403);
        mine.check_csrf("").expect_err("none");
    }
}
