//! The chain as one visitor's page sees it: one tip throughout.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use registry::{
    Did, DidRecord, PurposeRecord, Record, RecordKey, SchemaRecord, Slug, TrustRecord, UnixMillis,
};
use service::ui::Visitor;
use service::{Lang, Problem, Texts};

use crate::explorer::{Explorer, texts};
use crate::ledger::{Ledger, Tip};

/// How many records of one kind a page goes through.
const MOST: usize = 20_000;

/// An extractor: who looks, and at what.
pub(crate) struct View {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(super) tip: Arc<Tip>,
    pub(super) visitor: Visitor,
    pub(super) t: Texts<'static>,
    pub(super) explorer: Explorer,
}

impl<S> FromRequestParts<S> for View
where
    S: Send + Sync,
    Explorer: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let explorer = Explorer::from_ref(state);
        let visitor = Visitor::of(parts);
        let tip = explorer.ledger.tip();
        let (directory, at) = (Arc::clone(&explorer.directory), Arc::clone(&tip));
        tokio::task::spawn_blocking(move || directory.catch_up(&at)).await.map_err(Problem::internal)?;
        let (ledger, t) = (Arc::clone(&explorer.ledger), texts(&visitor));
        Ok(Self { ledger, tip, visitor, t, explorer })
    }
}

impl View {
    pub(super) fn lang(&self) -> Lang {
        self.visitor.lang
    }

    /// The chain's own time: pages say what holds as of the newest block.
    pub(super) fn now(&self) -> UnixMillis {
        self.tip.header.time
    }

    pub(super) fn record(&self, key: &RecordKey) -> Result<Option<Record>, Problem> {
        self.tip.state.record(key).map_err(Problem::internal)
    }

    /// Keys that begin so, in order.
    pub(super) fn keys(&self, prefix: &str) -> Vec<RecordKey> {
        self.explorer.directory.keys(prefix, None, MOST)
    }

    pub(super) fn keys_after(&self, prefix: &str, after: Option<&str>, limit: usize) -> Vec<RecordKey> {
        self.explorer.directory.keys(prefix, after, limit)
    }

    fn records(&self, prefix: &str, limit: usize) -> Result<Vec<Record>, Problem> {
        let keys = self.keys_after(prefix, None, limit);
        keys.iter().filter_map(|key| self.record(key).transpose()).collect()
    }

    /// Every organisation's DID, in order.
    pub(super) fn dids(&self) -> Vec<Did> {
        let did = |key| match key {
            RecordKey::Did(did) => Some(did),
            _ => None,
        };
        self.keys("did/").into_iter().filter_map(did).collect()
    }

    pub(super) fn did(&self, did: &Did) -> Result<Option<DidRecord>, Problem> {
        match self.record(&RecordKey::Did(did.clone()))? {
            Some(Record::Did(record)) => Ok(Some(record)),
            _ => Ok(None),
        }
    }

    /// The accreditations whose keys begin with `trust/` and this.
    pub(super) fn accreditations(&self, of: &str) -> Result<Vec<TrustRecord>, Problem> {
        let record = |record| match record {
            Record::Trust(record) => Some(record),
            _ => None,
        };
        Ok(self.records(&format!("trust/{of}"), MOST)?.into_iter().filter_map(record).collect())
    }

    /// The purposes whose keys begin with `verifier/` and this.
    pub(super) fn purposes(&self, of: &str) -> Result<Vec<PurposeRecord>, Problem> {
        let record = |record| match record {
            Record::Purpose(record) => Some(record),
            _ => None,
        };
        Ok(self.records(&format!("verifier/{of}"), MOST)?.into_iter().filter_map(record).collect())
    }

    pub(super) fn schema(&self, credential_type: &Slug) -> Result<Option<SchemaRecord>, Problem> {
        match self.record(&RecordKey::Schema(credential_type.clone()))? {
            Some(Record::Schema(record)) => Ok(Some(record)),
            _ => Ok(None),
        }
    }

    /// The organisation's name, as governance registered it for people.
    pub(super) fn name(&self, did: &Did) -> Option<String> {
        let tag = self.lang().code();
        for prefix in [format!("trust/{did}/"), format!("verifier/{did}/")] {
            match self.records(&prefix, 1).ok()?.pop() {
                Some(Record::Trust(record)) => return Some(record.issuer_name.in_language(tag).to_owned()),
                Some(Record::Purpose(record)) => {
                    return Some(record.verifier_name.in_language(tag).to_owned());
                }
                _ => {}
            }
        }
        None
    }

    /// What people call a credential type: by its schema, else its id.
    pub(super) fn type_name(&self, credential_type: &Slug) -> String {
        let schema = self.schema(credential_type).ok().flatten();
        schema.map_or_else(
            || credential_type.to_string(),
            |schema| schema.name.in_language(self.lang().code()).to_owned(),
        )
    }
}
