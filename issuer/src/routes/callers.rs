//! Who calls the JSON interface: the staff by token, an applicant by the application's secret.

use axum::extract::FromRequestParts;
use http::request::Parts;
use service::Problem;
use service::extract::Bearer;

use crate::core::{App, Core};
use crate::model::{Id, Member};

/// A member of staff; 401 for anyone else.
pub(super) struct StaffCaller(pub(super) Member);

/// Whoever may see one application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// The staff.
    Staff,
    /// Who applied.
    Applicant,
}

impl FromRequestParts<App> for StaffCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Bearer(token) = Bearer::from_request_parts(parts, app).await?;
        app.accounts
            .by_token(&token)
            .map(Self)
            .ok_or_else(|| Problem::unauthorized("That is no token of the staff"))
    }
}

/// Says who asks about an application, or 401.
pub(super) fn caller(app: &Core, Bearer(token): &Bearer, application: Id) -> Result<Caller, Problem> {
    if app.seals.is_applicant_secret(application, token) {
        Ok(Caller::Applicant)
    } else if app.accounts.by_token(token).is_some() {
        Ok(Caller::Staff)
    } else {
        Err(Problem::unauthorized("Send the application's secret, or a token of the staff"))
    }
}

/// As [`caller`], but for what only the applicant may do: collect.
pub(super) fn applicant(app: &Core, Bearer(token): &Bearer, application: Id) -> Result<(), Problem> {
    if app.seals.is_applicant_secret(application, token) {
        Ok(())
    } else {
        Err(Problem::unauthorized("Only who applied can collect: send the application's secret"))
    }
}
