//! Making a network's folders.

use std::path::Path;

use chain::network::peer_id;
use registry::build::{SoftwareSigner, TxSigner};
use registry::{Genesis, Slug, Validator, ValidatorSet};
use service::clock;
use service::files;

use super::home::{self, Reached, Settings};
use crate::fault::{Done, Fault, OrFault};
use crate::govern::Governance;
use crate::term;

const BROKEN: &str = "this build is broken; report it";

/// Ports of one validator: consensus, then HTTP.
fn ports(base: u16, n: u16) -> Done<(u16, u16)> {
    let first = base.checked_add(n.saturating_mul(2)).filter(|first| *first < u16::MAX);
    let first = first.ok_or_else(|| Fault::new("there are not so many ports", "give a lower --port-base"))?;
    Ok((first, first + 1))
}

fn address(port: u16) -> String {
    format!("/ip4/127.0.0.1/tcp/{port}")
}

fn reached_at(port: u16, key: &SoftwareSigner) -> Done<String> {
    Ok(format!("{}/p2p/{}", address(port), peer_id(key).or_fault(BROKEN)?))
}

fn answers_at(http: u16) -> String {
    format!("http://127.0.0.1:{http}")
}

/// `huizheng network init`: the genesis, and a folder for each validator.
pub(super) fn init(dir: &Path, count: u16, port_base: u16) -> Done {
    if !(1..=64).contains(&count) {
        return Err(Fault::new("a network has 1 to 64 validators", "4 bear the loss of one, 7 of two"));
    }
    if dir.join("genesis.json").exists() {
        return Err(Fault::new(
            format!("there is a network in {} already", dir.display()),
            "run it with `huizheng network up`, or name another folder",
        ));
    }
    files::private_folder(dir).or_fault("name a folder that can be written")?;
    let governance =
        Governance::create(&dir.join("governance")).or_fault("name a folder that can be written")?;
    let mut members = Vec::new();
    for n in 0..count {
        let folder = dir.join(format!("n{n}"));
        let (validator, network) = home::make_keys(&folder)?;
        let (port, http) = ports(port_base, n)?;
        members.push((folder, validator, reached_at(port, &network)?, port, http));
    }
    let validators = members.iter().map(|(_, key, ..)| Validator { key: key.public_key(), power: 1 });
    let genesis = Genesis {
        network: Slug::new("anhui").or_fault(BROKEN)?,
        time: clock::now(),
        governance: governance.genesis(),
        validators: ValidatorSet::new(validators.collect()).or_fault(BROKEN)?,
    };
    for (n, (folder, _, _, port, http)) in members.iter().enumerate() {
        let others = members.iter().enumerate().filter(|(other, _)| *other != n).map(|(_, other)| other);
        let (peers, nodes) =
            others.map(|(_, _, address, _, http)| (address.clone(), answers_at(*http))).unzip();
        home::write(folder, &settings(format!("n{n}"), (*port, *http), Reached { peers, nodes }), &genesis)?;
    }
    let all = members.iter().map(|(_, _, address, _, http)| (address.clone(), answers_at(*http)));
    let (peers, nodes) = all.unzip();
    Reached { peers, nodes }.write(dir)?;
    let anchor = serde_json::to_vec_pretty(&genesis.anchor()).or_fault(BROKEN)?;
    files::write_public(&dir.join("anchor.json"), &anchor).or_fault("name a folder that can be written")?;
    // Last: what says that the network is whole.
    let text = serde_json::to_vec_pretty(&genesis).or_fault(BROKEN)?;
    files::write_public(&dir.join("genesis.json"), &text).or_fault("name a folder that can be written")?;
    term::say_line(format!(
        "{count} validators in {}; start them with: huizheng network up --dir {}",
        dir.display(),
        dir.display()
    ));
    Ok(())
}

fn settings(name: String, (port, http): (u16, u16), others: Reached) -> Settings {
    Settings {
        name,
        http: ([127, 0, 0, 1], http).into(),
        listen: address(port),
        peers: others.peers,
        only_these_peers: false,
        snapshot_every: home::usual_snapshots(),
        snapshots_from: others.nodes,
    }
}

/// `huizheng network join`: one more validator's folder, for a network that exists; of that it needs the genesis and
/// `network.toml`. It begins from a snapshot at its first start, follows the chain, and decides with the others once
/// governance has made its key a validator's.
pub(super) fn join(dir: &Path, new: &Path, port: u16) -> Done {
    let genesis = std::fs::read(dir.join("genesis.json")).or_fault("name the network's folder with --dir")?;
    let genesis = serde_json::from_slice(&genesis).or_fault("restore the network's genesis.json")?;
    let others = Reached::read(dir)?;
    let (validator, network) = home::make_keys(new)?;
    let name = new.file_name().map_or_else(|| "node".into(), |name| name.to_string_lossy().into_owned());
    let ports = ports(port, 0)?;
    let own = Reached { peers: vec![reached_at(ports.0, &network)?], nodes: vec![answers_at(ports.1)] };
    let others = others.without(&own);
    home::write(new, &settings(name, ports, others.clone()), &genesis)?;
    // Validators are connected each to each, so whoever joins next has to know this one too.
    others.with(own).write(dir)?;
    let key = validator.public_key();
    term::say_line(format!("its validator key is {key}"));
    term::say_line(format!("others reach it at {}", reached_at(ports.0, &network)?));
    let known = dir.join("network.toml");
    term::say_line(format!("{} names it now; whoever joins next needs that file", known.display()));
    term::say_line(format!("start it with: huizheng node --home {}", new.display()));
    term::say_line(format!("governance makes it a validator with: huizheng registry add-validator {key}"));
    Ok(())
}
