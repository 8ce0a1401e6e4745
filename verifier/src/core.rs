//! Everything the handlers share.

use std::sync::Arc;

use credentials::catalogue::Catalogue;
use protocol::Endpoint;
use protocol::dcql::DcqlQuery;
use protocol::openid4vp::RequestLink;
use registry::{LocalText, Slug};
use service::{Lang, NodeClient, Staff};

use crate::config::Policy;
use crate::identity::Identity;
use crate::purpose::Purpose;
use crate::request::{Desk, Memory, Request, RequestId};

/// What handlers get: cheap to clone.
pub(crate) type App = Arc<Core>;

/// One running verifier.
pub(crate) struct Core {
    pub(crate) name: LocalText,
    pub(crate) base: Endpoint,
    pub(crate) policy: Policy,
    pub(crate) identity: Identity,
    pub(crate) purposes: Vec<Purpose>,
    pub(crate) catalogue: &'static Catalogue,
    pub(crate) node: NodeClient,
    pub(crate) staff: Staff<String>,
    pub(crate) desk: Desk,
    pub(crate) memory: Arc<Memory>,
}

impl Core {
    /// The organisation's name in a language.
    pub(crate) fn name_in(&self, lang: Lang) -> &str {
        lang.pick(&self.name.zh, &self.name.en)
    }

    pub(crate) fn purpose(&self, id: &Slug) -> Option<&Purpose> {
        self.purposes.iter().find(|purpose| purpose.id == *id)
    }

    /// What a request asks: its own query, or its purpose's. None when the purpose is no longer configured.
    pub(crate) fn query_of<'r>(&'r self, request: &'r Request) -> Option<&'r DcqlQuery> {
        request.query.as_ref().or_else(|| self.purpose(&request.purpose).map(|purpose| &purpose.query))
    }

    /// Where wallets fetch a request.
    pub(crate) fn request_uri(&self, id: &RequestId) -> Option<Endpoint> {
        self.base.join(&format!("/requests/{id}/object")).ok()
    }

    /// What the code says: `openid4vp://authorize?…`.
    pub(crate) fn link(&self, id: &RequestId) -> Option<String> {
        let uri = self.request_uri(id)?;
        Some(RequestLink::to(self.identity.client_id().clone(), uri).to_string())
    }
}
