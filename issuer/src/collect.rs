//! What the applicant does, for the JSON interface and the portal alike: submit, and collect.

use std::time::Instant;

use rand_core::OsRng;
use serde_json::{Map, Value};
use service::Problem;
use zeroize::Zeroizing;

use crate::citizens;
use crate::client::Client;
use crate::core::Core;
use crate::model::{Application, Id, Offer};

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
    let claims = Value::Object(claims);
    if let Err(errors) = of.validate_claims(&claims, now.seconds) {
        return Err(
            Problem::unprocessable("claims", "Some claims are missing or not right").with("errors", errors)
        );
    }
    app.arrivals.check(client, Instant::now())?;
    let Value::Object(mut claims) = claims else { return Err(Problem::internal("claims are an object")) };
    // A form sends what was left empty as an empty text; it was not claimed.
    claims.retain(|_, value| value.as_str() != Some(""));
    let holder = claims.get(&of.holder_line).and_then(Value::as_str).unwrap_or_default().to_owned();
    let id = Id::new(now.ms, &mut OsRng);
    let name = citizens::name_of(&app.seals, of, &claims);
    let submitted = app.desk.submit(id, &of.id, holder, claims, name, now).await;
    let application = submitted.map_err(Problem::internal)?;
    let secret = app.seals.applicant_secret(id);
    let link = format!("{}/applications/{id}?key={}", app.base, secret.as_str());
    Ok(Submitted { application, secret, link })
}

/// The application's open offer, or a new one.
pub(crate) async fn offer(app: &Core, id: Id, renew: bool) -> Result<Offer, Problem> {
    let application = app.desk.find(id).map_err(Problem::internal)?;
    let Some(application) = application else { return Err(crate::offers::CollectError::Unknown.into()) };
    let configurations = app.kinds.configurations(&application.credential_type);
    Ok(app.offers.collect(id, configurations, renew, app.now()).await?)
}
