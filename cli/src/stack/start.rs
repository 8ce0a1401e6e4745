//! The order in which a stack comes up.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chain::{Ledger, Node, SoloConfig, SoloLedger, keys};
use registry::build::TxSigner;
use registry::{Genesis, Slug, Validator, ValidatorSet};
use service::files;
use service::{NodeClient, NodeConfig, clock, random};

use super::members::{self, Reached, Shared};
use super::validators::Validators;
use super::{Stack, StackConfig, StackError};
use crate::govern::{Governance, ensure_accredited, ensure_purpose};
use crate::phone::{Phone, PhoneConfig};
use crate::urls::{ChainUrl, IssuerUrl, PhoneUrl, Urls, VerifierUrl};

pub(super) async fn start(config: StackConfig) -> Result<Stack, StackError> {
    let data = config.data.clone();
    let at = |reason| StackError::Folder { path: data.clone(), reason };
    files::private_folder(&data).map_err(at)?;
    let Some(claim) = files::claim(&data).map_err(at)? else { return Err(StackError::InUse(data)) };
    let Chain { governance, ledger, validators, new } = start_chain(&config).await?;
    let anchor = ledger.genesis().anchor();
    let node = chain::NodeConfig { demonstration: true, ..chain::NodeConfig::new(config.ports.addr(0)) };
    let node = Node::bind(node, ledger).await?;
    let client = NodeClient::new(NodeConfig::new(node.base_url(), anchor.clone()));
    let supervisor_token = token(&data, "supervisor-token").map_err(at)?;
    let staff_token = token(&data, "staff-token").map_err(at)?;
    let node_url = node.base_url().parse()?;
    let shared = Shared {
        data: &data,
        anchor: &anchor,
        node_url: &node_url,
        staff_token: &staff_token,
        supervisor_token: &supervisor_token,
    };

    let mut issuers = BTreeMap::new();
    let mut issuer_urls = BTreeMap::new();
    for (seed, index) in config.seed.issuers.iter().zip(1..) {
        let vc_api = config.vc_api.is_some();
        let issuer = members::issuer(&shared, seed, config.issuing, vc_api, config.ports.addr(index)).await?;
        for kind in &seed.credential_types {
            ensure_accredited(&client, &governance, issuer.did(), kind, &seed.name).await?;
        }
        for purpose in &seed.purposes {
            let draft = purpose.draft(issuer.did(), &seed.name, clock::now());
            ensure_purpose(&client, &governance, &draft).await?;
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
    let listen = config.ports.addr(after + 1);
    let reached = Reached { vc_api: config.vc_api, name: config.counter_name, listen };
    let verifier = members::verifier(&shared, &config.seed, config.checking, reached).await?;
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
        supervisor_token,
    };
    urls.write(&Urls::path_in(&data)).map_err(at)?;
    let validators = validators.map(tokio::sync::Mutex::new);
    Ok(Stack { node, validators, issuers, verifier, phone, client, governance, urls, new, _claim: claim })
}

/// The chain, as the stack needs it.
struct Chain {
    governance: Governance,
    ledger: Arc<dyn Ledger>,
    validators: Option<Validators>,
    new: bool,
}

/// The chain's folder: of one validator alone, or of several together.
const ALONE: &str = "chain";
const TOGETHER: &str = "validators";

async fn start_chain(config: &StackConfig) -> Result<Chain, StackError> {
    let has = |folder: &str| config.data.join(folder).join("genesis.json").exists();
    match config.network {
        None if has(TOGETHER) => Err(StackError::OtherEngine { found: "several validators: see --network" }),
        Some(_) if has(ALONE) => Err(StackError::OtherEngine { found: "one validator alone" }),
        None => start_alone(config, !has(ALONE)).await,
        Some(count) => start_together(config, count, !has(TOGETHER)).await,
    }
}

fn governance(config: &StackConfig, new: bool) -> Result<Governance, StackError> {
    let departments = config.data.join("governance");
    Ok(if new { Governance::create(&departments)? } else { Governance::open(&departments)? })
}

async fn start_alone(config: &StackConfig, new: bool) -> Result<Chain, StackError> {
    let folder = config.data.join(ALONE);
    let governance = governance(config, new)?;
    let validator = keys::load_or_create(&folder.join("validator.key"))?;
    let set = ValidatorSet::new(vec![Validator { key: validator.public_key(), power: 1 }])?;
    let genesis = new.then(|| genesis(config.seed.network.clone(), &governance, set));
    let solo = SoloConfig::new(&folder);
    let open = move || SoloLedger::open(solo, genesis, Arc::new(validator));
    let ledger = tokio::task::spawn_blocking(open)
        .await
        .map_err(|error| StackError::Folder { path: folder, reason: std::io::Error::other(error) })??;
    Ok(Chain { governance, ledger: Arc::new(ledger), validators: None, new })
}

async fn start_together(config: &StackConfig, count: u16, new: bool) -> Result<Chain, StackError> {
    let folder = config.data.join(TOGETHER);
    let at = |reason| StackError::Folder { path: folder.clone(), reason };
    let governance = governance(config, new)?;
    files::private_folder(&folder).map_err(at)?;
    let keys = Validators::keys(&folder, count)?;
    let path = folder.join("genesis.json");
    let genesis = if new {
        let genesis = genesis(config.seed.network.clone(), &governance, Validators::set(&keys)?);
        let text = serde_json::to_vec_pretty(&genesis).map_err(|error| at(error.into()))?;
        files::write_public(&path, &text).map_err(at)?;
        genesis
    } else {
        let text = std::fs::read(&path).map_err(at)?;
        let genesis: Genesis = serde_json::from_slice(&text).map_err(|error| at(error.into()))?;
        if genesis.validators != Validators::set(&keys)? {
            return Err(StackError::OtherEngine { found: "another number of validators" });
        }
        genesis
    };
    let validators = Validators::start(&folder, genesis, keys).await?;
    let ledger = validators.first().ok_or(StackError::NoBlock)?;
    Ok(Chain { governance, ledger, validators: Some(validators), new })
}

fn genesis(network: Slug, governance: &Governance, validators: ValidatorSet) -> Genesis {
    Genesis { network, time: clock::now(), governance: governance.genesis(), validators }
}

/// A token of the staff: random, made at the first start, readable by its owner only.
fn token(data: &Path, name: &str) -> std::io::Result<String> {
    let path = data.join(name);
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
