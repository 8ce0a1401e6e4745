//! The counter without the rest: what is left of a stack when the network is gone.

use std::fs::File;

use service::files;
use verifier::RunningVerifier;

use super::members::{self, Reached, Shared};
use super::{StackConfig, StackError};
use crate::urls::Urls;

/// Starts the counter of a stack that ran in this folder before, with what it kept. Where it is now, and what keeps others out of the
/// folder as long as it is held.
pub(crate) async fn counter_alone(config: &StackConfig) -> Result<(RunningVerifier, Urls, File), StackError> {
    let at = |reason| StackError::Folder { path: config.data.clone(), reason };
    let claim =
        files::claim(&config.data).map_err(at)?.ok_or_else(|| StackError::InUse(config.data.clone()))?;
    let mut urls = Urls::read(&Urls::path_in(&config.data)).map_err(at)?;
    let node_url = urls.chain.url.parse()?;
    let shared = Shared {
        data: &config.data,
        anchor: &urls.chain.anchor,
        node_url: &node_url,
        staff_token: &urls.staff_token,
        supervisor_token: &urls.supervisor_token,
    };
    let reached = Reached { vc_api: None, name: None, listen: config.ports.addr(0) };
    let counter = members::verifier(&shared, &config.seed, config.checking, reached).await?;
    counter.base_url().clone_into(&mut urls.verifier.url);
    Ok((counter, urls, claim))
}
