//! Is it neither revoked nor suspended? The chain says it for its own lists; other lists are not fetched, and what can't be
//! told is not good.

use credentials::vc_api::Secured;
use registry::UnixMillis;
use service::NodeClient;

use super::answer::Detail;
use crate::decision::{self, Facts, Named, Outcome};

/// What is wrong with the status, if the credential has one.
pub(super) async fn unless_good(credential: &Secured, node: &NodeClient) -> Option<Detail> {
    let content = credential.content();
    let status = content.status()?;
    let named = Named::in_credential(content.issuer(), status);
    let facts = Facts::of(&named, node).await;
    let issued = credential.created().map(|time| UnixMillis::from_seconds(time.0));
    let check = decision::status(&named, true, issued, &facts);
    (check.outcome != Outcome::Passed)
        .then(|| Detail::named(check.reason, "the credential is not known to be in force"))
}
