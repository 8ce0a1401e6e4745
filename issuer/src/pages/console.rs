//! Who is signed in to the console, and what a form of it must carry.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use serde::Deserialize;
use service::Problem;

pub(super) use crate::accounts::StaffSession;
use crate::core::App;

/// Somebody of the staff who is signed in, as the guard of all addresses found it; anyone else is led to sign in.
pub(super) struct SignedIn(pub(super) StaffSession);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Response> {
        let found = parts.extensions.get::<StaffSession>().cloned().map(Self);
        found.ok_or_else(|| Redirect::to("/console/sign-in").into_response())
    }
}

/// A form of the console.
#[derive(Deserialize)]
pub(super) struct ConsoleForm {
    #[serde(default)]
    csrf: String,
    /// Why, where a reason is asked for.
    #[serde(default)]
    pub(super) reason: String,
    /// The catalogue's code of why, where one can be named.
    #[serde(default)]
    pub(super) code: Option<String>,
    /// How often an application had been sent when it was read; 0 if the applicant never sent it.
    #[serde(default)]
    pub(super) seen: usize,
    /// What can't be undone was confirmed.
    #[serde(default)]
    pub(super) confirmed: Option<String>,
}

impl ConsoleForm {
    /// Refuses a form that another site made the browser send.
    pub(super) fn check(&self, session: &StaffSession) -> Result<(), Problem> {
        session.check_csrf(&self.csrf)
    }
}
