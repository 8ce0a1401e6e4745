//! The chain and its governance.

use std::sync::Arc;
use std::time::Duration;

use chain::{Node, NodeConfig, SoloConfig, SoloLedger};
use registry::build::{SoftwareSigner, TxSigner};
use registry::{
    Action, Anchor, Ask, Author, Did, Genesis, GenesisGovernance, LegalBasis, Member, PurposeDraft, Slug,
    UnixMillis, Validator, ValidatorSet,
};
use service::node::NodeConfig as ClientConfig;
use service::{NodeClient, clock};
use tempfile::TempDir;

use super::both;

/// A solo chain behind a node, governed by two keys that must both sign.
pub(crate) struct Network {
    pub(crate) dir: TempDir,
    pub(crate) genesis: Genesis,
    pub(crate) anchor: Anchor,
    pub(crate) node_url: String,
    pub(crate) client: NodeClient,
    pub(crate) node: Node,
    members: [SoftwareSigner; 2],
}

impl Network {
    pub(crate) async fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let members = [1, 2].map(|seed| SoftwareSigner::from_seed(&[seed; 32]).unwrap());
        let validator = SoftwareSigner::from_seed(&[9; 32]).unwrap();
        let genesis = Genesis {
            network: Slug::new("anhui").unwrap(),
            time: UnixMillis(clock::now().0 - 1000),
            governance: GenesisGovernance {
                members: members
                    .iter()
                    .map(|member| Member { name: both("部门", "Department"), key: member.public_key() })
                    .collect(),
                threshold: 2,
            },
            validators: ValidatorSet::new(vec![Validator { key: validator.public_key(), power: 1 }]).unwrap(),
        };
        let anchor = genesis.anchor();
        let config = SoloConfig::new(dir.path().join("chain"));
        let ledger = SoloLedger::open(config, Some(genesis.clone()), Arc::new(validator)).unwrap();
        let node = Node::bind(NodeConfig::new(([127, 0, 0, 1], 0).into()), Arc::new(ledger)).await.unwrap();
        let node_url = node.base_url();
        let client = NodeClient::new(ClientConfig {
            timeout: Duration::from_secs(30),
            ..ClientConfig::new(node_url.clone(), anchor.clone())
        });
        Self { dir, genesis, anchor, node_url, client, node, members }
    }

    /// Governance does something.
    pub(crate) async fn govern(&self, action: Action) {
        let signers: Vec<&(dyn TxSigner + Send + Sync)> =
            self.members.iter().map(|member| member as &(dyn TxSigner + Send + Sync)).collect();
        self.client.act(&Author::Governance, &action, &signers).await.unwrap();
    }

    /// An organisation does something.
    pub(crate) async fn act(&self, did: &Did, signer: &SoftwareSigner, action: Action) {
        self.client.act(&Author::Did(did.clone()), &action, &[signer]).await.unwrap();
    }

    pub(crate) async fn accredit(&self, did: &Did, name: &str, credential_type: &str) {
        self.govern(Action::Accredit {
            did: did.clone(),
            credential_type: Slug::new(credential_type).unwrap(),
            issuer_name: both("合肥市市场监督管理局", name),
            valid_from: UnixMillis(0),
            valid_until: None,
        })
        .await;
    }

    pub(crate) async fn register_purpose(&self, did: &Did, purpose: &str) {
        self.register_keeping(did, purpose, 0).await;
    }

    /// The same, telling holders that what they show is kept for so many days.
    pub(crate) async fn register_keeping(&self, did: &Did, purpose: &str, retention_days: u32) {
        self.govern(Action::RegisterPurpose(PurposeDraft {
            did: did.clone(),
            purpose: Slug::new(purpose).unwrap(),
            verifier_name: both("合肥示例银行", "Example Bank Hefei"),
            purpose_name: both("开立对公账户", "Open a business account"),
            legal_basis: LegalBasis::Consent,
            legal_text: both("个人信息保护法第十四条", "PIPL article 14"),
            asks: vec![Ask {
                credential_type: Slug::new("business-licence").unwrap(),
                claims: vec!["name".into(), "creditCode".into()],
            }],
            retention_days,
            valid_from: UnixMillis(0),
            valid_until: None,
        }))
        .await;
    }
}
