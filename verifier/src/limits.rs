//! How much one caller may ask for, and one client may fetch and answer.

use std::time::{Duration, Instant};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use service::{OAuthError, Problem, RateLimiter};

use crate::client::Client;
use crate::config::Policy;
use crate::core::App;

/// The limits of one tenant, in memory: each instance has its own.
pub(crate) struct Limits {
    asking: RateLimiter,
    answering: RateLimiter,
}

impl Limits {
    pub(crate) fn new(policy: &Policy) -> Self {
        let minute = Duration::from_secs(60);
        Self {
            asking: RateLimiter::new(policy.asked_per_minute, minute),
            answering: RateLimiter::new(policy.answered_per_minute, minute),
        }
    }

    /// Counts a request that this clerk or program asks for.
    ///
    /// # Errors
    /// 429 once there were too many.
    pub(crate) fn ask(&self, caller: &str) -> Result<(), Problem> {
        Ok(self.asking.check(caller, Instant::now())?)
    }
}

/// A client that comes for a request or with an answer, and does not come too often.
pub(crate) struct Wallet;

impl FromRequestParts<App> for Wallet {
    type Rejection = OAuthError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, OAuthError> {
        let Ok(Client(client)) = Client::from_request_parts(parts, app).await;
        match app.limits.answering.check(&client, Instant::now()) {
            Ok(()) => Ok(Self),
            Err(limited) => Err(Problem::from(limited).into()),
        }
    }
}
