//! `huizheng follow`, as it is typed: goes on after a kill, and refuses another chain.
#![expect(clippy::unwrap_used, reason = "what a test builds on must hold")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chain::{Node, NodeConfig, SoloConfig, SoloLedger};
use registry::api::{HEAD, HeadResponse};
use registry::build::{SoftwareSigner, TxSigner};
use registry::{Genesis, GenesisGovernance, LocalText, Member, Slug, UnixMillis, Validator, ValidatorSet};

fn genesis(time: u64) -> Genesis {
    let key = SoftwareSigner::from_seed(&[1; 32]).unwrap().public_key();
    Genesis {
        network: Slug::new("anhui").unwrap(),
        time: UnixMillis(time),
        governance: GenesisGovernance {
            members: vec![Member { name: LocalText::new("数据局", "Data"), key }],
            threshold: 1,
        },
        validators: ValidatorSet::new(vec![Validator { key, power: 1 }]).unwrap(),
    }
}

async fn node(folder: &Path) -> Node {
    let signer = Arc::new(SoftwareSigner::from_seed(&[1; 32]).unwrap());
    let config = SoloConfig { heartbeat: Duration::from_millis(200), ..SoloConfig::new(folder) };
    let ledger = Arc::new(SoloLedger::open(config, Some(genesis(1)), signer).unwrap());
    Node::bind(NodeConfig::new(([127, 0, 0, 1], 0).into()), ledger).await.unwrap()
}

fn follow(url: &str, data: &Path, anchor: Option<&Path>) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huizheng"));
    command.args(["follow", url, "--addr", "127.0.0.1:0", "--data"]).arg(data);
    if let Some(anchor) = anchor {
        command.arg("--anchor").arg(anchor);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Where it answers, which it says on its second line.
fn base_url(follower: &mut Child) -> String {
    let mut lines = BufReader::new(follower.stdout.as_mut().unwrap()).lines().map(Result::unwrap);
    let line = lines.find(|line| line.starts_with("http://")).unwrap();
    line.split(' ').next().unwrap().to_owned()
}

async fn head(url: &str) -> HeadResponse {
    let http = service::outbound::client(Duration::from_secs(30));
    let answer = http.get(format!("{url}{HEAD}")).send().await.unwrap();
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

async fn reaches(url: &str, height: u64) {
    let reached = async {
        while head(url).await.height < height {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), reached).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn follows_goes_on_after_a_kill_and_refuses_another_chain() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let node = node(&at("chain")).await;
    let write = |name, genesis: Genesis| {
        std::fs::write(at(name), serde_json::to_vec(&genesis.anchor()).unwrap()).unwrap();
    };
    write("anchor.json", genesis(1));
    write("other.json", genesis(2));

    let refusal = |anchor: Option<&Path>, data: &str| {
        let output = follow(&node.base_url(), &at(data), anchor).wait_with_output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refusal(None, "nothing").contains("--anchor"));
    assert!(refusal(Some(&at("other.json")), "nothing").contains("another chain"));

    let mut first = follow(&node.base_url(), &at("copy"), Some(&at("anchor.json")));
    let url = base_url(&mut first);
    reaches(&url, head(&node.base_url()).await.height).await;
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(refusal(Some(&at("other.json")), "copy").contains("another chain"));

    let mut again = follow(&node.base_url(), &at("copy"), None);
    let url = base_url(&mut again);
    reaches(&url, head(&node.base_url()).await.height + 1).await;
    again.kill().unwrap();
    again.wait().unwrap();
    node.shutdown().await;
}
