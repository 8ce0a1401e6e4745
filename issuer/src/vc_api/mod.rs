//! The W3C CCG's VC-API, for test suites and partners' software: switched on by [`Config::vc_api`](crate::Config::vc_api),
//! never on by itself.
//!
//! For each mechanism there is an instance, an issuer with a `did:key` of its own that signs what it is asked to. No
//! department stands behind these DIDs: they are not on the chain, nobody accredits them, and the department's own keys sign
//! nothing here.
//!
//! | address | who | what |
//! |---|---|---|
//! | `GET /instances` | anyone | the instances: name, DID, cryptosuite, key |
//! | `POST /instances/{name}/credentials/issue` | anyone | sign a credential |
//! | `POST /credentials/derive` | anyone | the holder's part of selective disclosure |
//! | `POST /credentials/status` | staff | change the status of a credential that the department issued |

mod instance;
mod issue;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use credentials::jsonld::Contexts;
use credentials::vc_api::RequestError;
use service::Problem;

use crate::core::App;
pub(crate) use instance::Instances;

/// What the endpoints share.
#[derive(Clone)]
pub(crate) struct VcApi {
    app: App,
    instances: Arc<Instances>,
    /// With those that documents write out: the instances sign terms that they don't know the meaning of.
    contexts: Arc<Contexts>,
}

pub(crate) fn router(app: App, instances: Instances) -> Router {
    let contexts = Arc::new(Contexts::new().dangerous_with_inline());
    Router::new()
        .route("/instances", get(instance::list))
        .route("/instances/{name}/credentials/issue", post(issue::issue))
        .route("/credentials/derive", post(issue::derive))
        .route("/credentials/status", post(status::change))
        .with_state(VcApi { app, instances: Arc::new(instances), contexts })
}

/// A body that is no request.
fn unreadable(error: RequestError) -> Problem {
    Problem::bad_request("invalid-request", "The request can't be read").detail(error.to_string())
}
