//! `huizheng network up`: all validators of a folder as processes of their own, and a view of them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use super::home;
use super::view::View;
use crate::fault::{Done, OrFault};

/// How long a validator may take to stop.
const STOP: Duration = Duration::from_secs(20);
/// How often the view looks.
const LOOK: Duration = Duration::from_secs(1);

/// Runs all, until Ctrl-C.
pub(super) async fn run(dir: &Path, log: &str) -> Done {
    let mut children = Vec::new();
    let mut nodes = Vec::new();
    for folder in home::folders(dir)? {
        let settings = home::settings(&folder)?;
        nodes.push((settings.name.clone(), format!("http://{}", settings.http)));
        children.push((settings.name, start(&folder, log)?));
    }
    let mut view = View::new(nodes);
    let mut look = tokio::time::interval(LOOK);
    let stop = service::server::shutdown_signal();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            _ = look.tick() => {
                for (name, child) in &mut children {
                    view.lives(name, matches!(child.try_wait(), Ok(None)));
                }
                view.show().await;
            }
        }
    }
    view.leave();
    for (_, child) in &mut children {
        // The end of its input tells it to stop.
        drop(child.stdin.take());
    }
    for (name, mut child) in children {
        if tokio::time::timeout(STOP, child.wait()).await.is_err() {
            tracing::warn!(%name, "a validator takes too long to stop; it is killed, and loses nothing");
            child.kill().await.or_fault("")?;
        }
    }
    Ok(())
}

fn start(folder: &PathBuf, log: &str) -> Done<Child> {
    let program = std::env::current_exe().or_fault("this program can't be found again")?;
    let path = folder.join("node.log");
    let errors = File::options().create(true).append(true).open(&path);
    let errors = errors.or_fault(format!("{}: name a folder that can be written", path.display()))?;
    let mut command = Command::new(program);
    command.args(["node", "--with-parent", "--log", log, "--home"]).arg(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(errors).kill_on_drop(true);
    command.spawn().or_fault("the system gives no more processes")
}
