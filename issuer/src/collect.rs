//! What the applicant does, for the JSON interface and the portal alike: submit, and collect.

use std::time::Instant;

use credentials::catalogue::CredentialType;
use rand_core::OsRng;
use serde_json::{Map, Value};
use service::Problem;
use zeroize::Zeroizing;

use crate::client::Client;
use crate::clock::Moment;
use crate::core::Core;
use crate::desk::DecideError;
use crate::marks;
use crate::model::{Application, Id, Offer, State};

/// An application that was taken in.
pub(crate) struct Submitted {
    pub(crate) application: Application,
    /// Shows that it is the applicant's.
    pub(crate) secret: Zeroizing<String>,
    /// The page on which to follow it.
    pub(crate) link: String,
}

/// Checks the claims and takes the application in, if this client didn't hand in too many. Claims that don't pass are
/// named, never repeated, and not counted.
pub(crate) async fn submit(
    app: &Core,
    Client(client): &Client,
    credential_type: &str,
    claims: Map<String, Value>,
) -> Result<Submitted, Problem> {
    let Some(of) = app.kinds.credential_type(credential_type) else {
        return Err(Problem::unprocessable(
            "unknown-type",
            "This department does not issue that credential type",
        ));
    };
    let now = app.now();
    let claims = checked(of, claims, now)?;
    app.arrivals.check(client, Instant::now())?;
    let id = Id::new(now.ms, &mut OsRng);
    let mut application = Application::submitted(id, &of.id, holder_of(of, &claims), now.seconds);
    application.marks = marks::of(&app.seals, of, &claims);
    let application = app.desk.submit(application, claims, app.now()).await.map_err(Problem::internal)?;
    let secret = app.seals.applicant_secret(id);
    let link = format!("{}/applications/{id}?key={}", app.base, secret.as_str());
    Ok(Submitted { application, secret, link })
}

/// Takes an application in again, corrected by its applicant.
pub(crate) async fn correct(app: &Core, id: Id, claims: Map<String, Value>) -> Result<Application, Problem> {
    let unknown = || Problem::not_found("There is no such application");
    let found = app.desk.find(id).map_err(Problem::internal)?.ok_or_else(unknown)?;
    let of = app.kinds.credential_type(&found.credential_type).ok_or_else(unknown)?;
    if found.state != State::NeedsCorrection {
        return Err(DecideError::Refused(crate::model::DecisionRefused::NothingToCorrect).into());
    }
    let now = app.now();
    let claims = checked(of, claims, now)?;
    let before = app.desk.claims(id).map_err(Problem::internal)?.unwrap_or_default();
    let changed = found.presented_and_changed(&before, &claims);
    if !changed.is_empty() {
        let title = "Some claims come from the credential that was presented, and can't be changed by hand";
        return Err(Problem::unprocessable("presented-claims", title).with("claims", changed));
    }
    let (holder, marks) = (holder_of(of, &claims), marks::of(&app.seals, of, &claims));
    Ok(app.desk.correct(id, holder, marks, claims, now).await?)
}

/// The claims as they are kept, if they pass the type's checks. What is wrong is named, and never repeated.
pub(crate) fn checked(
    of: &CredentialType,
    claims: Map<String, Value>,
    now: Moment,
) -> Result<Map<String, Value>, Problem> {
    let claims = Value::Object(claims);
    if let Err(errors) = of.validate_claims(&claims, now.seconds) {
        return Err(
            Problem::unprocessable("claims", "Some claims are missing or not right").with("errors", errors)
        );
    }
    let Value::Object(mut claims) = claims else { return Err(Problem::internal("claims are an object")) };
    // A form sends what was left empty as an empty text; it was not claimed.
    claims.retain(|_, value| value.as_str() != Some(""));
    Ok(claims)
}

/// The line by which people tell an application from others.
pub(crate) fn holder_of(of: &CredentialType, claims: &Map<String, Value>) -> String {
    claims.get(&of.holder_line).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The application's open offer, or a new one.
pub(crate) async fn offer(app: &Core, id: Id, renew: bool) -> Result<Offer, Problem> {
    let application = app.desk.find(id).map_err(Problem::internal)?;
    let Some(application) = application else { return Err(crate::offers::CollectError::Unknown.into()) };
    let configurations = app.kinds.configurations(&application.credential_type);
    Ok(app.offers.collect(id, configurations, renew, app.now()).await?)
}
