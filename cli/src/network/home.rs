//! A validator's folder: its settings, its two keys, the genesis.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chain::keys;
use chain::network::Peers;
use registry::Genesis;
use registry::build::SoftwareSigner;
use serde::{Deserialize, Serialize};
use service::files;

use crate::fault::{Done, OrFault};
use crate::keyfile;

const SETTINGS: &str = "node.toml";
const NETWORK: &str = "network.toml";
const RESTORE: &str = "make the folder with `huizheng network init` or `join`, or restore it";

/// `node.toml`. Any setting can be given in the environment too: `HUIZHENG_NODE_HTTP`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Its name in logs.
    pub(crate) name: String,
    /// Where its HTTP API listens.
    pub(crate) http: SocketAddr,
    /// Where the other validators reach it.
    pub(crate) listen: String,
    /// The other validators, each with its peer id at the end.
    pub(crate) peers: Vec<String>,
    /// Whether only those may connect; leave it off while new validators may join.
    #[serde(default)]
    pub(crate) only_these_peers: bool,
    /// It makes a snapshot of the state after so many blocks, for nodes that begin; 0 for none.
    #[serde(default = "usual_snapshots")]
    pub(crate) snapshot_every: u64,
    /// The base URLs of nodes from whose snapshots it begins when it has no chain yet.
    #[serde(default)]
    pub(crate) snapshots_from: Vec<String>,
}

/// Some four hours of heartbeats.
pub(super) fn usual_snapshots() -> u64 {
    1_000
}

/// `network.toml`: how the network is reached. Public, as the genesis is: a department that joins is given both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reached {
    /// Where validators reach each other, each with its peer id at the end.
    pub(super) peers: Vec<String>,
    /// The base URLs of their HTTP APIs.
    pub(super) nodes: Vec<String>,
}

impl Reached {
    pub(super) fn read(dir: &Path) -> Done<Self> {
        let path = dir.join(NETWORK);
        let todo =
            format!("{}: name the network's folder, or ask its operators for the file", path.display());
        let text = std::fs::read_to_string(&path).or_fault(todo.clone())?;
        toml::from_str(&text).or_fault(todo)
    }

    /// The same without these.
    pub(super) fn without(mut self, left_out: &Self) -> Self {
        self.peers.retain(|peer| !left_out.peers.contains(peer));
        self.nodes.retain(|node| !left_out.nodes.contains(node));
        self
    }

    /// The same and these.
    pub(super) fn with(mut self, more: Self) -> Self {
        self.peers.extend(more.peers);
        self.nodes.extend(more.nodes);
        self
    }

    pub(super) fn write(&self, dir: &Path) -> Done {
        let text = toml::to_string(self).or_fault("this build is broken; report it")?;
        files::write_public(&dir.join(NETWORK), text.as_bytes()).or_fault("name a folder that can be written")
    }
}

/// A validator's folder that was read.
pub(super) struct Home {
    pub(super) folder: PathBuf,
    pub(super) settings: Settings,
    pub(super) genesis: Genesis,
    pub(super) validator: SoftwareSigner,
    pub(super) network: SoftwareSigner,
}

impl Home {
    /// Reads a folder. A key that is missing is never made anew.
    pub(super) fn read(folder: &Path) -> Done<Self> {
        let variables = std::env::vars();
        let settings = service::config::load(Some(&folder.join(SETTINGS)), "HUIZHENG_NODE", variables)
            .or_fault(RESTORE)?;
        let genesis = std::fs::read(folder.join("genesis.json")).or_fault(RESTORE)?;
        let genesis = serde_json::from_slice(&genesis).or_fault(RESTORE)?;
        let key = |name: &str| {
            let path = folder.join(name);
            std::fs::metadata(&path).or_fault(format!("{}: {RESTORE}", path.display()))?;
            keyfile::load(&path)
        };
        let (validator, network) = (key("validator.key")?, key("network.key")?);
        Ok(Self { folder: folder.to_owned(), settings, genesis, validator, network })
    }

    /// Its key files that have no passphrase.
    pub(super) fn unprotected(&self) -> impl Iterator<Item = &'static str> {
        let is_plain =
            |name: &&str| keys::describe(&self.folder.join(name)).is_ok_and(|file| !file.is_protected);
        ["validator.key", "network.key"].into_iter().filter(is_plain)
    }

    pub(super) fn peers(&self) -> Peers {
        Peers {
            listen: self.settings.listen.clone(),
            others: self.settings.peers.clone(),
            only_these: self.settings.only_these_peers,
        }
    }
}

/// A new validator's keys, made in its folder.
pub(super) fn make_keys(folder: &Path) -> Done<(SoftwareSigner, SoftwareSigner)> {
    let todo = "name a folder that can be written";
    files::private_folder(folder).or_fault(todo)?;
    let key = |name: &str| keys::load_or_create(&folder.join(name)).or_fault(todo);
    let is_new = !folder.join("validator.key").exists();
    let made = (key("validator.key")?, key("network.key")?);
    if is_new {
        // A validator without this one waits before it votes, since it could have voted before.
        chain::network::empty_vote_log(folder).or_fault(todo)?;
    }
    Ok(made)
}

/// Writes what is not secret.
pub(crate) fn write(folder: &Path, settings: &Settings, genesis: &Genesis) -> Done {
    let todo = "name a folder that can be written";
    let text = toml::to_string(settings).or_fault("this build is broken; report it")?;
    files::write_public(&folder.join(SETTINGS), text.as_bytes()).or_fault(todo)?;
    let genesis = serde_json::to_vec_pretty(genesis).or_fault("this build is broken; report it")?;
    files::write_public(&folder.join("genesis.json"), &genesis).or_fault(todo)
}

/// The settings in a folder.
pub(super) fn settings(folder: &Path) -> Done<Settings> {
    service::config::load(Some(&folder.join(SETTINGS)), "HUIZHENG_NODE", std::iter::empty()).or_fault(RESTORE)
}

/// The validators' folders of a network, in order.
pub(super) fn folders(dir: &Path) -> Done<Vec<PathBuf>> {
    let todo = "make the network with `huizheng network init`";
    let entries = std::fs::read_dir(dir).or_fault(format!("{}: {todo}", dir.display()))?;
    let mut folders: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    folders.retain(|folder| folder.join(SETTINGS).exists());
    folders.sort();
    if folders.is_empty() {
        return Err(crate::fault::Fault::new(format!("there is no network in {}", dir.display()), todo));
    }
    Ok(folders)
}
