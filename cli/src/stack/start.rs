//! The order in which a stack comes up.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chain::{Ledger, Node, SoloConfig, SoloLedger, keys};
use registry::build::TxSigner;
use registry::{Anchor, Genesis, Slug, Validator, ValidatorSet};
use service::{NodeClient, NodeConfig, clock, random};

use super::members::{self, Shared};
use super::{Stack, StackConfig, StackError};
use crate::files;
use crate::govern::{Governance, ensure_accredited, ensure_purpose};
use crate::phone::{Phone, PhoneConfig};
use crate::urls::{ChainUrl, IssuerUrl, PhoneUrl, Urls, VerifierUrl};

pub(super) async fn start(config: StackConfig) -> Result<Stack, StackError> {
    let data = config.data.clone();
    let at = |reason| StackError::Folder { path: data.clone(), reason };
    files::private_folder(&data).map_err(at)?;
    let Some(claim) = files::claim(&data).map_err(at)? else { return Err(StackError::InUse(data)) };
    let (governance, node, anchor, new) = start_chain(&config).await?;
    let client = NodeClient::new(NodeConfig::new(node.base_url(), anchor.clone()));
    let staff_token = staff_token(&data).map_err(at)?;
    let node_url = node.base_url().parse()?;
    let shared = Shared { data: &data, anchor: &anchor, node_url: &node_url, staff_token: &staff_token };

    let mut issuers = BTreeMap::new();
    let mut issuer_urls = BTreeMap::new();
    for (seed, index) in config.seed.issuers.iter().zip(1..) {
        let issuer = members::issuer(&shared, seed, config.issuing, config.ports.addr(index)).await?;
        for kind in &seed.credential_types {
            ensure_accredited(&client, &governance, issuer.did(), kind, &seed.name).await?;
        }
        let url = IssuerUrl {
            url: issuer.base_url().to_owned(),
            did: issuer.did().clone(),
            name: seed.name.clone(),
            credential_types: seed.credential_types.clone(),
        };
        issuer_urls.insert(seed.id.to_string(), url);
        issuers.insert(seed.id.to_string(), issuer);
    }

    let after = u16::try_from(config.seed.issuers.len()).unwrap_or(u16::MAX);
    let verifier =
        members::verifier(&shared, &config.seed, config.checking, config.ports.addr(after + 1)).await?;
    let name = &config.seed.verifier.name;
    for purpose in &config.seed.purposes {
        let draft = purpose.draft(verifier.did(), name, clock::now());
        ensure_purpose(&client, &governance, &draft).await?;
    }
    let phone = PhoneConfig {
        listen: config.ports.addr(after + 2),
        data_dir: data.join("phone"),
        node_url,
        anchor: anchor.clone(),
    };
    let phone = Phone::bind(phone).await?;

    let urls = Urls {
        chain: ChainUrl { url: node.base_url(), anchor },
        issuers: issuer_urls,
        verifier: VerifierUrl {
            url: verifier.base_url().to_owned(),
            did: verifier.did().clone(),
            client_id: format!("decentralized_identifier:{}", verifier.did()),
            name: name.clone(),
            purposes: config.seed.purposes.iter().map(|purpose| purpose.config().id).collect(),
        },
        phone: PhoneUrl { url: phone.base_url() },
        staff_token,
    };
    urls.write(&Urls::path_in(&data)).map_err(at)?;
    Ok(Stack { node, issuers, verifier, phone, client, governance, urls, new, _claim: claim })
}

async fn start_chain(config: &StackConfig) -> Result<(Governance, Node, Anchor, bool), StackError> {
    let folder = config.data.join("chain");
    let departments = config.data.join("governance");
    let new = !folder.join("genesis.json").exists();
    let governance = if new { Governance::create(&departments)? } else { Governance::open(&departments)? };
    let validator = keys::load_or_create(&folder.join("validator.key"))?;
    let genesis = new.then(|| genesis(config.seed.network.clone(), &governance, &validator)).transpose()?;
    let solo = SoloConfig::new(&folder);
    let open = move || SoloLedger::open(solo, genesis, Arc::new(validator));
    let ledger = tokio::task::spawn_blocking(open)
        .await
        .map_err(|error| StackError::Folder { path: folder, reason: std::io::Error::other(error) })??;
    let ledger: Arc<dyn Ledger> = Arc::new(ledger);
    let anchor = ledger.genesis().anchor();
    let node = Node::bind(chain::NodeConfig::new(config.ports.addr(0)), ledger).await?;
    Ok((governance, node, anchor, new))
}

fn genesis(
    network: Slug,
    governance: &Governance,
    validator: &dyn TxSigner,
) -> Result<Genesis, registry::ValidatorSetError> {
    let validators = ValidatorSet::new(vec![Validator { key: validator.public_key(), power: 1 }])?;
    Ok(Genesis { network, time: clock::now(), governance: governance.genesis(), validators })
}

/// The staff's token: random, made at the first start, readable by its owner only.
fn staff_token(data: &Path) -> std::io::Result<String> {
    let path = data.join("staff-token");
    match std::fs::read_to_string(&path) {
        Ok(token) if !token.trim().is_empty() => Ok(token.trim().to_owned()),
        Ok(_) => make_token(&path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make_token(&path),
        Err(error) => Err(error),
    }
}

fn make_token(path: &Path) -> std::io::Result<String> {
    let token = random::token(32);
    files::write_secret(path, token.as_bytes())?;
    Ok(token)
}
