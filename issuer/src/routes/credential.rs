//! The credential endpoint (OpenID4VCI 1.0 §8).

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use protocol::openid4vci::{CredentialErrorCode, CredentialRequest, CredentialResponse, Proofs, Requested};
use service::OAuthError;

use super::answers::secret_json;
use super::body::JsonBytes;
use crate::clock::Moment;
use crate::core::App;
use crate::dpop::{self, DpopRefused, KeyShown};
use crate::issuance::{IssueError, Named, ReserveError};
use crate::model::Id;

pub(super) fn router() -> Router<App> {
    Router::new().route("/credential", post(credential))
}

async fn credential(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<JsonBytes, OAuthError>,
) -> Result<Response, OAuthError> {
    let now = app.now();
    // The token comes first: whoever has none learns nothing of what else is wrong.
    let offer = grant(&app, &headers, "credential", now).await?;
    let JsonBytes(body) = body?;
    let request = CredentialRequest::parse(&body)
        .map_err(|error| refusal(&error.code()).description(error.to_string()))?;
    if request.credential_response_encryption.is_some() {
        return Err(refusal(&CredentialErrorCode::InvalidEncryptionParameters)
            .description("responses are not encrypted here; leave credential_response_encryption out"));
    }
    let proof = single_proof(request.proofs)?;
    let named = match request.requested {
        Requested::Configuration(id) => Named::Configuration(id),
        Requested::Identifier(id) => Named::Identifier(id),
    };
    let by_identifier = matches!(named, Named::Identifier(_));
    let credential =
        app.issuance.issue(offer, named, &proof, now).await.map_err(|error| refused(error, by_identifier))?;
    Ok(secret_json(&CredentialResponse::one(credential)))
}

/// The offer that the access token stands for (RFC 6750 §2.1: in the header only). A token that is bound to a key counts
/// with a proof of that key for this request alone (RFC 9449 §7).
pub(super) async fn grant(app: &App, headers: &HeaderMap, path: &str, now: Moment) -> Result<Id, OAuthError> {
    let unknown = || OAuthError::invalid_token("the access token is unknown or expired");
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match sent.and_then(|sent| sent.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => {
            app.seals.open_token(token, now.seconds.0).ok_or_else(unknown)
        }
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("DPoP") => {
            let (offer, key) = app.seals.open_bound_token(token, now.seconds.0).ok_or_else(unknown)?;
            let refused = |error| dpop::at_resource(app, error, now);
            match dpop::check(app, headers, "POST", path, Some(token), now).await.map_err(refused)? {
                Some(shown) if shown == KeyShown(key) => Ok(offer),
                Some(_) => Err(refused(DpopRefused::AnotherKey)),
                None => Err(refused(DpopRefused::Missing)),
            }
        }
        // Without any credentials the challenge carries no error code (RFC 6750 §3.1).
        _ => Err(refusal(&CredentialErrorCode::InvalidToken)
            .status(StatusCode::UNAUTHORIZED)
            .description("send the access token in the Authorization header")
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer, DPoP algs=\"ES256 EdDSA\""))),
    }
}

fn single_proof(proofs: Option<Proofs>) -> Result<String, OAuthError> {
    let bad = |text: &'static str| Err(refusal(&CredentialErrorCode::InvalidProof).description(text));
    match proofs {
        None => bad("proofs is missing"),
        Some(Proofs::Jwt(list)) => match <[String; 1]>::try_from(list) {
            Ok([proof]) => Ok(proof),
            Err(_) => bad("one proof a request: this issuer does not issue in batches"),
        },
        Some(Proofs::DataIntegrity(_) | Proofs::Attestation(_) | Proofs::Other(_)) => {
            bad("the only proof type here is jwt")
        }
    }
}

fn refusal(code: &CredentialErrorCode) -> OAuthError {
    OAuthError::new(code.as_str().to_owned())
}

/// §8.3.1.2, in one place.
fn refused(error: IssueError, by_identifier: bool) -> OAuthError {
    use CredentialErrorCode as Code;
    let (code, text) = match error {
        IssueError::UnknownCredential if by_identifier => {
            (Code::UnknownCredentialIdentifier, "no such credential identifier")
        }
        IssueError::UnknownCredential => {
            (Code::UnknownCredentialConfiguration, "no such credential configuration")
        }
        IssueError::Proof(error) => return refusal(&error.code()).description(error.to_string()),
        IssueError::Sign(error) => return OAuthError::internal(error),
        IssueError::NotYetReplaced => {
            return OAuthError::new("temporarily_unavailable")
                .status(StatusCode::SERVICE_UNAVAILABLE)
                .description("the credential that this one replaces is not revoked yet; try again soon");
        }
        IssueError::CanNotReplace { code } => {
            tracing::error!(%code, "the chain refuses to revoke a credential that is to be replaced");
            (Code::CredentialRequestDenied, "the credential that this one replaces can't be revoked")
        }
        IssueError::Reserve(error) => match error {
            ReserveError::NonceUsed => (Code::InvalidNonce, "the nonce was used before; get a new one"),
            ReserveError::Token => {
                return OAuthError::invalid_token("the access token grants nothing any more");
            }
            ReserveError::NotGranted if by_identifier => {
                (Code::UnknownCredentialIdentifier, "the access token does not include that identifier")
            }
            ReserveError::NotGranted => {
                (Code::UnknownCredentialConfiguration, "the access token does not include that configuration")
            }
            ReserveError::NamedWrongly => (
                Code::InvalidCredentialRequest,
                "ask by credential_identifier if the token response gave one, else by credential_configuration_id",
            ),
            ReserveError::IssuedToAnotherKey => (
                Code::CredentialRequestDenied,
                "this credential was issued before, to another key; renew the offer",
            ),
            // The first reserving says so and is answered by revoking: seen only when somebody else was quicker.
            ReserveError::Replaces(_) | ReserveError::NoLongerValid => {
                (Code::CredentialRequestDenied, "this credential was issued before and is no longer valid")
            }
            ReserveError::NoStatusList => {
                tracing::error!(
                    "no status list has a free entry: the chain was away since the last one filled up"
                );
                return OAuthError::new("temporarily_unavailable")
                    .status(StatusCode::SERVICE_UNAVAILABLE)
                    .description("no status list is open; try again soon");
            }
            ReserveError::Store(error) => return OAuthError::internal(error),
        },
    };
    refusal(&code).description(text)
}
