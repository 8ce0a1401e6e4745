//! The two endpoints.

use axum::extract::State;
use axum::response::Response;
use credentials::data_integrity::{Purpose, UnverifiedPresentation};
use credentials::vc_api::{Check, READING, Secured, VerifyCredentialRequest, VerifyPresentationRequest};
use credentials::{Findings, UnixSeconds};
use service::extract::JsonBytes;
use service::{Problem, clock};

use super::answer::{Detail, answer, details, malformed, unreadable};
use super::{VcApi, status};

pub(super) async fn credential(
    State(api): State<VcApi>,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Problem> {
    let request = VerifyCredentialRequest::parse(&body).map_err(unreadable)?;
    let options = request.options;
    let credential = Secured::read(request.verifiable_credential).map_err(malformed)?;
    let answered = credential.check_answer(options.challenge.as_deref(), options.domain.as_deref());
    let mut found = details([&answered]);
    found.extend(api.weigh(credential, options.checks.as_deref()).await?);
    Ok(answer(&found))
}

pub(super) async fn presentation(
    State(api): State<VcApi>,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Problem> {
    let request = VerifyPresentationRequest::parse(&body).map_err(unreadable)?;
    let options = request.options;
    let presentation =
        UnverifiedPresentation::read_as(request.verifiable_presentation, READING).map_err(malformed)?;
    let now = now();
    // Who presents answers now: a key that was theirs once does not count.
    let named: Vec<_> =
        presentation.verification_methods().map(|method| (method.to_owned(), Some(now))).collect();
    let keys = api.keys.keys(named, Purpose::Authentication).await;
    let inside = presentation.credentials().to_vec();
    let checks = options.checks.clone();
    let contexts = api.contexts.clone();
    let mut found = at_work(move || {
        let answers = (options.challenge.as_str(), options.domain.as_deref());
        let held = presentation.check_all(&|method| keys.get(method).cloned(), answers, now, &contexts);
        let bound = match Check::Binding.is_among(options.checks.as_deref()) {
            true => presentation.check_subject(),
            false => Findings::default(),
        };
        details([&held, &bound])
    })
    .await?;
    for credential in inside {
        found.extend(api.weigh(credential.into(), checks.as_deref()).await?);
    }
    Ok(answer(&found))
}

impl VcApi {
    /// What is wrong with a credential.
    async fn weigh(&self, credential: Secured, checks: Option<&[Check]>) -> Result<Vec<Detail>, Problem> {
        let keys = self.keys.keys(credential.signed_with(), Purpose::AssertionMethod).await;
        let contexts = self.contexts.clone();
        let status = match Check::Status.is_among(checks) {
            true => status::unless_good(&credential, &self.app.node).await,
            false => None,
        };
        let mut found = at_work(move || {
            details([&credential.check(&|method| keys.get(method).cloned(), now(), &contexts)])
        })
        .await?;
        found.extend(status);
        Ok(found)
    }
}

/// Canonicalising takes long: not on a thread that others need.
async fn at_work<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(Problem::internal)
}

fn now() -> UnixSeconds {
    UnixSeconds(clock::now().seconds())
}
