//! Which node to ask, and what to believe.

use std::path::Path;

use registry::Anchor;
use service::node::{NodeClient, NodeConfig, fetch_anchor};

use crate::args::NodeArgs;
use crate::fault::{Done, Fault, OrFault};
use crate::urls::Urls;

/// The anchor that `huizheng network init` leaves in its folder.
const ANCHOR: &str = "anchor.json";
/// Where the demo runs its node.
const DEMO_NODE: &str = "http://127.0.0.1:7100";

/// The node that the data folder names, else the one where the demo runs it.
pub(crate) fn node_url(data: &Path) -> String {
    Urls::read(&Urls::path_in(data)).map_or_else(|_| DEMO_NODE.to_owned(), |known| known.chain.url)
}

/// Connects as the arguments say, else as the data folder says.
pub async fn connect(data: &Path, args: &NodeArgs) -> Done<NodeClient> {
    let known = Urls::read(&Urls::path_in(data)).ok();
    let url = match (&args.node, &known) {
        (Some(url), _) => url.trim_end_matches('/').to_owned(),
        (None, Some(known)) => known.chain.url.clone(),
        (None, None) => DEMO_NODE.to_owned(),
    };
    let anchor = match (&args.anchor, known) {
        (Some(path), _) => read_anchor(path)?,
        (None, Some(known)) => known.chain.anchor,
        (None, None) if data.join(ANCHOR).exists() => read_anchor(&data.join(ANCHOR))?,
        (None, None) => {
            fetch_anchor(&url).await.or_fault("start the chain with `huizheng`, or name it with --node")?
        }
    };
    Ok(NodeClient::new(NodeConfig::new(url, anchor)))
}

fn read_anchor(path: &Path) -> Done<Anchor> {
    let todo = "give the JSON that the node serves at /v1/anchor";
    let text =
        std::fs::read(path).map_err(|error| Fault::new(format!("{}: {error}", path.display()), todo))?;
    serde_json::from_slice(&text).map_err(|error| Fault::new(format!("{}: {error}", path.display()), todo))
}
