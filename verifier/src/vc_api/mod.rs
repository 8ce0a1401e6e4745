//! The W3C CCG's VC-API, for test suites and partners' software: switched on by [`Config::vc_api`](crate::Config::vc_api),
//! never on by itself.
//!
//! `POST /credentials/verify` and `POST /presentations/verify` answer 200 with `verified` for what passes every check, and
//! 400 with `problemDetails` for everything else: the W3C's suites take 400 alone for a proof that does not verify.
//! Nothing is kept, and nothing is decided for a counter.

mod answer;
mod keys;
mod status;
mod verify;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use credentials::jsonld::Contexts;

use crate::core::App;
use keys::Resolver;

/// How the VC-API verifies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VcApiConfig {
    /// The hosts whose `did:web` are looked up; none by default. Only over https, without redirects, and not at addresses
    /// of private networks.
    pub did_web_hosts: Vec<String>,
}

/// What the endpoints share.
#[derive(Clone)]
pub(crate) struct VcApi {
    app: App,
    keys: Arc<Resolver>,
    /// With those that documents write out: here no term is read, only signatures are.
    contexts: Arc<Contexts>,
}

pub(crate) fn router(app: App, config: VcApiConfig) -> Router {
    let keys = Arc::new(Resolver::new(app.node.clone(), config.did_web_hosts));
    let contexts = Arc::new(Contexts::new().dangerous_with_inline());
    Router::new()
        .route("/credentials/verify", post(verify::credential))
        .route("/presentations/verify", post(verify::presentation))
        .with_state(VcApi { app, keys, contexts })
}
