//! A node that is answering, and how tests talk to it.

use std::sync::Arc;
use std::time::Duration;

use chain::{Ledger, Node, NodeConfig};
use registry::api::*;
use reqwest::{Client, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::fixture::open;

pub(crate) struct Running {
    pub(crate) node: Node,
    pub(crate) client: Client,
    pub(crate) folder: tempfile::TempDir,
}

/// A node before a chain that was just begun.
pub(crate) async fn node() -> Running {
    node_with(|config| config).await
}

pub(crate) async fn node_with(change: impl FnOnce(NodeConfig) -> NodeConfig) -> Running {
    let folder = tempfile::tempdir().unwrap();
    Running::serve(Arc::new(open(folder.path())), folder, change).await
}

impl Running {
    pub(crate) async fn serve(
        ledger: Arc<dyn Ledger>,
        folder: tempfile::TempDir,
        change: impl FnOnce(NodeConfig) -> NodeConfig,
    ) -> Self {
        let config = change(NodeConfig::new(([127, 0, 0, 1], 0).into()));
        let node = Node::bind(config, ledger).await.unwrap();
        Self { node, client: service::outbound::client(Duration::from_secs(30)), folder }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.node.base_url() + path
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client.get(self.node.base_url() + path).send().await.unwrap()
    }

    pub(crate) async fn read<T: DeserializeOwned>(&self, path: &str) -> T {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    pub(crate) async fn post(&self, path: &str, kind: &str, body: impl Into<reqwest::Body>) -> Response {
        self.client
            .post(self.node.base_url() + path)
            .header("content-type", kind)
            .body(body)
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn submit(&self, transaction: &registry::Transaction) -> Response {
        self.post(TRANSACTIONS, OCTETS, transaction.to_bytes()).await
    }

    pub(crate) async fn done(&self, transaction: &registry::Transaction) -> SubmitResponse {
        let response = self.submit(transaction).await;
        let is_final = response.status() == StatusCode::OK;
        assert!(is_final, "{:?}: {}", transaction.action, response.text().await.unwrap());
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }
}

/// A refusal in the one form there is.
pub(crate) async fn problem(response: Response, status: u16, code: &str) -> Value {
    assert_eq!(response.status().as_u16(), status, "{code}");
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{code}");
    let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    let view: ProblemView = serde_json::from_value(body.clone()).unwrap();
    assert_eq!((view.code(), view.status), (code, status), "{body}");
    body
}
